"""Single values made comparable: names, addresses, numbers, dates as text becomes words or numbers.

An unreadable value is an empty one: linking never refuses a record for its form.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from typing import NamedTuple, TypeVar

from services.taut.pengisi import is_filler_number, written
from shared_schemas.bentuk_normal import fold, normal_alamat, normal_nama_orang
from shared_schemas.identitas import is_fraction, without_fraction

T = TypeVar("T")

_KATA = re.compile(r"[^\W_]+")
_BUKAN_ANGKA = re.compile(r"\D")
_TAHUN_MIN = 1910  # a spreadsheet writes its first day, of 1899 or 1900, where it has none
# What a spreadsheet makes of "-", "'" and a space, and what nobody sees.
_TANDA = {"Pd": "-", "Pi": "'", "Pf": "'", "Zs": " ", "Cf": ""}
_PANGKAT = re.compile(r"[0-9](?:[.,][0-9]+)?[eE]\+?[0-9]+")
_SEBUTAN = {"BIN", "BINTI", "BT", "ALIAS"}
_NABI = {"MOHAMMAD", "MOHAMAD", "MUHAMAD", "MOCHAMAD", "MOCHAMMAD", "MUCHAMAD", "MUHAMMED",
         "MOHAMED", "MOHAMMED", "MUCHAMMAD", "MUH", "MOHD",
         "MUHD", "MOH", "MOCH", "MHD", "MUHAMMAD"}  # fmt: skip
# "Moh.Ramli" is two words, and MOEH an old spelling of MUH.
_MELEKAT = re.compile(
    r"\b(M(?:[ou][ch]{0,2}h?(?:ammad|amad|d)?|hd|d)?|Hj?|Drs?|Ir)\.(?=[a-z]{3})", re.IGNORECASE
)
_MOE = re.compile(r"^MOE(?=C?H)")
_GELAR_BALI = {"IB": "IDA BAGUS", "IA": "IDA AYU", "AA": "ANAK AGUNG"}
_KASTA = re.compile(r"^(?:I ?B|I ?A|A ?A)(?= )")
_BATAS_DAERAH = {"KELURAHAN", "DESA", "KECAMATAN", "KABUPATEN", "KOTA", "PROVINSI", "DISTRIK"}
_RT_RW = {"RT", "RW"}
# "RT 3/11" names both. The look back, for a word that only ends so, costs less behind than before.
_TANPA_RW = re.compile(r"([Rr][Tt](?<!\w\w\w)\W{0,3}[0-9]{1,3})\s*[/-]\s*(?=[0-9])")
_AWAL_JALAN = {"JALAN", "GANG"}
_BUKAN_JALAN = {"RAYA", "KAV", "KAVLING", "LANTAI", "LT"}
# What a number may be followed by without a region's name to come: 17 Agustus is a street.
_BAGIAN = _BUKAN_JALAN | {
    "BLOK", "UNIT", "GEDUNG", "MENARA", "TOWER", "RUKO", "RUKAN", "LOT", "KM", "KOMPLEK",
    "PERUMAHAN", "KAWASAN", "AGUSTUS", "OKTOBER", "NOVEMBER", "MEI", "JULI",
}  # fmt: skip
DOMAIN_UMUM = frozenset(
    {
        "gmail.com", "googlemail.com", "yahoo.com", "yahoo.co.id", "ymail.com", "rocketmail.com",
        "hotmail.com", "outlook.com", "outlook.co.id", "live.com", "msn.com", "icloud.com",
        "aol.com", "mail.com", "email.com", "protonmail.com", "yandex.com", "zoho.com",
        "telkom.net", "cbn.net.id", "indo.net.id", "indosat.net.id", "plasa.com",
    }
)  # fmt: skip
"""Mail providers: a shared domain of theirs says nothing about the company."""


_TANPA_TITIK = (float("nan"), float("nan"))


class Alamat(NamedTuple):
    """Words of the street with its numbers, and words of the regions with the postcode."""

    jalan: str
    daerah: str


def each(values: Iterable[str], make: Callable[[str], T]) -> list[T]:
    """Apply `make` once to each distinct value."""
    known: dict[str, T] = {}
    out = []
    for value in values:
        if value not in known:
            known[value] = make(value)
        out.append(known[value])
    return out


def marks(text: str) -> str:
    """Return text with dashes, quotes and spaces as one types them, nothing else changed."""
    if text.isascii():
        return text
    return "".join(c if c.isascii() else _TANDA.get(unicodedata.category(c), c) for c in text)


def words(text: str) -> list[str]:
    """Return words in upper case without diacritics, of any script."""
    return _KATA.findall(fold(text))


def person_name(text: str) -> str:
    """Return the words of a person's name, without degrees; spellings of Muhammad are one."""
    head, _, tail = _MELEKAT.sub(r"\1. ", marks(written(text))).partition(",")
    plain = normal_nama_orang(head) if fold(head).isascii() else " ".join(words(head))
    # What follows a comma is a degree, or the given name of one who is listed by the family name.
    if tail and not re.search(r"\w\.", tail):
        plain = " ".join([plain, *(w for w in words(tail) if len(w) >= 5)])
    plain = _KASTA.sub(lambda m: _GELAR_BALI[m[0].replace(" ", "")], plain)
    kept = [w for w in plain.split() if w not in _SEBUTAN] or plain.split()
    if len(kept) > 1:
        kept = ["MUHAMMAD" if _MOE.sub("MU", w) in _NABI else w for w in kept]
    return " ".join(kept)


