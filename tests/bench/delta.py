"""What a round costs after a change, beside a round over everything: stage by stage.

The first full round reads both registries too (`cermin`); changes arrive over HTTP from a feed.
PostgreSQL is set up for the size, as its documentation advises: a quarter of the memory is its own.
"""

from __future__ import annotations

import datetime as dt
import itertools
import json
import os
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from services.auth.riwayat import BerkasPerjanjian
from services.kit import migration
from services.kit.database import make_engine, transaction
from services.kit.interpreter import expect_records
from services.kit.postgres import PostgresServer
from services.sync import sentuhan
from services.sync.compare import compare_all
from services.sync.klien import KlienRegistri
from services.sync.konteks import Konteks
from services.sync.link import link_companies
from services.sync.propose import propose_all
from services.sync.pull import pull_pages
from services.sync.settings import NamaSisi, Sisi, SyncSettings
from shared_schemas.perjanjian import CONTOH
from shared_schemas.rujukan import Himpunan
from tests.bench.cermin import PER_USAHA, company, note_read, person, read_both, usaha
from tests.bench.panggung import open_server
from tests.bench.ukur import require, tell
from tests.sync.registri_tiruan import Pelayan, RegistriTiruan

BAGIAN = (0.0, 0.0001, 0.001, 0.01)
PENUH, ULANG = "penuh, pertama", "penuh, ulang"
TAHAP = ("pull", "link", "compare", "propose")
_HITUNGAN = {"temuan", "diusulkan", "dibaca", "tertaut"}
_PER_HALAMAN = 1_000
_TERKECIL = 0.005  # seconds; below, a logarithmic plot shows the clock
_NOMOR = 10**12  # changes come after all that was read
_SERVER = {"max_wal_size": "16GB"}
_AWAL = 4_000  # workers a side, so that a company is among the changes
_SARING: int = SyncSettings.model_fields["saring_mulai"].default


@dataclass
class Umpan(RegistriTiruan):
    """A registry whose feeds are lists of pages made beforehand."""

    halaman: dict[str, list[bytes]] = field(default_factory=lambda: defaultdict(list))
    awal: Counter[str] = field(default_factory=Counter)

    def offer(self, himpunan: Himpunan, changes: list[dict[str, Any]]) -> None:
        """Put changes after those already read."""
        self.awal[himpunan] += len(self.halaman[himpunan])
        pages = range(0, len(changes), _PER_HALAMAN)
        self.halaman[himpunan] = [
            json.dumps(
                {
                    "data": changes[at : at + _PER_HALAMAN],
                    "kursor": str(self.awal[himpunan] + k + 1),
                    "habis": at + _PER_HALAMAN >= len(changes),
                }
            ).encode()
            for k, at in enumerate(pages)
        ]

    def page(self, himpunan: str, kursor: int, batas: int) -> bytes:  # noqa: ARG002
        at = kursor - self.awal[himpunan]
        if 0 <= at < len(self.halaman[himpunan]):
            return self.halaman[himpunan][at]
        return json.dumps({"data": [], "kursor": str(kursor), "habis": True}).encode()


