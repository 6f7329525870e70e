"""What the evidence log costs: signed messages over mTLS, with and without records.

By the processor's clock, of caller, service and PostgreSQL together, so that others on the machine
disturb little. The sealer's work is in it: what was recorded is sealed before the clock is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import httpx

from services import persiapan
from services.audit.bukti.buku import BukuBukti
from services.audit.bukti.isi import Amplop
from services.audit.bukti.segel import Penyegel
from services.auth.kunci_pesan import load_message_key
from services.auth.pesan_klien import SigningTransport
from services.auth.saksi import Hak, SaksiKlien
from services.kit import migration
from services.kit.clock import system_clock
from services.kit.database import make_engine
from services.proses import base_url
from shared_schemas.perjanjian import load
from tests.bench.panggung import Panggung, Proses, auth_of, service
from tests.bench.pemanggil import CARI, MITRA
from tests.bench.prosesor import Panggil, Pihak
from tests.bench.segel import over_tls
from tests.bench.ukur import Hasil, Takaran, alternate, tell

UMPAN = "/v1/perubahan/pekerja?batas=1000"
_SATUAN = "panggilan per detik CPU"
_TANPA = "mTLS+tanda tanpa bukti"


def bukti(panggung: Panggung, takaran: Takaran) -> list[Hasil]:
    """Look-ups of one and of a thousand and pages of the feed."""
    nik = list(dict.fromkeys(panggung.nik))
    calls: dict[str, Panggil] = {
        "cari satu NIK": lambda c, n: c.post(CARI, json={"nik": [nik[n % len(nik)]]}),
        "cari 1.000 NIK": lambda c, n: c.post(CARI, json={"nik": slice_of(nik, n)}),
        "umpan 1.000": lambda c, _: c.get(UMPAN),
    }
    figures: list[Hasil] = []
    with (
        service(panggung, tls=True, HUB_BUKTI_SEGEL_DETIK="1") as tercatat,
        # On the same database: only one of the two may seal.
        service(panggung, tls=True, bukti=False, HUB_BUKTI_SEGEL_DETIK="0") as tanpa,
        _book(panggung) as buku,
        _caller(panggung, tercatat, None) as satu_sisi,
        _caller(panggung, tercatat, buku) as dua_sisi,
        _caller(panggung, tanpa, None, bukti=False) as polos,
    ):
        for nama, call in calls.items():
            tell(f"{nama}: dengan dan tanpa bukti")
            without = partial(_per_cpu, polos, call)
            for apa, caller in (("bukti layanan", satu_sisi), ("bukti kedua sisi", dua_sisi)):
                hasil = Hasil(f"{nama}, {apa}", _TANPA, _SATUAN)
                ours = partial(_per_cpu, caller, call)
                figures += alternate(takaran.ulangan, ours, [(hasil, without)])
    return figures


def _per_cpu(pihak: Pihak, call: Panggil) -> float:
    return pihak.rate(call).prosesor


def slice_of(nik: list[str], n: int) -> list[str]:
    """Return a thousand of the numbers, others for each `n`."""
    at = n * 1_000 % max(len(nik) - 1_000, 1)
    return nik[at : at + 1_000]


@contextmanager
def _book(panggung: Panggung) -> Iterator[BukuBukti]:
    panggung.server.ensure_database("hub_bukti")
    url = panggung.server.url("hub_bukti")
    migration.upgrade(url, "hub")
    engine = make_engine(url, 2)
    yield BukuBukti("hub", engine, Amplop(bytes(32)), 2**20, system_clock)
    engine.dispose()


@contextmanager
def _caller(
    panggung: Panggung, proses: Proses, buku: BukuBukti | None, *, bukti: bool = True
) -> Iterator[Pihak]:
    nomor = load(panggung.data / "perjanjian.yaml").nomor
    key = persiapan.SYNC_WLKP.message_key_path(panggung.data)
    saksi = penyegel = None
    if buku is not None:
        saksi = SaksiKlien(buku, "wlkp", MITRA.client_id, lambda _: Hak("pihak_kedua", "uji", None))
        signs = load_message_key(key)
        penyegel = Penyegel(buku, lambda: signs)
    transport = SigningTransport(over_tls(panggung), key, lambda: nomor, saksi=saksi)
    base = base_url(proses.port, tls=True)
    head = {"Tujuan": "perluasan_kepesertaan"}
    auth = auth_of(panggung, base)
    with httpx.Client(
        base_url=base, auth=auth, headers=head, transport=transport, timeout=60
    ) as client:
        yield Pihak(panggung, client, proses, bukti, penyegel)
