"""Rows of a mirror that were altered or removed in the hub's own database, and nobody noted it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from services.sync.audit import run_audit
from services.sync.konteks import Kemajuan
from tests.conftest import MakeDatabase
from tests.e2e.conftest import Pasangan, open_pasangan
from tests.e2e.test_konvergensi import edit, seed
from tests.e2e.test_terlambat import new_worker

pytestmark = pytest.mark.usefixtures("log_sendiri")

_RUSAK = 'UPDATE cermin_pekerja SET isi = isi || \'{"jabatan": "Contoh Rusak"}\' WHERE id = :id'


@pytest.fixture(scope="module")
def pasangan(
    make_database: MakeDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pasangan]:
    """A pair of registries that agree."""
    with open_pasangan(make_database, tmp_path_factory.mktemp("kerusakan")) as found:
        seed(found)
        assert found.reconcile().converged
        yield found


def damage(p: Pasangan, query: str, **values: Any) -> None:
    with p.hub.begin() as connection:
        assert connection.exec_driver_sql(query.replace(":id", "%(id)s"), values).rowcount


def repair(p: Pasangan) -> None:
    assert all(h.cocok for h in run_audit(p.sync, perbaiki=True, hitung_ulang=True))


def warnings(p: Pasangan) -> list[str]:
    """Reconcile, and return what was warned of."""
    told: list[Kemajuan] = []
    assert p.reconcile(on_progress=told.append).converged
    return [k.pesan for k in told if k.penting]


def value(p: Pasangan, nama: str, id_: str) -> str:
    ((found,),) = p.fetch(nama, "SELECT jabatan FROM pekerja WHERE id = :id", id=id_)
    return str(found)


def delete(p: Pasangan, nama: str, id_: str) -> None:
    query = "UPDATE pekerja SET nik = NULL, dihapus_pada = now() WHERE id = :id"
    p.execute(nama, query, id=id_)


def test_damaged_row_of_a_mirror_is_not_aligned_with(pasangan: Pasangan) -> None:
    p = pasangan
    right = value(p, "wlkp", "wlkp-tk-2")
    damage(p, _RUSAK, id="wlkp-tk-2")
    edit(p, "bpjs", 2, "jabatan", 1)
    (told,) = (w for w in warnings(p) if "database hub" in w)
    assert told.startswith("1 usulan dari cermin pekerja WLKP tidak dikirim")
    assert value(p, "bpjs", "bpjs-tk-2") == "Mandor"
    repair(p)
    assert warnings(p) == []
    assert value(p, "bpjs", "bpjs-tk-2") == right


def test_damaged_row_of_a_mirror_is_not_added_elsewhere(pasangan: Pasangan) -> None:
    p = pasangan
    damage(p, _RUSAK, id="wlkp-tk-3")
    delete(p, "bpjs", "bpjs-tk-3")
    query = "SELECT isi->>'jabatan' FROM pendaftaran WHERE id_asal = 'wlkp-tk-3'"
    assert any("cermin pekerja WLKP" in w for w in warnings(p))
    assert p.fetch("bpjs", query) == []
    repair(p)
    assert warnings(p) == []
    assert [r[0] for r in p.fetch("bpjs", query)] == [value(p, "wlkp", "wlkp-tk-3")]


def test_damaged_status_is_not_told(pasangan: Pasangan) -> None:
    p = pasangan
    told = "SELECT status FROM pemberitahuan WHERE id_wlkp = 'wlkp-2'"
    p.execute("bpjs", "UPDATE badan_usaha SET status_pendaftaran = 'TERDAFTAR' WHERE id = 'bpjs-2'")
    assert warnings(p) == []
    status = "UPDATE cermin_badan_usaha SET status_pendaftaran = 'DITOLAK' WHERE id = :id"
    damage(p, status, id="bpjs-2")
    p.execute("wlkp", "UPDATE badan_usaha SET alamat = 'Jalan Contoh No. 99' WHERE id = 'wlkp-2'")
    assert any("cermin badan_usaha BPJS" in w for w in warnings(p))
    assert p.fetch("hub", told) == [("TERDAFTAR",)]
    repair(p)
    assert warnings(p) == []
    assert p.fetch("hub", told) == [("TERDAFTAR",)]


def test_row_lost_here_and_then_at_its_source_is_not_forgotten(pasangan: Pasangan) -> None:
    p = pasangan
    held = new_worker(p, 601)
    p.reconcile()
    for id_ in ("wlkp-tk-4", held):
        damage(p, "DELETE FROM cermin_pekerja WHERE id = :id", id=id_)
        delete(p, "wlkp", id_)
    repair(p)
    assert p.reconcile().converged
    waiting = dict(p.fetch("wlkp", "SELECT id_asal, keadaan FROM belum_lapor"))
    assert waiting["bpjs-tk-4"] == "terbuka"
    ((state,),) = p.fetch("bpjs", "SELECT keadaan FROM pendaftaran WHERE id_asal = :id", id=held)
    assert state == "dicabut"


def test_row_whose_leaf_alone_is_damaged_is_taken_anew(pasangan: Pasangan) -> None:
    p = pasangan
    damage(p, "UPDATE cermin_pekerja SET daun = daun + 1 WHERE id = :id", id="wlkp-tk-5")
    repair(p)
    assert warnings(p) == []


@pytest.mark.parametrize(
    ("tabel", "kolom", "id_"),
    [
        ("cermin_pekerja", 'banding = banding || \'{"jabatan": "CONTOH RUSAK"}\'', "wlkp-tk-6"),
        ("cermin_pekerja", "banding = banding - 'nama'", "wlkp-tk-6"),
        ("cermin_pekerja", "nik = '9999999999999999'", "wlkp-tk-6"),
        ("cermin_badan_usaha", 'banding = banding || \'{"nama": "CONTOH RUSAK"}\'', "wlkp-1"),
    ],
)
def test_what_a_row_repeats_of_its_content_is_audited_too(
    pasangan: Pasangan, tabel: str, kolom: str, id_: str
) -> None:
    """By these the rounds compare and find; no leaf covers them."""
    p = pasangan
    query = f"SELECT to_jsonb(m) - 'bacaan' - 'nomor' FROM {tabel} m WHERE id = :id"
    before = p.fetch("hub", query, id=id_)
    damage(p, f"UPDATE {tabel} SET {kolom} WHERE id = :id", id=id_)
    found = [b.id for h in run_audit(p.sync, hitung_ulang=True) for b in h.beda]
    assert found == [id_]
    repair(p)
    assert p.fetch("hub", query, id=id_) == before
    assert warnings(p) == []
