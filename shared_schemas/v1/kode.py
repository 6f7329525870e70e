"""Code lists of version 1. A message with a code that is not listed is refused, never guessed.

A file comes from elsewhere: there an unlisted code becomes the list's own word for it
(`CADANGAN`), and what was written is kept beside it.
"""

from __future__ import annotations

from enum import StrEnum


class StatusPekerjaan(StrEnum):
    """Lampiran C9, status of employment."""

    PKWTT = "PKWTT"
    PKWT = "PKWT"
    HARIAN_LEPAS = "HARIAN_LEPAS"
    LAINNYA = "LAINNYA"


class StatusKepesertaan(StrEnum):
    """Lampiran C11, JKN status of a wage earner of a badan usaha.

    Registered is not yet covered: a Peserta is registered and has paid (Pasal 1 angka 1).
    """

    AKTIF = "AKTIF"
    TERDAFTAR_BELUM_BAYAR = "TERDAFTAR_BELUM_BAYAR"
    NONAKTIF_PREMI = "NONAKTIF_PREMI"
    NONAKTIF_LAIN = "NONAKTIF_LAIN"
    MENINGGAL = "MENINGGAL"
    KODE_TIDAK_DIKENAL = "KODE_TIDAK_DIKENAL"


CADANGAN: dict[str, StrEnum] = {
    "status_pekerjaan": StatusPekerjaan.LAINNYA,
    "status_kepesertaan": StatusKepesertaan.KODE_TIDAK_DIKENAL,
}
"""What stands for an unlisted code of a file, by field."""


def listed_code(bidang: str, tertulis: str) -> str | None:
    """Return the listed code that a file means, whatever its case; None for an unlisted one."""
    code = tertulis.upper().replace(" ", "_").replace("-", "_")
    return code if code in type(CADANGAN[bidang]).__members__ else None


class HubunganKerja(StrEnum):
    """Whether the last report still names the worker (Pasal 1 angka 5: during and after work)."""

    AKTIF = "AKTIF"
    BERHENTI = "BERHENTI"


class StatusPendaftaran(StrEnum):
    """Registration of a badan usaha in JKN (Pasal 5 ayat (1) huruf b)."""

    TERDAFTAR = "TERDAFTAR"
    POTENSIAL = "POTENSIAL"
    TERVERIFIKASI = "TERVERIFIKASI"
    DITOLAK = "DITOLAK"
    TIDAK_TERDAFTAR = "TIDAK_TERDAFTAR"


class JenisUsulan(StrEnum):
    """What a proposal asks for (Pasal 5 ayat (3) huruf c, ayat (4) huruf c; ayat (1) huruf b).

    `pencabutan` takes one of the others back (docs/keputusan/0028).
    """

    PENAMBAHAN = "penambahan"
    PENYELARASAN = "penyelarasan"
    STATUS_PENDAFTARAN = "status_pendaftaran"
    PENCABUTAN = "pencabutan"


class KeadaanUsulan(StrEnum):
    """Where a proposal stands at its receiver."""

    DITERIMA = "diterima"
    DITERAPKAN = "diterapkan"
    DITAHAN = "ditahan"
    DITOLAK = "ditolak"
    USANG = "usang"
    DICABUT = "dicabut"


class KeadaanPendaftaran(StrEnum):
    """BPJS Kesehatan's queue of potential companies and workers."""

    POTENSIAL = "potensial"
    TERVERIFIKASI = "terverifikasi"
    TERDAFTAR = "terdaftar"
    DITOLAK = "ditolak"
    DICABUT = "dicabut"


class KeadaanBelumLapor(StrEnum):
    """Kemnaker's queue of companies and workers that no report names."""

    TERBUKA = "terbuka"
    DITUTUP_LAPORAN = "ditutup_laporan"
    BUKAN_WAJIB_LAPOR = "bukan_wajib_lapor"
    TIDAK_DITEMUKAN = "tidak_ditemukan"
    DICABUT = "dicabut"


class JenisPerubahan(StrEnum):
    """What happened to a record in the change feed."""

    UBAH = "ubah"
    HAPUS = "hapus"


class AlasanUsulan(StrEnum):
    """Why a proposal got its answer; stands as `kode` in the receipt."""

    TERCATAT = "USULAN-TERCATAT"
    DITERAPKAN = "USULAN-DITERAPKAN"
    SUDAH_SAMA = "USULAN-SUDAH-SAMA"
    MENUNGGU_PETUGAS = "USULAN-MENUNGGU-PETUGAS"
    VERSI_USANG = "USULAN-VERSI-USANG"
    SUDAH_ADA = "USULAN-SUDAH-ADA"
    SASARAN_TIDAK_ADA = "USULAN-SASARAN-TIDAK-ADA"
    TANPA_WEWENANG = "USULAN-TANPA-WEWENANG"
    NILAI_KOSONG = "USULAN-NILAI-KOSONG"
    BIDANG_WAJIB = "USULAN-BIDANG-WAJIB"
    BIDANG_TAMBAHAN = "USULAN-BIDANG-TAMBAHAN"
    MASA_DEPAN = "USULAN-MASA-DEPAN"
    TIDAK_DILAYANI = "USULAN-TIDAK-DILAYANI"
    PUTUSAN_PETUGAS = "USULAN-PUTUSAN-PETUGAS"
    CACAT = "USULAN-CACAT"
    ID_DIPAKAI = "USULAN-ID-DIPAKAI"
    LEBIH_LAMA = "USULAN-LEBIH-LAMA"
    DICABUT = "USULAN-DICABUT"
    SUDAH_BERAKHIR = "USULAN-SUDAH-BERAKHIR"
    TIDAK_DIKENAL = "USULAN-TIDAK-DIKENAL"


