"""What the evidence log costs: signed messages over mTLS, with and without records.

By the processor's clock, of caller, service and PostgreSQL together, so that others on the machine
disturb little. The sealer's work is in it: what was recorded is sealed before the clock is read.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx

from services import persiapan
from services.audit.bukti.buku import BukuBukti
from services.audit.bukti.isi import Amplop
from services.auth.pesan_klien import SigningTransport
from services.auth.saksi import Hak, SaksiKlien
from services.kit import migration
from services.kit.clock import system_clock
from services.kit.database import make_engine
from services.proses import base_url
from shared_schemas.perjanjian import load
from tests.bench.panggung import Panggung, Proses, auth_of, service
from tests.bench.segel import CARI, MITRA, over_tls
from tests.bench.ukur import Hasil, Takaran, alternate, tell

_UMPAN = "/v1/perubahan/pekerja?batas=1000"
_SATUAN = "panggilan per detik CPU"
_PANGGILAN = 60  # of one measurement: some seconds of the processor's time
_TERSEGEL_DETIK = 60.0
_TANPA = "mTLS+tanda tanpa bukti"

Panggil = Callable[[httpx.Client, int], httpx.Response]


@dataclass(frozen=True, slots=True)
class _Pihak:
    """A caller and the service that it calls."""

    panggung: Panggung
    klien: httpx.Client
    proses: Proses

    def rate(self, call: Panggil) -> float:
        """Return calls a second of processor time. Raises on a refusal."""
        before = self._used()
        for n in range(_PANGGILAN):
            call(self.klien, n).raise_for_status()
        self._await_seals()
        return _PANGGILAN / (self._used() - before)

    def _used(self) -> float:
        with self.panggung.connect() as db:
            row = db.execute("SELECT pg_backend_pid()").fetchone()
            server = _parent(int(str((row or (0,))[0])))
            # What a backend used is its parent's once it ends.
            pids = [server, *(p for p in _all() if _parent(p) == server), self.proses.pid]
            return time.process_time() + sum(map(_seconds, pids))

    def _await_seals(self) -> None:
        until = time.monotonic() + _TERSEGEL_DETIK
        with self.panggung.connect() as db:
            while time.monotonic() < until:
                query = "SELECT 1 FROM bukti_isi WHERE nomor IS NULL LIMIT 1"
                if db.execute(query).fetchone() is None:
                    return
                time.sleep(0.2)
        raise RuntimeError("Bukti tidak tersegel.")


def bukti(panggung: Panggung, takaran: Takaran) -> list[Hasil]:
    """Look-ups of one and of a thousand and pages of the feed."""
    nik = list(dict.fromkeys(panggung.nik))
    calls: dict[str, Panggil] = {
        "cari satu NIK": lambda c, n: c.post(CARI, json={"nik": [nik[n % len(nik)]]}),
        "cari 1.000 NIK": lambda c, n: c.post(CARI, json={"nik": _slice(nik, n)}),
        "umpan 1.000": lambda c, _: c.get(_UMPAN),
    }
    figures: list[Hasil] = []
    with (
        service(panggung, tls=True, HUB_BUKTI_SEGEL_DETIK="1") as tercatat,
        # On the same database: only one of the two may seal.
        service(panggung, tls=True, bukti=False, HUB_BUKTI_SEGEL_DETIK="0") as tanpa,
        _witness(panggung) as saksi,
        _caller(panggung, tercatat, None) as satu_sisi,
        _caller(panggung, tercatat, saksi) as dua_sisi,
        _caller(panggung, tanpa, None) as polos,
    ):
        for nama, call in calls.items():
            tell(f"{nama}: dengan dan tanpa bukti")
            without = partial(polos.rate, call)
            for apa, caller in (("bukti layanan", satu_sisi), ("bukti kedua sisi", dua_sisi)):
                hasil = Hasil(f"{nama}, {apa}", _TANPA, _SATUAN)
                ours = partial(caller.rate, call)
                figures += alternate(takaran.ulangan, ours, [(hasil, without)])
    return figures


def _all() -> Iterator[int]:
    return (int(p.name) for p in Path("/proc").iterdir() if p.name.isdecimal())


def _stat(pid: int) -> list[str]:
    """Return what the system says of a process, from its parent's id on; zeros when it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1:]
    except OSError:
        return ["0"] * 16


def _parent(pid: int) -> int:
    return int(_stat(pid)[0])


def _seconds(pid: int) -> float:
    """Return the processor time of a process and of its children that ended."""
    return sum(map(int, _stat(pid)[10:14])) / os.sysconf("SC_CLK_TCK")


def _slice(nik: list[str], n: int) -> list[str]:
    at = n * 1_000 % max(len(nik) - 1_000, 1)
    return nik[at : at + 1_000]


@contextmanager
def _witness(panggung: Panggung) -> Iterator[SaksiKlien]:
    panggung.server.ensure_database("hub_bukti")
    url = panggung.server.url("hub_bukti")
    migration.upgrade(url, "hub")
    engine = make_engine(url, 2)
    buku = BukuBukti("hub", engine, Amplop(bytes(32)), 2**20, system_clock)
    yield SaksiKlien(buku, "wlkp", MITRA.client_id, lambda _: Hak("pihak_kedua", "uji", None))
    engine.dispose()


@contextmanager
def _caller(panggung: Panggung, proses: Proses, saksi: SaksiKlien | None) -> Iterator[_Pihak]:
    nomor = load(panggung.data / "perjanjian.yaml").nomor
    key = persiapan.SYNC_WLKP.message_key_path(panggung.data)
    transport = SigningTransport(over_tls(panggung), key, lambda: nomor, saksi=saksi)
    base = base_url(proses.port, tls=True)
    head = {"Tujuan": "perluasan_kepesertaan"}
    auth = auth_of(panggung, base)
    with httpx.Client(
        base_url=base, auth=auth, headers=head, transport=transport, timeout=60
    ) as client:
        yield _Pihak(panggung, client, proses)
