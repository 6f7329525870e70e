"""Words of company names that are one in two languages or shortened, and institutions' acronyms.

Common knowledge of Indonesian registers, not learned from any: what letters alone cannot tell.
"""

from __future__ import annotations

_KATA = """
ASURANSI INSURANCE
BAJA STEEL
DISTRIBUSI DISTRIBUTION
EKSPRES EXPRESS
ELEKTRONIK ELEKTRONIKA ELECTRONIC ELECTRONICS
ENERGI ENERGY
FARMA PHARMA
FARMASI PHARMACEUTICAL PHARMACEUTICALS
GARMEN GARMENT GARMENTS
GRUP GROUP
INDUSTRI INDUSTRY INDUSTRIES INDUSTRIAL
INFORMATIKA INFORMATICS
INTERNASIONAL INTERNATIONAL
INVESTASI INVESTMENT INVESTMENTS
KARET RUBBER
KARGO CARGO
KEMASAN PACKAGING
KERAMIK CERAMIC CERAMICS
KERTAS PAPER
KIMIA CHEMICAL CHEMICALS
KOMUNIKASI COMMUNICATION COMMUNICATIONS
KONSTRUKSI CONSTRUCTION
KONSULTAN CONSULTANT CONSULTANTS CONSULTING
KORPORASI CORPORATION
KOSMETIK COSMETIC COSMETICS
KREATIF CREATIVE
LISTRIK ELECTRIC
LOGISTIK LOGISTIC LOGISTICS
MAKANAN FOOD FOODS
MANUFAKTUR MANUFACTURE MANUFACTURING
MEBEL MEUBEL FURNITURE
OTOMOTIF AUTOMOTIVE
PASIFIK PACIFIC
PELAYARAN SHIPPING
PERCETAKAN PRINTING
PERDAGANGAN TRADING
PERIKLANAN ADVERTISING
PERKEBUNAN PLANTATION PLANTATIONS
PERTAMBANGAN MINING
PLASTIK PLASTIC PLASTICS
PROPERTI PROPERTY PROPERTIES
SEKURITAS SECURITIES
SEKURITI SECURITY
SISTEM SYSTEM SYSTEMS
SOLUSI SOLUTION SOLUTIONS
TEKNIK ENGINEERING
TEKNOLOGI TECHNOLOGY TECHNOLOGIES
TEKSTIL TEXTILE TEXTILES
TRANSPORTASI TRANSPORTATION
WISATA TOURISM
"""
_INDONESIA = {
    other: line.split()[0] for line in _KATA.strip().splitlines() for other in line.split()
}

_SINGKATAN = {
    "CORP": "CORPORATION",
    "ENG": "ENGINEERING",
    "ENGG": "ENGINEERING",
    "INA": "INDONESIA",
    "INTL": "INTERNATIONAL",
    "MFG": "MANUFACTURING",
    "TRD": "TRADING",
}
_LEMBAGA = {
    "RSUD": "RUMAH SAKIT UMUM DAERAH",
    "RSIA": "RUMAH SAKIT IBU ANAK",
    "RSGM": "RUMAH SAKIT GIGI MULUT",
    "RSU": "RUMAH SAKIT UMUM",
    "RS": "RUMAH SAKIT",
    "BPRS": "BANK PEMBIAYAAN RAKYAT SYARIAH",
    "BPR": "BANK PERKREDITAN RAKYAT",
    "SMK": "SEKOLAH MENENGAH KEJURUAN",
    "SMA": "SEKOLAH MENENGAH ATAS",
    "SMP": "SEKOLAH MENENGAH PERTAMA",
    "SDIT": "SEKOLAH DASAR ISLAM TERPADU",
    "SD": "SEKOLAH DASAR",
    "TK": "TAMAN KANAK KANAK",
    "PDAM": "PERUSAHAAN DAERAH AIR MINUM",
    "SPBU": "STASIUN PENGISIAN BAHAN BAKAR UMUM",
    "PO": "PERUSAHAAN OTOBUS",
    "RM": "RUMAH MAKAN",
    "TB": "TOKO BANGUNAN",
    "DAPEN": "DANA PENSIUN",
}
_KOPERASI = {
    "KSP": "SIMPAN PINJAM",
    "KUD": "UNIT DESA",
    "KSU": "SERBA USAHA",
    "KOPKAR": "KARYAWAN",
}


_SATU = ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX"]
_ROMAWI = {
    f"{tens}{one}": str(10 * at + n)
    for at, tens in enumerate(("", "X"))
    for n, one in enumerate(("", *_SATU))
    if tens or one
}
_BERNOMOR = frozenset(
    {"UNIT", "PABRIK", "PLANT", "GUDANG", "TOKO", "CABANG", "SEKTOR", "BLOK", "TAHAP", "DIVISI"}
)


def in_arabic(words: list[str]) -> list[str]:
    """Return the words of a name, Roman numerals up to XIX as digits: UNIT II is UNIT 2, not III.

    A first word is a name. I, V and X are letters, too: numerals at the end or behind what is
    numbered.
    """
    out = list(words)
    for at, word in enumerate(words):
        alone = len(words) == at + 1 or words[at - 1] in _BERNOMOR
        if at and word in _ROMAWI and (len(word) > 1 or alone):
            out[at] = _ROMAWI[word]
    return out


def in_full(core: str, form: str) -> tuple[str, str]:
    """Return core words without acronyms and shortenings that all know, and the legal form."""
    first, _, rest = core.partition(" ")
    if rest and first in _KOPERASI:
        first, form = _KOPERASI[first], "KOPERASI"
    elif rest:
        first = _LEMBAGA.get(first, first)
    return " ".join(_SINGKATAN.get(w, w) for w in f"{first} {rest}".split()), form


def in_indonesian(word: str) -> str:
    """Return the Indonesian word for one that company names also bear in English."""
    return _INDONESIA.get(word, word)
