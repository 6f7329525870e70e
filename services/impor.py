"""Load a registry from CSV files through the same validation as the API.

Rows are checked in chunks and each chunk is one transaction: an import that is interrupted
and run again ends in the same state. A refused row is named by its number, field and
reason, never by its values; a worker without a usable NIK is kept in quarantine.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from pydantic import AwareDatetime, ValidationError

from services.audit.catalogue import Peristiwa
from services.audit.record import Auditor, Bukti, Pelaku
from services.kit.database import transaction
from services.kit.errors import PermanentError
from services.kit.problems import bidang_galat
from services.registry import write
from shared_schemas.perjanjian import FIELD_SETS
from shared_schemas.rujukan import Himpunan, Pihak
from shared_schemas.v1.amplop import IdRekaman
from shared_schemas.v1.bidang import Pesan
from shared_schemas.v1.kode import CADANGAN, HubunganKerja, StatusPendaftaran, listed_code

CHUNK = 5_000  # rows a transaction: short enough to lose little, long enough to amortise it
_META_COLUMNS = ("id_badan_usaha", "dilaporkan_pada")
Progress = Callable[[str, int, int], None]
"""Called with (file name, bytes read, bytes in all)."""


class _Metadata(Pesan):
    id_badan_usaha: IdRekaman
    dilaporkan_pada: AwareDatetime | None = None


class ImportFileError(PermanentError):
    """The file as a whole cannot be read: header, encoding, or it is not there."""

    kode = "KLIEN-IMPOR-001"
    judul = "Berkas impor tidak dapat dibaca"


@dataclass(frozen=True, slots=True)
class Tolakan:
    """One reason to refuse one row. `baris` counts data rows from 2, as a spreadsheet does."""

    berkas: str
    baris: int
    bidang: str
    kode: str
    alasan: str


@dataclass(slots=True)
class HasilImpor:
    """Counts of one file."""

    himpunan: Himpunan
    dibaca: int = 0
    baru: int = 0
    berubah: int = 0
    ditolak: int = 0
    karantina: int = 0


@dataclass(slots=True)
class _Chunk:
    rows: list[dict[str, Any]] = field(default_factory=list)
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
        progress: Progress | None = None,
    ) -> None:
        self._engine = engine
        self._auditor = auditor
        self._pihak = pihak
        self._who = Pelaku(pelaku, pihak)
        self._refuse = refuse
        self._progress = progress or (lambda *_: None)
        self._companies: set[str] = set()
        self._seen: Counter[tuple[str, str]] = Counter()

    def run(self, himpunan: Himpunan, path: Path) -> HasilImpor:
        """Import one file; companies before their workers. Raises ImportFileError."""
        result = HasilImpor(himpunan)
        self._companies = self._known_companies() if himpunan is Himpunan.PEKERJA else set()
        self._seen.clear()
        chunk = _Chunk()
        for number, row in self._rows(himpunan, path):
            result.dibaca += 1
            self._check(himpunan, path.name, number, row, chunk, result)
            if len(chunk.rows) + len(chunk.quarantined) >= CHUNK:
                self._write(himpunan, chunk, result)
                chunk = _Chunk()
        self._write(himpunan, chunk, result)
        return result

    def _known_companies(self) -> set[str]:
        with transaction(self._engine) as tx:
            rows = tx.raw("SELECT id FROM badan_usaha WHERE dihapus_pada IS NULL").fetchall()
        return {r[0] for r in rows}

    def _rows(self, himpunan: Himpunan, path: Path) -> Iterator[tuple[int, dict[str, str]]]:
        try:
            total = path.stat().st_size
            with path.open("rb") as binary:
                lines = (
                    line.decode("utf-8-sig" if at == 0 else "utf-8")
                    for at, line in enumerate(binary)
                )
                reader = csv.reader(lines, strict=True)
                header = [h.strip() for h in next(reader, [])]
                _check_header(himpunan, self._pihak, header)
                for number, cells in enumerate(reader, start=2):
                    if number % 2_000 == 0:
                        self._progress(path.name, binary.tell(), total)
                    # A row that was cut short lacks its last fields and is refused for them.
                    yield number, dict(zip_longest(header, cells[: len(header)], fillvalue=""))
            self._progress(path.name, total, total)
        except OSError as error:
            raise ImportFileError(f"{path.name}: {error.strerror}.") from None
        except (UnicodeDecodeError, csv.Error):
            raise ImportFileError(f"{path.name}: bukan CSV UTF-8 yang benar.") from None

    def _check(
        self,
        himpunan: Himpunan,
        name: str,
        number: int,
        cells: dict[str, str],
        chunk: _Chunk,
        result: HasilImpor,
    ) -> None:
        # An empty cell is a field that was not given, so that its refusal says "wajib".
        raw: dict[str, Any] = {k: v.strip() for k, v in cells.items() if v.strip()}
        try:
            row = self._validated(himpunan, dict(raw))
        except ValidationError as error:
            galat = bidang_galat(list(error.errors(include_url=False, include_input=False)))
            for g in galat:
                self._refuse(Tolakan(name, number, g.jalur, g.kode, g.pesan))
            result.ditolak += 1
            if himpunan is Himpunan.PEKERJA and {g.jalur for g in galat} == {"nik"}:
                chunk.quarantined.append((raw, [g.kode for g in galat]))
            return
        refusal = self._refusal(himpunan, row)
        if refusal is not None:
            self._refuse(Tolakan(name, number, "id_badan_usaha", *refusal))
            result.ditolak += 1
            return
        row["sidik_sumber"] = write.source_digest(row)
        chunk.rows.append(row)

    def _validated(self, himpunan: Himpunan, raw: dict[str, Any]) -> dict[str, Any]:
        meta = _Metadata.model_validate({k: raw.pop(k) for k in _META_COLUMNS if k in raw})
        id_badan_usaha = meta.id_badan_usaha
        unlisted = _take_unlisted_codes(raw)
        record = FIELD_SETS[himpunan].profil(self._pihak).model_validate(raw)
        row = record.model_dump(mode="json")
        row["dilaporkan_pada"] = meta.dilaporkan_pada and meta.dilaporkan_pada.isoformat()
        if himpunan is Himpunan.BADAN_USAHA:
            row["id"] = id_badan_usaha
            if self._pihak is Pihak.KEDUA:
                row["status_pendaftaran"] = StatusPendaftaran.TERDAFTAR.value
            return row
        if self._pihak is Pihak.KESATU:
            row["hubungan_kerja"] = row["hubungan_kerja"] or HubunganKerja.AKTIF.value
        self._seen[id_badan_usaha, row["nik"]] += 1
        return {
            **row,
            "id_badan_usaha": id_badan_usaha,
            "urutan": self._seen[id_badan_usaha, row["nik"]],
            "kode_asli": unlisted or None,
        }

    def _refusal(self, himpunan: Himpunan, row: dict[str, Any]) -> tuple[str, str] | None:
        if himpunan is Himpunan.PEKERJA:
            if row["id_badan_usaha"] not in self._companies:
                return "badan_usaha_tidak_dikenal", "Impor dahulu badan usaha dengan id ini."
            return None
        if row["id"] in self._companies:
            return "id_ganda", "Id badan usaha sudah dipakai baris lain dalam berkas ini."
        self._companies.add(row["id"])
        return None

    def _write(self, himpunan: Himpunan, chunk: _Chunk, result: HasilImpor) -> None:
        if not chunk.rows and not chunk.quarantined:
            return
        with transaction(self._engine) as tx:
            done = write.upsert(tx, himpunan, chunk.rows, dasar="impor", pelaku=self._who.id)
            for raw, reasons in chunk.quarantined:
                tx.raw(
                    "INSERT INTO karantina (sidik, himpunan, isi, alasan) VALUES (%s, %s, %s, %s)"
                    " ON CONFLICT DO NOTHING",
                    (
                        self._auditor.fingerprint(json.dumps(raw, sort_keys=True)),
                        himpunan.value,
                        json.dumps(raw),
                        reasons,
                    ),
                )
            rincian = {
                "himpunan": himpunan.value,
                "dibaca": len(chunk.rows),
                "baru": done.baru,
                "berubah": done.berubah,
                "karantina": len(chunk.quarantined),
            }
            self._auditor.record(tx, Bukti(Peristiwa.IMPOR, self._who, rincian))
        result.baru += done.baru
        result.berubah += done.berubah
        result.karantina += len(chunk.quarantined)


def _take_unlisted_codes(raw: dict[str, Any]) -> dict[str, str]:
    """Put listed codes in place of what is written; return what was written and is not listed."""
    unlisted = {}
    for bidang, cadangan in CADANGAN.items():
        written = raw.get(bidang)
        if written is None:
            continue
        code = listed_code(bidang, written)
        if code is None:
            unlisted[bidang] = written
        raw[bidang] = code or cadangan.value
    return unlisted


def _check_header(himpunan: Himpunan, pihak: Pihak, header: list[str]) -> None:
    daftar = FIELD_SETS[himpunan].daftar_bidang()
    known = {b.nama for b in daftar} | set(_META_COLUMNS)
    required = {b.nama for b in daftar if pihak in b.rujukan.wajib} | {"id_badan_usaha"}
    if len(set(header)) != len(header):
        raise ImportFileError("Baris judul menyebut kolom yang sama dua kali.")
    if unknown := [h for h in header if h not in known]:
        listed = ", ".join(h if h.isidentifier() else "(bukan nama)" for h in unknown)
        raise ImportFileError(f"Kolom tidak dikenal: {listed}. Pakai nama bidang Lampiran.")
    if missing := sorted(required - set(header)):
        raise ImportFileError(f"Kolom wajib tidak ada: {', '.join(missing)}.")


class RefusalFile:
    """Writes refused rows as CSV; the file appears only when there is something to tell."""

    COLUMNS = ("berkas", "baris", "bidang", "kode", "alasan")

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        self._file: Any = None
        path.unlink(missing_ok=True)

    def __call__(self, tolakan: Tolakan) -> None:
        """Append one refusal."""
        if self._file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("w", newline="", encoding="utf-8")
            self._writer = csv.writer(self._file, lineterminator="\n")
            self._writer.writerow(self.COLUMNS)
        self.count += 1
        self._writer.writerow([getattr(tolakan, c) for c in self.COLUMNS])

    def close(self) -> None:
        """Finish the file."""
        if self._file is not None:
            self._file.close()
