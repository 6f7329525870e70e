"""A naive reading of the four registers, written without the generator's own code.

It joins by the exact keys, brings spellings to a normal form of its own and lists what
differs: what it finds must be kebenaran.csv, no row more and no row less.
"""

from __future__ import annotations

import csv
import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

Baris = dict[str, str]
Kunci = tuple[str, str, str, str]
"""jenis, himpunan, kunci, field."""


def read_rows(berkas: Path) -> list[Baris]:
    with berkas.open(encoding="utf-8", newline="") as aliran:
        return list(csv.DictReader(aliran))


def words(teks: str) -> list[str]:
    return re.findall(r"[A-Z]+|[0-9]+", teks.upper())


def normal_usaha(nama: str) -> str:
    polos = nama.upper().replace(".", "").replace(",", " ").split()
    bentuk = {"PT", "CV", "KOPERASI", "YAYASAN", "FIRMA"}
    return " ".join(k for k in polos if k not in bentuk)


def normal_orang(nama: str) -> str:
    kata = nama.split(",", maxsplit=1)[0].upper().replace(".", "").split()
    return " ".join(k for k in kata if k not in {"H", "HJ", "DR", "IR", "DRS", "DRA"})


def normal_alamat(alamat: str) -> list[str]:
    panjang = {"JL": "JALAN", "KEC": "KECAMATAN", "KEL": "KELURAHAN", "KAB": "KABUPATEN"}
    kata = [panjang.get(k, k) for k in words(alamat) if k not in {"NO", "NOMOR"}]
    return [str(int(k)) if k.isdigit() else k for k in kata]


def normal_telepon(nomor: str) -> str:
    angka = re.sub(r"\D", "", nomor)
    return "62" + angka[1:] if angka.startswith("0") else angka


def normal_npwp(npwp: str) -> str:
    return re.sub(r"\D", "", npwp).rjust(16, "0") if npwp else ""


def normal_teks(teks: str) -> str:
    return " ".join(teks.upper().split())


def distance(a: str, b: str) -> float:
    """Metres, flat earth: good enough for a few kilometres near the equator."""
    (x, y), (u, v) = ([float(n) for n in t.split(",")] for t in (a, b))
    return math.hypot((x - u) * 111_195, (y - v) * 111_195 * math.cos(math.radians(x)))


BADAN_USAHA: dict[str, Callable[[str], object]] = {
    "npwp": normal_npwp,
    "nomor_tdp_atau_nib": str,
    "nama": normal_usaha,
    "kbli": str,
    "alamat": normal_alamat,
    "telepon": normal_telepon,
    "email": str.lower,
    "alamat_pemilik": normal_alamat,
}
PEKERJA: dict[str, Callable[[str], object]] = {
    "nama": normal_orang,
    "tanggal_lahir": str,
    "alamat": normal_alamat,
    "nomor_hp": normal_telepon,
    "jabatan": normal_teks,
    "nomor_kepesertaan_jkn": str,
    "tmt_jkn": str,
    "status_pekerjaan": str,
    "jumlah_anggota_keluarga": str,
    "status_kepesertaan": str,
}


@dataclass
class Daerah:
    """The four registers and the truth of one folder."""

    wlkp: list[Baris]
    bpjs: list[Baris]
    wlkp_pekerja: list[Baris]
    bpjs_pekerja: list[Baris]
    kebenaran: list[Baris]

    @classmethod
    def read(cls, folder: Path) -> Daerah:
        nama = ("wlkp_badan_usaha", "bpjs_badan_usaha", "wlkp_pekerja", "bpjs_pekerja", "kebenaran")
        return cls(*(read_rows(folder / f"{n}.csv") for n in nama))

    def truth(self) -> Counter[Kunci]:
        return Counter((t["jenis"], t["himpunan"], t["kunci"], t["field"]) for t in self.kebenaran)

    def __post_init__(self) -> None:
        kepala = {p["nitku"][:16]: p for p in self.wlkp if p["nitku"].endswith("000000")}
        self.kepala = {p["id_badan_usaha"]: kepala[p["nitku"][:16]] for p in self.wlkp}
        self.pasangan = dict(self._pairs(list(kepala.values())))
        """BPJS row of each head that an exact key joins, by its WLKP id."""

    def _pairs(self, kepala: list[Baris]) -> Iterator[tuple[str, Baris]]:
        npwp = {normal_npwp(p["npwp"]): p for p in kepala}
        nib = {p["nomor_tdp_atau_nib"]: p for p in kepala}
        nama = {_name_key(p): p for p in kepala}
        for b in self.bpjs:
            p = npwp.get(normal_npwp(b["npwp"])) or nib.get(b["nomor_tdp_atau_nib"])
            p = p or nama.get(_name_key(b))
            if p is not None:
                yield p["id_badan_usaha"], b

    def id_bpjs_of(self, id_wlkp: str) -> str | None:
        pasangan = self.pasangan.get(self.kepala[id_wlkp]["id_badan_usaha"])
        return pasangan["id_badan_usaha"] if pasangan else None


def _name_key(p: Baris) -> tuple[str, str]:
    return normal_usaha(p["nama"]), p["kd_daerah"].replace(".", "")[:4]


