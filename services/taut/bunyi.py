"""How a word sounds: one code for the old and the new Indonesian spelling.

`Soerjadi` and `Suryadi`, `Tjipto` and `Cipto`, `Jusuf` and `Yusuf` are one name each.
"""

from __future__ import annotations

import re

_GANTI = (
    ("RN", "M"),
    ("OE", "U"),
    ("DJ", "J"),
    ("TJ", "C"),
    ("SJ", "SY"),
    ("NJ", "NY"),
    ("DH", "D"),
    ("TH", "T"),
    ("BH", "B"),
    ("PH", "F"),
    ("KH", "H"),
    ("CH", "H"),
    ("GH", "G"),
    ("SH", "S"),
    ("SY", "S"),
    ("HOIR", "HAIR"),
    ("ROHM", "RAHM"),
    ("ROHIM", "RAHIM"),
    ("CK", "K"),
    ("CR", "KR"),
    ("CL", "KL"),
    ("X", "KS"),
    ("Q", "K"),
    ("V", "F"),
    ("F", "P"),
    ("Z", "S"),
    ("IY", "I"),
    ("UW", "U"),
    ("AE", "AI"),
    ("EI", "AI"),
    ("IE", "I"),
    ("EE", "I"),
    ("OO", "U"),
)
_SALAH_BACA = str.maketrans("0158", "OISB")  # what readers of paper take a letter for
_GANDA = re.compile(r"(.)\1+")
_AY = re.compile(r"[AE]Y(?![AIUEO])")
_Y_VOKAL = re.compile(r"Y(?=[AIUEO])|(?<=[^AIUEO])I(?=[AUO])")  # Setyawan, Setiawan
_TJANDRA = re.compile(r"^CH(?=AND)")  # any other CH is an Arabic one: Achmad, Choirul
_ZAIN = re.compile(r"^J(?=AIN|UBAI|ULAI|ULKI)")  # Arabic names as they are said: Jaenudin


def sound(word: str) -> str:
    """Return the code of an upper-case word; digits and other scripts stay as they are."""
    if not word.isalpha() and not word.isdecimal():
        word = word.translate(_SALAH_BACA)
    word = _GANDA.sub(r"\1", word)
    word = _TJANDRA.sub("C", word)
    for old, new in _GANTI:
        if old in word:
            word = word.replace(old, new)
    word = _ZAIN.sub("S", _AY.sub("AI", word))
    word = _Y_VOKAL.sub("J", word).replace("Y", "I")
    word = _GANDA.sub(r"\1", word)
    return word[:-1] if len(word) > 2 and word.endswith("H") else word
