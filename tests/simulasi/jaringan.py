"""The network: requests go into the applications in this very thread, or are lost on the way.

A copy of a request can arrive again much later, after others, whatever became of the first.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

import httpx

from shared_schemas.perjanjian import Izin
from tests.simulasi.bencana import Bencana, Jejak, Padam
from tests.simulasi.tanda import nonce_of

_USANG = 410
_SIBUK = b'{"kode": "HUB-SISTEM-002", "detail": "Tunggu sebentar."}'
_HAK = {
    "badan-usaha": "badan_usaha:baca",
    "pekerja": "pekerja:baca",
    "usulan": "usulan:kirim",
    "neraca": "usulan:kirim",
}
_TUJUAN_LAIN = (None, b"wajib_lapor", b"perluasan_kepesertaan", b"contoh")


@dataclass(frozen=True, slots=True)
class Surat:
    """One request on the wire."""

    program: str
    method: str
    target: str
    headers: tuple[tuple[bytes, bytes], ...]
    isi: bytes
    basi: bool = False  # signed when it arrives: by a program that says it once more

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def cakupan(self) -> str | None:
        """The right that this request uses, None when it is no exchange."""
        return next((hak for bagian, hak in _HAK.items() if bagian in self.path.split("/")), None)

    @property
    def tujuan(self) -> str | None:
        """What the data is asked for."""
        return next((v.decode() for k, v in self.headers if k == b"tujuan"), None)

    @property
    def nonce(self) -> str | None:
        """What its signature makes it known by, None for one that is not signed."""
        return nonce_of(self.headers)

    def for_purpose(self, tujuan: bytes | None) -> Surat:
        """Return the same request for another purpose, or for none."""
        kept = tuple(h for h in self.headers if h[0] != b"tujuan")
        more = () if tujuan is None else ((b"tujuan", tujuan),)
        return replace(self, headers=(*kept, *more))


@dataclass(frozen=True, slots=True)
class Jawaban:
    """One answer on the wire."""

    status: int
    headers: list[tuple[bytes, bytes]]
    isi: bytes


def run_now(coroutine: Coroutine[Any, Any, Any]) -> None:
    """Run a coroutine that waits for nobody to its end."""
    try:
        for _ in range(1_000):
            coroutine.send(None)
    except StopIteration:
        return
    raise RuntimeError("aplikasi menunggu sesuatu di luar simulasi")


def call(app: Any, surat: Surat) -> Jawaban:
    """Give a request to an ASGI application and return its answer."""
    parts = urlsplit(surat.target)
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": surat.method,
        "scheme": "http", "path": parts.path, "raw_path": parts.path.encode(),
        "query_string": parts.query.encode(), "root_path": "", "headers": list(surat.headers),
        "client": ("127.0.0.1", 1), "server": (surat.program, 80), "app": app,
    }  # fmt: skip
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": surat.isi, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    run_now(app(scope, receive, send))
    isi = b"".join(m.get("body", b"") for m in sent[1:])
    return Jawaban(sent[0]["status"], list(sent[0]["headers"]), isi)


class SeketikaExecutor(Executor):
    """Does at once, in the caller's thread, what others do in the background."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - the future carries it, as in a thread
            done.set_exception(error)
        return done


