"""Check the rows of a file as the API does, and write them.

Rows are checked in chunks and each chunk is one transaction: an import that is interrupted
and run again ends in the same state. A refused row is named by its number, field and
reason, never by its values; a worker without a usable NIK is kept in quarantine.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from pydantic import AwareDatetime, ValidationError

from services.audit.catalogue import Peristiwa
from services.audit.record import Auditor, Bukti, Pelaku
from services.impor.berkas import open_table
from services.impor.errors import ColumnError
from services.impor.tabel import Baris
from services.impor.tolakan import Tolakan
from services.kit.arrays import OKTET_SIDIK, Terlihat
from services.kit.clock import Clock, system_clock
from services.kit.csv_teks import PENULISAN, column_name
from services.kit.database import transaction
from services.kit.problems import bidang_galat
from services.registry import write
from services.registry.jawaban import Ditutup, Penjawab
from services.registry.masa_depan import in_future
from shared_schemas.perjanjian import FIELD_SETS
from shared_schemas.rujukan import Himpunan, Pihak
from shared_schemas.v1.amplop import IdRekaman
from shared_schemas.v1.bidang import Pesan
from shared_schemas.v1.kode import CADANGAN, HubunganKerja, StatusPendaftaran, listed_code

CHUNK = 5_000  # rows a transaction: short enough to lose little, long enough to amortise it
_META_COLUMNS = ("id_badan_usaha", "dilaporkan_pada")
Progress = Callable[[str, int, int], None]
"""Called with (file name, bytes or rows read, the same in all)."""
_ID = "id_badan_usaha"
_MASA_DEPAN = ("masa_depan", "Tanggalnya di masa depan; perbaiki, dan periksa jam.")
_LEBIH_LAMA = (
    "dilaporkan_pada",
    "laporan_lebih_lama",
    "Registri memuat laporan yang lebih baru; impor berkas terbaru, baris ini tidak diperlukan.",
)
_KENDALI = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_RUSAK = (
    "karakter_kendali",
    "Sel ini memuat karakter kendali atau huruf yang rusak; isi ulang dari sumbernya.",
)
_TERSIMPAN = 500  # letters of a cell in quarantine, as many as the longest field has


class _Metadata(Pesan):
    id_badan_usaha: IdRekaman
    dilaporkan_pada: AwareDatetime | None = None


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
        self._companies: set[str] = set()
        self._seen = Terlihat()
        self._again: Counter[tuple[str, str]] = Counter()

    def run(self, himpunan: Himpunan, path: Path, lembar: str | None = None) -> HasilImpor:
        """Import one file; companies before their workers. Raises ImportFileError."""
        result = HasilImpor(himpunan)
        self._companies = self._known_companies() if himpunan is Himpunan.PEKERJA else set()
        self._seen, self._again = Terlihat(), Counter()
        chunk = _Chunk()
        with open_table(path, lembar) as tabel:
            _check_header(himpunan, self._pihak, path.name, tabel.kolom)
            result.bentuk, result.lembar = tabel.bentuk, tabel.lembar
            for row in tabel.baris:
                result.dibaca += 1
                if result.dibaca % 2_000 == 0:
                    self._progress(path.name, *tabel.kemajuan())
                self._check(himpunan, path.name, tabel.kolom, row, chunk, result)
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

    def _check(
        self,
        himpunan: Himpunan,
        name: str,
        columns: list[str],
        baris: Baris,
        chunk: _Chunk,
        result: HasilImpor,
    ) -> None:
        number, cells, lost = baris
        if lost:
            # Not kept in quarantine: what the file says is not what somebody wrote.
            for cacat in lost:
                self._refuse(Tolakan(name, number, cacat.kolom, cacat.kode, cacat.alasan))
            result.ditolak += 1
            return
        # An empty cell, or one that a short row of a sheet lacks, is a field that was not given,
        # so that its refusal says "wajib".
        pairs = zip(columns, cells, strict=False)
        raw: dict[str, Any] = {k: v for k, cell in pairs if cell and (v := cell.strip())}
        if _KENDALI.search("".join(raw.values())):
            # Before codes and quarantine, which keep what is written: no database holds this.
            for bidang in (k for k, v in raw.items() if _KENDALI.search(v)):
                self._refuse(Tolakan(name, number, bidang, *_RUSAK))
            result.ditolak += 1
            return
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
        refusal = self._ahead(row) or self._refusal(himpunan, row)
        if refusal is not None:
            self._refuse(Tolakan(name, number, *refusal))
            result.ditolak += 1
            return
        chunk.rows.append(row)
        chunk.nomor.append(number)

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
        return {**row, "id_badan_usaha": id_badan_usaha, "kode_asli": unlisted or None}

    def _ahead(self, row: dict[str, Any]) -> tuple[str, str, str] | None:
        """Refuse a report or a birth of the future, which no later file could correct."""
        now, told, born = self._clock(), row["dilaporkan_pada"], row.get("tanggal_lahir")
        if in_future(told and dt.datetime.fromisoformat(told), now):
            return "dilaporkan_pada", *_MASA_DEPAN
        if in_future(born and dt.date.fromisoformat(born), now):
            return "tanggal_lahir", *_MASA_DEPAN
        return None

    def _refusal(self, himpunan: Himpunan, row: dict[str, Any]) -> tuple[str, str, str] | None:
        if himpunan is Himpunan.PEKERJA:
            if row["id_badan_usaha"] not in self._companies:
                return _ID, "badan_usaha_tidak_dikenal", "Impor dahulu badan usaha dengan id ini."
            return None
        if row["id"] in self._companies:
            return _ID, "id_ganda", "Id badan usaha sudah dipakai baris lain dalam berkas ini."
        self._companies.add(row["id"])
        return None

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


def _digest(key: tuple[str, str]) -> bytes:
    return hashlib.blake2b("\0".join(key).encode(), digest_size=OKTET_SIDIK).digest()


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


def _check_header(himpunan: Himpunan, pihak: Pihak, name: str, header: list[str]) -> None:
    daftar = FIELD_SETS[himpunan].daftar_bidang()
    known = {b.nama for b in daftar} | set(_META_COLUMNS)
    required = {b.nama for b in daftar if pihak in b.rujukan.wajib} | {"id_badan_usaha"}
    if len(set(header)) != len(header):
        raise ColumnError(f"{name}: baris judul menyebut kolom yang sama dua kali.")
    if unknown := [h for h in header if h not in known]:
        listed = ", ".join(map(column_name, unknown))
        raise ColumnError(f"{name}: kolom tidak dikenal: {listed}. {PENULISAN}")
    if missing := sorted(required - set(header)):
        raise ColumnError(f"{name}: kolom wajib tidak ada: {', '.join(missing)}.")
