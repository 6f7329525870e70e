"""Seals go with the balance: who makes the own chain anew is caught by what the other side kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from services.kit import logging
from services.sync.imbang import SEGEL_BERTENTANGAN
from services.sync.konteks import Kemajuan
from services.sync.lihat_neraca import balances
from tests.conftest import MakeDatabase
from tests.e2e.conftest import Pasangan, open_pasangan
from tests.e2e.test_bukti import archives, rebuild, run
from tests.e2e.test_konvergensi import edit, seed
from tests.perintah import app

pytestmark = pytest.mark.usefixtures("log_sendiri")


@pytest.fixture
def pasangan(
    make_database: MakeDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pasangan]:
    """Two registries that were reconciled, each side with a seal that the other was told."""
    with open_pasangan(make_database, tmp_path_factory.mktemp("segel-lawan")) as found:
        seed(found)
        edit(found, "bpjs", 1, "jabatan", 1)
        assert found.reconcile().converged
        for nama in ("wlkp", "bpjs"):
            run("bukti", "segel", nama, *book(found, nama))
        logging.configure("uji", "CRITICAL")
        assert found.reconcile().converged
        yield found


def book(pasangan: Pasangan, nama: str) -> tuple[object, ...]:
    engine = pasangan.hub if nama == "hub" else pasangan.engine(nama)
    url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    return ("--data", pasangan.data, "--database-url", url)


def check(folder: Path, archive: Path, *more: object, status: int = 0) -> Any:
    keys = ("--kunci", archive.with_suffix(".json"), "--identitas", folder / "identitas")
    said = run("bukti", "periksa", archive, *keys, *more, "--json", status=status)
    (found,) = json.loads(said)["arsip"]
    return found


@pytest.mark.parametrize(("pelaku", "saksi"), [("bpjs", "hub"), ("hub", "bpjs")])
def test_rewritten_chain_is_whole_by_itself_and_named_by_the_other_s_seals(
    pasangan: Pasangan, tmp_path: Path, pelaku: str, saksi: str
) -> None:
    kept = tmp_path / "segel-lawan.json"
    told = run("bukti", "segel-lawan", saksi, "--keluar", kept, "--json", *book(pasangan, saksi))
    seals = [s["segel"] for s in json.loads(told) if s["buku"] == pelaku]
    assert seals
    archives(pasangan, tmp_path)
    archive = tmp_path / f"{pelaku}.age"
    assert check(tmp_path, archive, "--segel-lawan", kept)["utuh"]
    engine: Any = pasangan.hub if pelaku == "hub" else pasangan.engine(pelaku)
    with engine.begin() as connection:
        rebuild(connection)
    archives(pasangan, tmp_path)
    assert check(tmp_path, archive)["utuh"]
    found = check(tmp_path, archive, "--segel-lawan", kept, status=4)
    assert found["temuan"] == [
        {"nomor": int(s.split(":")[0]), "perkara": "segel yang dicatat dahulu tidak ada"}
        for s in seals
    ]


def test_side_whose_chain_became_shorter_is_told_in_the_next_balance(pasangan: Pasangan) -> None:
    """As if it had stated a higher number an hour ago, and was put back to an older state since."""
    with pasangan.hub.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE audit_segel_lawan SET nomor = nomor + 1000,"
            " dinyatakan_pada = dinyatakan_pada - interval '1 hour'"
        )
    told: list[Kemajuan] = []
    pasangan.reconcile(on_progress=told.append)
    assert [k for k in told if k.tahap == "segel" and SEGEL_BERTENTANGAN in k.pesan]
    assert not all(h.cocok for h in balances(pasangan.sync, None))


def test_kept_seal_that_was_changed_is_not_believed(pasangan: Pasangan, tmp_path: Path) -> None:
    kept = tmp_path / "segel-lawan.json"
    run("bukti", "segel-lawan", "hub", "--keluar", kept, *book(pasangan, "hub"))
    archives(pasangan, tmp_path)
    said = json.loads(kept.read_text())
    head, body, tail = said["segel"][0]["tertanda"].split(".")
    said["segel"][0]["tertanda"] = f"{head}.{body[:-4]}AAAA.{tail}"
    kept.write_text(json.dumps(said))
    done = CliRunner().invoke(
        app,
        ["bukti", "periksa", str(tmp_path / "bpjs.age"), "--kunci", str(tmp_path / "bpjs.json"),
         "--identitas", str(tmp_path / "identitas"), "--segel-lawan", str(kept)],
    )  # fmt: skip
    assert done.exit_code == 1, done.output
