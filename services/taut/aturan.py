"""The blocking rules: which agreements make two records worth a look, and how many at most."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from services.taut.banding_kata import Nomor
from services.taut.blok import Aturan
from services.taut.kata import Panjang, Teks
from services.taut.kunci_blok import KataKunci, Kunci, beside, deletions, one, together
from services.taut.rekaman import BadanUsaha, Nilai, Pekerja

_BESAR = 300_000  # above this many numbers their shortened forms are made in shares


def _up(hashes: Panjang) -> Panjang:
    """Shift hashes (-1: empty) by one, so that 0 is the empty one."""
    return hashes + 1


def _slips(v: Nilai) -> Iterator[Kunci]:
    parts = 1 + int((v.isi > 0).sum()) // _BESAR
    for part in range(parts):
        yield deletions(v.isi, part, parts)


def _place(r: BadanUsaha | Pekerja) -> Nomor:
    """Return a number for the kabupaten/kota, or, without a code, for the words of the regions."""
    kabkota = np.where(r.daerah.digit >= 4, r.daerah.kode // 10**6, 0)
    words = np.where(r.daerah.digit == 0, _up(r.tempat.seluruh) + 10**6, 0)
    return np.where(kabkota > 0, kabkota, np.where(words > 10**6, words, 0))


def _whole(t: Teks) -> Kunci:
    return together(one(_up(t.seluruh)), one(_apart(_up(t.rapat))))


def _apart(values: Nomor) -> Nomor:
    """Move filled values out of another column's range, so that one never meets the other."""
    return np.where(values > 0, values + 2**40, 0)


def rules_badan_usaha(r: BadanUsaha) -> list[Aturan]:
    """Return the rules for companies."""
    name, street = KataKunci(r.nama), KataKunci(r.jalan)
    place, n = _place(r), len(r.kunci)
    owner, pic = _up(r.orang.seluruh)[n:], _up(r.orang.seluruh)[:n]
    return [
        Aturan("npwp satu angka", lambda: _slips(r.induk), 60),
        Aturan("nib satu angka", lambda: _slips(r.nib), 60),
        Aturan("nama", lambda: [_whole(r.nama)], 400),
        Aturan("nama dan wilayah", lambda: [beside(_whole(r.nama), place)], 2_000),
        Aturan("dua kata nama", lambda: [name.make(4, pairs=True)], 400),
        Aturan("kata nama", lambda: [name.make(2)], 60),
        Aturan("kata nama dan wilayah", lambda: [beside(name.make(3), place)], 1_500),
        Aturan("telepon", lambda: [together(one(r.telepon.isi), one(r.telepon_pic.isi))], 100),
        Aturan("surel", lambda: [together(one(r.email.isi), one(_apart(r.domain.isi)))], 100),
        Aturan("jalan", lambda: [street.make(3, pairs=True)], 100),
        Aturan("orang dan wilayah", lambda: [together(one(owner, place), one(pic, place))], 60),
        Aturan("dua kata nama dan wilayah",
               lambda: [beside(name.make(4, pairs=True), place)], 2_000),
    ]  # fmt: skip


def rules_pekerja(r: Pekerja) -> list[Aturan]:
    """Return the rules for workers."""
    name, street = KataKunci(r.nama), KataKunci(r.jalan)
    place, born = _place(r), r.lahir.isi
    year, month, day = born // 10_000, born // 100 % 100, born % 100
    # One value whichever of day and month comes first.
    either = np.where(
        born > 0, year * 10_000 + np.maximum(month, day) * 100 + np.minimum(month, day), 0
    )
    whole = _up(r.nama.seluruh)
    company = r.perusahaan.isi
    return [
        Aturan("nik satu angka", lambda: _slips(r.nik), 60),
        Aturan("jkn satu angka", lambda: _slips(r.jkn), 30),
        Aturan("nama dan tanggal lahir", lambda: [beside(_whole(r.nama), either)], 400),
        Aturan("kata nama dan tanggal lahir", lambda: [beside(name.make(3), either)], 200),
        Aturan("nama dan dua bagian tanggal",
               lambda: [one(whole, year, month), one(whole, year, day + 100),
                        one(whole, month + 200, day + 300)], 60),
        Aturan("nama dan wilayah", lambda: [beside(_whole(r.nama), place)], 100),
        Aturan("nama dan badan usaha", lambda: [beside(name.make(2), company)], 100),
        Aturan("nomor hp", lambda: [one(r.hp.isi)], 60),
        Aturan("dua kata nama", lambda: [name.make(4, pairs=True)], 60),
        Aturan("nama dan jalan", lambda: [_name_street(name.make(2), street.make(2))], 60),
        Aturan("jalan", lambda: [street.make(3, pairs=True)], 40),
        Aturan("jalan dan tanggal lahir", lambda: [beside(street.make(2), either)], 60),
    ]  # fmt: skip


def _name_street(name: Kunci, street: Kunci) -> Kunci:
    """Join the rarest word of each record's street with each of its words of the name."""
    records, first = np.unique(street[0], return_index=True)
    rarest = np.zeros(max(int(name[0].max(initial=0)), int(records.max(initial=0))) + 1, np.int64)
    rarest[records] = (street[1][first] >> np.uint64(2)).astype(np.int64)
    return beside(name, rarest)
