"""What mutual TLS and signed messages cost a caller: plain HTTP against both, on one connection."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import cycle

import httpx

from services import persiapan
from services.auth.pesan_klien import SigningTransport
from services.kit.tls import RotatingTransport
from services.proses import base_url
from shared_schemas.perjanjian import load
from tests.bench.panggung import Panggung, Proses, auth_of, service
from tests.bench.pemanggil import CARI, MITRA
from tests.bench.prosesor import require_found
from tests.bench.ukur import Hasil, Takaran, alternate, require, tell

PER_KUMPULAN = 1_000


def segel(panggung: Panggung, takaran: Takaran) -> list[Hasil]:
    """Look-ups of one and of a thousand, each by a caller that waits for the answer.

    The median of the times is the caller's whole call: signing and verifying at both ends.
    """
    figures: list[Hasil] = []
    with service(panggung) as polos, service(panggung, tls=True) as tersegel:
        for nama, banyak in (("cari satu NIK", 1), ("cari 1.000 NIK", PER_KUMPULAN)):
            tell(f"{nama}: tersegel dan polos")
            figures += _compare(panggung, polos, tersegel, takaran, nama, banyak)
    return figures


def _compare(
    panggung: Panggung,
    polos: Proses,
    tersegel: Proses,
    takaran: Takaran,
    nama: str,
    banyak: int,
) -> list[Hasil]:
    nik = list(dict.fromkeys(panggung.nik))
    asked = [nik[at : at + banyak] for at in range(0, min(len(nik), 500 * banyak), banyak)]
    bodies = [{"nik": one} for one in asked if len(one) == banyak]
    with (
        _caller(panggung, base_url(polos.port, tls=False), None) as plain,
        _caller(panggung, base_url(tersegel.port, tls=True), over_tls(panggung)) as terenkripsi,
        _caller(panggung, base_url(tersegel.port, tls=True), signed(panggung)) as tertanda,
    ):
        for client in (plain, terenkripsi, tertanda):
            answer = client.post(CARI, json=bodies[0]).raise_for_status()
            require_found(answer)
            require(("signature" in answer.headers) == (client is tertanda), "tanda tangan jawaban")
        rates = [partial(_rate, c, bodies, takaran.detik) for c in (tertanda, plain, terenkripsi)]
        satuan = "panggilan/s pada p50"
        return alternate(
            takaran.ulangan,
            rates[0],
            [
                (Hasil(f"{nama}, mTLS+tanda", "HTTP polos", satuan), rates[1]),
                (Hasil(f"{nama}, mTLS+tanda", "mTLS saja", satuan), rates[2]),
            ],
        )


def over_tls(panggung: Panggung) -> httpx.BaseTransport:
    """Return connections with the certificate of the reconciler."""
    trusted = persiapan.otoritas(panggung.data).dipercaya
    return RotatingTransport(MITRA.certificate_path(panggung.data), trusted)


def signed(panggung: Panggung) -> httpx.BaseTransport:
    """Return such connections that sign what they send."""
    nomor = load(panggung.data / "perjanjian.yaml").nomor
    return SigningTransport(
        over_tls(panggung), MITRA.message_key_path(panggung.data), lambda: nomor
    )


@contextmanager
def _caller(
    panggung: Panggung, base: str, transport: httpx.BaseTransport | None
) -> Iterator[httpx.Client]:
    head = {"Tujuan": "perluasan_kepesertaan"}
    auth = auth_of(panggung, base)
    with httpx.Client(base_url=base, auth=auth, headers=head, transport=transport) as client:
        yield client


def _rate(client: httpx.Client, bodies: list[dict[str, list[str]]], seconds: float) -> float:
    turns = cycle(bodies)
    return median_rate(lambda _: client.post(CARI, json=next(turns)), seconds)


def median_rate(call: Callable[[int], httpx.Response], seconds: float) -> float:
    """Return calls a second at the median time of a call. Raises on a refusal."""
    times: list[float] = []
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        started = time.perf_counter()
        call(len(times)).raise_for_status()
        times.append(time.perf_counter() - started)
    return 1 / statistics.median(times)