ALASAN: dict[AlasanUsulan, str] = {
    AlasanUsulan.TERCATAT: "Masuk antrean penerima.",
    AlasanUsulan.DITERAPKAN: "Diterapkan; nilai yang diganti disimpan dalam riwayat.",
    AlasanUsulan.SUDAH_SAMA: "Nilai penerima sudah sama.",
    AlasanUsulan.MENUNGGU_PETUGAS: "Menunggu putusan petugas penerima.",
    AlasanUsulan.VERSI_USANG: "Rekaman penerima sudah berubah; bandingkan lagi.",
    AlasanUsulan.SUDAH_ADA: "Rekaman sudah ada di penerima; bandingkan lagi.",
    AlasanUsulan.SASARAN_TIDAK_ADA: "Rekaman sasaran tidak ada di penerima.",
    AlasanUsulan.TANPA_WEWENANG: "Pengirim tidak berwenang atas bidang itu.",
    AlasanUsulan.NILAI_KOSONG: "Tidak ada nilai; nilai kosong tidak pernah mengganti nilai.",
    AlasanUsulan.BIDANG_WAJIB: "Bidang wajib pengirim kosong.",
    AlasanUsulan.BIDANG_TAMBAHAN: "Bidang tambahan tanpa adendum.",
    AlasanUsulan.MASA_DEPAN: "Tanggalnya di masa depan menurut jam penerima.",
    AlasanUsulan.TIDAK_DILAYANI: "Penerima tidak melayani usulan jenis ini.",
    AlasanUsulan.PUTUSAN_PETUGAS: "Diputuskan petugas.",
    AlasanUsulan.CACAT: "Penerima gagal mengerjakan butir ini; disimpan untuk dikerjakan lagi.",
    AlasanUsulan.ID_DIPAKAI: "Id ini sudah dipakai untuk isi lain; pakai id baru.",
    AlasanUsulan.LEBIH_LAMA: "Usulan yang lebih baru tentang rekaman yang sama sudah diterima.",
    AlasanUsulan.DICABUT: "Dicabut pengirim.",
    AlasanUsulan.SUDAH_BERAKHIR: "Usulan itu sudah berakhir; akhirnya tidak berubah.",
    AlasanUsulan.TIDAK_DIKENAL: "Pengirim tidak pernah mengirim usulan ber-id itu.",
}


TRANSISI_USULAN: dict[KeadaanUsulan, frozenset[KeadaanUsulan]] = {
    KeadaanUsulan.DITAHAN: frozenset(
        {
            KeadaanUsulan.DITERAPKAN,
            KeadaanUsulan.DITOLAK,
            KeadaanUsulan.USANG,
            KeadaanUsulan.DITERIMA,
            KeadaanUsulan.DICABUT,
        }
    ),
    KeadaanUsulan.DITERIMA: frozenset(
        {KeadaanUsulan.DITERAPKAN, KeadaanUsulan.DITOLAK, KeadaanUsulan.DICABUT}
    ),
}
"""Moves of a proposal at its receiver, by its steward (held) or through its queue (received).

What nobody has decided about yet its sender may take back.

What was held because of a defect is worked again, and may then enter the queue.
"""

TRANSISI_PENDAFTARAN: dict[KeadaanPendaftaran, frozenset[KeadaanPendaftaran]] = {
    KeadaanPendaftaran.POTENSIAL: frozenset(
        {
            KeadaanPendaftaran.TERVERIFIKASI,
            KeadaanPendaftaran.DITOLAK,
            KeadaanPendaftaran.DICABUT,
        }
    ),
    KeadaanPendaftaran.TERVERIFIKASI: frozenset(
        {KeadaanPendaftaran.TERDAFTAR, KeadaanPendaftaran.DITOLAK}
    ),
}
"""Moves of a registration case; BPJS Kesehatan owns them (Pasal 1 angka 7).

The proposer may take back what was not verified yet.
"""

AKHIR_PENDAFTARAN: dict[KeadaanPendaftaran, KeadaanUsulan] = {
    KeadaanPendaftaran.TERDAFTAR: KeadaanUsulan.DITERAPKAN,
    KeadaanPendaftaran.DITOLAK: KeadaanUsulan.DITOLAK,
    KeadaanPendaftaran.DICABUT: KeadaanUsulan.DICABUT,
}
"""What the end of a registration case is for the proposals behind it."""

TRANSISI_BELUM_LAPOR: dict[KeadaanBelumLapor, frozenset[KeadaanBelumLapor]] = {
    KeadaanBelumLapor.TERBUKA: frozenset(
        {
            KeadaanBelumLapor.DITUTUP_LAPORAN,
            KeadaanBelumLapor.BUKAN_WAJIB_LAPOR,
            KeadaanBelumLapor.TIDAK_DITEMUKAN,
            KeadaanBelumLapor.DICABUT,
        }
    ),
}
"""Moves of an unreported case: a report closes it, Kemnaker decides with a reason, or the proposer
takes it back."""

AKHIR_BELUM_LAPOR: dict[KeadaanBelumLapor, KeadaanUsulan] = {
    KeadaanBelumLapor.DITUTUP_LAPORAN: KeadaanUsulan.DITERAPKAN,
    KeadaanBelumLapor.BUKAN_WAJIB_LAPOR: KeadaanUsulan.DITOLAK,
    KeadaanBelumLapor.TIDAK_DITEMUKAN: KeadaanUsulan.DITOLAK,
    KeadaanBelumLapor.DICABUT: KeadaanUsulan.DICABUT,
}
"""What the end of an unreported case is for the proposals behind it."""
