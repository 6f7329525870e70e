"""A command that is called wrongly says which option is wrong, and shows no traceback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from services import persiapan
from services.kit.database import DatabaseUnavailableError
from services.kit.errors import ConfigurationError, HubError, ResultFileError
from services.kit.process import TERPUTUS, nothing_begun
from services.perintah import jejak, sync
from tests import contoh
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
    assert done.output.startswith(f"Salah pakai: {disebut} ")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("perintah", "katanya"),
    [
        (("bandingkan", "a.csv"), "argumen B harus diberikan."),
        (("bandingkan", "a.csv", "b.csv"), "--keluar harus diberikan."),
        (("klien", "tambah"), "argumen nama harus diberikan; pilih wlkp atau bpjs."),
        (("impor", "wlpk"), "argumen nama: nilainya tidak dikenal; pilih wlkp atau bpjs."),
        (("impor", "wlkp", "--lembar"), "opsi --lembar perlu nilai."),
        (("bandingkan", "--kelua"), "opsi --kelua tidak dikenal; mungkin maksudnya --help, "),
        (("sync", "jalan", "--terus=1"), "opsi --terus tidak menerima nilai."),
        (("sync", "jaln"), "perintah jaln tidak dikenal; mungkin maksudnya jalan."),
        (("sintetis", "--perusahaan", "banyak"), "--perusahaan: isi dengan bilangan bulat."),
        (("neraca", "--tunggu", "1,5"), "--tunggu: isi dengan bilangan, desimalnya dengan titik."),
        (("neraca", "--tanggal", "20"), "--tanggal: isi dengan tanggal YYYY-MM-DD."),
        (("layanan", "wlkp", "--proses", "0"), "--proses: paling sedikit 1."),
        (("layanan", "wlkp", "--proses", "65"), "--proses: paling banyak 64."),
        (("migrasi", "--sandi-layanan", "/tidak-ada"),
         "--sandi-layanan: '/tidak-ada' tidak ada; periksa nama dan foldernya."),
    ],
)  # fmt: skip
def test_wrong_call_is_told_in_indonesian_with_what_to_write(
    perintah: tuple[str, ...], katanya: str
) -> None:
    done = CliRunner().invoke(app, perintah)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(f"Salah pakai: {katanya}")
    assert "--help" in done.stderr
    assert done.stderr.count("\n") == 1


def test_file_that_may_not_be_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.csv").touch()
    monkeypatch.setattr(os, "access", lambda *_: False)  # the tests may run as root
    done = CliRunner().invoke(app, ["bandingkan", str(tmp_path / "a.csv")])
    said = f"argumen A: '{tmp_path}/a.csv' tidak dapat dibaca pengguna ini; minta hak berkas"
    assert (done.exit_code, said in done.stderr) == (2, True)


@pytest.mark.parametrize(
    "perintah",
    [
        ("jejak-nik", "wlkp", contoh.nik(7)),
        ("jejak-nik", contoh.nik(7)),
        ("sync", contoh.nik(7)),
        ("sync", f"--{contoh.nik(7)}"),
        ("neraca", "--tunggu", contoh.nik(7) + "x"),
        ("neraca", "--tanggal", contoh.nik(7)),
    ],
)
def test_wrong_call_repeats_nothing_that_may_be_a_number_of_a_person(
    perintah: tuple[str, ...],
) -> None:
    done = CliRunner().invoke(app, perintah)
    assert done.exit_code == 2
    assert done.output.startswith("Salah pakai: ")
    assert contoh.nik(7) not in done.output


def test_question_that_nobody_answers_is_told_in_indonesian(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def nobody(*_: Any, **__: Any) -> None:
        raise typer.Abort

    monkeypatch.setattr(jejak, "read_nik", nobody)
    done = CliRunner().invoke(app, ["jejak-nik", "wlkp"])
    assert (done.exit_code, done.stderr.split(";")[0]) == (
        1, "Masukan berakhir sebelum pertanyaan dijawab",
    )  # fmt: skip


def test_interrupt_at_a_question_is_one_as_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any, **__: Any) -> None:  # as typer.prompt tells it
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt:
            raise typer.Abort from None

    monkeypatch.setattr(jejak, "read_nik", interrupted)
    done = CliRunner().invoke(app, ["jejak-nik", "wlkp"])
    assert done.exit_code == TERPUTUS


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


_TERPUTUS_MEMUAT = """
import os, signal, sys

class Interrupting:
    def find_spec(self, name, *_):
        if name == os.environ["MODUL"]:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupting())
sys.argv = ["hub", "kunci", "daftar"]
from services import cli
cli.main()
"""


@pytest.mark.parametrize("modul", ["typer", "services.perintah.umum", "services.perintah.kunci"])
def test_interrupt_while_the_program_loads_shows_no_traceback(modul: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _TERPUTUS_MEMUAT], capture_output=True, text=True, check=False,
        timeout=60, env=os.environ | {"MODUL": modul},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (TERPUTUS, "")
    assert done.stderr.startswith("Dihentikan")
    assert done.stderr.count("\n") == 1


def test_loading_leaves_the_interrupt_as_it_was() -> None:
    with nothing_begun():
        during = signal.getsignal(signal.SIGINT)
    assert during is not signal.default_int_handler
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with nothing_begun():
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


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
