"""Identifiers of the exchange: canonical form and a check with three answers.

A structural check says `valid`, `warning` or `error`. Unusual is not wrong: a NIK
issued under a region code that was abolished since belongs to a real person, so
only what cannot be an identifier at all is an error. No message repeats the value.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import phonenumbers
from lokal import parse_nik
from stdnum import luhn

from shared_schemas import wilayah


class Tingkat(StrEnum):
    """The three answers of a structural check."""

    VALID = "valid"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Catatan:
    """One remark of a check: stable code, level, and a sentence that says what to do."""

    kode: str
    tingkat: Tingkat
    pesan: str


@dataclass(frozen=True, slots=True)
class Hasil:
    """Canonical value (None when in error) and the remarks made about it."""

    nilai: str | None
    catatan: tuple[Catatan, ...] = ()

    @property
    def tingkat(self) -> Tingkat:
        """The worst level among the remarks, `valid` without any."""
        if self.nilai is None:
            return Tingkat.ERROR
        return Tingkat.WARNING if self.catatan else Tingkat.VALID


def _error(kode: str, pesan: str) -> Hasil:
    return Hasil(None, (Catatan(kode, Tingkat.ERROR, pesan),))


def _warning(kode: str, pesan: str) -> Catatan:
    return Catatan(kode, Tingkat.WARNING, pesan)


_SEPARATORS = re.compile(r"[\s.\-/]")
_DIGITS = re.compile(r"[0-9]+")
_OPAQUE = re.compile(r"[A-Z0-9][A-Z0-9./-]{0,39}")
_PECAHAN = re.compile(r"\s*[0-9]+\s*\.\s*0\s*")
_UTUH = 2**53  # a float tells every whole number below it from the next


def is_fraction(raw: str) -> bool:
    """Say whether a text is a whole number as programs write fractions: `920852712403000.0`.

    A column of numbers with a gap becomes one of fractions in many a program, and its leading
    zeros are gone. Without its dot it would read as another number, ten times as large.
    """
    return _PECAHAN.fullmatch(raw) is not None


def without_fraction(raw: str) -> str:
    """Return the whole number of a fraction; "" where a float could have meant its neighbour."""
    number = raw.partition(".")[0].strip()
    return number if int(number) < _UTUH else ""


def _digits(raw: str) -> str | None:
    if is_fraction(raw):
        return None
    bare = _SEPARATORS.sub("", raw)
    return bare if _DIGITS.fullmatch(bare) else None


# Codes of lokal-id that mean "unusual" and not "impossible": people keep the region of issue.
_NIK_WARNINGS = {"province", "wilayah", "wilayah_unknown"}


def _district_known(nik: str) -> bool:
    return wilayah.is_listed(f"{nik[:2]}.{nik[2:4]}.{nik[4:6]}")


LAZIM_NIK = re.compile(
    r"[0-9]{6}(?:0[1-9]|1[0-9]|2[0-8]|4[1-9]|5[0-9]|6[0-8])(?:0[1-9]|1[0-2])[0-9]{2}(?!0000)[0-9]{4}"
)
"""Day 1 to 28 (41 to 68 for women), which every month has, and a serial that is not 0000."""


def check_nik(
    raw: str, tanggal_lahir: dt.date | None = None, jenis_kelamin: str | None = None
) -> Hasil:
    """Check a NIK: 16 digits, possible birth date (day + 40 for women), serial not 0000.

    Unknown or abolished region codes, and a birth date or sex (`L`/`P`) at odds with the
    record, are warnings. Source: Lampiran C1, structure by Permendagri (Kemendagri codes).
    """
    # Nearly every NIK: the library could say nothing more of it, at four times the cost.
    nothing_to_compare = tanggal_lahir is None and jenis_kelamin is None
    if nothing_to_compare and LAZIM_NIK.fullmatch(raw) and _district_known(raw):
        return Hasil(raw)
    if is_fraction(raw):
        return _error("nik_format", "NIK harus terdiri dari 16 digit angka.")
    info = parse_nik(raw)
    fatal = [i for i in info.errors if i.code not in _NIK_WARNINGS]
    if info.nik is None or fatal:
        kode = fatal[0].code if fatal else "format"
        return _error(f"nik_{kode}", fatal[0].message if fatal else "NIK harus 16 digit angka.")
    notes = []
    if info.district_code is not None and not wilayah.is_listed(info.district_code):
        notes.append(
            _warning("nik_wilayah", "Kode wilayah NIK tidak ada di daftar terbaru; NIK diterima.")
        )
    born = info.birth_date
    # The NIK has two digits of the year: the century is the reader's guess.
    if tanggal_lahir is not None and born is not None and born[2:] != f"{tanggal_lahir}"[2:]:
        notes.append(
            _warning("nik_tanggal_lahir", "Tanggal lahir berbeda dari NIK; periksa dokumen.")
        )
    if jenis_kelamin is not None and info.gender != jenis_kelamin:
        notes.append(_warning("nik_jenis_kelamin", "Jenis kelamin berbeda dari NIK."))
    return Hasil(info.nik, tuple(notes))


def check_npwp(raw: str) -> Hasil:
    """Check an NPWP of 15 or 16 digits; the canonical form has 16.

    `0` + NPWP 15 and NPWP 15 are one number. The Luhn digit closes the first nine digits
    of an NPWP 15. Sixteen digits without the leading 0 are a NIK (a person) or a number
    given since 2025, which has no public check: a warning unless it reads as a NIK.
    Source: Lampiran A1, PMK 112/2022.
    """
    digits = _digits(raw)
    if digits is None or len(digits) not in (15, 16):
        return _error("npwp_format", "NPWP harus 15 atau 16 digit angka.")
    if len(digits) == 15:
        digits = "0" + digits
    if digits.startswith("0"):
        if not luhn.is_valid(digits[1:10]):
            return _error("npwp_digit_uji", "Digit uji NPWP salah; periksa sembilan angka pertama.")
        return Hasil(digits)
    if check_nik(digits).tingkat is Tingkat.ERROR:
        return Hasil(
            digits, (_warning("npwp_awalan", "Awalan NPWP baru; digit ujinya tidak dapat dicek."),)
        )
    return Hasil(digits)


def npwp_induk(npwp: str) -> str:
    """Return the part of a canonical NPWP that names the legal body, without its branch digits."""
    return npwp[:10] if npwp.startswith("0") else npwp


def is_npwp_of_person(npwp: str) -> bool:
    """Say whether a canonical NPWP is a NIK, and must then be masked as one."""
    return not npwp.startswith("0") and check_nik(npwp).tingkat is not Tingkat.ERROR


def check_nitku(raw: str) -> Hasil:
    """Check a NITKU: NPWP 16 followed by six digits of the place of business (000000: head)."""
    digits = _digits(raw)
    if digits is None or len(digits) != 22:
        return _error("nitku_format", "NITKU harus 22 digit angka (NPWP 16 + 6 digit).")
    npwp = check_npwp(digits[:16])
    if npwp.nilai is None:
        return _error("nitku_npwp", "Enam belas angka pertama NITKU bukan NPWP yang benar.")
    return Hasil(digits, npwp.catatan)


def check_nib_tdp(raw: str) -> Hasil:
    """Check an NIB (13 digits) or an older TDP, which is opaque. Source: Lampiran A2."""
    digits = _digits(raw)
    if digits is not None and len(digits) == 13:
        return Hasil(digits)
    opaque = re.sub(r"\s", "", raw).upper()
    if is_fraction(opaque) or not _OPAQUE.fullmatch(opaque) or not any(c.isdigit() for c in opaque):
        return _error("nib_format", "Isi NIB 13 digit atau nomor TDP lama.")
    return Hasil(opaque, (_warning("nib_tdp", "Bukan NIB 13 digit; dianggap nomor TDP lama."),))


def check_kbli(raw: str) -> Hasil:
    """Check a KBLI code: five digits, padded on the left when a zero was lost."""
    digits = _digits(raw)
    if digits is None or not 1 <= len(digits) <= 5:
        return _error("kbli_format", "KBLI harus 5 digit angka.")
    if len(digits) < 5:
        padded = digits.zfill(5)
        return Hasil(
            padded, (_warning("kbli_nol", "KBLI dilengkapi nol di depan menjadi 5 digit."),)
        )
    return Hasil(digits)


def check_nomor_jkn(raw: str) -> Hasil:
    """Check a JKN membership number: 13 digits, leading zeros count. Source: Lampiran C2."""
    digits = _digits(raw)
    if digits is None or len(digits) != 13:
        return _error("jkn_format", "Nomor kepesertaan JKN harus 13 digit angka.")
    return Hasil(digits)


def check_kd_daerah(raw: str) -> Hasil:
    """Check a Kemendagri region code (2, 4, 6 or 10 digits, dotted or not); canonical is plain."""
    digits = _digits(raw)
    if digits is None or len(digits) not in (2, 4, 6, 10):
        return _error("daerah_format", "Kode daerah harus 2, 4, 6 atau 10 digit (Kemendagri).")
    if not wilayah.is_listed(wilayah.dotted_kd_daerah(digits)):
        return Hasil(
            digits, (_warning("daerah_tidak_dikenal", "Kode daerah tidak ada di daftar terbaru."),)
        )
    return Hasil(digits)


_PHONE_SEPARATORS = re.compile(r"[\s().\-/]")
_PHONE = re.compile(r"\+?[0-9]{1,17}")
LAZIM_TELEPON = re.compile(r"\+628[0-9]{8,11}")
"""A mobile number of Indonesia as E.164."""
_PANJANG_E164 = 16  # the plus sign and fifteen digits


@lru_cache(maxsize=65_536)
def check_telepon(raw: str) -> Hasil:
    """Check a telephone number and return it as E.164 (`+62…`); national spellings are accepted."""
    bare = "" if is_fraction(raw) else _PHONE_SEPARATORS.sub("", raw)
    mobile = f"+62{bare[1:]}" if bare.startswith("08") else bare
    # The ordinary spellings: the parser costs fifty times as much.
    if LAZIM_TELEPON.fullmatch(mobile):
        return Hasil(mobile)
    if not _PHONE.fullmatch(bare):
        return _error("telepon_format", "Tulis satu nomor saja, angka dan tanda +; mis. +62811….")
    text = bare if bare.startswith(("+", "0")) else f"{'+' if bare.startswith('62') else '0'}{bare}"
    try:
        number = phonenumbers.parse(text, "ID")
    except phonenumbers.NumberParseException:
        return _error("telepon_format", "Nomor telepon tidak terbaca; tulis seperti +62811….")
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    known = phonenumbers.is_valid_number(number) or LAZIM_TELEPON.fullmatch(e164) is not None
    # Of a number with zeros too many in front each reading would drop another one.
    if (
        not phonenumbers.is_possible_number(number)
        or len(e164) > _PANJANG_E164
        or not (known or phonenumbers.parse(e164) == number)
    ):
        return _error("telepon_panjang", "Panjang nomor telepon tidak mungkin; periksa angkanya.")
    if known:
        return Hasil(e164)
    return Hasil(e164, (_warning("telepon_blok", "Blok nomor telepon tidak dikenal."),))


_EMAIL = re.compile(r"[^\s@\x00-\x1f]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")


def check_email(raw: str) -> Hasil:
    """Check an e-mail address for its form only; nothing is sent to prove it exists."""
    text = raw.strip().lower()  # first: a letter can become two
    if len(text) > 254 or not _EMAIL.fullmatch(text):
        return _error("email_format", "Alamat email harus berbentuk nama@domain.")
    return Hasil(text)


_COORDINATES = re.compile(r"\s*(-?[0-9]{1,2}(?:\.[0-9]+)?)\s*,\s*(-?[0-9]{1,3}(?:\.[0-9]+)?)\s*")


def check_titik_koordinat(raw: str) -> Hasil:
    """Check `latitude,longitude` in degrees; outside Indonesia is a warning (Lampiran A9)."""
    match = _COORDINATES.fullmatch(raw)
    if match is None:
        return _error("koordinat_format", "Tulis latitude,longitude dalam derajat desimal.")
    lintang, bujur = float(match[1]), float(match[2])
    if abs(lintang) > 90 or abs(bujur) > 180:
        return _error("koordinat_rentang", "Latitude -90..90 dan longitude -180..180 derajat.")
    value = f"{lintang:.6f},{bujur:.6f}"
    if -11.5 <= lintang <= 6.5 and 94.5 <= bujur <= 141.5:
        return Hasil(value)
    return Hasil(value, (_warning("koordinat_luar", "Titik koordinat berada di luar Indonesia."),))


def mask(value: str) -> str:
    """Return a value fit for a screen: first and last two characters, the rest hidden."""
    return value if len(value) < 3 else f"{value[:2]}{'*' * max(len(value) - 4, 3)}{value[-2:]}"
