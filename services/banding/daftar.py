"""Rows that were not compared, listed by class with their key, company and row number."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from services.banding.ambil import fetch
from services.banding.bangun import Tell
from services.banding.beda import PINDAH, nik_text
from services.banding.keluaran import SKEMA, Penulis
from services.banding.rencana import Rencana
from services.banding.sumber import Sumber

Baris = npt.NDArray[np.int64]


@dataclass
class Daftar:
    """Writes rows of one side, ascending, and pairs that are listed only."""

    a: Sumber
    b: Sumber
    rencana: Rencana
    out: Penulis
    tell: Tell
    _waiting: tuple[list[tuple[str, Baris]], list[tuple[str, Baris]]] = field(
        default_factory=lambda: ([], [])
    )

    def rows(self, side: int, jenis: str, found: Baris) -> None:
        """Note rows (key, row number) of one side as belonging to a class."""
        if len(found):
            self._waiting[side].append((jenis, found))

    def write(self) -> None:
        """Write what was noted: one pass over each file, for the companies' names alone."""
        for side, sumber in enumerate((self.a, self.b)):
            if not self._waiting[side]:
                continue
            names = [jenis for jenis, _ in self._waiting[side]]
            lengths = [len(found) for _, found in self._waiting[side]]
            found = np.concatenate([f for _, f in self._waiting[side]])
            order = np.argsort(found[:, 1], kind="stable")
            found = found[order]
            code = np.repeat(np.arange(len(names)), lengths)[order]
            jenis = pa.DictionaryArray.from_arrays(pa.array(code), pa.array(names))
            self._side(side, sumber, found, jenis)

    def _side(self, side: int, sumber: Sumber, found: Baris, jenis: pa.Array) -> None:
        done = 0
        for table in self._texts(sumber, found[:, 1]):
            part = slice(done, done + len(table))
            done += len(table)
            nama = "ab"[side]
            self.out.write_table(
                _table(
                    len(table),
                    jenis=jenis[part].cast(pa.string()),
                    kunci=self._key(sumber, found[part, 0], table),
                    **{
                        f"id_badan_usaha_{nama}": self._company(table),
                        f"baris_{nama}": pa.array(found[part, 1] + 1),
                    },
                )
            )
            self.tell(f"daftar {sumber.nama}", done, len(found))

    def pairs(self, found: Baris) -> None:
        """Write pairs (key, row of A, row of B) of one person at different companies."""
        if not len(found):
            return
        a, b = (self._at(sumber, found[:, column]) for sumber, column in ((self.a, 1), (self.b, 2)))
        self.out.write_table(
            _table(
                len(found),
                jenis=pa.repeat(PINDAH, len(found)),
                kunci=self._key(self.a, found[:, 0], a),
                id_badan_usaha_a=self._company(a),
                id_badan_usaha_b=self._company(b),
                baris_a=pa.array(found[:, 1] + 1),
                baris_b=pa.array(found[:, 2] + 1),
            )
        )

    def _at(self, sumber: Sumber, rows: Baris) -> pa.Table:
        """Return the texts of rows in any order, also repeated ones."""
        known, back = np.unique(rows, return_inverse=True)
        return pa.concat_tables(self._texts(sumber, known)).take(pa.array(back))

    def _texts(self, sumber: Sumber, rows: Baris) -> Iterable[pa.Table]:
        names = [self.rencana.perusahaan] if self.rencana.perusahaan else []
        if not self.rencana.kunci_nik:
            names.append(self.rencana.key_column(sumber))
        if names:
            return fetch(sumber, names, rows)
        return [pa.table({"baris": rows})]

    def _key(self, sumber: Sumber, numbers: Baris, texts: pa.Table) -> pa.Array:
        if not self.rencana.kunci_nik:
            return texts[self.rencana.key_column(sumber)].combine_chunks()
        return pc.if_else(pa.array(numbers >= 0), nik_text(numbers), pa.scalar(None, pa.string()))

    def _company(self, texts: pa.Table) -> pa.Array:
        if self.rencana.perusahaan is None:
            return pa.nulls(len(texts), pa.string())
        return texts[self.rencana.perusahaan].combine_chunks()


def _table(rows: int, **columns: pa.Array) -> pa.Table:
    return pa.table(
        [columns.get(f.name, pa.nulls(rows, f.type)) for f in SKEMA],
        schema=SKEMA,
    )
