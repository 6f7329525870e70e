"""The declarations say what the annex says, and everything made from them is complete."""

from __future__ import annotations

import csv
import datetime as dt
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import bpjs_kepesertaan.tables
import wlkp_gateway.tables
from services.registry.tables import TABLE_OF
from shared_schemas.perjanjian import CONTOH, FIELD_SETS, load
from shared_schemas.rujukan import Himpunan, Pihak
from shared_schemas.v1.bidang import Bidang

with Path(__file__).with_name("lampiran.csv").open(encoding="utf-8", newline="") as _file:
    LAMPIRAN = {row["nomor"]: row for row in csv.DictReader(_file) if row["nomor"] != "D"}
BIDANG = [(h, b) for h, model in FIELD_SETS.items() for b in model.daftar_bidang()]
DECLARED = {b.rujukan.nomor: (h, b) for h, b in BIDANG if not b.tambahan}
EACH = pytest.mark.parametrize(
    ("himpunan", "bidang"), [pytest.param(h, b, id=f"{h}-{b.nama}") for h, b in BIDANG]
)
METADATA = (wlkp_gateway.tables.METADATA, bpjs_kepesertaan.tables.METADATA)


def test_annex_has_24_fields_in_three_groups() -> None:
    assert len(LAMPIRAN) == 24
    assert Counter(nomor[0] for nomor in LAMPIRAN) == {"A": 9, "B": 4, "C": 11}


def test_every_field_of_the_models_is_declared() -> None:
    for model in FIELD_SETS.values():
        assert [b.nama for b in model.daftar_bidang()] == list(model.model_fields)


def test_declaration_has_the_numbers_of_the_annex_in_its_order() -> None:
    assert list(DECLARED) == list(LAMPIRAN)


@pytest.mark.parametrize(("pihak", "banyak"), [(Pihak.KESATU, 17), (Pihak.KEDUA, 12)])
def test_mandatory_fields_of_a_party_are_as_many_as_in_the_annex(pihak: Pihak, banyak: int) -> None:
    assert sum(pihak in b.rujukan.wajib for _, b in BIDANG) == banyak


@pytest.mark.parametrize("nomor", LAMPIRAN)
def test_declaration_equals_the_annex(nomor: str) -> None:
    row, (himpunan, bidang) = LAMPIRAN[nomor], DECLARED[nomor]
    rujukan = bidang.rujukan
    said: dict[str, Any] = {
        "nama_field": bidang.nama,
        "uraian_pihak_kesatu": rujukan.uraian,
        "uraian_pihak_kedua": rujukan.uraian_kedua or rujukan.uraian,
        "wajib_pihak_kesatu": Pihak.KESATU in rujukan.wajib,
        "wajib_pihak_kedua": Pihak.KEDUA in rujukan.wajib,
        "wewenang": rujukan.wewenang.value,
        "perbandingan": rujukan.perbandingan.value,
        "data_pribadi": rujukan.data_pribadi,
    }
    annex = {
        key: row[key] == "ya" if isinstance(value, bool) else row[key].removesuffix("*")
        for key, value in said.items()
    }
    assert said == annex
    assert (himpunan is Himpunan.PEKERJA) == (row["kelompok"] == "pekerja")


@pytest.mark.parametrize("nomor", LAMPIRAN)
def test_star_of_the_annex_marks_what_is_not_mandatory(nomor: str) -> None:
    row = LAMPIRAN[nomor]
    for pihak in ("pihak_kesatu", "pihak_kedua"):
        assert row[f"uraian_{pihak}"].endswith("*") == (row[f"wajib_{pihak}"] == "tidak")


@EACH
def test_field_has_number_article_description_and_example(
    himpunan: Himpunan, bidang: Bidang
) -> None:
    rujukan = bidang.rujukan
    assert rujukan.nomor == "D" or rujukan.nomor in LAMPIRAN
    assert rujukan.pasal.startswith(("Pasal 5 ", "Lampiran D "))
    assert rujukan.uraian
    assert (bidang.info.description or "").endswith(".")
    assert bidang.info.examples


@EACH
def test_example_of_a_field_is_valid_and_canonical(himpunan: Himpunan, bidang: Bidang) -> None:
    example = (bidang.info.examples or [None])[0]
    made = FIELD_SETS[himpunan].model_validate({bidang.nama: example})
    value = getattr(made, bidang.nama)
    assert (value.isoformat() if isinstance(value, dt.date) else value) == example


@EACH
@pytest.mark.parametrize("metadata", METADATA, ids=["wlkp", "bpjs"])
def test_field_has_a_column_that_names_its_number(
    metadata: sa.MetaData, himpunan: Himpunan, bidang: Bidang
) -> None:
    column = metadata.tables[TABLE_OF[himpunan]].columns[bidang.nama]
    assert (column.comment or "").split(" ")[0] == bidang.rujukan.nomor


def test_sample_agreement_gives_the_authority_of_the_declaration() -> None:
    agreement = load(CONTOH)
    at = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    said = {n: agreement.wewenang(b, at) for n, (_, b) in DECLARED.items()}
    assert said == {n: b.rujukan.wewenang for n, (_, b) in DECLARED.items()}
    assert agreement.bidang_tambahan(at) == {b.nama for _, b in BIDANG if b.tambahan}
