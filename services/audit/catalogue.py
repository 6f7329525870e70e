"""Every event of the evidence log and the only details it may carry. None is personal."""

from __future__ import annotations

from enum import StrEnum


class Peristiwa(StrEnum):
    """What can happen to data; the value is what stands in the log."""

    IMPOR = "impor"
    LAPORAN = "laporan"
    USULAN_DITERIMA = "usulan_diterima"
    USULAN_DIPUTUSKAN = "usulan_diputuskan"
    PENDAFTARAN_DIPUTUSKAN = "pendaftaran_diputuskan"
    BELUM_LAPOR_DIPUTUSKAN = "belum_lapor_diputuskan"
    REKAMAN_DIHAPUS = "rekaman_dihapus"
    UMPAN_DIPANGKAS = "umpan_dipangkas"
    UMPAN_DIPULIHKAN = "umpan_dipulihkan"
    EKSPOR_DIMINTA = "ekspor_diminta"
    EKSPOR_SELESAI = "ekspor_selesai"
    KLIEN_DIDAFTARKAN = "klien_didaftarkan"
    KLIEN_KUNCI_DIUBAH = "klien_kunci_diubah"
    KLIEN_DICABUT = "klien_dicabut"
    KLIEN_SERTIFIKAT_DITERBITKAN = "klien_sertifikat_diterbitkan"
    KLIEN_DITAHAN = "klien_ditahan"
    KLIEN_DILEPAS = "klien_dilepas"
    BERKAS_DITULIS = "berkas_ditulis"
    JEJAK_DIEKSPOR = "jejak_diekspor"
    BUKTI_DIEKSPOR = "bukti_diekspor"
    BUKTI_DIBUKA = "bukti_dibuka"
    BUKTI_DIMUSNAHKAN = "bukti_dimusnahkan"
    NERACA_DINYATAKAN = "neraca_dinyatakan"
    SEGEL_LAWAN_DISIMPAN = "segel_lawan_disimpan"
    PENCACAHAN_DIDUGA = "pencacahan_diduga"
    TOKEN_DIBERIKAN = "token_diberikan"  # noqa: S105 - the name of an event


RINCIAN: dict[Peristiwa, frozenset[str]] = {
    Peristiwa.IMPOR: frozenset(
        {
            "himpunan",
            "dibaca",
            "baru",
            "berubah",
            "karantina",
            "lebih_lama",
            "kasus_ditutup",
            "usulan",
        }
    ),
    Peristiwa.LAPORAN: frozenset(
        {"id_badan_usaha", "baru", "berubah", "berhenti", "kasus_ditutup", "usulan"}
    ),
    Peristiwa.USULAN_DITERIMA: frozenset({"jumlah", "menurut_keadaan", "kunci_idempotensi"}),
    Peristiwa.USULAN_DIPUTUSKAN: frozenset({"id_usulan", "pengirim", "keadaan"}),
    Peristiwa.PENDAFTARAN_DIPUTUSKAN: frozenset({"id_kasus", "dari", "ke", "usulan"}),
    Peristiwa.BELUM_LAPOR_DIPUTUSKAN: frozenset({"id_kasus", "dari", "ke", "usulan"}),
    Peristiwa.REKAMAN_DIHAPUS: frozenset({"himpunan", "id"}),
    Peristiwa.UMPAN_DIPANGKAS: frozenset({"himpunan", "batu_nisan", "batas"}),
    Peristiwa.UMPAN_DIPULIHKAN: frozenset({"nomor"}),
    Peristiwa.EKSPOR_DIMINTA: frozenset({"id_ekspor", "himpunan", "bentuk"}),
    Peristiwa.EKSPOR_SELESAI: frozenset({"id_ekspor", "keadaan", "baris", "nomor"}),
    # Keys by their thumbprints (RFC 7638): what holds from now on, what came and what went.
    Peristiwa.KLIEN_DIDAFTARKAN: frozenset(
        {"klien", "pihak", "cakupan", "sidik_kunci", "sidik_kunci_pesan", "dibuang"}
    ),
    Peristiwa.KLIEN_KUNCI_DIUBAH: frozenset(
        {"klien", "sidik_kunci", "sidik_kunci_pesan", "ditambah", "dibuang"}
    ),
    Peristiwa.KLIEN_DICABUT: frozenset({"klien", "dibuang"}),
    Peristiwa.KLIEN_SERTIFIKAT_DITERBITKAN: frozenset(
        {"klien", "nomor_seri", "sidik_sertifikat", "berlaku_sampai"}
    ),
    Peristiwa.KLIEN_DITAHAN: frozenset({"klien", "id_penahanan"}),
    Peristiwa.KLIEN_DILEPAS: frozenset({"klien", "id_penahanan"}),
    Peristiwa.BERKAS_DITULIS: frozenset({"jenis", "baris", "sha256"}),
    Peristiwa.JEJAK_DIEKSPOR: frozenset({"sejak", "sebelum", "klien", "akses", "subjek"}),
    Peristiwa.BUKTI_DIEKSPOR: frozenset({"catatan", "segel"}),
    Peristiwa.BUKTI_DIBUKA: frozenset({"nomor", "penunjuk"}),
    Peristiwa.BUKTI_DIMUSNAHKAN: frozenset({"isi", "hari"}),
    Peristiwa.NERACA_DINYATAKAN: frozenset({"tanggal", "hasil"}),
    Peristiwa.SEGEL_LAWAN_DISIMPAN: frozenset({"buku", "nomor", "bertentangan"}),
    Peristiwa.PENCACAHAN_DIDUGA: frozenset({"cakupan", "rute"}),
    Peristiwa.TOKEN_DIBERIKAN: frozenset({"cakupan"}),
}
