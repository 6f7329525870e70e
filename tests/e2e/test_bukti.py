"""A whole reconciliation leaves whole evidence on both sides, and a side that hides is told."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pyrage
import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from services.audit.bukti import padan
from services.auth import riwayat
from services.kit.tls import RotatingTransport
from services.persiapan import SYNC_WLKP
from services.sync.run import key_auth
from tests.conftest import SABAR, MakeDatabase
from tests.e2e.conftest import Pasangan, open_pasangan
from tests.e2e.test_konvergensi import edit, seed
from tests.perintah import app

pytestmark = pytest.mark.usefixtures("log_sendiri")


@pytest.fixture(scope="module")
def pasangan(
    make_database: MakeDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pasangan]:
    """Two registries that were reconciled."""
    with open_pasangan(make_database, tmp_path_factory.mktemp("bukti")) as found:
        seed(found)
        edit(found, "bpjs", 1, "jabatan", 1)
        assert found.reconcile().converged
        yield found


@pytest.fixture(autouse=True)
def sampai_kini(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compare the last minute as well: nothing is on its way."""
    monkeypatch.setattr(padan, "TEPI", -dt.timedelta(minutes=5))


def run(*arguments: object, status: int = 0) -> str:
    done = CliRunner().invoke(app, [str(a) for a in arguments])
    assert done.exit_code == status, (done.output, done.exception)
    return done.stdout


def archives(pasangan: Pasangan, folder: Path) -> list[Path]:
    """Export hub, WLKP and BPJS with their keys to one auditor; return what checks need."""
    identity = pyrage.x25519.Identity.generate()
    (folder / "identitas").write_text(str(identity))
    made = []
    for nama in ("hub", "wlkp", "bpjs"):
        engine = pasangan.hub if nama == "hub" else pasangan.engine(nama)
        url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        own = ("--data", pasangan.data, "--database-url", url)
        path = folder / f"{nama}.age"
        run("bukti", "ekspor", nama, "--keluar", path, "--pemilik", identity.to_public(), *own)
        run("bukti", "kunci", nama, "--keluar", folder / f"{nama}.json", *own)
        made.append(path)
    return made


def check(folder: Path, *paths: Path, status: int = 0) -> Any:
    keys = [n for p in paths for n in ("--kunci", p.with_suffix(".json"))]
    identity = ("--identitas", folder / "identitas")
    return json.loads(run("bukti", "periksa", *paths, *keys, *identity, "--json", status=status))


def test_both_sides_of_a_reconciliation_agree_message_by_message(
    pasangan: Pasangan, tmp_path: Path
) -> None:
    hub, wlkp, bpjs = archives(pasangan, tmp_path)
    for service in (wlkp, bpjs):
        found = check(tmp_path, hub, service)
        assert [a["utuh"] for a in found["arsip"]] == [True, True]
        assert found["selisih"] == []
        assert all(a["catatan"] > 4 for a in found["arsip"])


def test_both_ends_say_alike_what_of_the_agreement_they_went_by(pasangan: Pasangan) -> None:
    """Each decides by its own copy, at its own moment (docs/keputusan/0030)."""
    query = sa.text("SELECT catatan FROM audit_pesan WHERE catatan->>'layanan' = :layanan")
    known = riwayat.read(pasangan.sync.perjanjian_path)
    for nama in ("wlkp", "bpjs"):
        books = []
        for engine in (pasangan.hub, pasangan.engine(nama)):
            with engine.connect() as connection:
                books.append([r[0] for r in connection.execute(query, {"layanan": nama})])
        hub, giver = books
        permitted = [c for c in giver if c["arah"] == "keluar" and "cakupan" in c]
        assert len(permitted) > 2
        assert all("sidik_perjanjian" in c for c in hub)
        for catatan in (*hub, *permitted):
            decided = dt.datetime.fromisoformat(catatan["diputus"])
            assert decided <= dt.datetime.fromisoformat(catatan["waktu"])
            assert catatan["sidik_perjanjian"] == known.sidik(decided)


def test_what_an_operator_asks_beside_a_round_is_in_the_hub_s_book(
    pasangan: Pasangan, tmp_path: Path
) -> None:
    """A download, and a request signed by hand that another program sent."""
    base = pasangan.sync.wlkp.base_url
    own = ("--data", pasangan.data, "--database-url", pasangan.sync.database_url)
    to = ("--wlkp-url", base, "--bpjs-url", pasangan.sync.bpjs.base_url)
    run("unduh", "wlkp", "pekerja", "--keluar", tmp_path / "unduhan", *to, *own)
    url, aim = f"{base}/v1/badan-usaha?batas=1", "perluasan_kepesertaan"
    signed = run("klien", "tandatangan", SYNC_WLKP.client_id, "GET", url, "--tujuan", aim, *own)
    head = dict(line.split(": ", 1) for line in signed.splitlines())
    side = pasangan.sync.wlkp
    assert side.tls is not None
    inner = RotatingTransport(side.tls.sertifikat, side.tls.otoritas)
    with httpx.Client(auth=key_auth(side), transport=inner, timeout=SABAR) as other:
        assert other.get(url, headers=head).status_code == 200
    hub, wlkp, _ = archives(pasangan, tmp_path)
    found = check(tmp_path, hub, wlkp)
    assert [a["utuh"] for a in found["arsip"]] == [True, True]
    # The other program's answer, which only WLKP saw leave.
    assert [(s["buku"], s["jenis"], s["berat"]) for s in found["selisih"]] == [
        ("wlkp", "jawaban", False)
    ]


def test_side_that_leaves_a_message_out_before_it_is_sealed_is_told(
    pasangan: Pasangan, tmp_path: Path
) -> None:
    """Its own chain is whole, so only the other side can tell."""
    service: Any = pasangan.bpjs
    with service.begin() as connection:
        rebuild(connection)
    hub, _, bpjs = archives(pasangan, tmp_path)
    found = check(tmp_path, hub, bpjs, status=5)
    assert [a["utuh"] for a in found["arsip"]] == [True, True]
    (missing,) = found["selisih"]
    assert (missing["buku"], missing["berat"]) == ("hub", True)


def rebuild(connection: sa.Connection) -> None:
    """Drop one record and have the whole chain made anew, as who holds key and database can."""
    one = "(SELECT max(id) FROM audit_pesan WHERE catatan->>'jenis' = 'permintaan')"
    connection.exec_driver_sql(f"DELETE FROM bukti_isi WHERE id = {one}")
    connection.exec_driver_sql(f"DELETE FROM audit_pesan WHERE id = {one}")
    connection.exec_driver_sql("TRUNCATE audit_rantai, audit_segel")
    connection.exec_driver_sql("UPDATE bukti_isi SET nomor = NULL")
