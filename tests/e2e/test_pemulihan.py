"""A whole database is put back to an older state while the two others went on.

Each registry and the hub in turn. What the one lost is named, said again or taken back, and both
sides' books end equal.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from typer.testing import CliRunner

from services.kit import logging
from services.sync.audit import run_audit
from services.sync.konteks import Kemajuan
from services.sync.lihat_neraca import balances
from services.sync.pulih import HILANG, HasilPulih, settle
from services.sync.settings import NamaSisi
from tests.conftest import MakeDatabase
from tests.e2e.pulih import Pemulihan, open_pemulihan
from tests.e2e.test_konvergensi import edit, seed
from tests.e2e.test_terlambat import new_worker
from tests.perintah import app

pytestmark = pytest.mark.usefixtures("log_sendiri")


@pytest.fixture
def pulih(
    make_database: MakeDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pemulihan]:
    """A pair of registries with cases that wait, as it stands when the backup is made."""
    with open_pemulihan(make_database, tmp_path_factory.mktemp("pulih")) as found:
        seed(found)
        edit(found, "bpjs", 9, "nama", 1)  # a steward's matter: held by both
        for n in (501, 502):
            new_worker(found, n)
        assert found.reconcile().converged
        yield found


def go_on(p: Pemulihan) -> None:
    """Do the work of the hours that one of the three will forget."""
    edit(p, "wlkp", 2, "jabatan", 1)  # applied at BPJS
    edit(p, "bpjs", 3, "status_kepesertaan", 1)  # applied at WLKP
    edit(p, "wlkp", 10, "nama", 1)  # held by both
    for n in (504, 505):  # queued at BPJS
        new_worker(p, n)
    p.execute("bpjs", "UPDATE badan_usaha SET status_pendaftaran = 'TERDAFTAR' WHERE id = 'bpjs-2'")
    register(p, 501)
    delete(p, 502)  # taken back
    (held, *_) = p.ask("bpjs", "GET", "/v1/usulan-ditahan")["data"]
    said = {"keadaan": "diterapkan", "alasan": "contoh"}
    p.ask("bpjs", "POST", f"/v1/usulan/{held['id_usulan']}/keputusan", json=said)
    assert p.reconcile().converged


def register(p: Pemulihan, n: int) -> None:
    cases = p.ask("bpjs", "GET", "/v1/pendaftaran", params={"batas": 100})["data"]
    (case,) = (c for c in cases if c["id_asal"] == f"wlkp-baru-{n}")
    for said in (
        {"keadaan": "terverifikasi"},
        {
            "keadaan": "terdaftar", "nomor_kepesertaan_jkn": f"00090000{n:05d}",
            "tmt_jkn": "2026-01-01", "jumlah_anggota_keluarga": 0, "status_kepesertaan": "AKTIF",
        },
    ):  # fmt: skip
        p.ask("bpjs", "POST", f"/v1/pendaftaran/{case['id']}/keputusan", json=said)


def delete(p: Pemulihan, n: int) -> None:
    query = "UPDATE pekerja SET nik = NULL, dihapus_pada = now() WHERE id = :i"
    p.execute("wlkp", query, i=f"wlkp-baru-{n}")


def settle_all(p: Pemulihan) -> dict[NamaSisi, HasilPulih]:
    found = {h.sisi: h for h in settle(p.sync, "petugas")}
    assert all(h.cocok for h in found.values()), found
    return found


def reconciled(p: Pemulihan) -> None:
    """Reconcile: both books say the same of every item, and nothing is left that nobody has."""
    assert p.reconcile().converged
    for hasil in balances(p.sync, None):
        assert hasil.selisih == []
    assert unjoined(p) == []


def unjoined(p: Pemulihan) -> list[Any]:
    """Return what differs and of which nobody waits for anybody: lost for ever."""
    return p.fetch(
        "hub",
        "SELECT jenis, himpunan, bidang, keadaan FROM temuan WHERE berlaku AND (keadaan IN"
        " ('terbuka', 'diusulkan') OR keadaan = 'diterapkan' AND jenis = 'berbeda')",
    )


def waiting(p: Pemulihan) -> dict[str, str]:
    return dict(p.fetch("bpjs", "SELECT id_asal, keadaan FROM pendaftaran"))


def test_receiver_put_back_gets_again_what_it_lost_and_holds_again_what_it_decided(
    pulih: Pemulihan,
) -> None:
    p = pulih
    p.backup("bpjs")
    go_on(p)
    sent = "SELECT id FROM usulan WHERE tujuan = 'bpjs'"
    before = {r[0] for r in p.fetch("hub", sent)}
    p.restore("bpjs")
    status, first = settle_by_command(p)
    assert status == 0
    assert first["bpjs"]["hilang"] > 0
    assert first["bpjs"]["disesuaikan"] > 0  # what a steward had decided is undecided again
    assert first["wlkp"]["hilang"] == 0
    said = {tuple(r) for r in p.fetch("hub", "SELECT oleh, alasan FROM riwayat_kotak")}
    assert {oleh for oleh, _ in said} == {"Petugas Contoh"}
    assert all(alasan.endswith(HILANG) for _, alasan in said)
    reconciled(p)
    job = "SELECT jabatan FROM pekerja WHERE id = 'bpjs-tk-2'"
    assert p.fetch("bpjs", job) == [("Mandor",)]
    assert waiting(p) == {
        "wlkp-baru-501": "potensial", "wlkp-baru-502": "dicabut", "wlkp-baru-504": "potensial",
        "wlkp-baru-505": "potensial",
    }  # fmt: skip
    # Nothing that was ever sent left the book: what holds no longer came back, and is counted.
    assert before <= {r[0] for r in p.fetch("hub", sent)}
    twice = "SELECT count(*) FROM riwayat WHERE id_rekaman = 'bpjs-tk-2' AND bidang = 'jabatan'"
    assert p.fetch("bpjs", twice) == [(1,)]
    again = settle_all(p)
    assert all(h.hilang + h.disesuaikan + h.dikenali == 0 for h in again.values()), again


def settle_by_command(p: Pemulihan) -> tuple[int, dict[str, Any]]:
    own = (
        "--data", str(p.data), "--database-url", p.sync.database_url,
        "--wlkp-url", p.sync.wlkp.base_url, "--bpjs-url", p.sync.bpjs.base_url,
    )  # fmt: skip
    done = CliRunner().invoke(app, ["sync", "pulih", "--oleh", "Petugas Contoh", *own, "--json"])
    logging.configure("uji", "CRITICAL")
    assert "butir berbeda" in done.stderr  # each day as it is looked at
    assert "putaran" not in done.stderr
    return done.exit_code, {h["sisi"]: h for h in json.loads(done.stdout)}


def test_receiver_of_notices_put_back_is_told_again(pulih: Pemulihan) -> None:
    p = pulih
    p.backup("wlkp")
    go_on(p)
    p.restore("wlkp")
    told: list[Kemajuan] = []
    p.reconcile(on_progress=told.append)  # and what was applied is seen to differ again
    assert any("hub sync pulih" in k.pesan for k in told if k.tahap == "neraca")
    assert settle_all(p)[NamaSisi.WLKP].hilang > 0
    reconciled(p)
    status = "SELECT status FROM status_jkn WHERE id_badan_usaha = 'wlkp-2'"
    assert p.fetch("wlkp", status) == [("TERDAFTAR",)]
    premium = "SELECT status_kepesertaan FROM pekerja WHERE id = '{}-tk-3'"
    assert p.fetch("wlkp", premium.format("wlkp")) == p.fetch("bpjs", premium.format("bpjs"))


def test_hub_put_back_learns_what_it_sent_and_takes_back_only_what_has_no_ground(
    pulih: Pemulihan,
) -> None:
    p = pulih
    p.backup("hub")
    go_on(p)
    delete(p, 505)  # before the hub knows again that it has proposed him
    p.restore("hub")
    applied = "SELECT id, versi, jabatan FROM pekerja ORDER BY id"
    before = p.fetch("bpjs", applied)
    assert sum(h.dikenali for h in settle_all(p).values()) > 0
    reconciled(p)
    assert {n: waiting(p)[f"wlkp-baru-{n}"] for n in (504, 505)} == {
        504: "potensial",
        505: "dicabut",
    }
    assert p.fetch("bpjs", applied) == before
    # What still holds is joined to its finding by the id that it had.
    found = "SELECT keadaan FROM temuan WHERE id_wlkp = 'wlkp-baru-504' AND jenis = 'hanya_wlkp'"
    assert p.fetch("hub", found) == [("diantre",)]
    held = "SELECT count(*) FROM usulan WHERE keadaan = 'ditahan'"
    assert p.fetch("bpjs", held) == p.fetch("hub", f"{held} AND tujuan = 'bpjs'")


def test_feed_of_a_registry_put_back_hides_nothing_from_who_read_on(pulih: Pemulihan) -> None:
    """It is written on until its numbers have passed those that the hub has seen."""
    p = pulih
    p.backup("bpjs")
    for n in range(3):
        edit(p, "bpjs", 5, "tmt_jkn", n + 1)
    p.reconcile()
    p.restore("bpjs")
    url = p.bpjs.url.set(drivername="postgresql").render_as_string(hide_password=False)
    done = CliRunner().invoke(
        app, ["umpan", "pulih", "bpjs", "--data", str(p.data), "--database-url", url]
    )
    logging.configure("uji", "CRITICAL")
    assert done.exit_code == 0, done.output
    for n in range(9):
        edit(p, "bpjs", 6 + n % 2, "tmt_jkn", n + 1)
    p.reconcile()
    assert all(h.cocok for h in run_audit(p.sync))
