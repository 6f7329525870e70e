"""The balance names what differs, however many items a day has."""

from __future__ import annotations

import datetime as dt
import tracemalloc
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from services.kit.database import make_engine, transaction
from services.sync import imbang, imbang_putaran
from services.sync.errors import ContractError
from services.sync.imbang import HasilNeraca, JenisSelisih, KeadaanNeraca, Selisih
from services.sync.konteks import Kemajuan, Konteks
from services.sync.settings import NamaSisi
from shared_schemas.v1.amplop import Halaman
from shared_schemas.v1.kode import KeadaanUsulan
from shared_schemas.v1.neraca import ButirNeraca
from tests.conftest import MakeDatabase

BANYAK, SEHALAMAN = 40_000, 500
HARI = dt.date(2026, 6, 1)
PUKUL = dt.datetime(2026, 6, 1, 5, tzinfo=dt.UTC)
SIDIK = "ab" * 32


def id_of(n: int) -> UUID:
    """Return the id of an item; those of even numbers are the hub's."""
    return UUID(f"00000000-0000-4000-8000-{n:012x}")


class Penerima:
    """A receiver that makes its pages when they are asked for."""

    def __init__(self, numbers: list[int], usang: int = 0) -> None:
        self._numbers, self._usang = numbers, usang

    def list_butir(self, _tanggal: dt.date, kursor: str | None) -> Halaman[ButirNeraca]:
        at = int(kursor or 0)
        data = [
            ButirNeraca(
                id_usulan=id_of(n),
                sidik=SIDIK,
                keadaan=KeadaanUsulan.USANG if n == self._usang else KeadaanUsulan.DITERAPKAN,
                diterima_pada=PUKUL,
            )
            for n in self._numbers[at : at + SEHALAMAN]
        ]
        more = at + SEHALAMAN < len(self._numbers)
        return Halaman[ButirNeraca](data=data, kursor=str(at + SEHALAMAN) if more else None)


@pytest.fixture(scope="module")
def hub(make_database: MakeDatabase) -> Iterator[sa.Engine]:
    engine = make_engine(make_database("hub"), 1)
    with transaction(engine) as tx:
        tx.raw(
            "INSERT INTO usulan (id, batch, posisi, tujuan, jenis, himpunan, keadaan, sidik,"
            " dibuat_pada, diterima_pada) SELECT ('00000000-0000-4000-8000-'"
            " || lpad(to_hex(2 * n), 12, '0'))::uuid, 1, n, 'bpjs', 'penyelarasan', 'pekerja',"
            " 'diterapkan', decode(%s, 'hex'), %s, %s FROM generate_series(1, %s) n",
            (SIDIK, PUKUL, PUKUL, BANYAK),
        )
    yield engine
    engine.dispose()


def differences(engine: sa.Engine, penerima: Penerima) -> list[Selisih]:
    ctx: Any = SimpleNamespace(engine=engine, klien={NamaSisi.BPJS: penerima}, check=lambda: None)
    return imbang._differences(ctx, NamaSisi.BPJS, HARI)


def test_differences_of_a_large_day_are_named_within_bounded_memory(
    hub: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imbang, "_HALAMAN", SEHALAMAN, raising=False)
    numbers = sorted({*range(2, 2 * BANYAK + 1, 2), 7, 2 * BANYAK + 1} - {2, 5_000, 2 * BANYAK})
    penerima = Penerima(numbers, usang=6_000)
    tracemalloc.start()
    try:
        found = differences(hub, penerima)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found == [
        (id_of(2), JenisSelisih.HILANG_DI_PENERIMA),
        (id_of(7), JenisSelisih.TIDAK_DIKENAL_PENGIRIM),
        (id_of(5_000), JenisSelisih.HILANG_DI_PENERIMA),
        (id_of(6_000), JenisSelisih.KEADAAN_BERBEDA),
        (id_of(2 * BANYAK), JenisSelisih.HILANG_DI_PENERIMA),
        (id_of(2 * BANYAK + 1), JenisSelisih.TIDAK_DIKENAL_PENGIRIM),
    ]
    assert peak < 10_000_000  # both sides whole are some thirty


def test_receiver_without_items_lacks_each_of_ours(hub: sa.Engine) -> None:
    found = differences(hub, Penerima([]))
    assert len(found) == BANYAK
    assert {s.jenis for s in found} == {JenisSelisih.HILANG_DI_PENERIMA}


def test_items_that_do_not_come_in_their_order_are_refused(hub: sa.Engine) -> None:
    with pytest.raises(ContractError, match="urut"):
        differences(hub, Penerima([4, 2]))


def out_of_balance(numbers: list[int]) -> HasilNeraca:
    """Return a day on which the receiver lacks these items."""
    pengirim: Any = SimpleNamespace(tujuan=NamaSisi.BPJS, tanggal=HARI)
    lacking = [Selisih(id_of(n), JenisSelisih.HILANG_DI_PENERIMA) for n in numbers]
    waiting = [Selisih(id_of(999), JenisSelisih.BELUM_DIJAWAB)]
    keadaan = KeadaanNeraca.SELISIH if numbers else KeadaanNeraca.COCOK
    return HasilNeraca(pengirim, keadaan, selisih=waiting + lacking)


def test_sentence_says_how_many_a_few_whole_ids_and_the_remedy() -> None:
    said = imbang_putaran.describe(out_of_balance(list(range(1_234))))
    assert "1,234 butir" in said
    assert "hub neraca --sisi bpjs --tanggal 2026-06-01" in said
    assert said.count("hilang_di_penerima") == 3
    assert "dan 1,231 lagi" in said
    assert str(id_of(999)) not in said  # the next round settles it
    assert len(said) < 400
    assert "lagi." not in imbang_putaran.describe(out_of_balance([1, 2, 3]))


def test_imbalance_is_said_again_only_when_it_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    told = list[Kemajuan]()
    nothing: Any = None
    ctx = Konteks(
        nothing, nothing, {}, nothing, lambda: PUKUL, told.append, lambda: None
    )  # fmt: skip
    found = out_of_balance([])
    monkeypatch.setattr(imbang_putaran, "weigh", lambda _ctx, _sisi, _tanggal: found)

    def said() -> list[Kemajuan]:
        told.clear()
        imbang_putaran.check_balance(ctx)
        return list(told)

    assert said() == []
    found = out_of_balance([1, 2, 3, 4])
    assert [(k.tahap, k.penting) for k in said()] == [("neraca", True)]
    assert said() == []
    found = out_of_balance([1, 2, 3, 5])  # as many, the same three named first
    assert len(said()) == 1
    found = out_of_balance([])
    assert said() == []
    found = out_of_balance([1, 2, 3, 5])
    assert len(said()) == 1
    found.segel_bertentangan = True
    assert [k.tahap for k in said()] == ["neraca", "segel"]
