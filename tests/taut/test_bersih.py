"""Single values as people write them: what of an address is street and what is region."""

from __future__ import annotations

import pytest

from services.taut.bersih import Alamat, address


@pytest.mark.parametrize(
    ("text", "street", "region"),
    [
        ("Jl. Melati No. 12, RT 011/RW 005, Kel. Contoh, Kab. Uji", "MELATI 12", "CONTOH UJI"),
        ("JLN. MELATI NO 12 RT11/RW5 CONTOH UJI 68834", "MELATI 12", "CONTOH UJI 68834"),
        ("KP MELATI RT.9/12 CONTOH KEC. UJI", "KP MELATI", "CONTOH UJI"),
        ("Kp. Melati RT 05 No. 12, Contoh 68834", "KP MELATI 12", "CONTOH 68834"),
        ("Jl. Melati 12 RT 3 68834", "MELATI 12", "68834"),
        ("Jl. Melati 12, Rt 03 / 011 Contoh", "MELATI 12", "CONTOH"),
        ("Melati Court 12/3 Contoh", "MELATI COURT 12 3", "CONTOH"),
        ("JL MELATI 12 CONTOH KOTA UJI", "MELATI 12", "CONTOH UJI"),
        ("Melati 12A, Contoh", "MELATI 12 A", "CONTOH"),
        ("RT 3 RW 4, Jl. Melati No. 12", "MELATI 12", ""),
        ("Desa Contoh, Jl. Melati 12", "MELATI 12", "CONTOH"),
        ("Jl. 17 Agustus No. 5 Blok C3, Contoh", "17 AGUSTUS 5 BLOK C 3", "CONTOH"),
        ("Perumahan Melati 2 Blok C5/7, Jl. Kenanga", "PERUMAHAN MELATI 2 BLOK C 5 7 KENANGA", ""),
        ("12 melati street 3121", "12 MELATI STREET 3121", ""),
    ],
)
def test_regions_are_known_by_title_or_by_what_they_follow(
    text: str, street: str, region: str
) -> None:
    assert address(text) == Alamat(street, region)
