"""Benchmarks at a tiny size: they must do the work that their figures are of.

Times are not looked at. A benchmark whose harness has drifted from the product, and which
measures nothing, raises by itself (`ukur.require`): here each is seen to run to its end.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from services.kit.postgres import PostgresServer
from tests.bench import banding, delta, ekspor, sidik, taut, taut_ubah, ukuran, warga
from tests.bench.panggung import Panggung, Proses, bare, service
from tests.bench.pelomba import PELOMBA
from tests.bench.ukur import Takaran
from tests.conftest import MakeDatabase

_REKAMAN = 1_100  # a batch of a thousand, and a page and a part that are not full
_SEKALI = Takaran(0, 0.1)  # the round that counts for nothing


@pytest.fixture(scope="module")
def panggung(
    server: PostgresServer,
    make_database: MakeDatabase,
    data: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Panggung:
    """A registry filled as for the first load, beside the tests' own server."""
    url, folder = make_database("wlkp"), tmp_path_factory.mktemp("bench")
    ekspor.fill(url, data, _REKAMAN)
    stage = Panggung(server, data, folder, folder, url, [])
    with stage.connect() as db:
        stage.nik.extend(str(nik) for (nik,) in db.execute("SELECT nik FROM pekerja"))
    return stage


@pytest.fixture(scope="module")
def layanan(panggung: Panggung) -> Iterator[Proses]:
    """The registry's service over it, as the look-ups are measured."""
    with service(panggung, bukti=False) as running:
        yield running


def test_bench_delta_compares_what_changed(make_database: MakeDatabase, tmp_path: Path) -> None:
    rounds = delta.rounds(make_database("hub"), tmp_path, 4_000)
    assert [r["dibaca"] for r in rounds] == [0, 0, 0, 4, 41, 0]
    first, *_, again = (r["temuan"] for r in rounds)
    assert again > first > 4_000 * 0.1


def test_bench_ekspor_reads_every_row(panggung: Panggung, layanan: Proses) -> None:
    assert len(ekspor.snapshots(panggung, layanan, ulangan=0)) == 3


def test_bench_umpan_reads_to_the_end(panggung: Panggung, layanan: Proses) -> None:
    assert ukuran.umpan(panggung, layanan, _SEKALI)


def test_bench_kumpulan_finds_everybody(panggung: Panggung, layanan: Proses) -> None:
    with bare(panggung) as polos:
        assert ukuran.kumpulan(panggung, layanan, polos, _SEKALI)


def test_bench_bandingkan_and_the_naive_query_find_alike(tmp_path: Path) -> None:
    a, b = warga.write_both(tmp_path / "data", 5_000)
    out = tmp_path / "hasil"
    out.mkdir()
    made = []
    for label, name in ((banding.DINGIN, "hub"), (banding.SIDIK_ADA, "hub"), ("naif", "naif")):
        answer = PELOMBA[name]()(a, b, out)
        counts = banding.answered(label, name, out, answer)
        made.append(banding.Catatan(5_000, label, 1.0, 1, jumlah=counts))
    banding.require_alike(made)


def test_bench_taut_links(capsys: pytest.CaptureFixture[str]) -> None:
    for name, himpunan, make in taut.sets(150, 7):
        uji = make()
        line = taut.measure_ours(name, himpunan, uji, *uji.tables())
        assert line.split(" | ")[1] == "hub"
    taut_ubah.measure((1_000,))
    assert len(capsys.readouterr().out.splitlines()) == 1 + len(taut_ubah.BAGIAN)


def test_bench_sidik_measures_copy_with_and_without_leaves(
    panggung: Panggung, make_database: MakeDatabase
) -> None:
    empty = replace(panggung, url=make_database("wlkp"))
    assert "tanpa daun" in sidik.trigger(empty, 100)


def test_bench_sidik_finds_and_repairs(
    panggung: Panggung, layanan: Proses, make_database: MakeDatabase
) -> None:
    """The last, because it changes the registry."""
    hub = make_database("hub")
    sidik.mirror(panggung, hub, _REKAMAN)
    banyak = sidik.Banyak(_REKAMAN, beda=40, umpan=50)
    assert len(sidik.walk(panggung, hub, layanan.base, banyak)) == 9
