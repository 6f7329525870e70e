"""Write the rows of a file that stand its check, and say what became of the others.

Rows are checked in chunks and each chunk is one transaction: an import that is interrupted
and run again ends in the same state. A refused row is named by its number, field and
reason, never by its values; a worker without a usable NIK is kept in quarantine.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from services.audit.catalogue import Peristiwa
from services.audit.record import Auditor, Bukti, Pelaku
from services.impor.berkas import open_table
from services.impor.pemeriksa import Ditolak, Pemeriksa
from services.impor.tolakan import Tolakan
from services.kit.arrays import OKTET_SIDIK, Terlihat
from services.kit.clock import Clock, system_clock
from services.kit.database import Transaction, transaction
from services.registry import write
from services.registry.jawaban import Ditutup, Penjawab
from shared_schemas.rujukan import Himpunan, Pihak

CHUNK = 5_000  # rows a transaction: short enough to lose little, long enough to amortise it
Progress = Callable[[str, int, int], None]
"""Called with (file name, bytes or rows read, the same in all)."""
_LEBIH_LAMA = (
    "dilaporkan_pada",
    "laporan_lebih_lama",
    "Registri memuat laporan yang lebih baru; impor berkas terbaru, baris ini tidak diperlukan.",
)
_TERSIMPAN = 500  # letters of a cell in quarantine, as many as the longest field has


@dataclass(slots=True)
class HasilImpor:
    """Counts of one file, its form, and the sheet that was read.

    `lebih_lama` are rows in order that were not written, because what the registry holds was
    reported later; they are named beside the refused ones and not counted among them.
    `kasus_ditutup` are cases of the body's queue that the file answers.
    """

    himpunan: Himpunan
    bentuk: str = ""
    lembar: str | None = None
    dibaca: int = 0
    baru: int = 0
    berubah: int = 0
    ditolak: int = 0
    karantina: int = 0
    lebih_lama: int = 0
    kasus_ditutup: int = 0


@dataclass(slots=True)
class _Chunk:
    """Rows of one transaction; `nomor` says where in the file each of them stands."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    nomor: list[int] = field(default_factory=list)
    quarantined: list[tuple[dict[str, Any], list[str]]] = field(default_factory=list)


