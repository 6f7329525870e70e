"""A company's name taken apart: core words, legal form, kind, and the branch that it names."""

from __future__ import annotations

import re
from enum import IntEnum
from functools import cache
from typing import NamedTuple

from services.taut.bersih import marks, words
from services.taut.padanan import in_arabic, in_full
from services.taut.pengisi import written
from shared_schemas.bentuk_normal import fold
from shared_schemas.bentuk_normal import split_nama_badan_usaha as split_nama
from shared_schemas.wilayah import kabupaten_kota, provinsi

_TITIK = re.compile(r"(?<=\b[A-Z])\.\s*(?=[A-Z]\b)")
_BENTUK_PANJANG = (
    ("PERSEROAN TERBATAS", "PT"),
    ("PERSEROAN KOMANDITER", "CV"),
    ("COMMANDITAIRE VENNOOTSCHAP", "CV"),
    ("PERUSAHAAN UMUM DAERAH", "PERUMDA"),
    ("PERUSAHAAN UMUM", "PERUM"),
    ("PERUSAHAAN DAGANG", "UD"),
    ("USAHA DAGANG", "UD"),
    ("P T", "PT"),
    ("C V", "CV"),
    ("U D", "UD"),
    ("F A", "FA"),
)
_BENTUK_LAIN = {"PD": "UD", "FIRM": "FIRMA", "KOP": "KOPERASI", "YYS": "YAYASAN", "NV": "PT",
                "YAY": "YAYASAN"}  # fmt: skip
_PENGHUBUNG = {"DAN", "AND"}
_CABANG = re.compile(r"(?<=\w) (?:KANTOR )?(?:CABANG|CAB|KCP|KCU|KC|PERWAKILAN) (.+)$")
_TANDA_CABANG = (" CAB", " KC", " PERWAKILAN")  # a look into each name that costs next to nothing


class Jenis(IntEnum):
    """What kind of body a name tells; a business and its pension fund are two, or its holding."""

    TAK_DISEBUT = 0
    USAHA = 1
    KOPERASI = 2
    YAYASAN = 3
    DANA_PENSIUN = 4
    KOPERASI_KARYAWAN = 5
    INDUK = 6


_SINGKATAN_WILAYAH = {
    "JABAR", "JATENG", "JATIM", "KALBAR", "KALSEL", "KALTARA", "KALTENG", "KALTIM", "KEPRI", "NTB",
    "NTT", "SULSEL", "SULTENG", "SULTRA", "SULUT", "SUMBAR", "SUMSEL", "SUMUT",
}  # fmt: skip
_PULAU = {"JAWA", "KALIMANTAN", "LOMBOK", "SULAWESI", "SUMATERA", "SUMATRA", "NUSA TENGGARA"}
_SEBUTAN_PROVINSI = re.compile(r"^(?:DAERAH (?:KHUSUS IBUKOTA|ISTIMEWA)|KEPULAUAN) ")
_INDUK = frozenset({"HOLDING", "HOLDINGS"})


_JENIS_BENTUK = {"": Jenis.TAK_DISEBUT, "KOPERASI": Jenis.KOPERASI, "YAYASAN": Jenis.YAYASAN}
_JENIS_KATA = (
    (("DANA PENSIUN ", "DANAPENSIUN "), Jenis.DANA_PENSIUN),
    (("KARYAWAN ", "PEGAWAI ", "KOPERASI KARYAWAN ", "KOPERASI PEGAWAI ", "KPRI "),
     Jenis.KOPERASI_KARYAWAN),
    (("KOPERASI ",), Jenis.KOPERASI),
)  # fmt: skip


class NamaUsaha(NamedTuple):
    """Core words, legal form, the words that name the branch, kind, the region at the core's end.

    What a name does not tell is "".
    """

    inti: str
    bentuk: str
    cabang: str
    jenis: Jenis
    daerah: str


def company_name(text: str) -> NamaUsaha:
    """Return the parts of a company's name in whatever spelling."""
    head, branch = fold(marks(written(text))), ""
    if " - " in head:
        before, _, after = head.rpartition(" - ")
        place = " ".join(words(after))
        if before and _bare(place) in _kabupaten_kota():
            head, branch = before, place
    plain, forms = _without_forms(" ".join(words(_TITIK.sub("", head).replace("'", ""))))
    if any(m in plain for m in _TANDA_CABANG) and (found := _CABANG.search(plain)):
        plain, branch = plain[: found.start()], found[1]
    tokens = plain.split()
    for at in (0, -1):
        if len(tokens) > 1 and tokens[at] in _BENTUK_LAIN:
            forms.append(_BENTUK_LAIN[tokens.pop(at)])
    kept = [t for t in tokens if t not in _PENGHUBUNG] or tokens
    core, form = in_full(" ".join(in_arabic(kept)), forms[0] if forms else "")
    return NamaUsaha(core, form, branch and _bare(branch), _kind(core, form), _region_behind(core))


def _region_behind(core: str) -> str:
    """Return the region that ends a name, "" for none: groups call their companies by regions."""
    tokens = core.split()
    for count in (3, 2, 1):
        last = " ".join(tokens[-count:])
        if len(tokens) > count and last in _regions():
            return last
    return ""


def _kind(core: str, form: str) -> Jenis:
    if not _INDUK.isdisjoint(core.split()):
        return Jenis.INDUK
    for beginnings, kind in _JENIS_KATA:
        if core.startswith(beginnings):
            return kind
    return _JENIS_BENTUK.get(form, Jenis.USAHA)


def _without_forms(plain: str) -> tuple[str, list[str]]:
    for long, short in _BENTUK_PANJANG:
        if plain.startswith(f"{long} "):
            plain = f"{short} {plain[len(long) + 1 :]}"
        elif plain.endswith(f" {long}"):
            plain = f"{plain[: -len(long) - 1]} {short}"
    forms: list[str] = []
    for _ in range(3):  # "PT X, PT" and "CV X (PERSERO) TBK" occur
        if plain.isascii():
            plain, form = split_nama(plain)
            if form:
                forms.append(form)
    return plain, forms


def _bare(place: str) -> str:
    """Return the name of a place without what kind of place it is."""
    kinds = {"KAB", "KABUPATEN", "KOTA", "ADMINISTRASI"}
    return " ".join(in_arabic(["CABANG", *(w for w in place.split() if w not in kinds)])[1:])


@cache
def _regions() -> frozenset[str]:
    """Return how groups name regions: provinces, islands, kabupaten and kota, and short forms."""
    found = {_SEBUTAN_PROVINSI.sub("", " ".join(words(name))) for name in provinsi()}
    return frozenset(found | _PULAU | _SINGKATAN_WILAYAH) | _kabupaten_kota()


@cache
def _kabupaten_kota() -> frozenset[str]:
    return frozenset(_bare(" ".join(words(name))) for name in kabupaten_kota())
