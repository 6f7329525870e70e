"""A service over HTTPS and the hub that asks it, whose messages are recorded on both sides."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from services import persiapan
from services.audit.bukti.buku import BukuBukti
from services.audit.bukti.isi import Amplop
from services.auth.pesan_klien import SigningTransport
from services.auth.saksi import Hak, SaksiKlien
from services.kit.clock import system_clock
from services.kit.database import make_engine
from services.kit.rahasia import derive
from shared_schemas.perjanjian import CONTOH, load
from tests import contoh
from tests.conftest import SABAR, TUJUAN, MakeDatabase, as_program, auth_of, serving, transport_of

MITRA = persiapan.SYNC_WLKP
NOMOR = load(CONTOH).nomor
CARI = "/v1/pekerja/cari"
ISI = json.dumps({"nik": [contoh.nik(1), contoh.nik(2)]}).encode()
JSON = {"Content-Type": "application/json"}


class Pencacah(httpx.BaseTransport):
    """Counts what goes over the wire, and lets a test change it."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self._inner = inner
        self.terkirim: list[httpx.Request] = []
        self.ubah: Callable[[httpx.Request], httpx.Request] = lambda r: r

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.startswith("/v1/"):
            request = self.ubah(request)
            self.terkirim.append(request)
        return self._inner.handle_request(request)


@dataclass
class Dunia:
    """A service over HTTPS and the hub that asks it, each with its database."""

    base: str
    data: Path
    url: str
    layanan: sa.Engine
    hub: sa.Engine
    kawat: Pencacah
    buku: BukuBukti
    klien: httpx.Client

    def cari(self, **headers: str) -> httpx.Response:
        return self.klien.post(CARI, content=ISI, headers=JSON | headers)

    def records(self, engine: sa.Engine) -> list[dict[str, Any]]:
        with engine.connect() as connection:
            rows = connection.execute(sa.text("SELECT catatan::text FROM audit_pesan ORDER BY id"))
            return [json.loads(r[0]) for r in rows]

    def forget(self) -> None:
        """Begin with empty books, as their owner may."""
        for engine in (self.layanan, self.hub):
            with engine.begin() as connection:
                connection.execute(
                    sa.text("TRUNCATE audit_pesan, audit_rantai, audit_segel, bukti_isi")
                )


@pytest.fixture(scope="module")
def dunia(make_database: MakeDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dunia]:
    data = tmp_path_factory.mktemp("saksi")
    persiapan.prepare(data)
    url, hub_url = make_database("wlkp"), make_database("hub")
    with serving("wlkp", as_program("wlkp", url), data) as base:
        engine, hub = make_engine(url, 2), make_engine(hub_url, 2)
        own = make_engine(as_program("hub", hub_url), 2)
        amplop = Amplop(derive(persiapan.hub_secret(data).read_bytes(), "isi-bukti"))
        buku = BukuBukti("hub", own, amplop, 2**20, system_clock)
        saksi = SaksiKlien(buku, "wlkp", MITRA.client_id, hak)
        kawat = Pencacah(transport_of(MITRA, data))
        signing = SigningTransport(kawat, MITRA.message_key_path(data), lambda: NOMOR, saksi=saksi)
        head = {"Tujuan": TUJUAN["wlkp"]}
        auth = auth_of(MITRA, data, base)
        with httpx.Client(
            base_url=base, auth=auth, headers=head, transport=signing, timeout=SABAR
        ) as klien:
            yield Dunia(base, data, url, engine, hub, kawat, buku, klien)
        for each in (engine, hub, own):
            each.dispose()


@pytest.fixture(autouse=True)
def kosong(request: pytest.FixtureRequest) -> None:
    if "dunia" in request.fixturenames:
        dunia: Dunia = request.getfixturevalue("dunia")
        dunia.forget()
        dunia.kawat.terkirim.clear()
        dunia.kawat.ubah = lambda r: r


def hak(_path: str) -> Hak:
    return Hak("pihak_kedua", "pekerja:baca", "Pasal 5 ayat (2)")
