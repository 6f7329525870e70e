"""What a registry does for its evidence beside the requests: seals, retention, time stamps."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import sqlalchemy as sa

from services.audit.bukti import retensi
from services.audit.bukti.buku import BukuBukti
from services.audit.bukti.cap import Pencap, load_roots
from services.audit.bukti.isi import Amplop
from services.audit.bukti.rantai import Penanda
from services.audit.bukti.segel import Penyegel
from services.audit.catalogue import Peristiwa
from services.audit.record import Auditor, Bukti, Pelaku
from services.kit.berkala import Berkala
from services.kit.clock import Clock
from services.kit.database import Transaction, transaction
from services.kit.errors import ConfigurationError
from services.kit.rahasia import derive
from services.kit.settings import ServiceSettings

_RETENSI_DETIK = 3_600.0


class PengurusBukti:
    """The keeper of one registry's book of evidence."""

    def __init__(
        self,
        nama: str,
        engine: sa.Engine,
        secret: bytes,
        penanda: Callable[[], Penanda],
        auditor: Auditor,
        settings: ServiceSettings,
        clock: Clock,
    ) -> None:
        amplop = Amplop(derive(secret, "isi-bukti"))
        self.buku = BukuBukti(
            nama, engine, amplop, settings.bukti_isi_maks, clock, settings.bukti_jawaban_maks
        )
        self.penyegel = Penyegel(self.buku, penanda)
        self._auditor = auditor
        self._settings = settings
        self._pencap = self._make_pencap()

    def beside(self) -> list[Berkala]:
        """Return what is to be done beside the requests."""
        turns = [Berkala("retensi bukti", self.end_retention, _RETENSI_DETIK)]
        if self._settings.bukti_segel_detik:
            detik = self._settings.bukti_segel_detik
            turns.append(Berkala("segel bukti", self.penyegel.seal, detik))
        if self._pencap is not None:
            turns.append(Berkala("cap waktu", self._pencap.stamp, self._settings.bukti_cap_detik))
        return turns

    def end_retention(self) -> int:
        """Destroy the contents of messages whose retention is over; return how many."""
        hari, who = self._settings.bukti_isi_hari, Pelaku(f"retensi-{self.buku.nama}")

        def note(tx: Transaction, gone: int) -> None:
            told = {"isi": gone, "hari": hari}
            self._auditor.record(tx, Bukti(Peristiwa.BUKTI_DIMUSNAHKAN, who, told))

        opener = partial(transaction, self.buku.engine)
        return retensi.destroy(opener, self.buku.clock(), hari, note)

    def _make_pencap(self) -> Pencap | None:
        url, path = self._settings.bukti_cap_url, self._settings.bukti_cap_otoritas
        if not url:
            return None
        if path is None:
            raise ConfigurationError("HUB_BUKTI_CAP_URL memerlukan HUB_BUKTI_CAP_OTORITAS.")
        return Pencap(self.buku.engine, url, load_roots(path))
