"""The fields that are compared to link records, and the answers that each of them can give."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bidang:
    """A field that is compared: its name in words, and its answers from "empty" on.

    `langka` are the answers whose weight follows the rarity of the value; `maks` bounds it.
    """

    nama: str
    sebutan: str
    tingkat: tuple[str, ...]
    langka: frozenset[int]
    maks: float


_NAMA = (
    "kosong", "berbeda", "sama sebagian", "berbeda: satu kata lazim diganti kata lazim lain",
    "sama, sebagian kata tidak ada", "sama, ejaan atau singkatan lain", "sama",
)  # fmt: skip
_TEKS = ("kosong", "berbeda", "sama sebagian", "sama, sebagian kata tidak ada", "sama")
_WILAYAH = (
    "kosong", "berbeda", "sama provinsinya", "sama kabupaten/kotanya", "sama kecamatannya",
    "sama kelurahannya", "sama menurut nama daerah", "berbeda menurut nama daerah",
)  # fmt: skip
_NOMOR = ("kosong", "berbeda", "beda satu angka atau dua angka tertukar", "sama")


def _fields(*rows: tuple[str, str, tuple[str, ...], set[int], float]) -> tuple[Bidang, ...]:
    return tuple(Bidang(n, s, t, frozenset(r), m) for n, s, t, r, m in rows)


BIDANG_BADAN_USAHA = _fields(
    ("nama", "nama tanpa bentuk hukum", _NAMA, {2, 3, 4, 5, 6}, 40.0),
    ("bentuk", "bentuk hukum", ("kosong", "berbeda", "sama"), set(), 0.0),
    ("jalan", "jalan dan nomor", _TEKS, {2, 3, 4}, 16.0),
    ("wilayah", "wilayah", _WILAYAH, {3, 4, 5, 6}, 18.0),
    ("telepon", "telepon", _NOMOR, {3}, 16.0),
    ("telepon_pic", "telepon PIC", _NOMOR, {3}, 14.0),
    ("email", "surel", ("kosong", "berbeda", "sama domainnya", "sama"), {2, 3}, 14.0),
    ("kbli", "KBLI", ("kosong", "berbeda", "sama golongan pokoknya", "sama"), {3}, 8.0),
    ("orang", "pengurus atau pemilik", ("kosong", "berbeda", "mirip", "sama"), {2, 3}, 12.0),
    ("npwp", "NPWP badan", _NOMOR, set(), 0.0),
    ("nib", "NIB/TDP", _NOMOR, set(), 0.0),
    ("titik", "titik koordinat", ("kosong", "jauh", "sekitar 5 km", "dalam 150 m"), set(), 0.0),
)
BIDANG_PEKERJA = _fields(
    ("nama", "nama", _NAMA, {2, 3, 4, 5, 6}, 40.0),
    (
        "lahir",
        "tanggal lahir",
        (
            "kosong",
            "berbeda",
            "berbeda, bukan selisih umur ayah dan anak",
            "sama tahunnya, hari dan bulan tidak diketahui",
            "berbeda, sama menurut NIK",
            "berbeda satu bagian",
            "tertukar hari dan bulan",
            "sama",
        ),
        {6, 7},
        18.0,
    ),
    ("nik", "NIK", _NOMOR, set(), 0.0),
    ("jkn", "nomor JKN", _NOMOR, set(), 0.0),
    ("jalan", "jalan dan nomor", _TEKS, {2, 3, 4}, 14.0),
    ("wilayah", "wilayah", _WILAYAH, {3, 4, 5, 6}, 14.0),
    ("hp", "nomor HP", _NOMOR, {3}, 16.0),
    ("jabatan", "jabatan", ("kosong", "berbeda", "mirip", "sama"), {2, 3}, 4.0),
    ("perusahaan", "badan usaha", ("kosong", "berbeda", "sama"), {2}, 14.0),
)
