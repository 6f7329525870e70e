"""Credentials held for security (Pasal 6 ayat (1)): their state, never the agreement's.

The list stands in the registry's database, so every process of a service learns of it; it is
read anew once a second, also for tokens that were given before.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import anyio.to_thread
import sqlalchemy as sa

from services.audit.catalogue import Peristiwa
from services.audit.record import Auditor, Bukti, Pelaku
from services.auth.errors import ClientHeldError, CredentialHeldError, HoldReasonError
from services.kit.clock import Clock, system_clock
from services.kit.database import Transaction, transaction
from services.kit.nomor import like_nik

UMUR_DAFTAR = 1.0  # seconds: what a stolen credential can still do, against a query a request
_PANJANG_ALASAN = (5, 500)


@dataclass(frozen=True, slots=True)
class Ditahan:
    """One credential that is held, with the reason told to its holder."""

    id: int
    klien: str
    alasan: str
    sejak: dt.datetime

    @property
    def kalimat(self) -> str:
        """The notice to the other side; it is all that the answer says."""
        return (
            f"Penahanan nomor {self.id} sejak {self.sejak.isoformat(timespec='seconds')}:"
            f" {self.alasan} Perjanjian tetap berlaku; hubungi pemilik layanan."
        )


class HeldCredentials:
    """The credentials that a service refuses now."""

    def __init__(self, engine: sa.Engine, clock: Clock = system_clock) -> None:
        self._engine = engine
        self._clock = clock
        self._held: dict[str, Ditahan] = {}
        self._until = 0.0

    async def check(self, client_id: str) -> None:
        """Raise CredentialHeldError for a credential that is held."""
        # A clock that was put back must not keep an old list alive.
        if not 0 < self._until - self._clock().timestamp() <= UMUR_DAFTAR:
            await anyio.to_thread.run_sync(self.refresh)
        held = self._held.get(client_id)
        if held is not None:
            raise CredentialHeldError(held.kalimat, pasal="Pasal 6 ayat (1)")

    def refresh(self) -> None:
        """Read the list; the requests that come meanwhile are served by the one before."""
        self._until = self._clock().timestamp() + UMUR_DAFTAR
        try:
            with transaction(self._engine) as tx:
                self._held = {d.klien: d for d in list_held(tx)}
        except BaseException:
            self._until = 0.0  # a list that could not be read is asked for again at once
            raise


def list_held(tx: Transaction, klien: str | None = None) -> list[Ditahan]:
    """Return the credentials that are held, or the one that is asked for."""
    rows = tx.raw(
        "SELECT id, klien, alasan, sejak FROM auth_penahanan"
        " WHERE dilepas IS NULL AND (%s::text IS NULL OR klien = %s) ORDER BY id",
        [klien, klien],
    )
    return [Ditahan(*row) for row in rows]


def refuse_held(tx: Transaction, klien: str) -> None:
    """Raise ClientHeldError when a client that asks for a token is held."""
    for held in list_held(tx, klien):
        raise ClientHeldError(held.kalimat)


def hold(
    tx: Transaction, auditor: Auditor, who: Pelaku, klien: str, alasan: str, at: dt.datetime
) -> Ditahan:
    """Hold a credential, and return the hold; one that is held already stays as it was.

    Raises HoldReasonError for a reason that says nothing or holds a number like a NIK.
    """
    _check_reason(alasan)
    tx.raw(
        "INSERT INTO auth_penahanan (klien, alasan, sejak) VALUES (%s, %s, %s)"
        " ON CONFLICT (klien) WHERE dilepas IS NULL DO NOTHING",
        [klien, alasan, at],
    )
    (held,) = list_held(tx, klien)
    if held.sejak == at:
        auditor.record(tx, Bukti(Peristiwa.KLIEN_DITAHAN, who, _rincian(klien, held.id)))
    return held


def release(
    tx: Transaction, auditor: Auditor, who: Pelaku, klien: str, alasan: str, at: dt.datetime
) -> int | None:
    """Release a credential; return the number of its hold, None when it was not held."""
    _check_reason(alasan)
    row = tx.raw(
        "UPDATE auth_penahanan SET dilepas = %s, alasan_lepas = %s"
        " WHERE klien = %s AND dilepas IS NULL RETURNING id",
        [at, alasan, klien],
    ).fetchone()
    if row is None:
        return None
    auditor.record(tx, Bukti(Peristiwa.KLIEN_DILEPAS, who, _rincian(klien, row[0])))
    return int(row[0])


def _rincian(klien: str, id_penahanan: int) -> dict[str, str | int]:
    return {"klien": klien, "id_penahanan": id_penahanan}


def _check_reason(alasan: str) -> None:
    shortest, longest = _PANJANG_ALASAN
    if not shortest <= len(alasan.strip()) <= longest or like_nik(alasan):
        raise HoldReasonError
