"""What a problem document says of a field: the contract's limits and codes, never what came in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

import shared_schemas
from services.kit.problems import bidang_galat
from services.registry.routing import Halamanan
from shared_schemas.v1.amplop import PencarianPekerja
from shared_schemas.v1.antrean import KeputusanPendaftaran
from shared_schemas.v1.ekspor import PermintaanEkspor
from shared_schemas.v1.laporan import Laporan
from shared_schemas.v1.usulan import KeputusanUsulan, KumpulanUsulan
from tests import contoh

RAHASIA = "3273011508959001"
USULAN = {
    "jenis": "penambahan",
    "himpunan": "pekerja",
    "id_usulan": "0b0e5a0e-6a4e-4a0e-9f0e-1d2c3b4a5f60",
    "id_badan_usaha": "BU-1",
    "isi": contoh.pekerja_bpjs(1),
}
BADAN: list[tuple[type[BaseModel], dict[str, Any]]] = [
    (Laporan, contoh.laporan("WLKP-1", [contoh.pekerja_wlkp(1)])),
    (KumpulanUsulan, {"usulan": [USULAN]}),
    (KeputusanPendaftaran, {"keadaan": "terdaftar", "tmt_jkn": "2020-01-01"}),
    (KeputusanUsulan, {"keadaan": "ditolak", "alasan": "Tidak sesuai."}),
    (PermintaanEkspor, {"bentuk": "arrow"}),
    (Halamanan, {"batas": 5, "kursor": "x"}),
]
JAHAT: list[Any] = [
    RAHASIA,
    f"2020-01-01 {RAHASIA}",
    f"{{expected}} {RAHASIA}",
    RAHASIA * 40,
    int(RAHASIA),
    -int(RAHASIA),
    [RAHASIA],
    {RAHASIA: RAHASIA},
    None,
]


def said(model: type[BaseModel], body: Any) -> dict[str, str]:
    """Return the sentence of each refused place."""
    try:
        model.model_validate(body)
    except ValidationError as error:
        return {b.jalur: b.pesan for b in bidang_galat(list(error.errors()))}
    return {}


@pytest.mark.parametrize(
    ("model", "body", "place", "sentence"),
    [
        (PermintaanEkspor, {"bentuk": "csv"}, "bentuk", "Pilih salah satu: ndjson, arrow."),
        (
            KeputusanUsulan,
            {"keadaan": "lain", "alasan": "x"},
            "keadaan",
            "Pilih salah satu: diterapkan, ditolak.",
        ),
        (
            KeputusanUsulan,
            {"keadaan": "ditolak", "alasan": "x" * 501},
            "alasan",
            "Teks terlalu panjang: paling banyak 500 karakter.",
        ),
        (
            KeputusanUsulan,
            {"keadaan": "ditolak", "alasan": ""},
            "alasan",
            "Teks terlalu pendek: paling sedikit 1 karakter.",
        ),
        (Halamanan, {"batas": 1001}, "batas", "Bilangan terlalu besar: paling banyak 1.000."),
        (Halamanan, {"batas": 0}, "batas", "Bilangan terlalu kecil: paling sedikit 1."),
        (PencarianPekerja, {"nik": []}, "nik", "Butir kurang: paling sedikit 1."),
        (
            PencarianPekerja,
            {"nik": [contoh.nik(n) for n in range(1_001)]},
            "nik",
            "Terlalu banyak butir: paling banyak 1.000.",
        ),
        (
            KeputusanPendaftaran,
            {"keadaan": "terdaftar", "tmt_jkn": 20200101},
            "tmt_jkn",
            "Isi tanggal YYYY-MM-DD.",
        ),
        (
            KeputusanPendaftaran,
            {"keadaan": "terdaftar", "jumlah_anggota_keluarga": "tiga"},
            "jumlah_anggota_keluarga",
            "Isi dengan bilangan bulat dalam batas bidang ini.",
        ),
    ],
    ids=lambda v: v if isinstance(v, str) and " " not in v else "",
)
def test_refusal_names_what_is_allowed(
    model: type[BaseModel], body: Any, place: str, sentence: str
) -> None:
    assert said(model, body) == {place: sentence}


def test_unknown_kind_of_proposal_is_told_the_kinds() -> None:
    (sentence,) = said(KumpulanUsulan, {"usulan": [{**USULAN, "jenis": RAHASIA}]}).values()
    assert {"penambahan", "penyelarasan", "status_pendaftaran"} <= set(re.findall(r"\w+", sentence))
    assert RAHASIA not in sentence


def test_every_check_of_our_own_has_its_sentence_heard() -> None:
    folder = Path(shared_schemas.__file__).parent
    source = "\n".join(p.read_text(encoding="utf-8") for p in folder.rglob("*.py"))
    named = re.findall(r'(?:PydanticCustomError|_error)\(\s*"(\w+)"', source)
    named += re.findall(r'custom_error_type="(\w+)"', source)
    named += re.findall(r'"(\w+_bentuk)"', source)
    assert {"alasan_wajib", "bilangan_bulat", "jenis_usulan", "tanggal_bentuk"} <= set(named)
    for kode in named:
        error = {"type": kode, "loc": ("isi",), "msg": "Kalimat."}
        (heard,) = bidang_galat([error])
        assert heard.pesan != "Nilai tidak sah.", kode


def _spoilt(value: Any) -> Iterator[Any]:
    """Yield a body with each of its places, in turn, made every wrong thing."""
    yield from JAHAT
    if isinstance(value, dict):
        yield {**value, RAHASIA: RAHASIA}
        for name, inner in value.items():
            for other in _spoilt(inner):
                yield {**value, name: other}
    elif isinstance(value, list):
        for other in _spoilt(value[0]):
            yield [other]
        yield value * 20_001


@pytest.mark.parametrize(("model", "body"), BADAN, ids=lambda v: getattr(v, "__name__", ""))
def test_no_value_of_the_sender_comes_back(model: type[BaseModel], body: Any) -> None:
    assert said(model, body) == {}
    refused = 0
    for spoilt in _spoilt(body):
        heard = said(model, spoilt)
        refused += bool(heard)
        text = json.dumps(heard)
        assert RAHASIA not in text.replace(".", "")
        assert "None" not in text
    assert refused > len(JAHAT)
