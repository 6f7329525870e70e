"""Held-out registers with known truth: other words and other slips than the training's.

Words are those of real names; slips are those of keyboards, of readers of paper, and of the old
spelling; hard negatives stand beside the true pairs. Nothing here is shared with the training.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import pyarrow as pa

from shared_schemas.wilayah import kabupaten_kota
from tests.taut.kosakata import (
    BELAKANG,
    BENTUK,
    DEPAN,
    JALAN,
    KATA,
    KATA_UMUM,
    KBLI,
    SINGKATAN,
    TEMPAT,
)  # fmt: skip

_PAPAN = ("QWERTYUIOP", "ASDFGHJKL", "ZXCVBNM")
_BACA = {"O": "0", "I": "1", "S": "5", "B": "8", "RN": "M", "M": "RN", "L": "I", "E": "F"}
_LAMA = {"U": "OE", "J": "DJ", "C": "TJ", "Y": "J", "D": "DH", "F": "V", "K": "Q", "T": "TH"}


@dataclass
class Uji:
    """Two tables with the column `kunci`, and the true pairs."""

    sisi: tuple[list[dict[str, str]], list[dict[str, str]]] = field(
        default_factory=lambda: ([], [])
    )
    benar: set[tuple[str, str]] = field(default_factory=set)

    def tables(self) -> tuple[pa.Table, pa.Table]:
        """Return both sides as tables of text."""
        a, b = (pa.Table.from_pylist(rows) for rows in self.sisi)
        return a, b


class Salah:
    """Slips of the held-out registers."""

    def __init__(self, seed: int) -> None:
        self.r = random.Random(seed)

    def chance(self, share: float) -> bool:
        """Say yes to that share of the calls."""
        return self.r.random() < share

    def keyboard(self, word: str) -> str:
        """Hit a neighbouring key, miss one, or hit one twice."""
        if len(word) < 4:
            return word
        at = self.r.randrange(1, len(word))
        row = next((x for x in _PAPAN if word[at] in x), "")
        kind = self.r.randrange(4)
        if kind == 0 and row:
            place = row.index(word[at]) + self.r.choice((-1, 1))
            return word[:at] + row[max(0, min(place, len(row) - 1))] + word[at + 1 :]
        if kind == 1:
            return word[:at] + word[at + 1 :]
        if kind == 2:
            return word[:at] + word[at] + word[at:]
        return word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :]

    def read(self, word: str) -> str:
        """Misread a letter."""
        hits = [k for k in _BACA if k in word[1:]]
        return word[0] + word[1:].replace(k := self.r.choice(hits), _BACA[k], 1) if hits else word

    def old(self, word: str) -> str:
        """Write one sound in the old spelling."""
        hits = [k for k in _LAMA if k in word]
        return word.replace(k := self.r.choice(hits), _LAMA[k], 1) if hits else word

    def spell(self, word: str, share: float) -> str:
        """Return the word, that share of the calls misspelt in one of the three ways."""
        if not self.chance(share) or word.isdigit():
            return word
        return self.r.choice((self.keyboard, self.keyboard, self.read, self.old))(word)

    def digit(self, digits: str) -> str:
        """Return the number with one digit wrong or two exchanged."""
        while True:
            at = self.r.randrange(1, len(digits) - 1)
            if self.chance(0.5):
                out = digits[:at] + str(self.r.randrange(10)) + digits[at + 1 :]
            else:
                out = digits[:at] + digits[at + 1] + digits[at] + digits[at + 2 :]
            if out != digits:
                return out

    def digits(self, count: int) -> str:
        """Return random digits."""
        return "".join(self.r.choice("0123456789") for _ in range(count - 1)) + "7"

    def empty(self, value: str, share: float) -> str:
        """Return the value, or nothing for that share of the calls."""
        return "" if self.chance(share) else value


class Tempat:
    """Places with their codes and names, and the spelling of an address."""

    def __init__(self, s: Salah) -> None:
        self.s = s
        self._kab = sorted((kode, nama) for nama, kode in kabupaten_kota().items())[100:260]
        self._nama: dict[str, str] = {}

    def make(self) -> dict[str, str]:
        """Return a place: its codes, its street and number."""
        r = self.s.r
        kab, name = self._kab[int(r.random() ** 2 * len(self._kab))]
        kec = f"{kab}{r.randrange(1, 16):02d}"
        kel = f"{kec}{r.choice((1001, 1002, 1003, 2001, 2002, 2003, 2004, 2005))}"
        for code in (kec, kel):
            self._nama.setdefault(
                code, f"{r.choice(TEMPAT)}{r.choice(('', ' TIMUR', ' BARAT', 'SARI'))}"
            )
        return {
            "kel": kel, "nama_kel": self._nama[kel], "nama_kec": self._nama[kec], "kab": name,
            "jalan": r.choice(JALAN) + r.choice(("", "", " RAYA", " DALAM", " II", " SELATAN")),
            "nomor": f"{r.randrange(1, 180)}{r.choice(('', '', '', 'A', 'B'))}",
            "rt": f"{r.randrange(1, 12)}", "rw": f"{r.randrange(1, 9)}",
        }  # fmt: skip

    def spell(self, p: dict[str, str], share: float) -> str:
        """Write an address in one of the ways of the field."""
        r = self.s.r
        street = " ".join(self.s.spell(w, share) for w in p["jalan"].split())
        kab = p["kab"].replace("KAB ", r.choice(("KAB. ", "KABUPATEN ", "Kab ")))
        way = r.randrange(4)
        if way == 0:
            return (
                f"JL. {street} NO.{p['nomor']}, KEL. {p['nama_kel']}, KEC. {p['nama_kec']}, {kab}"
            )
        if way == 1:
            return (
                f"Jalan {street.title()} Nomor {p['nomor']} RT {int(p['rt']):03d}/RW "
                f"{int(p['rw']):03d}, {p['nama_kel'].title()}, Kec {p['nama_kec'].title()}, {kab}"
            )
        if way == 2:
            return f"{street} {p['nomor']} RT{p['rt']} RW{p['rw']} Desa {p['nama_kel']} {kab}"
        return f"Jln {street.title()} No {p['nomor']} {kab}"


@dataclass(frozen=True, slots=True)
class Sifat:
    """How a held-out register of companies errs."""

    salah: float = 0.05
    kosong_npwp: float = 0.4
    kosong_nib: float = 0.6
    kosong_telepon: float = 0.35
    kosong_email: float = 0.45


def make_companies(count: int, seed: int, sifat: Sifat | None = None) -> Uji:
    """Return companies without an exact key: NPWP and NIB are missing, or wrong by a slip.

    Two thirds of `count` stand on both sides; hard negatives stand on one.
    """
    s, uji = Salah(seed), Uji()
    tempat = Tempat(s)
    way = sifat or Sifat()
    n = 0
    while n < count:
        true = _company(s, tempat)
        fate = s.r.random()
        if fate < 0.62:
            n = _put(uji, s, n, true, true, tempat, way)
        elif fate < 0.80:
            on_a = s.chance(0.5)
            n = _put(uji, s, n, true if on_a else None, None if on_a else true, tempat, way)
        elif fate < 0.90:
            sister = _sister(s, true)
            first, second = (true, sister) if s.chance(0.5) else (sister, true)
            n = _put(uji, s, n, first, second, tempat, way, same=False)
        else:  # one name in several places, each on one side or on both
            for _ in range(3):
                shop = {**_company(s, tempat), "nama": true["nama"]}
                here, there = s.r.choice(((shop, shop), (shop, None), (None, shop)))
                n = _put(uji, s, n, here, there, tempat, way)
    return uji


def _put(
    uji: Uji, s: Salah, n: int, a: dict[str, str] | None, b: dict[str, str] | None,
    tempat: Tempat, way: Sifat, *, same: bool = True,
) -> int:  # fmt: skip
    hide = s.chance(way.kosong_npwp), s.chance(way.kosong_nib)
    for side, true in enumerate((a, b)):
        if true is not None:
            row = _write_company(s, true, tempat, way, side)
            if side == 1 and a is not None:
                _break_keys(s, row, uji.sisi[0][-1], hide)
            uji.sisi[side].append({"kunci": f"{'WB'[side]}-{n}", **row})
    if a is not None and b is not None and same:
        uji.benar.add((f"W-{n}", f"B-{n}"))
    return n + 1


def _break_keys(
    s: Salah, row: dict[str, str], first: dict[str, str], hide: tuple[bool, bool]
) -> None:
    """Leave no exact key between the two: one is missing, or one digit is wrong."""
    for column, hidden in zip(("npwp", "nomor_tdp_atau_nib"), hide, strict=True):
        if hidden or not row[column]:
            row[column] = ""
        elif first[column] == row[column]:
            row[column] = s.digit(row[column]) if s.chance(0.25) else ""


def _company(s: Salah, tempat: Tempat) -> dict[str, str]:
    r = s.r
    words = [r.choice(KATA_UMUM) for _ in range(r.choice((1, 2, 2, 3)))]
    rare = r.random()
    if rare < 0.35:
        words.insert(0, r.choice(KATA))
    elif rare < 0.7:
        words.insert(0, r.choice(KATA)[: r.randrange(3, 6)] + r.choice(KATA)[-4:])
    else:
        words.insert(0, r.choice(KATA_UMUM))
    domain = "".join(words[:2]).lower()
    kab_phone = r.choice(("21", "22", "24", "31", "61", "274", "411"))
    return {
        "nama": " ".join(dict.fromkeys(words)), "bentuk": r.choice(BENTUK),
        **tempat.make(),
        "telepon": kab_phone + s.digits(7), "pic": f"8{s.digits(10)}",
        "email": r.choice(
            (f"hr@{domain}.example", f"cs@{domain}.example", f"{domain}21@gmail.com")
        ),
        "kbli": r.choice(KBLI),
        "pemilik": _person_name(s), "pengurus": _person_name(s),
        "npwp": f"0{s.digits(14)}"[:15], "nib": f"9{s.digits(12)}",
        "lat": f"{-7 + r.random():.6f}", "lon": f"{107 + 4 * r.random():.6f}",
    }  # fmt: skip


def _sister(s: Salah, true: dict[str, str]) -> dict[str, str]:
    """Return another company of the group: one word differs, the address and telephone do not."""
    words = true["nama"].split()
    words[-1] = s.r.choice([w for w in KATA_UMUM if w not in words])
    other = {
        **true,
        "nama": " ".join(words),
        "npwp": f"0{s.digits(14)}"[:15],
        "nib": f"9{s.digits(12)}",
    }
    if s.chance(0.5):
        other["telepon"] = true["telepon"][:-1] + s.r.choice("012345689")
    return other


def _write_company(
    s: Salah, t: dict[str, str], tempat: Tempat, way: Sifat, side: int
) -> dict[str, str]:
    r = s.r
    place = tempat.make() if s.chance(0.04) else t
    if place is not t and s.chance(0.7):  # most that move stay in their kabupaten or kota
        place = {**place, "kab": t["kab"], "kel": t["kel"][:4] + place["kel"][4:]}
    bpjs = 1.0 if side else 0.25
    phone = t["telepon"] if s.chance(0.88) else f"21{s.digits(8)}"
    spelled = f"0{phone}" if s.chance(0.6) else f"(0{phone[:2]}) {phone[2:5]}-{phone[5:]}"
    mail = (
        t["email"] if s.chance(0.85) else f"{_person_name(s).replace(' ', '.').lower()}@yahoo.com"
    )
    return {
        "nama": _write_name(s, t, way.salah),
        "alamat": tempat.spell(place, way.salah),
        "kd_daerah": s.empty(place["kel"][: r.choice((4, 6, 10, 10, 10))], 0.2),
        "telepon": s.empty(spelled, way.kosong_telepon * bpjs),
        "telepon_pengelola_atau_pic": s.empty(
            f"+62{t['pic'] if s.chance(0.6) else '8' + s.digits(10)}", 0.3
        ),
        "email": s.empty(mail, way.kosong_email * bpjs),
        "kbli": s.empty(t["kbli"] if s.chance(0.85) else "82990", 0.5 * bpjs),
        "tahun_kbli": r.choice(("2020", "2020", "2025", "")),
        "nama_pemilik_atau_pimpinan": s.empty(
            t["pemilik"] if s.chance(0.75) else _person_name(s), 0.15
        ),
        "nama_pengurus_atau_pic": s.empty(t["pengurus"] if s.chance(0.5) else _person_name(s), 0.2),
        "npwp": s.empty(t["npwp"], 0.1), "nomor_tdp_atau_nib": s.empty(t["nib"], 0.2),
        "titik_koordinat": s.empty(f"{float(t['lat']) + r.gauss(0, 0.0004):.6f},{t['lon']}", 0.6),
    }  # fmt: skip


def _write_name(s: Salah, t: dict[str, str], share: float) -> str:
    words = [s.spell(w, share) for w in t["nama"].split()]
    words = [SINGKATAN.get(w, w) if s.chance(0.05) else w for w in words]
    if len(words) > 2 and s.chance(0.04):
        del words[s.r.randrange(1, len(words))]
    if len(words) > 2 and s.chance(0.03):
        words[0], words[1] = words[1], words[0]
    if len(words) > 2 and s.chance(0.02):
        words[0:2] = ["".join(words[0:2])]
    core = ("  " if s.chance(0.05) else " ").join(words)
    if s.chance(0.5):
        core = core.title()
    form = t["bentuk"] if s.chance(0.92) else ""
    ways = (f"{form} {core}", f"{form}. {core}", f"{core}, {form}", f"{core} {form}.")
    if not form:
        return core
    if form == "PT" and s.chance(0.1):
        return s.r.choice(
            (
                f"P.T. {core}",
                f"PT {core} Tbk",
                f"Perseroan Terbatas {core}",
                f"PT. {core} (Persero)",
            )
        )
    return s.r.choice(ways)


def _person_name(s: Salah) -> str:
    r = s.r
    first = DEPAN[int(len(DEPAN) * r.random() ** 1.7)]
    if s.chance(0.18):
        return first
    last = BELAKANG[int(len(BELAKANG) * r.random() ** 1.5)]
    return f"{first} {r.choice(DEPAN)} {last}" if s.chance(0.25) else f"{first} {last}"


def make_workers(count: int, seed: int, *, nik: str, salah: float = 0.04) -> Uji:
    """Return workers whose NIK is mistyped on one side (`nik="salah"`) or missing (`nik="kosong"`).

    Twins, fathers and sons of one name, and people of one one-word name and birth date stand
    beside them, each on one side.
    """
    s, uji = Salah(seed), Uji()
    tempat = Tempat(s)
    for n in range(count):
        true = _worker(s, tempat)
        fate = s.r.random()
        other = true
        if fate < 0.62:
            uji.benar.add((f"W-{n}", f"B-{n}"))
        elif fate < 0.66:
            other = _twin(s, true)
        elif fate < 0.69:
            other = {
                **true,
                **_birth(s, true["kel"]),
                "hp": f"8{s.digits(10)}",
                "jkn": f"000{s.digits(10)}",
            }
        elif fate < 0.72:
            other = {**_worker(s, tempat), "lahir": true["lahir"], "nama": true["nama"].split()[0]}
        only = s.r.randrange(2) if fate >= 0.72 else -1
        hidden = s.r.randrange(3)
        for side, person in enumerate((true, other)):
            if only in (-1, side):
                row = _write_worker(s, person, tempat, salah, side)
                if nik == "kosong" and hidden in (side, 2):
                    row["nik"] = ""
                elif nik == "salah" and side == hidden % 2:
                    row["nik"] = s.digit(row["nik"])
                uji.sisi[side].append({"kunci": f"{'WB'[side]}-{n}", **row})
    return uji


def _birth(s: Salah, kel: str) -> dict[str, str]:
    r = s.r
    year, month, day = r.randrange(1962, 2006), r.randrange(1, 13), r.randrange(1, 29)
    day_of_nik = day + 40 * r.randrange(2)
    return {
        "lahir": f"{year}-{month:02d}-{day:02d}",
        "nik": f"{kel[:6]}{day_of_nik:02d}{month:02d}{year % 100:02d}{r.randrange(1, 60):04d}",
    }


def _worker(s: Salah, tempat: Tempat) -> dict[str, str]:
    place = tempat.make()
    company = int(s.r.random() ** 2 * 900)
    return {
        "nama": _person_name(s), **place, **_birth(s, place["kel"]),
        "jkn": f"000{s.digits(10)}", "hp": f"8{s.digits(10)}",
        "jabatan": s.r.choice(("OPERATOR", "STAF GUDANG", "KASIR", "PERAWAT", "SATPAM", "KURIR")),
        "perusahaan": f"{company}",
    }  # fmt: skip


def _twin(s: Salah, t: dict[str, str]) -> dict[str, str]:
    """Return a twin: another given name, the next NIK, all else the same."""
    words = t["nama"].split()
    near = [d for d in DEPAN if d != words[0] and d[:2] == words[0][:2]] or list(DEPAN)
    words[0] = s.r.choice(near)
    serial = int(t["nik"][12:]) % 9000 + 1
    return {
        **t,
        "nama": " ".join(words),
        "nik": f"{t['nik'][:12]}{serial:04d}",
        "jkn": f"000{s.digits(10)}",
    }


def _write_worker(
    s: Salah, t: dict[str, str], tempat: Tempat, share: float, side: int
) -> dict[str, str]:
    place = tempat.make() if s.chance(0.1) else t
    words = [s.spell(w, share) for w in t["nama"].split()]
    if len(words) > 1 and s.chance(0.03):
        words[s.r.randrange(len(words))] = words[0][0] if s.chance(0.3) else words[0]
        words = list(dict.fromkeys(words))
    if s.chance(0.02):
        words.append(s.r.choice(BELAKANG))  # a married name
    name = " ".join(words)
    if s.chance(0.08):
        name = s.r.choice((f"H. {name}", f"{name}, S.E.", f"Drs. {name}", f"{name}, S.Kom., M.M."))
    born = t["lahir"]
    if s.chance(0.015):
        year, month, day = born.split("-")
        born = f"{year}-{day}-{month}" if int(day) <= 12 else f"{int(year) + 1}-{month}-{day}"
    company = t["perusahaan"] if s.chance(0.93) else f"{s.r.randrange(900)}"
    return {
        "nik": t["nik"], "nama": name.title() if s.chance(0.5) else name,
        "tanggal_lahir": s.empty(born, 0.01),
        "nomor_kepesertaan_jkn": s.empty(t["jkn"], 0.75 if side == 0 else 0.02),
        "alamat": s.empty(tempat.spell(place, share), 0.03),
        "nomor_hp": s.empty(f"0{t['hp'] if s.chance(0.75) else '8' + s.digits(10)}", 0.3),
        "jabatan": s.empty(t["jabatan"] if s.chance(0.7) else "STAF", 0.3),
        "id_badan_usaha": f"{'WB'[side]}U-{company}",
    }  # fmt: skip