@dataclass
class Delta:
    """The hub under measurement and the two feeds."""

    ctx: Konteks
    umpan: dict[NamaSisi, Umpan]
    banyak: int
    dibaca: float
    """Seconds that reading both registries took: of the first full round."""
    berikut: int = 0
    ditawarkan: int = 0
    catatan: list[dict[str, Any]] = field(default_factory=list)

    def round(self, nama: str, banyak: int) -> None:
        """Do one round and note what each stage took. Raises AssertionError if it did nothing."""
        row: dict[str, Any] = {"putaran": nama, "perubahan": banyak}
        for tahap, work in zip(TAHAP, (self._pull, link_companies, compare_all, propose_all),
                               strict=True):  # fmt: skip
            started = time.perf_counter()
            counts = work(self.ctx)
            row[tahap] = time.perf_counter() - started
            row |= {k: v for k, v in counts.items() if k in _HITUNGAN}
        if nama == PENUH:
            row["pull"] += self.dibaca
        row["semua"] = sum(row[t] for t in TAHAP)
        self.catatan.append(row)
        self._require_work(row)
        tell("  " + ", ".join(f"{k} {v:.2f}" if isinstance(v, float) else f"{k} {v}"
                              for k, v in row.items()))  # fmt: skip

    def _require_work(self, row: dict[str, Any]) -> None:
        """Raise unless what was offered was read and compared, and both mirrors are still full."""
        said = f"{row}, {self.ditawarkan} ditawarkan"
        require(row["dibaca"] == self.ditawarkan and row["tertaut"] > 0, said)
        whole = row["putaran"] in {PENUH, ULANG}
        require((row["temuan"] > 0) == (whole or self.ditawarkan > 0), said)
        require(row["diusulkan"] > 0 or row["putaran"] != PENUH, said)
        self.ditawarkan = 0
        with transaction(self.ctx.engine) as tx:  # of the nodes: the rows stay as cold as they are
            held = tx.raw("SELECT sisi, sum(jumlah) FROM simpul_cermin_pekerja GROUP BY 1")
            full = {sisi for sisi, count in held if count > self.banyak * 0.9}
        require(full == set(NamaSisi), f"{said}, hanya {full} penuh")

    def _pull(self, ctx: Konteks) -> dict[str, int]:
        read = 0
        for himpunan in Himpunan:
            for sisi in NamaSisi:
                while True:
                    page = pull_pages(ctx, sisi, himpunan)
                    read += page["dibaca"]
                    if page["habis"]:
                        break
        return {"dibaca": read}

    def change(self, count: int) -> None:
        """Offer so many changes: of five, two values, an addition, a deletion, another NIK.

        And the same share of the companies of WLKP, each under another name and telephone.
        """
        wlkp: list[dict[str, Any]] = []
        bpjs: list[dict[str, Any]] = []
        stride = self.banyak // max(count, 1)
        for k in range(count):
            n = (k * stride + self.berikut) // 50 * 50 + 7 + k % 5 * 4
            if k % 5 == 3:
                bpjs.append({"nomor": _NOMOR + k, "jenis": "hapus", "id": f"P{n}", "versi": 9})
                continue
            other = self.banyak + self.berikut * 10_000 + k
            id_, nik = {2: (f"P{other}", other), 4: (f"P{n}", other)}.get(k % 5, (f"P{n}", n))
            isi = person(nik) | {"jabatan": f"Mandor {self.berikut}"}
            wlkp.append(
                {
                    "nomor": _NOMOR + k, "jenis": "ubah", "id": id_, "versi": 2 + self.berikut,
                    "rekaman": {
                        "id": id_, "versi": 2 + self.berikut,
                        "id_badan_usaha": f"U{n // PER_USAHA % usaha(self.banyak)}", "isi": isi,
                    },
                }
            )  # fmt: skip
        companies = count // PER_USAHA
        moved = [self._moved(k, usaha(self.banyak) // companies * k) for k in range(companies)]
        self.berikut += 1
        self.umpan[NamaSisi.WLKP].offer(Himpunan.PEKERJA, wlkp)
        self.umpan[NamaSisi.WLKP].offer(Himpunan.BADAN_USAHA, moved)
        self.umpan[NamaSisi.BPJS].offer(Himpunan.PEKERJA, bpjs)
        self.ditawarkan = len(wlkp) + len(moved) + len(bpjs)

    def _moved(self, k: int, n: int) -> dict[str, Any]:
        fresh = {"nama": f"PT Contoh {n} Melati {self.berikut}", "telepon": f"+62226{n:07d}"}
        meta = {"id": f"U{n}", "versi": 2 + self.berikut}
        record = {**meta, "isi": company(n) | fresh}
        return {"nomor": _NOMOR + k, "jenis": "ubah", **meta, "rekaman": record}


def _server() -> dict[str, str]:
    """Return settings for a large database, as PostgreSQL's documentation advises."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {**_SERVER, "shared_buffers": f"{memory // 4 >> 20}MB"}


@contextmanager
def open_delta(url: str, folder: Path, banyak: int, saring_mulai: int) -> Iterator[Delta]:
    """Fill a hub's empty database, and open the two feeds."""
    umpan = {s: Umpan(s.value) for s in NamaSisi}
    pelayan = {s: Pelayan(u) for s, u in umpan.items()}
    expect_records()  # as the reconciler does
    tell(f"Membaca {banyak:,} pekerja sesisi …")
    dibaca = read_both(url, banyak, folder)
    tell(f"  {dibaca:.1f} detik")
    wlkp, bpjs = (
        Sisi(base_url=p.url, client_id="bench", key_path=folder) for p in pelayan.values()
    )
    settings = SyncSettings(
        database_url=url, perjanjian_path=CONTOH, wlkp=wlkp, bpjs=bpjs, simpanan=folder / "taut",
        saring_mulai=saring_mulai,
    )  # fmt: skip
    klien = {
        s: KlienRegistri(
            s, p.url, None, tunggu_detik=60, batas=_PER_HALAMAN, check_stop=lambda: None
        )
        for s, p in pelayan.items()
    }
    clock: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC)  # noqa: E731
    engine = make_engine(url, 2)
    berkas = BerkasPerjanjian(CONTOH)
    ctx = Konteks(settings, engine, klien, berkas, clock, None, lambda: None)
    for himpunan, sisi in itertools.product(Himpunan, NamaSisi):
        note_read(ctx, sisi, himpunan, "0", 1)
    yield Delta(ctx, umpan, banyak, dibaca)
    engine.dispose()
    for one in klien.values():
        one.close()
    for one_server in pelayan.values():
        one_server.stop()


def measure(banyak: int, folder: Path | None = None) -> list[dict[str, Any]]:
    """Return the rounds on a server of its own, set up for the size."""
    with (
        tempfile.TemporaryDirectory(prefix="hub-delta-", dir=folder) as name,
        open_server(Path(name), _server()) as server,
    ):
        tell("Menyiapkan kernel …")  # what a machine compiles once is no part of a first round
        rounds(_database(server, "awal"), Path(name), _AWAL, saring_mulai=0)
        return rounds(_database(server, "hub"), Path(name), banyak)


def _database(server: PostgresServer, nama: str) -> str:
    server.ensure_database(nama)
    migration.upgrade(server.url(nama), "hub")
    return server.url(nama)


def rounds(
    url: str, folder: Path, banyak: int, *, saring_mulai: int = _SARING
) -> list[dict[str, Any]]:
    """Return the rounds: everything, after each share of change, everything once more.

    Raises AssertionError when one did not do its work. `url` is an empty database's.
    """
    with open_delta(url, folder, banyak, saring_mulai) as delta:
        delta.round(PENUH, 0)
        for bagian in BAGIAN:
            delta.change(round(banyak * bagian))
            delta.round(f"{bagian:.2%}", round(banyak * bagian))
        with transaction(delta.ctx.engine) as tx:
            sentuhan.require_full(tx)
        delta.ctx.taut_penuh = True
        delta.round(ULANG, 0)
        return delta.catatan


def lines(rows: list[dict[str, Any]]) -> list[str]:
    """Return a table: seconds by stage, and the ratio to both full rounds of this run."""
    full = {r["putaran"]: r["semua"] for r in rows}
    made = [f"| putaran | perubahan | {' | '.join(TAHAP)} | semua | : pertama | : ulang |"]
    made.append("|" + "---|" * (len(TAHAP) + 5))
    for r in rows:
        stages = " | ".join(f"{r[t]:.2f}" for t in (*TAHAP, "semua"))
        ratios = " | ".join(f"{r['semua'] / full[f]:.4f}" for f in (PENUH, ULANG))
        made.append(f"| {r['putaran']} | {r['perubahan']:,} | {stages} | {ratios} |")
    return made


def by_stage(rows: list[dict[str, Any]]) -> dict[str, list[tuple[float, float]]]:
    """Return the share of change and the seconds of each stage and of the whole round.

    Both full rounds go along as levels: what a round over everything would have cost.
    """
    series: dict[str, list[tuple[float, float]]] = defaultdict(list)
    shares = [b for b in BAGIAN if b]
    for row in rows:
        if row["putaran"] in (PENUH, ULANG):
            series[row["putaran"]] = [(b, row["semua"]) for b in (shares[0], shares[-1])]
        elif share := next((b for b in shares if f"{b:.2%}" == row["putaran"]), None):
            for name in ("semua", *TAHAP):
                series[name].append((share, row[name]))
    seen = {k: [p for p in v if p[1] >= _TERKECIL] for k, v in series.items()}
    return {k: v for k, v in seen.items() if v}
