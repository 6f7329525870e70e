"""A comparison that follows change, and one behind the sieve, come to what the statements say."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from services.auth.riwayat import BerkasPerjanjian
from services.kit.database import make_engine, transaction
from services.sync import sentuhan, tautan
from services.sync.compare import compare_all
from services.sync.errors import UnknownWorkerError
from services.sync.klien import KlienRegistri
from services.sync.konteks import Konteks
from services.sync.propose import propose_all
from services.sync.pull import pull_pages
from services.sync.settings import NamaSisi, Sisi, SyncSettings
from services.sync.tinjau import decide
from services.taut.keputusan import Pendapat
from shared_schemas.perjanjian import CONTOH
from shared_schemas.rujukan import Himpunan
from tests import contoh
from tests.sync.registri_tiruan import Pelayan, RegistriTiruan

USAHA, ORANG, NIK = 4, 6, 4  # few of each, so that everything happens to the same ones
WAKTU = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
Langkah = tuple[Any, ...]


@dataclass
class Hub:
    """One hub database and what the stages need to work on it."""

    ctx: Konteks
    penuh: bool

    def follow(self, links: Langkah) -> None:
        """Do one round but for linking and sending; `penuh`: compare everything each time."""
        for himpunan in Himpunan:
            for sisi in NamaSisi:
                pull_pages(self.ctx, sisi, himpunan)
        with transaction(self.ctx.engine) as tx:
            tautan.replace(tx, *links)
            if self.penuh:
                sentuhan.require_full(tx)
        compare_all(self.ctx)
        propose_all(self.ctx)

    def decide(self, w: int, b: int, verdict: Pendapat) -> None:
        """Have a steward say of two workers what he likes, if both are known."""
        with suppress(UnknownWorkerError):
            decide(
                self.ctx.engine, (f"P{w}", f"P{b}"), verdict, by="Petugas", why="Uji.",
                replace=True, clock=lambda: WAKTU, himpunan=Himpunan.PEKERJA,
            )  # fmt: skip

    def rows(self, query: str) -> list[Any]:
        with self.ctx.engine.connect() as connection:
            return [tuple(r) for r in connection.execute(sa.text(query))]

    def empty(self) -> None:
        with self.ctx.engine.begin() as connection:
            names = sa.inspect(connection).get_table_names()
            tables = ", ".join(n for n in names if n != "alembic_version")
            connection.execute(sa.text(f"TRUNCATE {tables} RESTART IDENTITY"))


@dataclass
class Dunia:
    """Two registries and two hubs that read them: one follows change, one looks at everything."""

    registri: dict[str, RegistriTiruan]
    ubah: Hub
    acuan: Hub

    def begin(self, *, saring: bool) -> None:
        for nama, old in self.registri.items():
            fresh = RegistriTiruan(nama)
            old.rekaman, old.umpan = fresh.rekaman, fresh.umpan
            old.nomor = old.kursor_tertua = 0
        for hub in (self.ubah, self.acuan):
            hub.empty()
        chosen = {"saring_mulai": 0 if saring else 10**9}
        self.acuan.ctx.settings = self.acuan.ctx.settings.model_copy(update=chosen)

    def change(self, step: Langkah) -> None:
        what, sisi, n, bu, nik, value = step
        if what == "putuskan":
            for hub in (self.ubah, self.acuan):
                hub.decide(n, nik, tuple(Pendapat)[value % 2])
            return
        registri = self.registri[sisi]
        himpunan, id_ = ("pekerja", f"P{n}") if "pekerja" in what else ("badan_usaha", f"U{bu}")
        if what.startswith("hapus"):
            if id_ in registri.rekaman[himpunan]:
                registri.delete(himpunan, id_)
        elif himpunan == "badan_usaha":
            isi = contoh.badan_usaha(bu, kbli=("10130", "99999", "10139")[value % 3])
            status = {"status_pendaftaran": "TERDAFTAR"} if sisi == "bpjs" else {}
            registri.put_badan_usaha(id_, isi, **status)
        else:
            isi = contoh.pekerja_wlkp(nik) | contoh.pekerja_bpjs(nik)
            slip = {"nik": f"327301150895{nik * 10:04d}"}
            left = {"hubungan_kerja": "BERHENTI"}
            isi |= ({}, {"jabatan": "Mandor"}, left, slip, slip | left)[value]
            registri.put_pekerja(id_, f"U{bu}", isi)


@pytest.fixture(scope="module")
def dunia(make_database: Callable[[str], str]) -> Iterator[Dunia]:
    registri = {s.value: RegistriTiruan(s.value) for s in NamaSisi}
    pelayan = {nama: Pelayan(r) for nama, r in registri.items()}
    hubs = []
    for penuh in (False, True):
        url = make_database("hub")
        wlkp, bpjs = (
            Sisi(base_url=p.url, client_id="uji", key_path=Path("tidak-dipakai.pem"))
            for p in pelayan.values()
        )
        chosen = SyncSettings(database_url=url, perjanjian_path=CONTOH, wlkp=wlkp, bpjs=bpjs)
        klien = {
            s: KlienRegistri(
                s, pelayan[s].url, None, tunggu_detik=5, batas=50, check_stop=lambda: None
            )
            for s in NamaSisi
        }
        ctx = Konteks(
            chosen,
            make_engine(url, 1),
            klien,
            BerkasPerjanjian(CONTOH),
            lambda: WAKTU,
            None,
            lambda: None,
        )
        hubs.append(Hub(ctx, penuh))
    yield Dunia(registri, *hubs)
    for hub in hubs:
        for one in hub.ctx.klien.values():
            one.close()
        hub.ctx.engine.dispose()
    for server in pelayan.values():
        server.stop()


def _steps() -> st.SearchStrategy[list[Langkah]]:
    others = ["hapus pekerja", "badan_usaha", "hapus badan_usaha", "putuskan"]
    what = st.sampled_from(["pekerja"] * 6 + others)
    sisi = st.sampled_from(["wlkp", "bpjs"])
    step = st.tuples(
        what, sisi, st.integers(1, ORANG), st.integers(1, USAHA), st.integers(1, NIK),
        st.integers(0, 4),
    )  # fmt: skip
    return st.lists(step, max_size=8)


def _link(w: int, b: int, *, cabang: bool = False) -> Langkah:
    return f"U{w}", f"U{b}", "npwp", cabang, 1.0, "npwp"


@st.composite
def _links(draw: st.DrawFn) -> Langkah:
    """Links and waiting companies: mostly like with like; a body's later ones are branches."""
    heads: set[int] = set()
    linked = []
    for w in range(1, USAHA + 1):
        b = draw(st.sampled_from([w, w, w, None, 1, 2]))
        if b is not None:
            linked.append(_link(w, b, cabang=b in heads))
            heads.add(b)
    company = st.tuples(st.sampled_from(["wlkp", "bpjs"]), st.integers(1, USAHA))
    waiting = draw(st.sets(company, max_size=2))
    return linked, [], [(sisi, f"U{n}", 1, "Menunggu.") for sisi, n in sorted(waiting)]


