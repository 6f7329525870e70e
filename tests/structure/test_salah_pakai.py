"""A command that is called wrongly says which option is wrong, and shows no traceback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from services import persiapan
from services.cli import TERPUTUS
from services.kit.database import DatabaseUnavailableError
from services.kit.errors import ConfigurationError, HubError, ResultFileError
from services.perintah import sync
from tests.e2e.sistem import free_port
from tests.perintah import app


@pytest.mark.parametrize(
    ("perintah", "disebut"),
    [
        (("sintetis", "--perusahaan", "0"), "perusahaan"),
        (("sintetis", "--cabang", "2"), "cabang"),
        (("sintetis", "--provinsi", "99"), "provinsi"),
        (("demo", "--perusahaan", "-1"), "perusahaan"),
        (("demo", "--pekerja", "-1"), "pekerja"),
    ],
)
def test_option_out_of_range_is_named(
    tmp_path: Path, perintah: tuple[str, ...], disebut: str
) -> None:
    tujuan = "--keluar" if perintah[0] == "sintetis" else "--data"
    done = CliRunner().invoke(app, [*perintah, tujuan, str(tmp_path / "hasil")])
    assert done.exit_code == 2
    assert f"value: {disebut}" in " ".join(done.output.split())
    assert list(tmp_path.iterdir()) == []


def test_folder_that_cannot_be_made_is_named() -> None:
    done = CliRunner().invoke(app, ["sintetis", "--keluar", "/dev/null/provinsi"])
    assert isinstance(done.exception, ResultFileError)
    assert "provinsi" in str(done.exception)


def test_key_that_is_missing_or_damaged_is_named(tmp_path: Path) -> None:
    client = persiapan.REGISTRASI[0]
    path = client.key_path(tmp_path)
    path.parent.mkdir(parents=True)
    ask = ["klien", "assertion", client.client_id, "--layanan", "https://x", "--data"]
    for content in (None, b"", b"bukan kunci", b"\xff\x00"):
        if content is not None:
            path.write_bytes(content)
        done = CliRunner().invoke(app, [*ask, str(tmp_path)])
        assert isinstance(done.exception, ConfigurationError), content
        assert path.name in str(done.exception)


def test_embedded_server_that_cannot_start_is_an_error_with_its_remedy(tmp_path: Path) -> None:
    persiapan.prepare(tmp_path)
    pointer = tmp_path / "postgres" / "lokasi"
    pointer.parent.mkdir()
    pointer.write_text(str(tmp_path / "tidak-ada"))
    done = CliRunner().invoke(app, ["sync", "status", "--data", str(tmp_path)])
    assert isinstance(done.exception, HubError), done.exception
    assert str(pointer) in done.exception.detail


def test_reconciler_that_goes_on_does_not_need_its_database_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class BegunError(Exception):
        pass

    def begin(*_: Any, **__: Any) -> None:
        raise BegunError

    monkeypatch.setattr(sync, "run", begin)
    persiapan.prepare(tmp_path)
    down = f"postgresql://hub_layanan@127.0.0.1:{free_port()}/hub"
    ask = ["sync", "jalan", "--data", str(tmp_path), "--database-url", down]
    assert isinstance(CliRunner().invoke(app, ask).exception, DatabaseUnavailableError)
    assert isinstance(CliRunner().invoke(app, [*ask, "--terus"]).exception, BegunError)


_TERPUTUS_SENDIRI = """
import os, signal, sys
from services import cli, sintetis

def interrupted(*_):
    os.kill(os.getpid(), int(os.environ["SINYAL"]))
    signal.pause()

sintetis.generate = interrupted
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # under nohup it is ignored, and stays so
sys.argv = ["hub", "sintetis", "--keluar", sys.argv[1]]
cli.main()
"""


@pytest.mark.parametrize("sinyal", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_command_that_is_told_to_end_says_so(tmp_path: Path, sinyal: signal.Signals) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _TERPUTUS_SENDIRI, str(tmp_path / "hasil")],
        capture_output=True, text=True, check=False, timeout=60,
        env=os.environ | {"SINYAL": str(int(sinyal))},
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr.split(";")[0]) == (TERPUTUS, "", "Dihentikan")


_GAGAL_SENDIRI = """
import sys
from services import cli, sintetis
from services.kit.database import DatabaseUnavailableError

def broken(*_):
    raise {}

sintetis.generate = broken
sys.argv = ["hub", "sintetis", "--keluar", sys.argv[1]]
cli.main()
"""


def _told(tmp_path: Path, error: str) -> str:
    command = [sys.executable, "-c", _GAGAL_SENDIRI.format(error), str(tmp_path / "hasil")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (1, "")
    return done.stderr


def test_error_says_what_is_wrong_before_its_remedy(tmp_path: Path) -> None:
    title, remedy = DatabaseUnavailableError.judul, DatabaseUnavailableError.saran
    said = _told(tmp_path, "DatabaseUnavailableError")
    assert said == f"Gagal (HUB-DATABASE-001): {title}. {remedy}\n"
    said = _told(tmp_path, "DatabaseUnavailableError('Database contoh tidak menjawab.')")
    assert said == "Gagal (HUB-DATABASE-001): Database contoh tidak menjawab.\n"


def test_defect_of_ours_is_told_by_its_kind_and_place_alone(tmp_path: Path) -> None:
    said = _told(tmp_path, "ValueError('Contoh Rahasia 9273010101900001')")
    assert said.startswith("Gagal (HUB-SISTEM-001)")
    assert "ValueError" in said
    assert ":broken" in said
    assert "Rahasia" not in said
    assert "Traceback" not in said
