"""Records of both sides made comparable, column by column, once for all candidates."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from services.taut import banding_nilai as bn
from services.taut import bersih
from services.taut.kata import Bulat, Panjang, Teks, make_teks, share_bits
from services.taut.nama_usaha import company_name
from services.taut.pengisi import written
from services.taut.rekaman import BadanUsaha, Daerah, Nilai, Pekerja
from services.taut.sandi import hash_texts
from shared_schemas.bentuk_normal import derive_kd_daerah


class Hitung:
    """Says how common values and words are: as often as the registers at hand hold them."""

    def nilai(self, nama: str, values: Panjang) -> Nilai:  # noqa: ARG002 - others know columns
        """Return the column `nama` of numbers with the bits of each; 0 is an empty value."""
        return valued(values)

    def teks(self, nama: str, normal: Sequence[str]) -> Teks:  # noqa: ARG002
        """Return the column `nama` of texts."""
        return make_teks(normal)


class _Kolom:
    """Reads columns of both tables one behind the other."""

    def __init__(self, a: pa.Table, b: pa.Table, hitung: Hitung) -> None:
        self._tables = (a, b)
        self._hitung = hitung

    def text(self, name: str) -> list[str]:
        """Return the values of a column, "" where it is empty or absent."""
        out: list[str] = []
        for table in self._tables:
            if name in table.column_names:
                column = table.column(name).cast(pa.large_string())
                out += [v or "" for v in column.to_pylist()]
            else:
                out += [""] * table.num_rows
        return out

    def number(self, name: str, make: Callable[[str], int]) -> Nilai:
        """Return the column as numbers."""
        return self._hitung.nilai(name, np.array(bersih.each(self.text(name), make), np.int64))


def valued(values: Panjang) -> Nilai:
    """Return numbers with the bits of their rarity; 0 is an empty value."""
    _, inverse, count = np.unique(values, return_inverse=True, return_counts=True)
    bits = share_bits(count, int((values != 0).sum()))[inverse]
    return Nilai(values, np.where(values == 0, np.float32(0), bits))


def numbered(values: Sequence[str]) -> Bulat:
    """Number equal texts from 0 on; -1 is an empty one."""
    ids = {v: k for k, v in enumerate(sorted(set(values) - {""}))}
    return np.array([ids.get(v, -1) for v in values], np.int32)


def _hashed(values: Sequence[str]) -> Panjang:
    """Return equal texts as equal hashes; -1 is an empty one."""
    found = hash_texts(values)
    return np.where(found == 0, -1, found)


def _regions(codes: list[str], addresses: list[str], hitung: Hitung) -> Daerah:
    found = bersih.each(codes, bersih.region)
    # derive_kd_daerah costs more than all the rest: only where no code says it.
    derived = [
        (bersih.region(derive_kd_daerah(a) or "") if a.isascii() else (0, 0)) if not n else (c, n)
        for (c, n), a in zip(found, map(bersih.marks, addresses), strict=True)
    ]
    code = np.array([c for c, _ in derived], np.int64)
    places = np.array([n for _, n in derived], np.int8)
    kabkota = hitung.nilai("kabkota", np.where(places >= 4, code // 10**6, 0))
    return Daerah(code, places, kabkota.bit)


def prepare_badan_usaha(
    a: pa.Table, b: pa.Table, keys: list[str], hitung: Hitung | None = None
) -> BadanUsaha:
    """Return the companies of both tables, comparable; `hitung` says how common a value is."""
    stat = hitung or Hitung()
    column = _Kolom(a, b, stat)
    names = bersih.each(column.text("nama"), company_name)
    raw = column.text("alamat")
    parts = bersih.each(raw, bersih.address)
    mails = bersih.each(column.text("email"), bersih.email_parts)
    npwp = column.number("npwp", bersih.npwp)
    nitku = [bersih.digits(v) for v in column.text("nitku")]
    people = column.text("nama_pengurus_atau_pic") + column.text("nama_pemilik_atau_pimpinan")
    points = bersih.each(column.text("titik_koordinat"), bersih.point)
    return BadanUsaha(
        banyak_a=a.num_rows,
        kunci=keys,
        nama=stat.teks("nama", [n.inti for n in names]),
        bentuk=_hashed([n.bentuk for n in names]),
        jenis=np.array([n.jenis for n in names], np.int64),
        sebutan=_hashed([n.cabang for n in names]),
        daerah_nama=_hashed([n.daerah for n in names]),
        jalan=stat.teks("jalan", [p.jalan for p in parts]),
        tempat=stat.teks("tempat", [p.daerah for p in parts]),
        daerah=_regions(column.text("kd_daerah"), raw, stat),
        telepon=column.number("telepon", bersih.phone),
        telepon_pic=column.number("telepon_pengelola_atau_pic", bersih.phone),
        email=stat.nilai("email", hash_texts([m for m, _ in mails])),
        domain=stat.nilai("domain", hash_texts([d for _, d in mails])),
        kbli=column.number("kbli", _kbli),
        tahun_kbli=_hashed(column.text("tahun_kbli")),
        orang=stat.teks("orang", bersih.each(people, bersih.person_name)),
        npwp=npwp,
        induk=stat.nilai("induk", _bodies(npwp.isi)),
        cabang=_branches(npwp.isi, nitku),
        nib=column.number("nomor_tdp_atau_nib", read_nib),
        titik=np.array(points, np.float64).reshape(-1, 2),
    )


def _kbli(text: str) -> int:
    found = bersih.digits(text)
    return 100_000 + int(found) if 1 <= len(found) <= 5 else 0


def read_nib(text: str) -> int:
    """Return an NIB as its digits with a 1 before them; a TDP with letters as its checksum."""
    code = "".join(bersih.words(bersih.whole(text)))
    if not bersih.digits(code):
        return 0
    return int(f"1{code}") if code.isdecimal() and len(code) <= 17 else zlib.crc32(code.encode())


def _bodies(npwp: Panjang) -> Panjang:
    return np.array([bersih.npwp_body(v) for v in npwp.tolist()], np.int64)


def _branches(npwp: Panjang, nitku: list[str]) -> Panjang:
    """Return the number of the place of business: 0 the head office, -1 unknown."""
    out = np.where(npwp == 0, -1, np.where(npwp < 10**15, npwp % 1000, 0))
    for at, text in enumerate(nitku):
        if len(text) == 22:
            out[at] = max(int(text[16:]), out[at])
    return out


def prepare_pekerja(
    a: pa.Table, b: pa.Table, keys: list[str], companies: dict[str, str] | None = None
) -> Pekerja:
    """Return the workers of both tables, comparable.

    `companies` maps a company's id of side A to its counterpart of side B; without it equal ids
    are one company until the workers themselves say otherwise.
    """
    column = _Kolom(a, b, Hitung())
    raw = column.text("alamat")
    parts = bersih.each(raw, bersih.address)
    ids = column.text("id_badan_usaha")
    niks, nik, origin = column.text("nik"), column.number("nik", read_nik), numbered(ids)
    company, certain = _companies(ids, a.num_rows, companies)
    return Pekerja(
        banyak_a=a.num_rows,
        kunci=keys,
        nama=make_teks(bersih.each(column.text("nama"), bersih.person_name)),
        nik=nik,
        jkn=column.number("nomor_kepesertaan_jkn", read_jkn),
        lahir=valued(birth_dates(column.text("tanggal_lahir"), niks)),
        lahir_nik=_dates_of_niks(column.text("tanggal_lahir"), niks),
        jalan=make_teks([p.jalan for p in parts]),
        tempat=make_teks([p.daerah for p in parts]),
        daerah=_regions(column.text("kd_daerah"), raw, Hitung()),
        hp=column.number("nomor_hp", bersih.phone),
        jabatan=make_teks([" ".join(bersih.words(written(t))) for t in column.text("jabatan")]),
        perusahaan=company,
        perusahaan_pasti=certain,
        perusahaan_asal=origin,
        nik_ganda=_repeated(nik.isi, origin, a.num_rows),
    )


def _repeated(nik: Panjang, origin: Bulat, count_a: int) -> npt.NDArray[np.bool_]:
    side = np.arange(len(nik)) < count_a
    order = np.lexsort((side, origin, nik))
    same = np.ones(max(len(nik) - 1, 0), np.bool_)
    for column in (nik, origin, side):
        same &= column[order][1:] == column[order][:-1]
    twice = np.zeros(len(nik), np.bool_)
    twice[order[1:][same]] = twice[order[:-1][same]] = True
    found: npt.NDArray[np.bool_] = twice & (nik != 0)
    return found


def read_nik(text: str) -> int:
    """Return a NIK as a number, 0 for none; digits too few or too many still lie near it."""
    return bersih.number(text, 14, 17)


def read_jkn(text: str) -> int:
    """Return a JKN number as a number, 0 for none."""
    return bersih.number(text, 11, 13)


def birth_dates(dates: list[str], niks: list[str]) -> Panjang:
    """Return the birth dates as `yyyymmdd`; where one is missing, the one that the NIK holds."""
    known = bersih.each(dates, bersih.date)
    return np.array(
        [d or bersih.date_of_nik(n) for d, n in zip(known, niks, strict=True)], np.int64
    )


def _dates_of_niks(dates: list[str], niks: list[str]) -> Panjang:
    given = bersih.each(dates, bersih.date)
    # 1 January is an unknown day in a NIK as well: no date to find on the other side.
    held = [n if n % 10_000 != bn.TAK_DIKETAHUI else 0 for n in map(bersih.date_of_nik, niks)]
    return np.array([n if d else -bool(n) for d, n in zip(given, held, strict=True)], np.int64)


def _companies(
    ids: list[str], count_a: int, known: dict[str, str] | None
) -> tuple[Nilai, npt.NDArray[np.bool_]]:
    if known is None:
        return valued(numbered(ids).astype(np.int64) + 1), np.zeros(len(ids), np.bool_)
    reached = set(known.values())
    # A company that nobody linked is none of the other side's, also where both sides call one so.
    common = [known.get(v, "") if at < count_a else v for at, v in enumerate(ids)]
    common = [v if v in reached else "" for v in common]
    return valued(numbered(common).astype(np.int64) + 1), np.array([v != "" for v in common])
