"""The change feed: every record's last state in the order of its number, deletions too.

A reader keeps a cursor and misses nothing: who may have missed a deletion is told to start over.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from services.audit.record import Pelaku
from services.kit.database import Transaction
from services.kit.errors import CursorTooOldError
from services.registry.read import PERSON, Lembar, Reader, wire_form
from services.registry.tables import TABLE_OF
from shared_schemas.rujukan import Himpunan

_TERLAMA = "coalesce((SELECT terlama FROM umpan_batas WHERE himpunan = %s), 0)"


@lru_cache(maxsize=64)
def change_json(himpunan: Himpunan, fields: tuple[str, ...]) -> str:
    """Return the SQL expression of a change's wire form (`Perubahan`), as text."""
    record = wire_form(himpunan, fields, "WHERE dihapus_pada IS NULL")
    jenis = "CASE WHEN dihapus_pada IS NULL THEN 'ubah' ELSE 'hapus' END"
    return (
        f"row_to_json((SELECT u FROM (SELECT nomor, {jenis} AS jenis, id, versi,"
        f" {record} AS rekaman) u))::text"
    )


class _Letak(NamedTuple):
    """Where a reader of changes stands, and what had been numbered when it last knew all.

    Somebody who reads from the beginning has not seen what was deleted before: tombstones
    forgotten up to `sejak` are no loss, although the read has come to a lower number only.
    """

    nomor: int
    sejak: int

    def next(self, nomor: int, *, done: bool) -> str:
        """Return the place after a page: a read that has come to the end knows all of `sejak`."""
        if done or nomor >= self.sejak:
            return str(max(nomor, self.sejak))
        return f"{nomor}:{self.sejak}"


@dataclass(frozen=True)
class Umpan:
    """The feeds of one registry, for a caller who is already permitted to read its records."""

    reader: Reader

    def changes(self, who: Pelaku, himpunan: Himpunan, *, batas: int, kursor: str | None) -> Lembar:
        """Return one page of the change feed (`HalamanPerubahan`).

        Raises CursorError when tampered with, CursorTooOldError when tombstones after the
        cursor were pruned or the registry was restored to an earlier state.
        """
        table = TABLE_OF[himpunan]
        scope, rute = _scope(himpunan), f"perubahan {table}"
        with self.reader.auditor.counting(self.reader.engine, who, rute) as tx:
            letak = self._place(tx, himpunan, self.reader.cursors.read(scope, kursor))
            rows = tx.raw(
                f"SELECT nomor, {change_json(himpunan, self.reader.fields(himpunan))}, {_TERLAMA},"
                f" {PERSON[himpunan]} FROM {table} WHERE nomor > %s ORDER BY nomor LIMIT %s",
                (himpunan.value, letak.nomor, batas),
            ).fetchall()
            # Of the moment of the page: tombstones may have been pruned since the cursor's place
            # was looked up. A page without rows moves no cursor, so the next one tells.
            if rows and letak.sejak < rows[0][2]:
                raise CursorTooOldError
            self.reader.audit(tx, who, rute, himpunan, rows)
        done = len(rows) < batas
        cursor = self.reader.cursors.sign(
            scope, letak.next(rows[-1][0] if rows else letak.nomor, done=done)
        )
        tail = f'"kursor":{json.dumps(cursor)},"habis":{json.dumps(done)}'
        data = ",".join(r[1] for r in rows)
        return Lembar(f'{{"data":[{data}],{tail}}}'.encode(), None if done else cursor)

    def cursor(self, himpunan: Himpunan, nomor: int) -> str:
        """Return the cursor of what comes after a number in the change feed."""
        return self.reader.cursors.sign(_scope(himpunan), nomor)

    def _place(self, tx: Transaction, himpunan: Himpunan, kursor: str | int | None) -> _Letak:
        """Return where a reader goes on. Raises CursorTooOldError when it missed a deletion."""
        row = tx.raw(
            f"SELECT {_TERLAMA},"
            f" (SELECT last_value FROM urutan_perubahan),"
            f" (SELECT coalesce(max(nomor), 0) FROM {TABLE_OF[himpunan]})",
            (himpunan.value,),
        ).fetchone()
        assert row is not None  # noqa: S101 - a row of three values
        terlama, terakhir, tertinggi = row
        if kursor is None:
            return _Letak(0, max(terlama, tertinggi))
        nomor, _, sejak = str(kursor).partition(":")  # a number alone: snapshots, earlier versions
        letak = _Letak(int(nomor), int(sejak or nomor))
        if letak.sejak < terlama or letak.nomor > terakhir:
            raise CursorTooOldError
        return letak


def _scope(himpunan: Himpunan) -> str:
    """Return what the cursors of a change feed are bound to."""
    return f"perubahan:{TABLE_OF[himpunan]}"
