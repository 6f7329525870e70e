"""Invented registers for training: words of random syllables, so that no real name is learnt.

Records that stand on both sides are written twice, each time with noise of its own.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa

from services.taut.latihan.derau import slip_digit, spoil_words

_AWAL = "BCDGHJKLMNPRSTW"
_VOKAL = "AIUEOAAI"
_AKHIR = ["", "", "", "N", "R", "S", "NG", "H"]


@dataclass(frozen=True, slots=True)
class Latihan:
    """Two tables and the true pairs of their keys."""

    a: pa.Table
    b: pa.Table
    sama: list[tuple[str, str]]


class Dunia:
    """Words, places and people of one invented world, from one seed."""

    def __init__(self, seed: int) -> None:
        self.r = random.Random(seed)  # noqa: S311 - reproducible invented data, no secret
        self._umum = [self.word(2) for _ in range(400)]
        self._langka = [self.word(3) for _ in range(6_000)]
        self._depan = [self.word(2) for _ in range(500)]
        self._belakang = [self.word(3) for _ in range(900)]
        self._jalan = [self.word(3) for _ in range(1_500)]
        self._tempat: dict[str, str] = {}

    def word(self, syllables: int) -> str:
        """Return a word of random syllables."""
        r = self.r
        made = "".join(
            r.choice(_AWAL) + r.choice(_VOKAL) for _ in range(syllables + (r.random() < 0.3))
        )
        return made + r.choice(_AKHIR)

    def zipf(self, words: list[str]) -> str:
        """Return a word; the first ones are much more frequent than the last."""
        return words[int(len(words) ** self.r.random()) - 1]

    def place(self) -> tuple[str, str]:
        """Return the code and the words of a kelurahan, some places much larger than others."""
        r = self.r
        kab = f"{31 + int(r.random() ** 2 * 6)}{1 + int(r.random() ** 2 * 25):02d}"
        code = f"{kab}{r.randrange(1, 12):02d}{1000 + r.randrange(1, 9)}"
        parts = []
        for cut, title in ((10, "Kel."), (6, "Kec."), (4, "Kab.")):
            name = self._tempat.setdefault(code[:cut], self.word(3).title())
            parts.append(f"{title} {name}")
        return code, ", ".join(parts)

    def address(self, region: str) -> tuple[str, str]:
        """Return an address in two spellings."""
        street, number = self.zipf(self._jalan).title(), self.r.randrange(1, 250)
        rt = self.r.randrange(1, 15)
        return (
            f"Jalan {street} No. {number} RT {rt:03d}/RW 004, {region}",
            f"Jl {street} {number}, {region}",
        )

    def person(self) -> list[str]:
        """Return the words of a name; one word is normal."""
        words = [self.zipf(self._depan)]
        if self.r.random() < 0.8:
            words.append(self.zipf(self._belakang))
        if self.r.random() < 0.3:
            words.append(self.zipf(self._belakang))
        return words

    def company(self) -> list[str]:
        """Return the words of a company's name."""
        words = [self.zipf(self._langka)]
        words += [self.zipf(self._umum) for _ in range(self.r.randrange(1, 4))]
        return words

    def digits(self, count: int) -> str:
        """Return random digits, the first not 0."""
        return str(self.r.randrange(10 ** (count - 1), 10**count))

    def maybe(self, value: str, share: float) -> str:
        """Return the value, or "" for that share of the calls."""
        return "" if self.r.random() < share else value


_Make = Callable[[Dunia], dict[str, str]]
_Spoil = Callable[[Dunia, dict[str, str], int], dict[str, str]]


def make_badan_usaha(count: int, seed: int) -> Latihan:
    """Return companies: `count` on both sides, half as many on one side alone."""
    d = Dunia(seed)
    return _two_sides(d, count, _company, _spoil_company)


def make_pekerja(count: int, seed: int) -> Latihan:
    """Return workers: `count` on both sides, half as many on one side alone."""
    d = Dunia(seed)
    return _two_sides(d, count, _worker, _spoil_worker)


def _two_sides(d: Dunia, count: int, make: _Make, spoil: _Spoil) -> Latihan:
    sides: tuple[list[dict[str, str]], list[dict[str, str]]] = ([], [])
    same = []
    for n in range(2 * count):
        true = make(d)
        both = n < count
        if both:
            same.append((f"A{n}", f"B{n}"))
        for side, letter, here in ((0, "A", both or n % 2), (1, "B", both or not n % 2)):
            if here:
                sides[side].append({"kunci": f"{letter}{n}", **spoil(d, true, side)})
    return Latihan(pa.Table.from_pylist(sides[0]), pa.Table.from_pylist(sides[1]), same)


def _company(d: Dunia) -> dict[str, str]:
    r = d.r
    code, region = d.place()
    usual, short = d.address(region)
    words = d.company()
    return {
        "nama": " ".join(words),
        "bentuk": d.r.choice(("PT", "PT", "PT", "CV", "CV", "Koperasi")),
        "kode": code,
        "alamat": usual,
        "singkat": short,
        "telepon": f"0{d.r.choice('237')}{d.r.randrange(1, 9)}{d.digits(7)}",
        "pic": f"08{d.digits(10)}",
        "domain": f"{words[0].lower()}.example",
        "kbli": f"{10_000 + 37 * int(2_000 ** r.random()):05d}",
        "orang": " ".join(d.person()),
        "npwp": d.digits(15),
        "nib": d.digits(13),
        "lintang": f"{d.r.uniform(-8, -6):.5f}",
        "bujur": f"{d.r.uniform(106, 112):.5f}",
    }


