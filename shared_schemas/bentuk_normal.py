"""Normal forms for comparison: two spellings of one value become one string.

A normal form is for comparing and finding only; it is never stored as the value, shown
or exchanged. Sources: `perbandingan` of the Lampiran's declarations; spellings of the field.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache

from shared_schemas.rujukan import Perbandingan
from shared_schemas.wilayah import kabupaten_kota

JARAK_SAMA_METER = 100.0
"""Two coordinates nearer than this are one place: hand-placed points scatter by a building."""

_TOKEN = re.compile(r"[A-Z]+|[0-9]+")
_WORD = re.compile(r"[A-Z0-9]+")

# Spellings of one thing in an address; an empty replacement drops the word.
SEBUTAN_ALAMAT = {
    "JL": "JALAN",
    "JLN": "JALAN",
    "GG": "GANG",
    "NO": "",
    "NOMOR": "",
    "NMR": "",
    "NOM": "",
    "KEC": "KECAMATAN",
    "KEL": "KELURAHAN",
    "DS": "DESA",
    "KAB": "KABUPATEN",
    "KOMP": "KOMPLEK",
    "KOMPLEKS": "KOMPLEK",
    "PERUM": "PERUMAHAN",
    "BLK": "BLOK",
    "PROV": "PROVINSI",
}

BENTUK_HUKUM = {
    "PT": "PT",
    "CV": "CV",
    "FA": "FIRMA",
    "FIRMA": "FIRMA",
    "KOPERASI": "KOPERASI",
    "YAYASAN": "YAYASAN",
    "BUT": "BUT",
    "BLU": "BLU",
    "PERUM": "PERUM",
    "PERUMDA": "PERUMDA",
    "UD": "UD",
    "BUMDES": "BUMDES",
}
IMBUHAN = {"TBK", "PERSERO"}  # suffixes, not part of the name

GELAR_DEPAN = {"DR", "DRG", "DRS", "DRA", "DRH", "IR", "H", "HJ", "PROF", "KH", "APT", "NS"}
GELAR_BELAKANG = {
    "SH",
    "SE",
    "ST",
    "SPD",
    "SKOM",
    "SKM",
    "SSOS",
    "SAG",
    "SIP",
    "SPT",
    "STP",
    "SFARM",
    "SKEP",
    "SPSI",
    "SI",
    "SSI",
    "MM",
    "MSI",
    "MH",
    "MPD",
    "MT",
    "MSC",
    "MBA",
    "MKES",
    "AMD",
    "PHD",
    "LC",
    "APT",
    "NS",
}


def fold(text: str) -> str:
    """Return text in upper case without diacritics."""
    if text.isascii():
        return text.upper()
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(c for c in decomposed if not unicodedata.combining(c)).upper()


def normal_teks(text: str) -> str:
    """Return words in upper case, one space between, without punctuation."""
    return " ".join(_WORD.findall(fold(text)))


def normal_alamat(text: str) -> str:
    """Return an address with abbreviations written out and numbers without leading zeros."""
    words = []
    for token in _TOKEN.findall(fold(text)):
        word = token.lstrip("0") or "0" if token[0] <= "9" else SEBUTAN_ALAMAT.get(token, token)
        if word:
            words.append(word)
    return " ".join(words)


def split_nama_badan_usaha(text: str) -> tuple[str, str]:
    """Return (core name, legal form or "") of a company's name.

    `PT`, `PT.`, `P.T.` and `, PT` are one form; `Tbk` and `(Persero)` are dropped.
    """
    words = [w for w in _WORD.findall(fold(text).replace(".", "")) if w not in IMBUHAN]
    for at in (0, -1):
        if len(words) > 1 and words[at] in BENTUK_HUKUM:
            return " ".join(words[1:] if at == 0 else words[:-1]), BENTUK_HUKUM[words[at]]
    return " ".join(words), ""


def normal_nama_badan_usaha(text: str) -> str:
    """Return a company's core name and, after a bar, its legal form."""
    return "|".join(split_nama_badan_usaha(text))


