"""Both services and the reconciler as processes of their own, to be killed and started again."""

from __future__ import annotations

import json
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from services import persiapan
from services.impor import open_refusals
from services.kit.database import make_engine
from services.perintah.data import run_import
from services.proses import child_process, service_process
from tests.conftest import MakeDatabase
from tests.perantara import Perantara

BATAS_DETIK = 100.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# What two systems differ in: names and times given by each, leaves under the key of each.
MILIK_SISTEM = ("id", "nomor", "diubah_pada", "jalur", "daun", "daun_tambahan")


class Sistem:
    """Two services and a reconciler as processes that can be killed, on databases of their own."""

    def __init__(self, make_database: MakeDatabase, data: Path, csv: Path | None) -> None:
        self.data = data
        self.urls = {nama: make_database(nama) for nama in ("wlkp", "bpjs", "hub")}
        self.ports = {nama: free_port() for nama in ("wlkp", "bpjs")}
        self.lewat: dict[str, Perantara] = {}
        self.engines = {nama: make_engine(url, 1) for nama, url in self.urls.items()}
        persiapan.prepare(data)
        if csv is not None:  # else the databases have their records
            self._import(csv)

    def _import(self, csv: Path) -> None:
        for nama in ("wlkp", "bpjs"):
            files = csv / f"{nama}_badan_usaha.csv", csv / f"{nama}_pekerja.csv"
            with open_refusals(self.data / f"{nama}_ditolak.csv", files) as refusals:
                run_import(nama, self.urls[nama], self.data, *files, refusals)

    def service(self, stack: ExitStack, nama: str) -> subprocess.Popen[bytes]:
        with pytest.MonkeyPatch.context() as environment:
            if nama in self.lewat:  # its public address is the other end of the line
                environment.setenv("HUB_PENERBIT", self.lewat[nama].url)
            made = service_process(nama, self.ports[nama], self.data, self.urls[nama])
            return stack.enter_context(made)

    def reconciler(self, stack: ExitStack) -> subprocess.Popen[bytes]:
        bases = [
            self.lewat[n].url if n in self.lewat else f"https://127.0.0.1:{self.ports[n]}"
            for n in ("wlkp", "bpjs")
        ]
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


def wait_until(condition: Callable[[], Any], process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + BATAS_DETIK
    while not condition():
        assert time.monotonic() < until
        assert process.poll() is None
        time.sleep(0.002)
