"""Comparison vectors: for each pair one answer a field, and the bits of the value it agrees on."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from services.taut import banding_kata as bk
from services.taut import banding_nilai as bn
from services.taut.banding_kata import Nomor, Tingkat
from services.taut.bidang import BIDANG_BADAN_USAHA, BIDANG_PEKERJA, Bidang
from services.taut.kata import Nyata, Teks
from services.taut.nama_usaha import Jenis
from services.taut.rekaman import BadanUsaha, Daerah, Nilai, Pekerja
from services.taut.tempat import places_apart


@dataclass(frozen=True, slots=True)
class Sifat:
    """Answers (pairs × fields) and the bits of rarity beside them."""

    tingkat: npt.NDArray[np.int8]
    bit: npt.NDArray[np.float32]
    kata_pertama: npt.NDArray[np.bool_]
    """Whether the first words of the names agree."""
    lain_tempat: npt.NDArray[np.bool_]
    """Whether they name two places of business."""
    lain_jenis: npt.NDArray[np.bool_]
    """Whether they name two kinds of body."""

    def pick(self, chosen: npt.NDArray[np.bool_]) -> Sifat:
        """Return the answers of some pairs."""
        return Sifat(
            self.tingkat[chosen],
            self.bit[chosen],
            self.kata_pertama[chosen],
            self.lain_tempat[chosen],
            self.lain_jenis[chosen],
        )


_Hasil = tuple[Tingkat, Nyata]


def _nothing(level: Tingkat) -> _Hasil:
    return level, np.zeros(len(level), np.float32)


def _number(v: Nilai, i: Nomor, j: Nomor) -> _Hasil:
    return bn.compare_numbers(v.isi, i, j), bn.agreement_bits(v.bit, i, j, 99.0)


def _text(t: Teks, i: Nomor, j: Nomor) -> _Hasil:
    """Reduce the seven answers to five; too little agreement is a difference."""
    answer, bits, _ = bk.compare_texts(t, i, j)
    level = np.array([0, 1, 2, 2, 3, 4, 4], np.int8)[answer]
    level[(level >= 2) & (bits < 4.0)] = 1
    return level, bits


def _premises(t: Teks, i: Nomor, j: Nomor) -> _Hasil:
    """Compare streets of companies: what each side has for itself may say more than what agrees.

    Two units of one estate, or two shops that stand in some `Ruko Blok E`, are two addresses.
    """
    level, bits = _text(t, i, j)
    part = np.flatnonzero(level == 2)
    level[part[bk.own_bits(t, i[part], j[part]) > bits[part]]] = 1
    return level, bits


def _region(d: Daerah, tempat: Teks, i: Nomor, j: Nomor) -> _Hasil:
    """Compare by code, else by the words that name kelurahan, kecamatan and kabupaten."""
    level = bn.compare_regions(d.kode, d.digit, i, j)
    bits = bn.agreement_bits(d.bit_kabkota, i, j, 12.0)
    # A kecamatan is some fifteenth of a kabupaten/kota, a kelurahan a tenth of that.
    bits = bits + np.where(level == bn.W_KECAMATAN, 3.0, np.where(level > bn.W_KECAMATAN, 5.0, 0.0))
    answer, own, _ = bk.compare_texts(tempat, i, j)
    unknown = (level == bn.W_KOSONG) & (answer != bk.KOSONG)
    agree = (answer > bk.KATA_LAIN) | (own >= 6.0)
    level[unknown] = np.where(agree, 6, 7)[unknown]
    return level, np.where(unknown, own, bits).astype(np.float32)


def _best_of(*choices: _Hasil) -> _Hasil:
    """Return for each pair the highest answer, with its bits."""
    level, bits = choices[0]
    for other, other_bits in choices[1:]:
        better = (other > level) | ((other == level) & (other_bits > bits))
        level, bits = np.where(better, other, level), np.where(better, other_bits, bits)
    return level, bits


def _phones(r: BadanUsaha, i: Nomor, j: Nomor) -> _Hasil:
    """Compare the companies' numbers; that of the PIC may stand in the other column."""
    own = _number(r.telepon, i, j)
    crossed = []
    for x, y in ((r.telepon, r.telepon_pic), (r.telepon_pic, r.telepon)):
        same = (x.isi[i] == y.isi[j]) & (x.isi[i] > 0)
        crossed.append((np.where(same, bn.SAMA, 0).astype(np.int8), np.minimum(x.bit[i], y.bit[j])))
    return _best_of(own, *crossed)