def normal_nama_orang(text: str) -> str:
    """Return a person's name without degrees and titles; a one-word name is normal."""
    words = _WORD.findall(fold(text.split(",", maxsplit=1)[0]).replace(".", ""))
    while len(words) > 1 and words[0] in GELAR_DEPAN:
        del words[0]
    while len(words) > 1 and words[-1] in GELAR_BELAKANG:
        del words[-1]
    return " ".join(words)


def normal_kunci(text: str) -> str:
    """Return a key without separators, upper case."""
    return "".join(_WORD.findall(fold(text)))


def normal_nomor(text: str) -> str:
    """Return a number or code without separators and leading zeros, upper case.

    A spreadsheet drops the zeros and an NPWP of 16 digits adds one: neither makes another number.
    """
    number = normal_kunci(text)
    return number.lstrip("0") or number[:1]


def normal_telepon(text: str) -> str:
    """Return a telephone number without country code and zeros: `0811…`, `+62 811…` are one."""
    number = normal_kunci(text)
    bare = normal_nomor(text)
    if number.startswith("0") and not number.startswith("00"):  # national; 062x are area codes
        return bare
    return bare.removeprefix("62").lstrip("0") or bare


_NORMAL: dict[Perbandingan, Callable[[str], str]] = {
    Perbandingan.NOMOR: normal_nomor,
    Perbandingan.KODE: normal_nomor,
    Perbandingan.KUNCI: normal_kunci,
    Perbandingan.TELEPON: normal_telepon,
    Perbandingan.EMAIL: str.lower,
    Perbandingan.NAMA_BADAN_USAHA: normal_nama_badan_usaha,
    Perbandingan.NAMA_ORANG: normal_nama_orang,
    Perbandingan.ALAMAT: normal_alamat,
    Perbandingan.TANGGAL: str.strip,
    Perbandingan.BILANGAN: str.strip,
    Perbandingan.TEKS: normal_teks,
    Perbandingan.JARAK: str,
}


def normalizer(cara: Perbandingan) -> Callable[[str], str]:
    """Return what makes normal forms of values that are there; KeyError for `TIDAK`."""
    return _NORMAL[cara]


def normal(cara: Perbandingan, nilai: object) -> str:
    """Return the normal form of a canonical value; "" for an empty one.

    Raises KeyError for `Perbandingan.TIDAK`: such a field has nothing to compare.
    """
    return "" if nilai is None else normalizer(cara)(str(nilai))


def distance_meter(a: str, b: str) -> float:
    """Return the great-circle distance in metres between two `latitude,longitude` strings."""
    (lat1, lon1), (lat2, lon2) = (
        tuple(math.radians(float(x)) for x in titik.split(",")) for titik in (a, b)
    )
    h = (
        math.sin((lat2 - lat1) / 2) ** 2
        + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    )
    return 2 * 6_371_000 * math.asin(math.sqrt(h))


def differ(cara: Perbandingan, a: str, b: str) -> bool:
    """Say whether two normal forms differ.

    Coordinates differ beyond `JARAK_SAMA_METER`; a legal form that one side left out is no
    difference.
    """
    if a == b:
        return False
    if cara is Perbandingan.JARAK and a and b:
        return distance_meter(a, b) > JARAK_SAMA_METER
    if cara is Perbandingan.NAMA_BADAN_USAHA and a and b:
        (inti_a, hukum_a), (inti_b, hukum_b) = a.rsplit("|", 1), b.rsplit("|", 1)
        return inti_a != inti_b or bool(hukum_a and hukum_b and hukum_a != hukum_b)
    return True


@lru_cache(maxsize=65_536)
def derive_kd_daerah(alamat: str) -> str | None:
    """Return the plain 4-digit kabupaten/kota code that an address names, None without one.

    `kd_daerah` may be derived from A5 (addendum). A name must follow `Kab.` or `Kota`.
    """
    words = [{"KABUPATEN": "KAB"}.get(w, w) for w in _TOKEN.findall(fold(alamat))]
    names = kabupaten_kota()
    for at, word in enumerate(words):
        if word in ("KAB", "KOTA"):
            for end in range(min(at + 5, len(words)), at + 1, -1):
                kode = names.get(" ".join(words[at:end]))
                if kode is not None:
                    return kode
    return None
