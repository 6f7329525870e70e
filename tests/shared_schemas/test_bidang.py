"""Field sets: the obligation follows the giver, and a printed record shows no personal data."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from shared_schemas.perjanjian import FIELD_SETS
from shared_schemas.rujukan import Himpunan, Pihak
from shared_schemas.v1.badan_usaha import BadanUsaha
from shared_schemas.v1.bidang import FieldSet
from shared_schemas.v1.pekerja import Pekerja
from tests import contoh

NIK_ELOK = contoh.nik(1)


def full(himpunan: Himpunan) -> dict[str, Any]:
    """Return a record in which every field of the annex and of D has its example."""
    return {b.nama: (b.info.examples or [None])[0] for b in FIELD_SETS[himpunan].daftar_bidang()}


def cases(*, wajib: bool) -> list[Any]:
    return [
        pytest.param(himpunan, pihak, b.nama, id=f"{himpunan}-{pihak}-{b.nama}")
        for himpunan, model in FIELD_SETS.items()
        for pihak in Pihak
        for b in model.daftar_bidang()
        if (pihak in b.rujukan.wajib) is wajib
    ]


def problems(model: type[FieldSet], record: dict[str, Any], *, pesan: bool = False) -> list[Any]:
    """Return what is wrong with a record given as values, or with `pesan` as JSON text."""
    given: Any = json.dumps(record) if pesan else record
    with pytest.raises(ValidationError) as caught:
        (model.model_validate_json if pesan else model.model_validate)(given)
    return [(e["loc"], e["type"]) for e in caught.value.errors()]


@pytest.mark.parametrize(("himpunan", "pihak", "nama"), cases(wajib=True))
def test_mandatory_field_of_the_giver_may_not_be_missing(
    himpunan: Himpunan, pihak: Pihak, nama: str
) -> None:
    model, record = FIELD_SETS[himpunan].profil(pihak), full(himpunan)
    del record[nama]
    assert problems(model, record) == [((nama,), "missing")]
    (refused,) = problems(model, {**record, nama: None})
    assert refused[0] == (nama,)


@pytest.mark.parametrize(("himpunan", "pihak", "nama"), cases(wajib=False))
def test_optional_field_of_the_giver_may_be_missing(
    himpunan: Himpunan, pihak: Pihak, nama: str
) -> None:
    model, record = FIELD_SETS[himpunan].profil(pihak), full(himpunan)
    del record[nama]
    assert getattr(model.model_validate(record), nama) is None
    assert getattr(model.model_validate({**record, nama: None}), nama) is None


@pytest.mark.parametrize("pihak", Pihak)
@pytest.mark.parametrize("himpunan", Himpunan)
def test_unknown_field_is_refused(himpunan: Himpunan, pihak: Pihak) -> None:
    record = {**full(himpunan), "gaji": 1}
    assert problems(FIELD_SETS[himpunan].profil(pihak), record) == [(("gaji",), "extra_forbidden")]


@pytest.mark.parametrize("himpunan", Himpunan)
def test_field_set_without_profile_requires_nothing(himpunan: Himpunan) -> None:
    made = FIELD_SETS[himpunan].model_validate({})
    assert set(made.model_dump().values()) == {None}


def test_profile_stays_the_field_set_with_all_its_declarations() -> None:
    for model in FIELD_SETS.values():
        for pihak in Pihak:
            profil = model.profil(pihak)
            assert issubclass(profil, model)
            assert profil is model.profil(pihak)
            assert [(b.nama, b.rujukan) for b in profil.daftar_bidang()] == [
                (b.nama, b.rujukan) for b in model.daftar_bidang()
            ]


def test_giver_is_checked_and_normalised() -> None:
    made = BadanUsaha.profil(Pihak.KESATU).model_validate(
        contoh.badan_usaha(npwp=contoh.npwp(1)[1:], telepon="0812-3456-7890", kbli="1111")
    )
    assert (made.npwp, made.telepon, made.kbli) == (  # type: ignore[attr-defined]
        contoh.npwp(1),
        "+6281234567890",
        "01111",
    )


SALAH_UJI = f"{contoh.npwp(1)[:9]}{(int(contoh.npwp(1)[9]) + 1) % 10}001000"


def test_message_that_was_normalised_is_not_checked_again() -> None:
    record = contoh.badan_usaha(npwp=SALAH_UJI)
    model = BadanUsaha.profil(Pihak.KESATU)
    assert problems(model, record) == [(("npwp",), "npwp_digit_uji")]
    assert model.model_validate_json(json.dumps(record)).model_dump()["npwp"] == SALAH_UJI


@pytest.mark.parametrize(
    ("nama", "nilai"),
    [
        ("npwp", contoh.npwp(1)[1:]),
        ("npwp", "bukan angka"),
        ("telepon", "0812-3456-7890"),
        ("kbli", "1111"),
        ("email", "tanpa alamat"),
        ("titik_koordinat", "6°54'S"),
        ("kd_daerah", "32.73"),
    ],
)
def test_message_must_have_the_canonical_form(nama: str, nilai: str) -> None:
    record = contoh.badan_usaha() | {nama: nilai}
    model = BadanUsaha.profil(Pihak.KESATU)
    assert problems(model, record, pesan=True) == [((nama,), "string_pattern_mismatch")]


def test_message_must_hold_what_is_mandatory() -> None:
    record = contoh.badan_usaha(nama=None)
    model = BadanUsaha.profil(Pihak.KESATU)
    assert problems(model, record | {"nama": None}, pesan=True)[0][0] == ("nama",)


@pytest.mark.parametrize("show", [repr, str])
@pytest.mark.parametrize("pihak", [None, *Pihak])
@pytest.mark.parametrize("himpunan", Himpunan)
def test_printed_record_masks_personal_data(
    himpunan: Himpunan, pihak: Pihak | None, show: Any
) -> None:
    model = FIELD_SETS[himpunan] if pihak is None else FIELD_SETS[himpunan].profil(pihak)
    made = model.model_validate(full(himpunan))
    text = show(made)
    for bidang in model.daftar_bidang():
        shown = f"{bidang.nama}={getattr(made, bidang.nama)!r}"
        assert (shown in text) is not bidang.rujukan.data_pribadi
        assert (f"{bidang.nama}='***'" in text) is bidang.rujukan.data_pribadi


def test_error_of_a_record_does_not_repeat_the_value() -> None:
    with pytest.raises(ValidationError) as caught:
        Pekerja.model_validate({"nik": NIK_ELOK + "9", "jabatan": NIK_ELOK * 40})
    assert NIK_ELOK not in str(caught.value)


@pytest.mark.parametrize(
    ("nama", "nilai"),
    [
        ("tanggal_lahir", 809_000_000),
        ("tanggal_lahir", "15-08-1995"),
        ("tanggal_lahir", "1995-02-30"),
        ("jumlah_anggota_keluarga", True),
        ("jumlah_anggota_keluarga", -1),
        ("jumlah_anggota_keluarga", 100),
        ("nik", 3273011508950001),
        ("nama", "   "),
        ("nama", "a\x00b"),
        ("status_pekerjaan", "MAGANG-TIDAK-ADA"),
    ],
)
def test_value_of_another_kind_is_refused(nama: str, nilai: Any) -> None:
    assert [loc for loc, _ in problems(Pekerja, {nama: nilai})] == [(nama,)]
