"""What a run of linking says: one row a pair, one a record that has none, and a report."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from services.taut.alasan import explain
from services.taut.banding_kata import Nomor
from services.taut.blok import LaporanBlok
from services.taut.model import Model
from services.taut.putusan import Putusan
from services.taut.rekaman import BadanUsaha, Pekerja
from services.taut.sifat import Sifat

KOLOM = ("kunci_a", "kunci_b", "putusan", "skor", "alasan", "dasar")
TAK_ADA_CALON = "tidak ada calon yang cukup mirip di sisi lain"
_CATATAN = {
    Putusan.CABANG: "tempat usaha lain dari badan yang sama",
    Putusan.TINJAU: "bukti belum cukup atau ada calon lain yang setara: perlu keputusan petugas",
}


@dataclass(frozen=True, slots=True)
class Baris:
    """Pairs of one answer and one basis, with what was compared."""

    putusan: Putusan
    dasar: str
    a: Nomor
    b: Nomor
    sifat: Sifat
    bobot: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Laporan:
    """Counts of a run: answers by basis, and what each blocking rule left out.

    `kosong_a` and `kosong_b` are blank rows of the files, which are no records and have no answer.
    `keputusan_tak_bertemu` are decisions about a record that is not there (any more).
    """

    rekaman_a: int
    rekaman_b: int
    jumlah: dict[str, int]
    tinjau_rekaman: int
    blok: tuple[LaporanBlok, ...]
    kosong_a: int = 0
    kosong_b: int = 0
    keputusan_tak_bertemu: int = 0


@dataclass(frozen=True, slots=True)
class Hasil:
    """The answers as a table with the columns `KOLOM`, sorted by keys, and the report."""

    tabel: pa.Table
    laporan: Laporan


class Penulis:
    """Turns what was found into the table of answers."""

    def __init__(self, records: BadanUsaha | Pekerja, model: Model) -> None:
        self._records = records
        self._model = model

    def write(self, rows: list[Baris], blocks: list[LaporanBlok]) -> Hasil:
        """Return all answers; records that no row names are `tidak`."""
        keys, count_a = self._records.kunci, self._records.banyak_a
        columns: dict[str, list[object]] = {name: [] for name in KOLOM}
        seen = np.zeros(len(keys), np.bool_)
        doubted = np.zeros(len(keys), np.bool_)
        for row in rows:
            self._add(columns, row)
            seen[row.a] = seen[row.b] = True
            if row.putusan is Putusan.TINJAU:
                doubted[row.a] = doubted[row.b] = True
        counts = Counter(
            f"{p}/{d}" for p, d in zip(columns["putusan"], columns["dasar"], strict=True)
        )
        alone = np.flatnonzero(~seen)
        counts["tidak/a"] = int((alone < count_a).sum())
        counts["tidak/b"] = int((alone >= count_a).sum())
        columns["kunci_a"] += [keys[n] if n < count_a else "" for n in alone]
        columns["kunci_b"] += [keys[n] if n >= count_a else "" for n in alone]
        columns["putusan"] += [Putusan.TIDAK.value] * len(alone)
        columns["skor"] += [None] * len(alone)
        columns["alasan"] += [TAK_ADA_CALON] * len(alone)
        columns["dasar"] += [""] * len(alone)
        table = pa.table(columns, schema=_SKEMA).sort_by(
            [("kunci_a", "ascending"), ("kunci_b", "ascending")]
        )
        report = Laporan(
            count_a, len(keys) - count_a, dict(sorted(counts.items())), int(doubted.sum()),
            tuple(blocks),
        )  # fmt: skip
        return Hasil(table, report)

    def _add(self, columns: dict[str, list[object]], row: Baris) -> None:
        keys = self._records.kunci
        columns["kunci_a"] += [keys[n] for n in row.a.tolist()]
        columns["kunci_b"] += [keys[n] for n in row.b.tolist()]
        columns["putusan"] += [row.putusan.value] * len(row.a)
        columns["skor"] += [round(float(v), 2) for v in row.bobot.sum(axis=1)]
        columns["dasar"] += [row.dasar] * len(row.a)
        basis = row.dasar if row.putusan is Putusan.TERTAUT else ""
        note = _CATATAN.get(row.putusan, "")
        columns["alasan"] += [
            explain(self._model.bidang, answers, weights, basis, note)
            for answers, weights in zip(row.sifat.tingkat, row.bobot, strict=True)
        ]


_SKEMA = pa.schema(
    [
        ("kunci_a", pa.string()),
        ("kunci_b", pa.string()),
        ("putusan", pa.string()),
        ("skor", pa.float64()),
        ("alasan", pa.string()),
        ("dasar", pa.string()),
    ]
)
