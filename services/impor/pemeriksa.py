"""What may be written of the rows of a file: each is checked as the API checks a record."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any, TypeAlias

from pydantic import AwareDatetime, ValidationError

from services.impor.errors import ColumnError
from services.impor.tabel import Baris
from services.kit.clock import Clock
from services.kit.csv_teks import PENULISAN, column_name
from services.kit.problems import bidang_galat
from services.registry.masa_depan import in_future
from shared_schemas.perjanjian import FIELD_SETS
from shared_schemas.rujukan import Himpunan, Pihak
from shared_schemas.v1.amplop import IdRekaman
from shared_schemas.v1.bidang import Pesan
from shared_schemas.v1.kode import CADANGAN, HubunganKerja, StatusPendaftaran, listed_code

_META_COLUMNS = ("id_badan_usaha", "dilaporkan_pada")
_ID = "id_badan_usaha"
_MASA_DEPAN = ("masa_depan", "Tanggalnya di masa depan; perbaiki, dan periksa jam.")
_KENDALI = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_RUSAK = (
    "karakter_kendali",
    "Sel ini memuat karakter kendali atau huruf yang rusak; isi ulang dari sumbernya.",
)

Sebab: TypeAlias = tuple[str, str, str]
"""Why a row is refused: the field, a code, and a sentence to act on; never the value."""


class _Metadata(Pesan):
    id_badan_usaha: IdRekaman
    dilaporkan_pada: AwareDatetime | None = None


@dataclass(frozen=True, slots=True)
class Ditolak:
    """A row that is not written, and why; `karantina` is what it says, where that is kept."""

    sebab: tuple[Sebab, ...]
    karantina: dict[str, Any] | None = None


class Pemeriksa:
    """Checks the rows of one file, whose giver is `pihak`.

    `companies` are the ids that workers may name. Those of a file of companies are remembered
    there: each may stand in it once.
    """

    def __init__(self, himpunan: Himpunan, pihak: Pihak, companies: set[str], clock: Clock) -> None:
        self._himpunan = himpunan
        self._pihak = pihak
        self._companies = companies
        self._clock = clock

    def check_header(self, name: str, header: list[str]) -> None:
        """Raise ColumnError where the file `name` has a column twice, too many, or too few."""
        daftar = FIELD_SETS[self._himpunan].daftar_bidang()
        known = {b.nama for b in daftar} | set(_META_COLUMNS)
        required = {b.nama for b in daftar if self._pihak in b.rujukan.wajib} | {"id_badan_usaha"}
        if len(set(header)) != len(header):
            raise ColumnError(f"{name}: baris judul menyebut kolom yang sama dua kali.")
        if unknown := [h for h in header if h not in known]:
            listed = ", ".join(map(column_name, unknown))
            raise ColumnError(f"{name}: kolom tidak dikenal: {listed}. {PENULISAN}")
        if missing := sorted(required - set(header)):
            raise ColumnError(f"{name}: kolom wajib tidak ada: {', '.join(missing)}.")

    def check(self, columns: list[str], baris: Baris) -> dict[str, Any] | Ditolak:
        """Return the row of the registry's table that a row of the file becomes, or a refusal."""
        _, cells, lost = baris
        if lost:
            # Not kept in quarantine: what the file says is not what somebody wrote.
            return Ditolak(tuple((c.kolom, c.kode, c.alasan) for c in lost))
        # An empty cell, or one that a short row of a sheet lacks, is a field that was not given,
        # so that its refusal says "wajib".
        pairs = zip(columns, cells, strict=False)
        raw: dict[str, Any] = {k: v for k, cell in pairs if cell and (v := cell.strip())}
        if _KENDALI.search("".join(raw.values())):
            # Before codes and quarantine, which keep what is written: no database holds this.
            return Ditolak(tuple((k, *_RUSAK) for k, v in raw.items() if _KENDALI.search(v)))
        try:
            row = self._validated(dict(raw))
        except ValidationError as error:
            galat = bidang_galat(list(error.errors(include_url=False, include_input=False)))
            sebab = tuple((g.jalur, g.kode, g.pesan) for g in galat)
            nik_alone = self._himpunan is Himpunan.PEKERJA and {g.jalur for g in galat} == {"nik"}
            return Ditolak(sebab, raw if nik_alone else None)
        refusal = self._ahead(row) or self._misplaced(row)
        return row if refusal is None else Ditolak((refusal,))

    def _validated(self, raw: dict[str, Any]) -> dict[str, Any]:
        meta = _Metadata.model_validate({k: raw.pop(k) for k in _META_COLUMNS if k in raw})
        id_badan_usaha = meta.id_badan_usaha
        unlisted = _take_unlisted_codes(raw)
        record = FIELD_SETS[self._himpunan].profil(self._pihak).model_validate(raw)
        row = record.model_dump(mode="json")
        row["dilaporkan_pada"] = meta.dilaporkan_pada and meta.dilaporkan_pada.isoformat()
        if self._himpunan is Himpunan.BADAN_USAHA:
            row["id"] = id_badan_usaha
            if self._pihak is Pihak.KEDUA:
                row["status_pendaftaran"] = StatusPendaftaran.TERDAFTAR.value
            return row
        if self._pihak is Pihak.KESATU:
            row["hubungan_kerja"] = row["hubungan_kerja"] or HubunganKerja.AKTIF.value
        return {**row, "id_badan_usaha": id_badan_usaha, "kode_asli": unlisted or None}

    def _ahead(self, row: dict[str, Any]) -> Sebab | None:
        """Refuse a report or a birth of the future, which no later file could correct."""
        now, told, born = self._clock(), row["dilaporkan_pada"], row.get("tanggal_lahir")
        if in_future(told and dt.datetime.fromisoformat(told), now):
            return "dilaporkan_pada", *_MASA_DEPAN
        if in_future(born and dt.date.fromisoformat(born), now):
            return "tanggal_lahir", *_MASA_DEPAN
        return None

    def _misplaced(self, row: dict[str, Any]) -> Sebab | None:
        """Refuse a worker of an unknown company, and a company that the file has twice."""
        if self._himpunan is Himpunan.PEKERJA:
            if row["id_badan_usaha"] not in self._companies:
                return _ID, "badan_usaha_tidak_dikenal", "Impor dahulu badan usaha dengan id ini."
            return None
        if row["id"] in self._companies:
            return _ID, "id_ganda", "Id badan usaha sudah dipakai baris lain dalam berkas ini."
        self._companies.add(row["id"])
        return None


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