TEMUAN = "SELECT * FROM temuan ORDER BY id"
USULAN = "SELECT id, jenis, id_sasaran, id_asal, keadaan FROM usulan ORDER BY id"
TUMPANGAN = "SELECT * FROM usulan_temuan ORDER BY 1, 2"
KABAR = "SELECT * FROM pemberitahuan ORDER BY 1"
LINKS = "SELECT * FROM tautan_badan_usaha ORDER BY 1"
ORANG_SAMA = "SELECT * FROM tautan_pekerja ORDER BY 1"
SISA = "SELECT * FROM sisa_pekerja ORDER BY 1, 2"
TINJAUAN = "SELECT * FROM tinjauan_taut ORDER BY 1, 2"

SERUPA: Langkah = [_link(n, n) for n in range(1, USAHA + 1)], [], []

# Everybody at work on both sides, so that the first steps already meet something.
AWAL = [
    *(("badan_usaha", s, 0, n, 0, 0) for s in ("wlkp", "bpjs") for n in range(1, USAHA)),
    *(("pekerja", s, n, n % USAHA + 1, n, 0) for s in ("wlkp", "bpjs") for n in range(1, NIK + 1)),
]


@settings(
    max_examples=12,
    derandomize=True,
    phases=[Phase.generate],  # a shrink runs hundreds of rounds and would end in the timeout
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    rounds=st.lists(st.tuples(_steps(), st.none() | _links()), min_size=2, max_size=5),
    saring=st.booleans(),
)
def test_following_change_finds_what_looking_at_everything_finds(
    dunia: Dunia, rounds: list[Any], saring: bool
) -> None:
    dunia.begin(saring=saring)
    links = SERUPA
    for steps, changed in [(AWAL, None), *rounds]:
        for step in steps:
            dunia.change(step)
        links = changed or links
        for hub in (dunia.ubah, dunia.acuan):
            hub.follow(links)
        for query in (TEMUAN, USULAN, TUMPANGAN, KABAR, LINKS, ORANG_SAMA, SISA, TINJAUAN):
            assert dunia.ubah.rows(query) == dunia.acuan.rows(query), query


def test_sieve_removes_what_a_killed_one_left(dunia: Dunia, tmp_path: Path) -> None:
    dunia.begin(saring=True)
    settings_ = dunia.acuan.ctx.settings
    dunia.acuan.ctx.settings = settings_.model_copy(update={"saringan": tmp_path})
    left = tmp_path / "jalan-mati"
    left.mkdir()
    (left / "a.sidik").write_bytes(b"Contoh")
    for step in AWAL:
        dunia.change(step)
    dunia.acuan.follow(SERUPA)
    dunia.acuan.ctx.settings = settings_
    assert {p.name for p in tmp_path.iterdir()} == {".gembok", "kunci"}