def find_badan_usaha(d: Daerah) -> Iterator[Kunci]:
    """Differences of joined companies, and those which stand alone."""
    terjalin = {b["id_badan_usaha"] for b in d.pasangan.values()}
    sendiri = {_first_word(b): b for b in d.bpjs if b["id_badan_usaha"] not in terjalin}
    bekerja = {p["id_badan_usaha"] for p in d.wlkp_pekerja}
    for p in {id(k): k for k in d.kepala.values()}.values():
        kunci = p["id_badan_usaha"]
        b = d.pasangan.get(kunci)
        if b is not None:
            yield from (("berbeda", "badan_usaha", kunci, f) for f in _fields_badan_usaha(p, b))
        elif sendiri.pop(_first_word(p), None):
            yield "tak_tertaut", "badan_usaha", kunci, ""
        else:
            yield "hanya_wlkp", "badan_usaha", kunci, ""
            if kunci in bekerja:
                yield "PWBD", "badan_usaha", kunci, ""
    yield from (("hanya_bpjs", "badan_usaha", b["id_badan_usaha"], "") for b in sendiri.values())


def _first_word(p: Baris) -> tuple[str, str]:
    nama, kabupaten = _name_key(p)
    return nama.split()[0], kabupaten


def _fields_badan_usaha(p: Baris, b: Baris) -> Iterator[str]:
    yield from (f for f, normal in BADAN_USAHA.items() if normal(p[f]) != normal(b[f]))
    di_wlkp, di_bpjs = p["titik_koordinat"], b["titik_koordinat"]
    if di_wlkp and (not di_bpjs or distance(di_wlkp, di_bpjs) > 100):
        yield "titik_koordinat"


def find_pekerja(d: Daerah) -> Iterator[Kunci]:
    """Differences of the workers of joined companies; PDS-TK follows from them."""
    wlkp, bpjs = _by_key(d.wlkp_pekerja), _by_key(d.bpjs_pekerja)
    for sisi, terkumpul in (("wlkp", wlkp), ("bpjs", bpjs)):
        for kunci, rows in terkumpul.items():
            if len(rows) > 1:
                yield "kunci_ganda", "pekerja", "/".join(kunci), sisi
    id_bpjs = {b["id_badan_usaha"] for b in d.pasangan.values()}
    sisa = {k: r[0] for k, r in bpjs.items() if k[0] in id_bpjs}
    hilang: list[tuple[str, str]] = []
    salah = _mistyped(d, wlkp, bpjs)
    for (usaha, nik), rows in wlkp.items():
        pasangan = d.id_bpjs_of(usaha)
        if pasangan is None:
            continue
        if (usaha, nik) in salah:
            yield "berbeda", "pekerja", f"{usaha}/{nik}", "nik"
            nik_bpjs = salah[usaha, nik]
        else:
            nik_bpjs = nik
        lawan = sisa.pop((pasangan, nik_bpjs), None)
        if lawan is None:
            hilang.append((usaha, nik))
            continue
        for f, normal in PEKERJA.items():
            if normal(rows[0][f]) != normal(lawan[f]):
                yield "berbeda", "pekerja", f"{usaha}/{nik}", f
    yield from _one_sided(d, hilang, list(sisa))


def _mistyped(
    d: Daerah, wlkp: dict[tuple[str, str], list[Baris]], bpjs: dict[tuple[str, str], list[Baris]]
) -> dict[tuple[str, str], str]:
    """BPJS's NIK of whoever has another one in WLKP: same company, name, birth date and TMT."""
    orang: dict[tuple[str | None, ...], str] = {}
    dikenal = {nik for _, nik in wlkp}
    for (usaha, nik), rows in bpjs.items():
        if nik not in dikenal:
            orang[usaha, *_person(rows[0])] = nik
    di_bpjs = {nik for _, nik in bpjs}
    found = {}
    for (usaha, nik), rows in wlkp.items():
        other = orang.get((d.id_bpjs_of(usaha), *_person(rows[0])))
        if nik not in di_bpjs and other is not None:
            found[usaha, nik] = other
    return found


def _person(p: Baris) -> tuple[str, str, str]:
    return normal_orang(p["nama"]), p["tanggal_lahir"], p["tmt_jkn"]


def _one_sided(
    d: Daerah, hilang: list[tuple[str, str]], sisa: list[tuple[str, str]]
) -> Iterator[Kunci]:
    """A NIK left over on both sides is at two companies; on one side it is missing."""
    di_tempat_lain = {nik for _, nik in sisa}
    pds = set()
    for usaha, nik in hilang:
        if nik in di_tempat_lain:
            yield "beda_perusahaan", "pekerja", f"{usaha}/{nik}", ""
        else:
            yield "hanya_wlkp", "pekerja", f"{usaha}/{nik}", ""
            pds.add(d.kepala[usaha]["id_badan_usaha"])
    yield from (("PDS-TK", "badan_usaha", kunci, "") for kunci in pds)
    pindah = {nik for _, nik in hilang}
    for usaha, nik in sisa:
        if nik not in pindah:
            yield "hanya_bpjs", "pekerja", f"{usaha}/{nik}", ""


def _by_key(rows: list[Baris]) -> dict[tuple[str, str], list[Baris]]:
    hasil: dict[tuple[str, str], list[Baris]] = defaultdict(list)
    for r in rows:
        hasil[r["id_badan_usaha"], r["nik"]].append(r)
    return hasil
