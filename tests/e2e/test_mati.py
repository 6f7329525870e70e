"""kill -9 of the reconciler and of a service in the middle of a delivery: the same end state."""

from __future__ import annotations

import json
import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from services import persiapan, sintetis
from services.impor import RefusalFile
from services.kit.database import make_engine
from services.perintah.data import run_import
from services.proses import child_process, service_process
from tests.conftest import MakeDatabase

OPSI = sintetis.Opsi(perusahaan=150, pekerja=1_500, benih=7)
BATAS_DETIK = 100.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# What two systems differ in: names and times given by each, leaves under the key of each.
MILIK_SISTEM = ("id", "nomor", "diubah_pada", "jalur", "daun", "daun_tambahan")


class Sistem:
    """Two services and a reconciler as processes that can be killed, on databases of their own."""

    def __init__(self, make_database: MakeDatabase, data: Path, csv: Path) -> None:
        self.data = data
        self.urls = {nama: make_database(nama) for nama in ("wlkp", "bpjs", "hub")}
        self.ports = {nama: free_port() for nama in ("wlkp", "bpjs")}
        self.engines = {nama: make_engine(url, 1) for nama, url in self.urls.items()}
        persiapan.prepare(data)
        for nama in ("wlkp", "bpjs"):
            run_import(
                nama,
                self.urls[nama],
                data,
                csv / f"{nama}_badan_usaha.csv",
                csv / f"{nama}_pekerja.csv",
                RefusalFile(data / "ditolak.csv"),
            )

    def service(self, stack: ExitStack, nama: str) -> subprocess.Popen[bytes]:
        made = service_process(nama, self.ports[nama], self.data, self.urls[nama])
        return stack.enter_context(made)

    def reconciler(self, stack: ExitStack) -> subprocess.Popen[bytes]:
        bases = [f"https://127.0.0.1:{self.ports[n]}" for n in ("wlkp", "bpjs")]
        arguments = ["sync", "jalan", "--wlkp-url", bases[0], "--bpjs-url", bases[1]]
        made = child_process(
            "sync", [*arguments, "--data", str(self.data)], self.data, self.urls["hub"]
        )
        return stack.enter_context(made)

    def value(self, nama: str, query: str) -> Any:
        with self.engines[nama].connect() as connection:
            return connection.execute(sa.text(query)).scalar()

    def end_state(self) -> dict[str, Any]:
        """Return every record by its natural key with its version, queues and receipts counted.

        The version tells how often a record was changed: the same version, nothing applied twice.
        """
        state: dict[str, Any] = {}
        for nama, antrean in (("wlkp", "belum_lapor"), ("bpjs", "pendaftaran")):
            with self.engines[nama].connect() as connection:
                for table, key in (
                    ("badan_usaha", "id"),
                    ("pekerja", "id_badan_usaha || nik || urutan"),
                ):
                    rows = connection.execute(
                        sa.text(
                            f"SELECT {key} AS kunci,"
                            f" to_jsonb(t) - '{{{','.join(MILIK_SISTEM)}}}'::text[] AS isi"
                            f" FROM {table} t"
                        )
                    )
                    state[f"{nama}.{table}"] = {
                        r.kunci: json.dumps(r.isi, sort_keys=True) for r in rows
                    }
                for query in (
                    f"SELECT himpunan, keadaan, count(*) FROM {antrean} GROUP BY 1, 2",
                    "SELECT jenis || himpunan, keadaan, count(*) FROM usulan GROUP BY 1, 2",
                    "SELECT bidang, dasar LIKE 'usulan%', count(*) FROM riwayat GROUP BY 1, 2",
                ):
                    counted = connection.execute(sa.text(query))
                    state[f"{nama}: {query}"] = sorted(str(tuple(r)) for r in counted)
        return state

    def close(self) -> None:
        for engine in self.engines.values():
            engine.dispose()


@pytest.fixture(scope="module")
def csv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("csv")
    sintetis.generate(OPSI, folder)
    return folder


Sistems = Callable[[], Sistem]


@pytest.fixture(scope="module")
def make_sistem(
    make_database: MakeDatabase, tmp_path_factory: pytest.TempPathFactory, csv: Path
) -> Sistems:
    return lambda: Sistem(make_database, tmp_path_factory.mktemp("sistem"), csv)


@pytest.fixture(scope="module")
def undisturbed(make_sistem: Sistems) -> dict[str, Any]:
    """The end state of a run that nobody disturbs."""
    sistem = make_sistem()
    with ExitStack() as stack:
        for nama in ("wlkp", "bpjs"):
            sistem.service(stack, nama)
        assert sistem.reconciler(stack).wait(BATAS_DETIK) == 0
    state = sistem.end_state()
    sistem.close()
    return state


def wait_until(condition: Callable[[], Any], process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + BATAS_DETIK
    while not condition():
        assert time.monotonic() < until
        assert process.poll() is None
        time.sleep(0.002)


@pytest.mark.timeout(240)
def test_reconciler_killed_anywhere_ends_in_the_same_state(
    make_sistem: Sistems, undisturbed: dict[str, Any]
) -> None:
    sistem, moments = make_sistem(), random.Random(20201103)
    with ExitStack() as stack:
        for nama in ("wlkp", "bpjs"):
            sistem.service(stack, nama)
        for _ in range(4):
            process = sistem.reconciler(stack)
            try:
                process.wait(1.2 + moments.random() * 2.5)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
            process.wait()
        assert sistem.reconciler(stack).wait(BATAS_DETIK) == 0
    assert sistem.end_state() == undisturbed
    sistem.close()


@pytest.mark.timeout(240)
def test_service_killed_in_a_delivery_is_waited_for(
    make_sistem: Sistems, undisturbed: dict[str, Any]
) -> None:
    sistem = make_sistem()
    with ExitStack() as stack:
        sistem.service(stack, "wlkp")
        victim = sistem.service(stack, "bpjs")
        process = sistem.reconciler(stack)
        pending = "SELECT count(*) FROM kotak_keluar WHERE tujuan = 'bpjs' AND keadaan = 'siap'"
        sent_to_wlkp = (
            "SELECT count(*) FROM kotak_keluar WHERE tujuan = 'wlkp' AND keadaan = 'siap'"
        )
        wait_until(
            lambda: sistem.value("hub", pending) and not sistem.value("hub", sent_to_wlkp), process
        )
        victim.send_signal(signal.SIGKILL)
        victim.wait()
        time.sleep(1)
        assert process.poll() is None  # it waits
        sistem.service(stack, "bpjs")
        assert process.wait(BATAS_DETIK) == 0
    assert sistem.end_state() == undisturbed
    sistem.close()
