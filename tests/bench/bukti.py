"""What the evidence log costs a caller: signed messages over mTLS, with and without records.

Of the service alone, and of both sides; the sealer of the service works meanwhile, as it does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

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
from tests.bench.segel import CARI, MITRA, median_rate, over_tls
from tests.bench.ukur import Hasil, Takaran, alternate, tell

_UMPAN = "/v1/perubahan/pekerja?batas=1000"
_SATUAN = "panggilan/s pada p50"


def bukti(panggung: Panggung, takaran: Takaran) -> list[Hasil]:
    """Look-ups of one and of a thousand and pages of the feed, by a caller that waits."""
    nik = list(dict.fromkeys(panggung.nik))
    calls: dict[str, Callable[[httpx.Client, int], httpx.Response]] = {
        "cari satu NIK": lambda c, n: c.post(CARI, json={"nik": [nik[n % len(nik)]]}),
        "cari 1.000 NIK": lambda c, n: c.post(CARI, json={"nik": _slice(nik, n)}),
        "umpan 1.000": lambda c, _: c.get(_UMPAN),
    }
    figures: list[Hasil] = []
    with (
        service(panggung, tls=True) as tercatat,
        service(panggung, tls=True, bukti=False) as tanpa,
        _witness(panggung) as saksi,
        _caller(panggung, tercatat, None) as satu_sisi,
        _caller(panggung, tercatat, saksi) as dua_sisi,
        _caller(panggung, tanpa, None) as polos,
    ):
        for nama, call in calls.items():
            tell(f"{nama}: dengan dan tanpa bukti")
            rates = [
                partial(median_rate, partial(call, c), takaran.detik)
                for c in (polos, satu_sisi, dua_sisi)
            ]
            acuan = "mTLS+tanda tanpa bukti"
            for apa, rate in (("bukti layanan", rates[1]), ("bukti kedua sisi", rates[2])):
                hasil = Hasil(f"{nama}, {apa}", acuan, _SATUAN)
                figures += alternate(takaran.ulangan, rate, [(hasil, rates[0])])
    return figures


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
def _caller(panggung: Panggung, proses: Proses, saksi: SaksiKlien | None) -> Iterator[httpx.Client]:
    nomor = load(panggung.data / "perjanjian.yaml").nomor
    key = persiapan.SYNC_WLKP.message_key_path(panggung.data)
    transport = SigningTransport(over_tls(panggung), key, lambda: nomor, saksi=saksi)
    base = base_url(proses.port, tls=True)
    head = {"Tujuan": "perluasan_kepesertaan"}
    auth = auth_of(panggung, base)
    with httpx.Client(base_url=base, auth=auth, headers=head, transport=transport) as client:
        yield client
