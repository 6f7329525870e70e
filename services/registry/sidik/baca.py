"""Read the digest tree: sums of nodes, the records of small nodes, records by id.

Each answer is of one snapshot and names the number of the last change in it.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import sqlalchemy as sa

from services.audit.record import Pelaku
from services.kit import pohon
from services.kit.database import Transaction, transaction
from services.kit.pohon import Sumber
from services.registry.errors import DigestNotReadyError, NodeTooLargeError
from services.registry.read import PERSON, Reader
from services.registry.sidik import kunci
from services.registry.tables import TABLE_OF
from services.registry.umpan import Umpan, change_json
from shared_schemas.rujukan import Himpunan
from shared_schemas.sidik import covered, covers_extra, key_mark
from shared_schemas.v1.sidik import BATAS_DAUN, Akar, Anak, DaunSimpul

_NOMOR = """
SELECT greatest((SELECT max(nomor) FROM {table}),
                (SELECT terlama FROM umpan_batas WHERE himpunan = '{himpunan}'), 0)
"""


@dataclass(frozen=True)
class PembacaSidik:
    """Reads one registry's digest tree for a caller who is already permitted to."""

    reader: Reader
    umpan: Umpan
    kunci: bytes

    @cached_property
    def _snapshot(self) -> sa.Engine:
        return self.reader.engine.execution_options(isolation_level="REPEATABLE READ")

    def _source(self, himpunan: Himpunan) -> Sumber:
        given = self.reader.fields(himpunan)
        return Sumber(TABLE_OF[himpunan], covers_extra(himpunan, given))

    def make_ready(self, himpunan: Himpunan) -> None:
        """Make some of the leaves that are missing; raises DigestNotReadyError while any is."""
        with transaction(self.reader.engine) as tx:
            if kunci.complete(tx, self.kunci, himpunan):
                return
        if not self.advance(himpunan):
            raise DigestNotReadyError

    def advance(self, himpunan: Himpunan) -> bool:
        """Make one chunk of the leaves that are missing; return whether all are made."""
        return kunci.advance(self.reader.engine, self.kunci, himpunan)

    def root(self, himpunan: Himpunan) -> bytes:
        """Return the root (`Akar`) with the cursor of the feed for exactly its number."""
        self.make_ready(himpunan)
        with transaction(self._snapshot) as tx:
            nomor = _last_number(tx, himpunan)
            jumlah, total = pohon.total(tx, self._source(himpunan))
        return (
            Akar(
                tanda_kunci=key_mark(self.kunci),
                bidang=list(covered(himpunan, self.reader.fields(himpunan))),
                nomor=nomor,
                jumlah=jumlah,
                total=f"{total:016x}",
                kursor=self.umpan.cursor(himpunan, nomor),
            )
            .model_dump_json()
            .encode()
        )

    def children(self, himpunan: Himpunan, awalan: Sequence[str], lipat: int, oktet: int) -> bytes:
        """Return the sums of the nodes' children (`Anak`)."""
        self.make_ready(himpunan)
        with transaction(self._snapshot) as tx:
            nomor = _last_number(tx, himpunan)
            sums = pohon.children(tx, self._source(himpunan), awalan, lipat)
        packed = _pack((s for node in sums for s in node), oktet)
        return Anak(nomor=nomor, oktet=oktet, anak=packed).model_dump_json().encode()

    def leaves(self, who: Pelaku, himpunan: Himpunan, awalan: Sequence[str], oktet: int) -> bytes:
        """Return the records of small nodes (`DaunSimpul`), entering the persons in the ledger.

        Raises NodeTooLargeError for more than `BATAS_DAUN` records.
        """
        self.make_ready(himpunan)
        rute = f"daun {TABLE_OF[himpunan]}"
        with self.reader.auditor.counting(self._snapshot, who, rute) as tx:
            nomor = _last_number(tx, himpunan)
            nodes = pohon.leaves(
                tx, self._source(himpunan), awalan, BATAS_DAUN + 1, PERSON[himpunan]
            )
            rows = [row for node in nodes for row in node]
            if len(rows) > BATAS_DAUN:
                raise NodeTooLargeError
            self.reader.audit(tx, who, rute, himpunan, rows)
        leaves = _pack((r[1] for r in rows), oktet)
        answer = DaunSimpul(nomor=nomor, oktet=oktet, id=[r[0] for r in rows], daun=leaves)
        return answer.model_dump_json().encode()

    def records(self, who: Pelaku, himpunan: Himpunan, ids: Sequence[str]) -> bytes:
        """Return the last state of these records (`KumpulanRekaman`), entering the ledger."""
        table = TABLE_OF[himpunan]
        change, rute = change_json(himpunan, self.reader.fields(himpunan)), f"rekaman {table}"
        with self.reader.auditor.counting(self._snapshot, who, rute) as tx:
            nomor = _last_number(tx, himpunan)
            rows = tx.raw(
                f"SELECT id, {change}, {PERSON[himpunan]} FROM {table} WHERE id = ANY(%s)",
                (list(ids),),
            ).fetchall()
            self.reader.audit(tx, who, rute, himpunan, rows)
        known = {r[0] for r in rows}
        gone = (_gone(i, nomor) for i in dict.fromkeys(ids) if i not in known)
        data = ",".join((*(r[1] for r in rows), *gone))
        return f'{{"nomor":{nomor},"data":[{data}]}}'.encode()


def _last_number(tx: Transaction, himpunan: Himpunan) -> int:
    """Return the number up to which this snapshot is complete.

    Numbers become visible in their order, so nothing below the highest is still to come;
    where the last changes were tombstones since pruned, the feed's limit is the higher.
    """
    query = _NOMOR.format(table=TABLE_OF[himpunan], himpunan=himpunan.value)
    row = tx.raw(query).fetchone()
    return int(row[0]) if row else 0


def _pack(sums: Iterable[int], oktet: int) -> str:
    """Return the lowest octets of sums, big-endian, in Base64."""
    mask = 256**oktet - 1
    return base64.b64encode(b"".join((s & mask).to_bytes(oktet, "big") for s in sums)).decode()


def _gone(id_: str, nomor: int) -> str:
    """Return the tombstone of a record of which nothing is left, not even its number."""
    return json.dumps(
        {"nomor": max(nomor, 1), "jenis": "hapus", "id": id_, "versi": 1, "rekaman": None}
    )
