"""A body's own queue of cases: what the other knows and it does not, and its decision on each.

Kemnaker's `belum_lapor` and BPJS Kesehatan's `pendaftaran` are two queues of this one make;
their states, moves and consequences are their own.
"""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar

from services.audit.catalogue import Peristiwa
from services.audit.record import Auditor, Bukti, Pelaku
from services.kit.database import DatabaseConflictError, Transaction, transaction
from services.kit.errors import PermanentError
from services.registry.akhir import settle
from services.registry.errors import CaseChangedError
from services.registry.idempotency import digest_of_decision
from services.registry.jawaban import Cases, Ditutup
from services.registry.penilaian import Putusan
from services.registry.read import Row, persons_in
from services.registry.service import RegistryService
from shared_schemas.rujukan import Himpunan
from shared_schemas.v1.amplop import Halaman
from shared_schemas.v1.antrean import Kasus, KeputusanBelumLapor, KeputusanPendaftaran
from shared_schemas.v1.kode import AlasanUsulan, KeadaanUsulan

K = TypeVar("K", bound=Kasus)
Consequence = Callable[[Transaction, K], dict[str, Any]]
"""What a decision does beside moving the case; returns columns to set on it."""


@dataclass(frozen=True)
class CaseQueue(Generic[K]):
    """One queue: its table, the form of its cases, its moves and what they come to, its refusals.

    `outcome` has the states that end a case, with what becomes of the proposals behind it.
    """

    table: str
    model: type[K]
    moves: Mapping[Any, frozenset[Any]]
    outcome: Mapping[Any, KeadaanUsulan]
    event: Peristiwa
    not_found: type[PermanentError]
    wrong_state: type[PermanentError]

    @property
    def _columns(self) -> tuple[str, ...]:
        made = {"versi", *(h.value for h in Himpunan)}  # of the columns, and of `isi`
        return tuple(n for n in self.model.model_fields if n not in made)

    @property
    def _own_columns(self) -> set[str]:
        """What a consequence may have set on a case."""
        return {"id_rekaman"} & set(self._columns)

    def _case(self, auditor: Auditor, row: tuple[Any, ...]) -> K:
        """Return the case of a row; its version is keyed, for it tells of a person."""
        columns = self._columns
        values = dict(zip(columns, row, strict=False))
        shown = json.dumps((values, row[len(columns)]), default=str, sort_keys=True)
        values["versi"] = auditor.fingerprint(shown).hex()
        return self.model.model_validate({**values, values["himpunan"]: row[len(columns)]})

    def _select(self, rest: str) -> str:
        return f"SELECT {', '.join(self._columns)}, isi, nomor FROM {self.table} {rest}"

    def open_case(
        self,
        tx: Transaction,
        himpunan: Himpunan,
        isi: dict[str, Any],
        waktu: dt.datetime,
        **columns: Any,
    ) -> AlasanUsulan:
        """Open a case in the first state; return TERCATAT, or why none is open for it now.

        One thing the other side knows (`id_asal`) has one case, however often it is proposed, and
        it says what was proposed last: other content, or another company, is verified anew. One
        that ended is opened again: what is proposed anew is missing here anew, or was corrected.
        Only the refusal of the very same content at the same company stands (PUTUSAN_PETUGAS), and
        against an older version of the other side's record whatever is open or refused
        (LEBIH_LAMA): where nothing stands, versions that were set back shut nobody out. Raises
        DatabaseConflictError while somebody decides the case: whoever came after would wait for
        what is decided already.
        """
        values = {
            "id": uuid.uuid4(),
            "himpunan": himpunan.value,
            "keadaan": next(iter(self.moves)).value,
            "isi": json.dumps(isi),
            "dibuat_pada": waktu,
            **columns,
        }
        if tx.raw(
            f"INSERT INTO {self.table} ({', '.join(values)})"
            f" VALUES ({', '.join(['%s'] * len(values))})"
            " ON CONFLICT (himpunan, id_asal) DO NOTHING",
            list(values.values()),
        ).rowcount:
            return AlasanUsulan.TERCATAT
        del values["id"]
        row = self.lock_case(tx, himpunan, columns["id_asal"])
        ended = self.outcome.get(row[1])
        same = (row[2], row[3]) == (isi, columns.get("id_badan_usaha"))
        if ended is KeadaanUsulan.DITOLAK and same:
            return AlasanUsulan.PUTUSAN_PETUGAS
        if ended in {None, KeadaanUsulan.DITOLAK} and _older(columns["versi_asal"], row[4]):
            return AlasanUsulan.LEBIH_LAMA
        values["dicabut_pada"] = None
        if ended is None:
            del values["dibuat_pada"]
        if ended is None and same:
            del values["keadaan"]
        else:
            values |= dict.fromkeys(
                ("alasan", "diputuskan_pada", "sidik_putusan", *self._own_columns)
            )
        tx.raw(
            f"UPDATE {self.table} SET {', '.join(f'{c} = %s' for c in values)} WHERE id = %s",
            (*values.values(), row[0]),
        )
        return AlasanUsulan.TERCATAT

    def lock_case(self, tx: Transaction, himpunan: Himpunan, id_asal: str) -> Row:
        """Lock the case of what the other side knows.

        Return its id, state, content, company and the version of the record that it shows. Never
        waited for: its decision may wait for the number lock, which a batch may hold. Raises
        DatabaseConflictError instead.
        """
        return self._lock(tx, "himpunan = %s AND id_asal = %s", (himpunan.value, id_asal))

    def lock_own_case(self, tx: Transaction, pengirim: str, id_usulan: uuid.UUID) -> Row | None:
        """Lock the case of a proposal that names no record of its sender, as `lock_case` does.

        Return None for one from before its proposal was noted.
        """
        own, of = "id_asal IS NULL AND pengirim = %s AND id_usulan = %s", (pengirim, id_usulan)
        if tx.raw(f"SELECT FROM {self.table} WHERE {own}", of).fetchone() is None:
            return None
        return self._lock(tx, own, of)

    def _lock(self, tx: Transaction, chosen: str, arguments: tuple[Any, ...]) -> Row:
        row: Row | None = tx.raw(
            f"SELECT id, keadaan, isi, id_badan_usaha, versi_asal FROM {self.table}"
            f" WHERE {chosen} FOR NO KEY UPDATE SKIP LOCKED",
            arguments,
        ).fetchone()
        if row is None:
            raise DatabaseConflictError
        return row

    def end_withdrawn(self, tx: Transaction, kasus: Row, alasan: str, waktu: dt.datetime) -> None:
        """End a locked case whose proposals were all taken back.

        One that was moved on since it was opened is the steward's: it stays, and says so.
        """
        said: dict[str, Any] = {"dicabut_pada": waktu}
        if kasus[1] == next(iter(self.moves)):
            ended = next(k for k, v in self.outcome.items() if v is KeadaanUsulan.DICABUT)
            said |= {"keadaan": ended.value, "alasan": alasan, "diputuskan_pada": waktu}
        tx.raw(
            f"UPDATE {self.table} SET {', '.join(f'{c} = %s' for c in said)} WHERE id = %s",
            (*said.values(), kasus[0]),
        )

    def page(
        self,
        service: RegistryService,
        who: Pelaku,
        keadaan: StrEnum | None,
        batas: int,
        kursor: str | None,
    ) -> Halaman[K]:
        """Return cases as they arrived, entering the read in the ledger. Raises CursorError."""
        scope = f"{self.table}:{keadaan or ''}"
        after = int(service.cursors.read(scope, kursor) or 0)
        state = keadaan.value if keadaan else None
        with transaction(service.engine) as tx:
            rows = tx.raw(
                self._select(
                    "WHERE nomor > %s AND (%s::text IS NULL OR keadaan = %s)"
                    " ORDER BY nomor LIMIT %s"
                ),
                (after, state, state, batas + 1),
            ).fetchall()
            more, rows = len(rows) > batas, rows[:batas]
            self._audit(service, tx, who, rows)
        return Halaman(
            data=[self._case(service.auditor, r) for r in rows],
            kursor=service.cursors.sign(scope, rows[-1][-1]) if more else None,
        )

    def _audit(
        self, service: RegistryService, tx: Transaction, who: Pelaku, rows: Sequence[Row]
    ) -> None:
        """Enter in the ledger whom the cases of these rows name."""
        niks = [n for r in rows for n in persons_in(r[-2])]
        fields = sorted(set().union(*(r[-2] for r in rows)))
        rute = f"antrean {self.table}"
        service.auditor.record_access(tx, who, rute, len(rows), niks, fields)

    def decide(
        self,
        service: RegistryService,
        who: Pelaku,
        id_kasus: uuid.UUID,
        keputusan: KeputusanPendaftaran | KeputusanBelumLapor,
        consequence: Consequence[K] | None = None,
    ) -> K:
        """Move a case and do what follows, in one transaction with the audit event.

        Returns the case with what it says, which the ledger has as a read. The decision that the
        case stands by, word for word, changes nothing: whoever repeats it lost the answer.

        Raises the queue's own `not_found` and `wrong_state`, what `consequence` raises, and
        CaseChangedError when the decision names another version than the case now has.
        """
        ke, alasan = keputusan.keadaan, keputusan.alasan
        sidik = digest_of_decision(service.auditor, keputusan)
        with transaction(service.engine) as tx:
            row = self._find(tx, id_kasus, "FOR UPDATE")
            kasus = self._case(service.auditor, row)
            if self._stands_by(tx, id_kasus, sidik):
                self._audit(service, tx, who, [row])
                return kasus
            if keputusan.versi not in {None, kasus.versi}:
                raise CaseChangedError
            if ke not in self.moves.get(kasus.keadaan, ()):
                raise self.wrong_state
            columns = consequence(tx, kasus) if consequence else {}
            columns |= {"keadaan": ke.value, "alasan": alasan, "diputuskan_pada": service.clock()}
            columns["sidik_putusan"] = sidik
            tx.raw(
                f"UPDATE {self.table} SET {', '.join(f'{c} = %s' for c in columns)} WHERE id = %s",
                (*columns.values(), id_kasus),
            )
            settled = self._settle(tx, kasus, ke, alasan, columns["diputuskan_pada"])
            rincian = {
                "id_kasus": str(id_kasus),
                "dari": kasus.keadaan,
                "ke": ke.value,
                "usulan": settled,
            }
            service.auditor.record(tx, Bukti(self.event, who, rincian))
            row = self._find(tx, id_kasus)
            self._audit(service, tx, who, [row])
            return self._case(service.auditor, row)

    def end_answered(
        self, tx: Transaction, cases: Cases, ke: StrEnum, alasan: str, waktu: dt.datetime
    ) -> Ditutup:
        """End locked cases whose record came by another way, and the proposals behind them."""
        if not cases:
            return Ditutup(0, 0)
        tx.raw(
            f"UPDATE {self.table} SET keadaan = %s, alasan = %s, diputuskan_pada = %s,"
            " sidik_putusan = NULL WHERE id = ANY(%s)",
            (ke.value, alasan, waktu, [c[0] for c in cases]),
        )
        putusan = Putusan(self.outcome[ke], AlasanUsulan.SUDAH_ADA)
        of = {h: [(c[0], c[2]) for c in cases if c[1] == h] for h in Himpunan}
        settled = sum(
            settle(tx, self.table, h, known, putusan, None, waktu) for h, known in of.items()
        )
        return Ditutup(len(cases), settled)

    def _settle(
        self, tx: Transaction, kasus: K, ke: StrEnum, alasan: str | None, waktu: dt.datetime
    ) -> int:
        if ke not in self.outcome:
            return 0
        putusan = Putusan(self.outcome[ke], AlasanUsulan.PUTUSAN_PETUGAS)
        cases = [(kasus.id, kasus.id_asal)]
        return settle(tx, self.table, kasus.himpunan, cases, putusan, alasan, waktu)

    def _stands_by(self, tx: Transaction, id_kasus: uuid.UUID, sidik: bytes) -> bool:
        """Say whether a locked case is as this decision left it; any other move forgets it."""
        known = tx.raw(
            f"SELECT 1 FROM {self.table} WHERE id = %s AND sidik_putusan = %s", (id_kasus, sidik)
        )
        return known.fetchone() is not None

    def _find(self, tx: Transaction, id_kasus: uuid.UUID, lock: str = "") -> Row:
        row: Row | None = tx.raw(self._select(f"WHERE id = %s {lock}"), (id_kasus,)).fetchone()
        if row is None:
            raise self.not_found
        return row


def _older(proposed: int | None, shown: int | None) -> bool:
    """Say whether a version is older than another; what has none is never."""
    return proposed is not None and shown is not None and proposed < shown