class Importer:
    """Imports the two files of one registry; `pihak` is the giver whose profile is checked."""

    def __init__(
        self,
        engine: sa.Engine,
        auditor: Auditor,
        pihak: Pihak,
        *,
        pelaku: str,
        refuse: Callable[[Tolakan], None],
        penjawab: Penjawab,
        progress: Progress | None = None,
        clock: Clock = system_clock,
    ) -> None:
        self._engine = engine
        self._auditor = auditor
        self._pihak = pihak
        self._who = Pelaku(pelaku, pihak)
        self._refuse = refuse
        self._progress = progress or (lambda *_: None)
        self._penjawab = penjawab
        self._clock = clock
        self._seen = Terlihat()
        self._again: Counter[tuple[str, str]] = Counter()

    def run(self, himpunan: Himpunan, path: Path, lembar: str | None = None) -> HasilImpor:
        """Import one file; companies before their workers. Raises ImportFileError."""
        result = HasilImpor(himpunan)
        companies = self._known_companies() if himpunan is Himpunan.PEKERJA else set()
        pemeriksa = Pemeriksa(himpunan, self._pihak, companies, self._clock)
        self._seen, self._again = Terlihat(), Counter()
        chunk = _Chunk()
        with open_table(path, lembar) as tabel:
            pemeriksa.check_header(path.name, tabel.kolom)
            result.bentuk, result.lembar = tabel.bentuk, tabel.lembar
            for baris in tabel.baris:
                result.dibaca += 1
                if result.dibaca % 2_000 == 0:
                    self._progress(path.name, *tabel.kemajuan())
                row = pemeriksa.check(tabel.kolom, baris)
                if isinstance(row, Ditolak):
                    self._turn_away(path.name, baris[0], row, chunk, result)
                else:
                    chunk.rows.append(row)
                    chunk.nomor.append(baris[0])
                if len(chunk.rows) + len(chunk.quarantined) >= CHUNK:
                    self._write(himpunan, path.name, chunk, result)
                    chunk = _Chunk()
            _, total = tabel.kemajuan()
        self._write(himpunan, path.name, chunk, result)
        self._progress(path.name, total, total)
        return result

    def _known_companies(self) -> set[str]:
        with transaction(self._engine) as tx:
            rows = tx.raw("SELECT id FROM badan_usaha WHERE dihapus_pada IS NULL").fetchall()
        return {r[0] for r in rows}

    def _turn_away(
        self, name: str, number: int, row: Ditolak, chunk: _Chunk, result: HasilImpor
    ) -> None:
        for sebab in row.sebab:
            self._refuse(Tolakan(name, number, *sebab))
        result.ditolak += 1
        if row.karantina is not None:
            chunk.quarantined.append((row.karantina, [kode for _, kode, _ in row.sebab]))

    def _number(self, rows: list[dict[str, Any]]) -> None:
        """Count a worker's rows at one company: each of them is a record of its own."""
        keys = [(row["id_badan_usaha"], row["nik"]) for row in rows]
        for row, key, again in zip(rows, keys, self._seen.add(map(_digest, keys)), strict=True):
            if again:
                self._again[key] += 1
            row["urutan"] = 1 + self._again[key]

    def _write(self, himpunan: Himpunan, name: str, chunk: _Chunk, result: HasilImpor) -> None:
        if not chunk.rows and not chunk.quarantined:
            return
        if himpunan is Himpunan.PEKERJA:
            self._number(chunk.rows)
        for row in chunk.rows:
            row["sidik_sumber"] = write.source_digest(row)
        with transaction(self._engine) as tx:
            asked = self._penjawab.lock(tx, himpunan, chunk.rows)
            done = write.upsert(tx, himpunan, chunk.rows, dasar="impor", pelaku=self._who.id)
            late = [write.key_of(himpunan, row) in done.lebih_lama for row in chunk.rows]
            closed = Ditutup(0, 0)
            if asked:
                taken = [row for row, older in zip(chunk.rows, late, strict=True) if not older]
                closed = self._penjawab.close(tx, himpunan, taken, self._clock())
            self._set_aside(tx, himpunan, chunk)
            rincian = {
                "himpunan": himpunan.value,
                "dibaca": len(chunk.rows),
                "baru": done.baru,
                "berubah": done.berubah,
                "karantina": len(chunk.quarantined),
                "lebih_lama": len(done.lebih_lama),
                "kasus_ditutup": closed.kasus,
                "usulan": closed.usulan,
            }
            self._auditor.record(tx, Bukti(Peristiwa.IMPOR, self._who, rincian))
        result.baru += done.baru
        result.berubah += done.berubah
        result.karantina += len(chunk.quarantined)
        result.lebih_lama += len(done.lebih_lama)
        result.kasus_ditutup += closed.kasus
        for number, older in zip(chunk.nomor, late, strict=True):
            if older:
                self._refuse(Tolakan(name, number, *_LEBIH_LAMA))

    def _set_aside(self, tx: Transaction, himpunan: Himpunan, chunk: _Chunk) -> None:
        """Keep in quarantine, once, what could be linked but is never exchanged."""
        for raw, reasons in chunk.quarantined:
            tx.raw(
                "INSERT INTO karantina (sidik, himpunan, isi, alasan) VALUES (%s, %s, %s, %s)"
                " ON CONFLICT DO NOTHING",
                (
                    self._auditor.fingerprint(json.dumps(raw, sort_keys=True)),
                    himpunan.value,
                    json.dumps({k: v[:_TERSIMPAN] for k, v in raw.items()}),
                    reasons,
                ),
            )


def _digest(key: tuple[str, str]) -> bytes:
    return hashlib.blake2b("\0".join(key).encode(), digest_size=OKTET_SIDIK).digest()
