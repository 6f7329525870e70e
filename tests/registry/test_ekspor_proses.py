"""The service as a process: killed, stopped, or out of disk while a snapshot is being made."""

from __future__ import annotations

import os
import resource
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from services import persiapan
from services.kit.database import make_engine
from tests.conftest import MakeDatabase, client_of
from tests.registry.ekspor_alat import fill

# Parts of a few rows, and a pause after each, so that a test can come in between.
_LAYANAN = """
import sys, time
from pathlib import Path
from services.kit.settings import ServiceSettings
from services.layanan import serve
from services.registry.ekspor import bagian, cuplikan, gudang
bagian.BARIS, cuplikan._HALAMAN = 50, 2
write = gudang.Gudang.write
def slowly(self, id_ekspor, nama, isi):
    write(self, id_ekspor, nama, isi)
    time.sleep(float(sys.argv[3]))
gudang.Gudang.write = slowly
serve("wlkp", ServiceSettings(data=Path(sys.argv[1]), port=int(sys.argv[2])))
"""
_BANYAK = 600


class Layanan:
    """A service of its own process on one data folder and one database."""

    def __init__(self, data: Path, url: str) -> None:
        self.data, self.url = data, url
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        self.base = f"https://127.0.0.1:{self.port}"
        self.http = client_of(persiapan.SYNC_WLKP, data, self.base)

    @contextmanager
    def running(self, pause: float, largest: int = 0) -> Iterator[subprocess.Popen[bytes]]:
        def limit() -> None:
            if largest:
                resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))

        process = subprocess.Popen(
            [sys.executable, "-c", _LAYANAN, str(self.data), str(self.port), str(pause)],
            env={**os.environ, "HUB_DATABASE_URL": self.url},
            stderr=subprocess.DEVNULL,
            preexec_fn=limit,  # noqa: PLW1509 - nothing else runs in the child yet
        )
        try:
            wait_for(self._is_ready)
            yield process
        finally:
            process.kill()
            process.wait()

    def _is_ready(self) -> bool:
        try:
            return self.http.get("/readyz", auth=None).status_code == 200
        except httpx.TransportError:
            return False

    def ask(self) -> str:
        answer = self.http.post(
            "/v1/ekspor/pekerja",
            json={"bentuk": "ndjson"},
            headers={"Idempotency-Key": str(uuid.uuid4())},
        )
        assert answer.status_code == 202, answer.text
        return str(answer.json()["id"])

    def show(self, id_ekspor: str) -> dict[str, Any]:
        found: dict[str, Any] = self.http.get(f"/v1/ekspor/{id_ekspor}").json()
        return found

    def wait_until(self, id_ekspor: str, keadaan: str) -> dict[str, Any]:
        wait_for(lambda: self.show(id_ekspor)["keadaan"] == keadaan)
        return self.show(id_ekspor)

    @property
    def files(self) -> list[Path]:
        return [p for p in (self.data / "wlkp" / "ekspor").rglob("*") if p.is_file()]


def wait_for(condition: Callable[[], object]) -> None:
    """Wait longer than a silent process is waited for, and than one takes to begin."""
    until = time.monotonic() + 90
    while not condition():
        assert time.monotonic() < until, "tidak terjadi"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def layanan(
    make_database: MakeDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Layanan]:
    data = tmp_path_factory.mktemp("proses")
    persiapan.prepare(data)
    made = Layanan(data, make_database("wlkp"))
    engine = make_engine(made.url, 1)
    fill(Isi(engine), _BANYAK)  # type: ignore[arg-type]
    engine.dispose()
    yield made
    made.http.close()


class Isi:
    """What `fill` needs of a registry."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine

    def execute(self, query: str, **parameters: Any) -> None:
        import sqlalchemy as sa

        with self._engine.begin() as connection:
            connection.execute(sa.text(query), parameters)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_snapshot_of_a_service_that_ended_fails_and_leaves_no_litter(
    layanan: Layanan, how: signal.Signals
) -> None:
    with layanan.running(pause=0.3) as process:
        cut = layanan.ask()
        wait_for(lambda: len(layanan.show(cut)["bagian"]) >= 2)
        waiting = layanan.ask()
        process.send_signal(how)
        process.wait(20)
    with layanan.running(pause=0):
        failed = layanan.wait_until(cut, "gagal")
        assert failed["alasan"] == "Layanan berhenti selagi ekspor disiapkan."
        assert failed["bagian"] == []
        whole = layanan.wait_until(waiting, "siap")
        assert sum(b["baris"] for b in whole["bagian"]) == _BANYAK
        folders = {p.parent.name for p in layanan.files}
        assert waiting in folders
        assert cut not in folders


def test_of_two_processes_one_makes_and_the_other_takes_over(layanan: Layanan) -> None:
    other = Layanan(layanan.data, layanan.url)
    with layanan.running(pause=0.3) as maker, other.running(pause=0), closing(other.http):
        begun = layanan.ask()
        wait_for(lambda: layanan.show(begun)["bagian"])
        waiting = other.ask()  # wakes its own process, which must leave it to the maker
        seen = len(layanan.show(begun)["bagian"])
        wait_for(lambda: len(layanan.show(begun)["bagian"]) > seen)
        assert other.show(waiting)["keadaan"] == "antre"
        maker.kill()
        maker.wait()
        assert other.wait_until(begun, "gagal")["bagian"] == []
        whole = other.wait_until(waiting, "siap")
        assert sum(b["baris"] for b in whole["bagian"]) == _BANYAK
        assert begun not in {p.parent.name for p in layanan.files}


def test_part_can_be_read_while_the_next_is_made(layanan: Layanan) -> None:
    with layanan.running(pause=0.2):
        made = layanan.ask()
        wait_for(lambda: layanan.show(made)["bagian"])
        seen = layanan.show(made)
        assert (seen["keadaan"], seen["manifes"]) == ("disiapkan", None)
        first = seen["bagian"][0]
        part = layanan.http.get(f"/v1/ekspor/{made}/{first['nama']}")
        assert len(part.content) == first["ukuran"]
        assert '"content-digest"' in part.headers["signature-input"]
        assert part.headers.get_list("content-digest") == [part.headers["repr-digest"]]
        assert layanan.wait_until(made, "siap")["bagian"][0] == first


def test_full_disk_fails_the_snapshot_and_the_service_lives_on(layanan: Layanan) -> None:
    """A limit on the size of files stands for the full disk: every user can set it."""
    with layanan.running(pause=0, largest=100):
        failed = layanan.wait_until(layanan.ask(), "gagal")
        assert "tidak dapat ditulis" in failed["alasan"]
        assert failed["id"] not in {p.parent.name for p in layanan.files}
        assert not [p for p in layanan.files if p.name.startswith(".")]
        assert layanan.http.get("/v1/perubahan/pekerja").status_code == 200
