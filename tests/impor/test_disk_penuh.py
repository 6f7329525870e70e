"""`hub impor` as a process of its own, its data folder on a disk that is full."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from services import persiapan
from services.kit.database import DatabaseFullError
from services.kit.postgres import PostgresServer
from services.kit.roles import Peran
from services.perintah.basisdata import embedded
from tests.disk import fill, small_disk
from tests.impor.alat import company, laid_out, worker, write_csv


def hub(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "services.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def hub_impor(data: Path, files: tuple[Path, Path]) -> subprocess.CompletedProcess[str]:
    chosen = ("--badan-usaha", files[0], "--pekerja", files[1])
    return hub("impor", "wlkp", "--data", data, *chosen)


@contextmanager
def open_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="uji-pg-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_no_room_for_the_database_is_said_and_the_import_repeated(tmp_path: Path) -> None:
    files = tmp_path / "badan_usaha.csv", tmp_path / "pekerja.csv"
    for path, row in zip(files, (company(61), worker(610, 61)), strict=True):
        columns, cells = laid_out([row])
        write_csv(path, [columns, *cells])
    # Below a folder open to all: else the server's files lie elsewhere, not on this disk.
    with open_folder() as folder, small_disk(folder / "diska", 200) as disk:
        disk.chmod(0o755)
        persiapan.prepare(disk / "data")
        with PostgresServer(disk / "data" / "postgres") as server:
            for peran in Peran:
                server.ensure_role(peran.of("bpjs"))
            ballast = fill(disk)
            with pytest.raises(DatabaseFullError, match="mengosongkan ruang"):
                embedded(server, "bpjs", Peran.LAYANAN)
            own = hub("siapkan", "--data", disk / "baru")  # keys, no database
            assert own.returncode == 1
            assert "HUB-DISKA-001" in own.stderr
            assert "Kosongkan diska" in own.stderr
            ballast.unlink()
        ballast = fill(disk)
        done = hub_impor(disk / "data", files)
        assert (done.returncode, done.stdout) == (1, "")
        assert "Ruang diska di" in done.stderr
        assert "tidak cukup bagi PostgreSQL untuk mulai; sediakan sedikitnya 4 MiB" in done.stderr
        assert not list((disk / "data").glob(".*sementara"))
        ballast.unlink()
        done = hub_impor(disk / "data", files)
        assert done.returncode == 0, done.stderr
        assert done.stdout.count("baru: 1") == 2