def _nib(v: Nilai, i: Nomor, j: Nomor) -> _Hasil:
    """Compare NIB with NIB: a TDP is another kind of number, not another company."""
    level, bits = _number(v, i, j)
    nib = (v.isi >= 10**13) & (v.isi < 2 * 10**13)
    level[(level == bn.BEDA) & (nib[i] != nib[j])] = bn.KOSONG
    return level, bits


def _email(r: BadanUsaha, i: Nomor, j: Nomor) -> _Hasil:
    whole, bits = _number(r.email, i, j)
    domain = bn.compare_codes(np.where(r.domain.isi == 0, -1, r.domain.isi), i, j)
    same_domain = (domain == bn.SAMA) & (whole != bn.SAMA)
    level = np.where(whole == 0, 0, np.where(whole == bn.SAMA, 3, 1)).astype(np.int8)
    level[same_domain] = 2
    return level, np.where(same_domain, bn.agreement_bits(r.domain.bit, i, j, 11.0), bits)


def _kbli(r: BadanUsaha, i: Nomor, j: Nomor) -> _Hasil:
    code = r.kbli.isi
    level = bn.compare_codes((code - 1).astype(np.int32), i, j)
    group = bn.compare_codes(np.where(code == 0, -1, code // 1000).astype(np.int32), i, j)
    level[(level == bn.BEDA) & (group == bn.SAMA)] = 2
    # One code has another meaning in another version; only its first digits are kept.
    other = bn.compare_codes(r.tahun_kbli, i, j) == bn.BEDA
    level[other] = np.where(group[other] == bn.SAMA, 2, 0)
    return level, bn.agreement_bits(r.kbli.bit, i, j, 99.0)


def _people(r: BadanUsaha, i: Nomor, j: Nomor) -> _Hasil:
    n = len(r.kunci)
    choices = []
    for x in (i, i + n):
        for y in (j, j + n):
            answer, bits, _ = bk.compare_texts(r.orang, x, y)
            choices.append((np.array([0, 1, 1, 1, 2, 2, 3], np.int8)[answer], bits))
    return _best_of(*choices)


def _points(titik: npt.NDArray[np.float64], i: Nomor, j: Nomor) -> _Hasil:
    north = (titik[i, 0] - titik[j, 0]) * 111_320
    between = np.radians((titik[i, 0] + titik[j, 0]) / 2)
    east = (titik[i, 1] - titik[j, 1]) * 111_320 * np.cos(between)
    metres = np.hypot(north, east)
    level = np.where(metres <= 150, 3, np.where(metres <= 5_000, 2, 1))
    return _nothing(np.where(np.isnan(metres), 0, level).astype(np.int8))


def _kinds_apart(r: BadanUsaha, i: Nomor, j: Nomor, name: Tingkat) -> npt.NDArray[np.bool_]:
    """Say which pairs name two kinds, as a firm and its pension fund, whose name tells it alone."""
    low, high = np.minimum(r.jenis[i], r.jenis[j]), np.maximum(r.jenis[i], r.jenis[j])
    within = (low == Jenis.KOPERASI) & (high == Jenis.KOPERASI_KARYAWAN)
    told = (low != Jenis.TAK_DISEBUT) | ((high >= Jenis.DANA_PENSIUN) & (name <= bk.KURANG))
    found: npt.NDArray[np.bool_] = (low != high) & told & ~within
    return found


def _collect(
    columns: list[_Hasil], fields: tuple[Bidang, ...], first: npt.NDArray[np.bool_]
) -> Sifat:
    level = np.stack([c for c, _ in columns], axis=1).astype(np.int8)
    bits = np.stack(
        [np.minimum(b, f.maks) for (_, b), f in zip(columns, fields, strict=True)], axis=1
    ).astype(np.float32)
    return Sifat(level, bits, first, *np.zeros((2, len(first)), np.bool_))


def compare_badan_usaha(r: BadanUsaha, i: Nomor, j: Nomor) -> Sifat:
    """Return how the pairs of companies agree, field by field of `BIDANG_BADAN_USAHA`."""
    name, bits, first = bk.compare_texts(r.nama, i, j)
    form = bn.compare_codes(r.bentuk, i, j)
    columns = [
        (name, bits),
        _nothing(np.minimum(form, 2).astype(np.int8)),
        _premises(r.jalan, i, j),
        _region(r.daerah, r.tempat, i, j),
        _phones(r, i, j),
        _number(r.telepon_pic, i, j),
        _email(r, i, j),
        _kbli(r, i, j),
        _people(r, i, j),
        _number(r.induk, i, j),
        _nib(r.nib, i, j),
        _points(r.titik, i, j),
    ]
    street, region = columns[2][0], columns[3][0]
    apart = places_apart(r, i, j, street, region)
    return dataclasses.replace(
        _collect(columns, BIDANG_BADAN_USAHA, first),
        lain_tempat=apart,
        lain_jenis=_kinds_apart(r, i, j, name),
    )


def _born(r: Pekerja, i: Nomor, j: Nomor) -> _Hasil:
    """Compare birth dates; one that is mistyped may stand right in the other side's NIK."""
    level = bn.compare_dates(r.lahir.isi.astype(np.int32), i, j)
    apart = np.flatnonzero((level >= bn.T_BEDA) & (level <= bn.T_TAHUN))
    x, y = i[apart], j[apart]
    held = ((r.lahir_nik[x] == r.lahir.isi[y]) & (r.lahir_nik[x] > 0)) | (
        (r.lahir_nik[y] == r.lahir.isi[x]) & (r.lahir_nik[y] > 0)
    )
    level[apart[held]] = bn.T_NIK
    # A date read from a NIK that is a slip of the other one contradicts nothing.
    slip = bn.compare_numbers(r.nik.isi, x, y) == bn.MIRIP
    level[apart[slip & ((r.lahir_nik[x] < 0) | (r.lahir_nik[y] < 0))]] = bn.T_KOSONG
    return level, bn.agreement_bits(r.lahir.bit, i, j, 18.0)


def compare_pekerja(r: Pekerja, i: Nomor, j: Nomor) -> Sifat:
    """Return how the pairs of workers agree, field by field of `BIDANG_PEKERJA`."""
    name, bits, first = bk.compare_texts(r.nama, i, j)
    job, job_bits, _ = bk.compare_texts(r.jabatan, i, j)
    company = bn.compare_codes((r.perusahaan.isi - 1).astype(np.int32), i, j)
    certain = r.perusahaan_pasti[i] & r.perusahaan_pasti[j]
    company = np.where(company == bn.SAMA, 2, np.where(certain & (company == bn.BEDA), 1, 0))
    columns = [
        (name, bits),
        _born(r, i, j),
        _number(r.nik, i, j),
        _number(r.jkn, i, j),
        _text(r.jalan, i, j),
        _region(r.daerah, r.tempat, i, j),
        _number(r.hp, i, j),
        (np.array([0, 1, 1, 1, 2, 2, 3], np.int8)[job], job_bits),
        (company.astype(np.int8), bn.agreement_bits(r.perusahaan.bit, i, j, 14.0)),
    ]
    return _collect(columns, BIDANG_PEKERJA, first)


def is_supported(s: Sifat) -> npt.NDArray[np.bool_]:
    """Say which workers agree in a thing beside name, birth date and NIK."""
    t = s.tingkat
    place = (t[:, 4] >= 3) | ((t[:, 5] >= bn.W_KECAMATAN) & (t[:, 5] <= 6))
    found: npt.NDArray[np.bool_] = place | (t[:, 3] == 3) | (t[:, 6] == 3) | (t[:, 8] == 2)
    return found


def sieve_badan_usaha(r: BadanUsaha, i: Nomor, j: Nomor) -> npt.NDArray[np.bool_]:
    """Say which pairs are worth comparing: one name, or a number that agrees."""
    name, _, _ = bk.compare_texts(r.nama, i, j)
    apart = (name == bk.BEDA) | (name == bk.KATA_LAIN)
    out: npt.NDArray[np.bool_] = ~apart
    at = np.flatnonzero(apart)
    for v in (r.induk, r.nib):
        out[at] |= bn.compare_numbers(v.isi, i[at], j[at]) >= bn.MIRIP
    return out


def sieve_pekerja(r: Pekerja, i: Nomor, j: Nomor) -> npt.NDArray[np.bool_]:
    """Say which pairs are worth comparing: one name and birth date, or a number that agrees."""
    name, _, _ = bk.compare_texts(r.nama, i, j)
    born = bn.compare_dates(r.lahir.isi.astype(np.int32), i, j)
    apart = (name == bk.BEDA) | (name == bk.KATA_LAIN) | (born == bn.T_BEDA)
    hp, company = r.hp.isi, r.perusahaan.isi
    near = ((hp[i] == hp[j]) & (hp[i] > 0)) | ((company[i] == company[j]) & (company[i] > 0))
    apart |= (born == bn.T_DEKAT) & ~(near & (name == bk.SAMA))
    out: npt.NDArray[np.bool_] = ~apart
    at = np.flatnonzero(apart)
    for v in (r.nik, r.jkn):
        out[at] |= bn.compare_numbers(v.isi, i[at], j[at]) >= bn.MIRIP
    return out