def address(text: str) -> Alamat:
    """Return the words of an address, street and numbers apart from the regions.

    Regions follow their title (Kel., Kec.), or without one the house number or RT/RW.
    """
    street: list[str] = []
    region: list[str] = []
    titled, numbered, dropped = False, False, False
    for token in _address_words(_TANPA_RW.sub(r"\1 RW ", marks(written(text)))):
        is_number = token[0].isdigit()
        if dropped and is_number:
            dropped = False
            continue
        dropped = token in _RT_RW
        names_region = numbered and not is_number and len(token) > 1 and token not in _BAGIAN
        if dropped:
            numbered = True
        elif token in _BATAS_DAERAH:
            titled = True
        elif token in _AWAL_JALAN:
            titled = numbered = False
        elif titled or names_region or (len(token) == 5 and is_number):
            region.append(token)
        else:
            numbered = (numbered and token not in _BAGIAN) or (is_number and bool(street))
            if token not in _BUKAN_JALAN:
                street.append(token)
    return Alamat(" ".join(street), " ".join(region))


def _address_words(text: str) -> list[str]:
    """Return words and numbers, abbreviations written out; words of another script as they are."""
    if text.isascii():
        return normal_alamat(text).split()
    return [t for w in words(text) for t in (normal_alamat(w).split() if w.isascii() else [w])]


def whole(text: str) -> str:
    """Return a number that a program wrote as a fraction (`123.0`) without it, other text as it is.

    "" where digits are lost: of a power of ten (`3.27301E+15`), or beyond what a float holds.
    """
    plain = text.strip()
    if plain.endswith(".0") and is_fraction(plain):
        return without_fraction(plain)
    return "" if _PANGKAT.fullmatch(plain) else text


def digits(text: str) -> str:
    """Return the decimal digits of a text, "" where they are a filler."""
    found = "".join(c for c in _BUKAN_ANGKA.sub("", whole(text)) if c.isascii())
    return "" if is_filler_number(found) else found


def number(text: str, low: int, high: int) -> int:
    """Return the digits as a number with a 1 before them, 0 unless their count fits."""
    found = digits(text)
    return int(f"1{found}") if low <= len(found) <= high else 0


def npwp(text: str) -> int:
    """Return an NPWP of 15 or 16 digits as one number (`0` + NPWP 15 is NPWP 15), 0 for none."""
    found = digits(text)
    if len(found) not in (15, 16) or is_filler_number(found.zfill(16)[1:10]):
        return 0
    return int(found)


def npwp_body(value: int) -> int:
    """Return the part that names the legal body, without the digits of the branch."""
    return value // 10**6 if value < 10**15 else value


def phone(text: str) -> int:
    """Return the national digits of the first telephone number in a text, 0 for none."""
    found = digits(re.split(r"[/;,]| ext", text.lower(), maxsplit=1)[0])
    found = found.removeprefix("62")
    found = found.lstrip("0")
    return int(found) if 7 <= len(found) <= 13 else 0


def email_parts(text: str) -> tuple[str, str]:
    """Return (address, domain) in lower case; the domain of a mail provider is ""."""
    plain = text.strip().lower()
    box, at, domain = plain.partition("@")
    if not ((written(box) or box.isalpha()) and at and "." in domain):
        return "", ""
    return plain, "" if domain in DOMAIN_UMUM else domain


def date(text: str) -> int:
    """Return `yyyymmdd` of an ISO date, `dd-mm-yyyy` or eight digits in ISO order; 0 for none."""
    parts = [p for p in re.split(r"[^0-9]+", text.strip()[:10]) if p]
    if len(parts) == 1 and len(parts[0]) == 8:
        parts = [parts[0][:4], parts[0][4:6], parts[0][6:]]
    if len(parts) != 3:
        return 0
    if len(parts[2]) == 4:
        parts.reverse()
    if len(parts[0]) != 4:
        return 0
    year, month, day = (int(p) for p in parts)
    if year < _TAHUN_MIN:
        return 0
    # An impossible day is a slip of a real one: as a number it still lies near it.
    return year * 10000 + month * 100 + day if month < 100 and day < 100 else 0


def date_of_nik(text: str) -> int:
    """Return the birth date that a NIK holds (day + 40 for women), 0 for none."""
    found = digits(text)
    if len(found) != 16:
        return 0
    day, month, year = int(found[6:8]) % 40, int(found[8:10]), int(found[10:12])
    # Two digits of the year: a worker is at least some fourteen years old.
    century = 1900 if year > 12 else 2000
    return date(f"{century + year:04d}-{month:02d}-{day:02d}")


def region(text: str) -> tuple[int, int]:
    """Return (code filled with zeros to ten places, its places); (0, 0) for none."""
    found = _BUKAN_ANGKA.sub("", text)
    if found[:2] in ("00", "99") or len(found) not in (2, 4, 6, 10):
        return 0, 0
    return int(found.ljust(10, "0")), len(found)


def point(text: str) -> tuple[float, float]:
    """Return latitude and longitude, (nan, nan) for none: `0,0` lies in the sea off Africa."""
    try:
        lat, lon = (float(p) for p in text.split(","))
    except ValueError:
        return _TANPA_TITIK
    return (lat, lon) if lat or lon else _TANPA_TITIK
