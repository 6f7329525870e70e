"""A body's own system: it writes by the service's functions, asks its routes, repeats itself."""

from __future__ import annotations

import datetime as dt
import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from services.audit.record import Pelaku
from services.auth import penahanan
from services.kit.database import Transaction, transaction
from services.kit.errors import TemporaryError
from services.persiapan import SISTEM_BPJS, SISTEM_KEMNAKER, SYNC_BPJS, SYNC_WLKP
from services.registry import write
from shared_schemas.rujukan import Himpunan
from tests.simulasi.bencana import Jejak, Padam
from tests.simulasi.jaringan import Jawaban, Surat, call
from tests.simulasi.panggung import Panggung

KALI = 40
"""How often a body repeats what got no answer: more often than there are faults in a run."""
SYNC = {"wlkp": SYNC_WLKP, "bpjs": SYNC_BPJS}
SISTEM = {"wlkp": SISTEM_KEMNAKER, "bpjs": SISTEM_BPJS}


@dataclass
class Sistem:
    """The two bodies' own systems in one run."""

    acak: random.Random
    panggung: Panggung
    jejak: Jejak

    def moment(self, days: int) -> str:
        """Return the time so many days from now, as a report states it."""
        jam = self.panggung.jam.sekarang.replace(microsecond=0)
        return (jam + dt.timedelta(days=days)).isoformat()

    def pick(self, nama: str, query: str, *parameters: Any) -> tuple[Any, ...] | None:
        """Return one of the rows, None when there is none."""
        rows = self.panggung.fetch(nama, query, *parameters)
        return self.acak.choice(rows) if rows else None

    def any_id(self, nama: str, table: str) -> str | None:
        query = f"SELECT id FROM {table} WHERE dihapus_pada IS NULL ORDER BY id"
        found = self.pick(nama, query)
        return None if found is None else str(found[0])

    def worker_key(self, nama: str) -> tuple[Any, ...] | None:
        return self.pick(
            nama,
            "SELECT id_badan_usaha, nik, urutan FROM pekerja WHERE dihapus_pada IS NULL"
            " ORDER BY id_badan_usaha, nik, urutan",
        )

    def bring(self, nama: str, himpunan: Himpunan, *rows: dict[str, Any]) -> None:
        full = [{**row, "sidik_sumber": write.source_digest(row)} for row in rows]
        self.persist(
            nama,
            lambda tx: write.upsert(tx, himpunan, full, dasar="impor contoh", pelaku="contoh"),
        )

    def persist(self, nama: str, work: Callable[[Transaction], Any]) -> None:
        """Do a body's own write until it is known to be done."""
        self.jejak.catat("suntingan", nama)
        for _ in range(KALI):
            try:
                with transaction(self.panggung.apps[nama].state.service.engine) as tx:
                    work(tx)
            except TemporaryError:
                continue
            except Padam:
                self.panggung.restart(nama)
                continue
            return
        raise AssertionError("suntingan tidak pernah selesai")

    def hold(self) -> None:
        """A registry's owner holds the reconciler's credential, or releases it."""
        nama = self.acak.choice(sorted(SYNC))
        act = penahanan.hold if self.panggung.held_since(nama) is None else penahanan.release
        self._hold_or_release(nama, act)

    def release_all(self) -> None:
        """Release whatever is held, and let the services learn of it."""
        for nama in sorted(SYNC):
            if self.panggung.held_since(nama) is not None:
                self._hold_or_release(nama, penahanan.release)
        self.panggung.jam.lewat(penahanan.UMUR_DAFTAR)

    def _hold_or_release(self, nama: str, act: Callable[..., Any]) -> None:
        auditor = self.panggung.apps[nama].state.service.auditor
        who, klien = Pelaku(f"operator-{nama}"), SYNC[nama].client_id
        at = self.panggung.now(nama)
        self.persist(nama, lambda tx: act(tx, auditor, who, klien, "Contoh: kunci hilang.", at))
        self.panggung.ditahan.clear()

    def send(self, nama: str, path: str, body: dict[str, Any]) -> int:
        """Send a body's own request until it gets a definite answer; return its status."""
        for _ in range(KALI):
            jawaban = self._ask(nama, path, body)
            if jawaban is not None and jawaban.status < 500:
                self.jejak.catat("sistem", nama, path, jawaban.status)
                return jawaban.status
        raise AssertionError("permintaan sendiri tidak pernah dijawab")

    def _ask(self, nama: str, path: str, body: dict[str, Any]) -> Jawaban | None:
        try:
            surat = Surat(nama, "POST", path, self._headers(nama), json.dumps(body).encode())
            return call(self.panggung.apps[nama], surat)
        except TemporaryError:  # the registrations, which were to be recorded before their use
            return None
        except Padam:
            self.panggung.restart(nama)
            return None

    def _headers(self, nama: str) -> tuple[tuple[bytes, bytes], ...]:
        issuer = self.panggung.apps[nama].state.service.issuer
        token = issuer.issue(issuer.clients[SISTEM[nama].client_id], None)["access_token"]
        return (
            (b"authorization", f"Bearer {token}".encode()),
            (b"content-type", b"application/json"),
        )