@dataclass
class Jaringan:
    """What lies between the hub and the two services of one run."""

    acak: random.Random
    bencana: Bencana
    jejak: Jejak
    app: Callable[[str], Any]
    hidupkan_lagi: Callable[[str], None]
    jeda: Callable[[str], None]
    boleh: Callable[[Surat], bool]
    tulis_lagi: Callable[[Surat], Surat]
    diterima: list[Surat] = field(default_factory=list)
    ditolak: list[Surat] = field(default_factory=list)
    terkirim: list[Surat] = field(default_factory=list)
    di_jalan: list[Surat] = field(default_factory=list)
    pelanggaran: list[str] = field(default_factory=list)
    berangkat: list[tuple[str, str]] = field(default_factory=list)
    dilayani: list[tuple[str, str, int]] = field(default_factory=list)
    dipakai: list[tuple[str, str, int]] = field(default_factory=list)
    usang: int = 0  # answers that told the hub to start over

    def deliver(self, surat: Surat) -> Jawaban | None:
        """Bring a request to its service; None when that dies while it works on it."""
        app = self.app(surat.program)
        kepada = app.state.service.agreement
        sah = self._lawful(kepada, surat)
        try:
            jawaban = call(app, surat)
        except Padam as padam:
            self.hidupkan_lagi(padam.program)
            return None
        if jawaban.status < 300 and not sah:
            self.pelanggaran.append(f"dijawab di luar perjanjian: {surat.method} {surat.path}")
        if surat.nonce is not None:
            self.dilayani.append((surat.program, surat.nonce, jawaban.status))
        if (surat.method, surat.path) == ("POST", "/v1/usulan"):
            (self.diterima if jawaban.status == 200 else self.ditolak).append(surat)
        self.jejak.catat(surat.program, surat.method, surat.path, jawaban.status, len(jawaban.isi))
        return jawaban

    def _lawful(self, kepada: Any, surat: Surat) -> bool:
        """Say whether an answer is allowed: by us, and by the agreement as the service reads it."""
        if not self.boleh(surat):
            return False
        if surat.cakupan is None:
            return True
        milik = kepada.pemilik
        izin = kepada.current().decide(
            milik.lawan, milik, surat.cakupan, kepada.now(), surat.tujuan
        )  # fmt: skip
        return isinstance(izin, Izin) and surat.tujuan is not None

    def send(self, surat: Surat) -> Jawaban:
        """Carry one request and its answer through whatever happens to them."""
        self.jeda(f"jaringan {surat.path}")
        self.arrive_late()
        b, tempat = self.bencana, f"{surat.program} {surat.path}"
        if b.terjadi("sibuk", tempat):
            headers = [(b"content-type", b"application/problem+json"), (b"retry-after", b"2")]
            return Jawaban(503, headers, _SIBUK)
        if b.terjadi("minta_hilang", tempat):
            raise httpx.ConnectTimeout("hilang")
        if b.terjadi("minta_terlambat", tempat):  # nobody waits for it any more, and it comes
            self.di_jalan.append(surat)
            raise httpx.ReadTimeout("terlambat")
        pertukaran = surat.cakupan is not None
        if pertukaran and b.terjadi("tujuan_salah", tempat):
            self.deliver(self.tulis_lagi(surat.for_purpose(self.acak.choice(_TUJUAN_LAIN))))
        jawaban = self.deliver(surat)
        if pertukaran:
            self.terkirim.append(surat)
            if b.terjadi("kirim_lagi", tempat):
                self.di_jalan.append(replace(surat, basi=True))
        if b.terjadi("salinan", tempat):
            self.di_jalan.append(surat)
        if b.terjadi("minta_ganda", tempat):
            self.deliver(surat)
        self.jeda(f"jaringan {surat.path}")
        if jawaban is None or b.terjadi("jawab_hilang", tempat):
            raise httpx.ReadError("jawaban hilang")
        self.usang += jawaban.status == _USANG
        return jawaban

    def arrive_late(self, *, all_of_them: bool = False) -> None:
        """Let some of what is still on its way arrive, in any order."""
        while self.di_jalan and (all_of_them or self.acak.random() < 0.3):
            surat = self.di_jalan.pop(self.acak.randrange(len(self.di_jalan)))
            self.jejak.catat("~ terlambat", surat.program, surat.path)
            self.deliver(self.tulis_lagi(surat) if surat.basi else surat)


class Kawat(httpx.BaseTransport):
    """The hub's end of the network to one service."""

    def __init__(self, program: str, jaringan: Jaringan) -> None:
        self._program = program
        self._jaringan = jaringan

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        target = request.url.raw_path.decode()
        headers = tuple((k.lower(), v) for k, v in request.headers.raw)
        surat = Surat(self._program, request.method, target, headers, request.read())
        if surat.nonce is not None:
            self._jaringan.berangkat.append((self._program, surat.nonce))
        jawaban = self._jaringan.send(surat)
        return httpx.Response(jawaban.status, headers=jawaban.headers, content=jawaban.isi)


class Pemakai(httpx.BaseTransport):
    """The hub's hand that takes an answer, above everything that may keep it from there."""

    def __init__(self, inner: httpx.BaseTransport, program: str, jaringan: Jaringan) -> None:
        self._inner = inner
        self._program = program
        self._jaringan = jaringan

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self._inner.handle_request(request)
        nonce = nonce_of((k.lower(), v) for k, v in request.headers.raw)
        if nonce is None:
            return answer
        taken = (self._program, nonce, answer.status_code)
        stream = _Terbaca(answer, lambda: self._jaringan.dipakai.append(taken))
        return httpx.Response(answer.status_code, headers=answer.headers, stream=stream)

    def close(self) -> None:
        self._inner.close()


class _Terbaca(httpx.SyncByteStream):
    """Content that tells when it was read to its end."""

    def __init__(self, answer: httpx.Response, done: Callable[[], None]) -> None:
        self._inner: Any = answer.stream
        self._done = done

    def __iter__(self) -> Iterator[bytes]:
        yield from self._inner
        self._done()
