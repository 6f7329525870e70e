"""A snapshot is given only while the agreement gives it, and only the fields it gives."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from services import persiapan
from services.auth.klien import KlienAuth
from tests.conftest import BASE, Jam, MakeDatabase, Registri, open_registri
from tests.registry.ekspor_alat import ask, fill, make, rows_of


@pytest.fixture
def registri(make_database: MakeDatabase, tmp_path: Path) -> Iterator[Registri]:
    with open_registri("wlkp", make_database("wlkp"), tmp_path) as opened:
        fill(opened, 5)
        yield opened


def change(registri: Registri, **values: Any) -> None:
    path = registri.data / "perjanjian.yaml"
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | values))


def part(registri: Registri, made: dict[str, Any]) -> Any:
    return registri.klien.get(f"/v1/ekspor/{made['id']}/{made['bagian'][0]['nama']}")


def without_fields(registri: Registri) -> None:
    document = yaml.safe_load((registri.data / "perjanjian.yaml").read_text())
    adendum = [a | {"bidang_tambahan": [], "skema_bidang": {}} for a in document["adendum"]]
    change(registri, adendum=adendum)


def test_ended_agreement_gives_no_part_and_no_snapshot(registri: Registri) -> None:
    made = make(registri)
    assert part(registri, made).status_code == 200
    change(registri, pengakhiran={
        "nomor": "UJI/1", "disepakati": "2024-01-01", "hari_terakhir": "2024-06-30", "fiktif": True,
    })  # fmt: skip
    for answer in (part(registri, made), registri.klien.get(f"/v1/ekspor/{made['id']}")):
        assert (answer.status_code, answer.json()["kode"]) == (403, "KLIEN-PERJANJIAN-001")


@pytest.mark.parametrize(
    ("dimiliki", "kurang"), [("pekerja", "badan_usaha"), ("badan_usaha", "pekerja")]
)
def test_who_could_not_read_a_snapshot_of_workers_is_told_when_asking(
    registri: Registri, dimiliki: str, kurang: str
) -> None:
    sync = persiapan.SYNC_WLKP
    registri.klien.auth = KlienAuth(
        BASE, sync.client_id, sync.key_path(registri.data), f"perjanjian:{dimiliki}:baca"
    )
    refused = ask(registri)
    assert (refused.status_code, refused.json()["kode"]) == (403, "KLIEN-OTORISASI-001")
    assert f"perjanjian:{kurang}:baca" in refused.json()["detail"]
    assert registri.fetch("SELECT 1 FROM ekspor") == []


def test_right_to_workers_is_asked_at_every_part(
    make_database: MakeDatabase, tmp_path: Path
) -> None:
    with open_registri("bpjs", make_database("bpjs"), tmp_path) as registri:
        fill(registri, 5)
        made = make(registri)
        assert part(registri, made).status_code == 200
        change(registri, sakelar={"data_pekerja_untuk_pihak_kesatu": False})
        answer = part(registri, made)
        assert (answer.status_code, answer.json()["kode"]) == (403, "KLIEN-PERJANJIAN-003")


@pytest.mark.parametrize("bentuk", ["ndjson", "arrow"])
def test_fields_follow_the_addendum(registri: Registri, bentuk: str) -> None:
    with_extra = make(registri, bentuk)
    row = rows_of(bentuk, part(registri, with_extra).content)[0]
    assert "hubungan_kerja" in (row if bentuk == "arrow" else row["isi"])
    without_fields(registri)
    gone = part(registri, with_extra)
    assert (gone.status_code, gone.json()["kode"]) == (410, "KLIEN-EKSPOR-002")
    row = rows_of(bentuk, part(registri, make(registri, bentuk)).content)[0]
    assert "hubungan_kerja" not in (row if bentuk == "arrow" else row["isi"])


def test_snapshot_expires_and_its_files_go(registri: Registri) -> None:
    made = make(registri)
    service = registri.app.state.service
    object.__setattr__(
        service.ekspor, "clock", Jam(dt.datetime.now(dt.UTC) + dt.timedelta(hours=25))
    )
    answer = part(registri, made)
    assert (answer.status_code, answer.json()["kode"]) == (410, "KLIEN-EKSPOR-002")
    service.petugas.work()
    assert list((registri.data / "wlkp" / "ekspor").iterdir()) == []
