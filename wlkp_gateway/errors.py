"""Refusals of Kemnaker's own routes."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from services.kit.errors import BodyTooLargeError, PermanentError
from services.kit.problems import MOST_FIELDS
from shared_schemas.v1.galat import BidangGalat
from shared_schemas.v1.laporan import LAPORAN_UTUH


class ReportOutdatedError(PermanentError):
    kode = "KLIEN-LAPORAN-001"
    status = 409
    judul = "Laporan tidak lebih baru dari yang tercatat"
    saran = "Kirim laporan dengan dilaporkan_pada yang lebih baru."


class ReportDuplicateNikError(PermanentError):
    kode = "KLIEN-LAPORAN-002"
    status = 422
    judul = "NIK ganda dalam satu laporan"
    saran = "Sebutkan setiap pekerja satu kali; `bidang` menyebut letak NIK yang berulang."

    def __init__(self, ulangan: Iterable[tuple[int, int]]) -> None:
        super().__init__()
        self.bidang = [
            BidangGalat(
                jalur=f"body.pekerja.{again}.nik",
                kode="nik_ganda",
                pesan=f"NIK ini sudah disebut pada body.pekerja.{first}.nik.",
            )
            for again, first in islice(ulangan, MOST_FIELDS)
        ]


class ReportTooLargeError(BodyTooLargeError):
    """A report is no batch: whoever cut it would end every worker that the last part left out."""

    kode = "KLIEN-LAPORAN-003"
    judul = "Laporan terlalu besar"
    saran = LAPORAN_UTUH


class CaseNotFoundError(PermanentError):
    kode = "KLIEN-ANTREAN-001"
    status = 404
    judul = "Kasus tidak ditemukan"
    saran = "Periksa id kasus pada GET /v1/belum-lapor."


class CaseStateError(PermanentError):
    kode = "KLIEN-ANTREAN-002"
    status = 409
    judul = "Kasus sudah selesai"
    saran = "Hanya kasus terbuka yang dapat diputuskan."