def _spoil_company(d: Dunia, t: dict[str, str], side: int) -> dict[str, str]:
    r, empty = d.r, 0.4 if side else 0.1
    name = " ".join(spoil_words(r, t["nama"].split(), 0.06))
    form = d.maybe(t["bentuk"] if r.random() < 0.99 else "CV", 0.1)
    address = t["alamat"] if r.random() < 0.5 else t["singkat"]
    moved = r.random() < 0.06
    if moved:
        address = d.address(d.place()[1])[0]
    north = float(t["lintang"]) + r.gauss(0, 0.0006 if r.random() < 0.85 else 0.3)
    point = f"{north:.5f},{t['bujur']}"
    return {
        "nama": r.choice((f"{form} {name}", f"{name}, {form}", f"{form}. {name.title()}")),
        "alamat": " ".join(spoil_words(r, address.split(), 0.02)),
        "kd_daerah": d.maybe(_spoil_code(d, t["kode"]) if not moved else d.place()[0], 0.15),
        "telepon": d.maybe(_spoil_phone(d, t["telepon"], 0.12), empty),
        "telepon_pengelola_atau_pic": d.maybe(_spoil_phone(d, t["pic"], 0.4), empty),
        "email": d.maybe(
            f"{r.choice(('info', 'hrd'))}@{t['domain'] if r.random() < 0.8 else 'gmail.com'}", empty
        ),
        "kbli": d.maybe(
            t["kbli"] if r.random() < 0.8 else t["kbli"][: r.choice((0, 2))] + d.digits(3), empty
        ),
        "nama_pemilik_atau_pimpinan": d.maybe(
            t["orang"] if r.random() < 0.6 else " ".join(d.person()), 0.1
        ),
        "npwp": d.maybe(t["npwp"] if r.random() < 0.9 else slip_digit(r, t["npwp"]), empty),
        "nomor_tdp_atau_nib": d.maybe(
            t["nib"] if r.random() < 0.92 else slip_digit(r, t["nib"]), empty + 0.1
        ),
        "titik_koordinat": d.maybe(point, 0.5),
    }


def _spoil_code(d: Dunia, code: str) -> str:
    """Return a region's code, some shorter, some of a neighbouring kelurahan or kecamatan."""
    fate = d.r.random()
    if fate < 0.1:
        return code[: d.r.choice((4, 6))]
    if fate < 0.15:
        return f"{code[:6]}{1000 + d.r.randrange(1, 9)}"
    return f"{code[:4]}{d.r.randrange(1, 12):02d}1001" if fate < 0.18 else code


def _spoil_phone(d: Dunia, digits: str, renewed: float) -> str:
    """Return a telephone number, that share of them another one, a few with a slip."""
    fate = d.r.random()
    if fate < renewed:
        return f"08{d.digits(10)}"
    return slip_digit(d.r, digits[2:]).join((digits[:2], "")) if fate < renewed + 0.02 else digits


def _worker(d: Dunia) -> dict[str, str]:
    code, region = d.place()
    usual, short = d.address(region)
    r = d.r
    born = f"{r.randrange(1960, 2007)}-{r.randrange(1, 13):02d}-{r.randrange(1, 29):02d}"
    return {
        "nama": " ".join(d.person()),
        "lahir": born,
        "nik": f"{code[:6]}{born[8:]}{born[5:7]}{born[2:4]}{r.randrange(1, 9999):04d}",
        "jkn": f"000{d.digits(10)}",
        "kode": code,
        "alamat": usual,
        "singkat": short,
        "hp": f"08{d.digits(10)}",
        "jabatan": d.zipf(_JABATAN),
        "perusahaan": f"P{int(r.random() ** 2 * 2_000)}",
    }


_JABATAN = [
    "operator",
    "staf",
    "mandor",
    "sopir",
    "kasir",
    "gudang",
    "teknisi",
    "mekanik",
    "juru masak",
    "penjahit",
]


def _spoil_worker(d: Dunia, t: dict[str, str], side: int) -> dict[str, str]:
    r = d.r
    address, code = t["alamat"] if r.random() < 0.5 else t["singkat"], t["kode"]
    if r.random() < 0.12:
        code, region = d.place()
        address = d.address(region)[0]
    born = t["lahir"]
    fate = r.random()
    if fate < 0.03:
        born = f"{born[:5]}{born[8:]}-{born[5:7]}"
    elif fate < 0.06:
        born = f"{born[:8]}{r.randrange(1, 29):02d}"
    elif fate > 0.98:
        born = f"{born[:4]}-01-01"
    nik = t["nik"] if side or r.random() < 0.6 else slip_digit(r, t["nik"])
    return {
        "nik": d.maybe(nik, 0.3),
        "nomor_kepesertaan_jkn": d.maybe(
            t["jkn"] if r.random() < 0.97 else slip_digit(r, t["jkn"]), 0.1 if side else 0.6
        ),
        "nama": " ".join(spoil_words(r, t["nama"].split(), 0.06)),
        "tanggal_lahir": d.maybe(born, 0.03),
        "alamat": d.maybe(" ".join(spoil_words(r, address.split(), 0.02)), 0.05),
        "kd_daerah": d.maybe(_spoil_code(d, code), 0.5),
        "nomor_hp": d.maybe(_spoil_phone(d, t["hp"], 0.25), 0.3),
        "jabatan": d.maybe(
            " ".join(spoil_words(r, [t["jabatan"]], 0.04))
            if r.random() < 0.7
            else d.zipf(_JABATAN),
            0.3,
        ),
        "id_badan_usaha": t["perusahaan"] if r.random() < 0.9 else f"P{r.randrange(2_000)}",
    }
