"""The held-out registers: precision and recall have a floor, in every way a key can fail."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from services.taut.hasil import Hasil
from services.taut.tautkan import tautkan
from shared_schemas.rujukan import Himpunan
from tests.taut.dunia import Uji, make_companies, make_workers


def _rates(uji: Uji, found: Hasil) -> tuple[float, float, float]:
    linked = {
        (r["kunci_a"], r["kunci_b"]) for r in found.tabel.to_pylist() if r["putusan"] == "tertaut"
    }
    right = len(linked & uji.benar)
    records = found.laporan.rekaman_a + found.laporan.rekaman_b
    return (
        right / len(linked),
        right / len(uji.benar),
        found.laporan.tinjau_rekaman / records,
    )


@pytest.mark.parametrize(
    ("himpunan", "make", "precision", "recall"),
    [
        (Himpunan.BADAN_USAHA, lambda: make_companies(4_000, 41), 0.995, 0.97),
        (Himpunan.PEKERJA, lambda: make_workers(4_000, 42, nik="salah"), 0.999, 0.985),
        (Himpunan.PEKERJA, lambda: make_workers(4_000, 43, nik="kosong"), 0.99, 0.97),
    ],
    ids=["badan_usaha", "nik_salah", "nik_kosong"],
)
def test_held_out_registers_are_linked_precisely_and_nearly_completely(
    himpunan: Himpunan, make: Callable[[], Uji], precision: float, recall: float
) -> None:
    uji = make()
    got_precision, got_recall, review = _rates(uji, tautkan(himpunan, *uji.tables()))
    assert got_precision >= precision
    assert got_recall >= recall
    assert review < 0.03
