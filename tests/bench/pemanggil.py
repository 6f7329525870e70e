"""Look-ups at a rate that does not wait for answers, by a process of its own.

Callers of a service know nothing of each other: the next one comes although the one before still
waits. So each arrival has its moment beforehand (Poisson, from a seed), and what counts is the time
from that moment, not from when the request could leave: a service that stands still for a second
is seen by all that came in that second. Signing, and verifying the answer, are in it.
"""

from __future__ import annotations

import asyncio
import json
import random
import ssl
import subprocess
import sys
import time
from collections import Counter, deque
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httptools
import httpx
import uvloop

from services import persiapan
from services.auth import pesan
from services.auth.klien import KlienAuth
from services.auth.kunci_pesan import PublicKey, is_message_jwk, load_message_key, read_jwk
from services.auth.pesan import HEADER_PERJANJIAN, Jawaban, Permintaan
from services.kit.clock import system_clock
from services.kit.tls import client_context
from shared_schemas.perjanjian import load
from tests.bench.ukur import ROOT

CARI = "/v1/pekerja/cari"
MITRA = persiapan.SYNC_WLKP
TUJUAN = "perluasan_kepesertaan"
_SAMBUNGAN = 32  # opened before the first arrival; three times what the service works on at once
_TUNGGU_DETIK = 30.0  # for the last answers
_TOKEN_DETIK = 15.0  # the client renews a token thirty seconds before its end, when it is asked


@dataclass(frozen=True, slots=True)
class Tugas:
    """What to do; `dasar` is the service's address."""

    data: str
    dasar: str
    nik: list[str]
    laju: float
    detik: float
    benih: int
    tersegel: bool


@dataclass(frozen=True, slots=True)
class Catatan:
    """What came of it: seconds from each intended arrival to its checked answer, in that order."""

    lama: list[float]
    galat: dict[str, int]
    tertunggak: int  # without an answer when the last one arrived
    prosesor: float  # seconds of the generator itself


def run(tugas: Tugas) -> Catatan:
    """Do it in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.pemanggil"],
        cwd=ROOT,
        input=json.dumps(asdict(tugas)),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-1000:])
    return Catatan(**json.loads(done.stdout))


class _Balasan(NamedTuple):
    status: int
    kepala: list[tuple[bytes, bytes]]
    isi: bytes


class _Sambungan(asyncio.Protocol):
    """One keep-alive connection and the answer that it waits for."""

    def __init__(self) -> None:
        self._transport: Any = None
        self._waiting: asyncio.Future[_Balasan] | None = None
        self.terputus = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def ask(self, octets: bytes) -> asyncio.Future[_Balasan]:
        """Send a request; the answer comes by the future."""
        self._parser = httptools.HttpResponseParser(self)
        self._kepala: list[tuple[bytes, bytes]] = []
        self._isi: list[bytes] = []
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(octets)
        return self._waiting

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._kepala.append((name.lower(), value))

    def on_body(self, piece: bytes) -> None:
        self._isi.append(piece)

    def on_message_complete(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            status = self._parser.get_status_code()
            self._waiting.set_result(_Balasan(status, self._kepala, b"".join(self._isi)))

    def connection_lost(self, exc: Exception | None) -> None:
        self.terputus = True
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(exc or ConnectionResetError())


class _Penanya:
    """Makes requests with the product's own signing, and believes answers as its client does."""

    def __init__(self, tugas: Tugas) -> None:
        self._tugas = tugas
        data = Path(tugas.data)
        self.context = _context(data) if tugas.tersegel else None
        self._key = load_message_key(MITRA.message_key_path(data))
        self._nomor = load(data / "perjanjian.yaml").nomor
        self._auth = KlienAuth(tugas.dasar, MITRA.client_id, MITRA.key_path(data))
        self._keys = self._renew()

    def _renew(self) -> dict[str, PublicKey]:
        """Ask for a token, and return the keys that sign answers."""
        with httpx.Client(base_url=self._tugas.dasar, verify=self.context or True) as http:
            request = http.build_request("GET", "/.well-known/jwks.json")
            flow = self._auth.auth_flow(request)
            asked = next(flow)
            if asked is not request:  # the token first
                request = flow.send(http.send(asked))
            self._token = request.headers["authorization"]
            keys = http.send(request).raise_for_status().json()["keys"]
        return {k["kid"]: read_jwk(k) for k in keys if is_message_jwk(k)}

    async def keep_token(self) -> None:
        """Renew the token until cancelled."""
        while True:
            await asyncio.sleep(_TOKEN_DETIK)
            await asyncio.to_thread(self._renew)

    def ask(self, nik: str) -> tuple[Permintaan, bytes]:
        """Return a look-up, signed now, as a message and as it goes over the wire."""
        body = json.dumps({"nik": [nik]}).encode()
        headers = httpx.Headers(
            {
                "Host": urlsplit(self._tugas.dasar).netloc,
                "Content-Type": "application/json",
                "Content-Length": str(len(body)),
                "Authorization": self._token,
                "Tujuan": TUJUAN,
            }
        )
        message = Permintaan("POST", self._tugas.dasar + CARI, headers)
        if self._tugas.tersegel:
            headers[HEADER_PERJANJIAN] = self._nomor
            pesan.sign_request(message, body, self._key, system_clock())
        lines = b"".join(b"%b: %b\r\n" % pair for pair in headers.raw)
        return message, b"POST %b HTTP/1.1\r\n%b\r\n%b" % (CARI.encode(), lines, body)

    def check(self, message: Permintaan, answer: _Balasan) -> None:
        """Raise unless the answer is one, knows the person, and is signed where it has to be."""
        if answer.status != 200:
            raise RuntimeError(f"status {answer.status}")
        if self._tugas.tersegel:
            jawaban = Jawaban(answer.status, httpx.Headers(answer.kepala), message)
            isi = pesan.verify_answer(jawaban, self._keys, system_clock)
            isi.add(answer.isi)
            isi.check()
        if b'"ditemukan":true' not in answer.isi:
            raise RuntimeError("tidak ditemukan")


@dataclass(slots=True)
class _Jalan:
    """One run: arrivals, the connections that are free, and what waits for one."""

    tugas: Tugas
    penanya: _Penanya
    bebas: deque[_Sambungan] = field(default_factory=deque)
    antre: deque[asyncio.Future[_Sambungan]] = field(default_factory=deque)
    lama: list[float] = field(default_factory=list)
    galat: Counter[str] = field(default_factory=Counter)

    async def run(self) -> Catatan:
        """Let all arrive at their moments, and wait for their answers."""
        await self._open()
        keeping = asyncio.create_task(self.penanya.keep_token())
        arrivals = _moments(self.tugas)
        self.lama = [0.0] * len(arrivals)
        started, cpu = time.perf_counter() + 0.1, time.process_time()
        tasks = []
        for at, moment in enumerate(arrivals):
            await asyncio.sleep(max(started + moment - time.perf_counter(), 0))
            tasks.append(asyncio.create_task(self._call(at, started + moment)))
        left = sum(not t.done() for t in tasks)
        _, late = await asyncio.wait(tasks, timeout=_TUNGGU_DETIK)
        self.galat["tanpa jawaban"] += len(late)
        keeping.cancel()
        return Catatan(self.lama, dict(+self.galat), left, time.process_time() - cpu)

    async def _open(self) -> None:
        for at in range(_SAMBUNGAN):
            connection = await self._connect()
            message, octets = self.penanya.ask(self.tugas.nik[at % len(self.tugas.nik)])
            self.penanya.check(message, await connection.ask(octets))
            self.bebas.append(connection)

    async def _connect(self) -> _Sambungan:
        loop, address = asyncio.get_running_loop(), urlsplit(self.tugas.dasar)
        _, connection = await loop.create_connection(
            _Sambungan, address.hostname or "", address.port or 0, ssl=self.penanya.context
        )
        return connection

    async def _call(self, at: int, intended: float) -> None:
        nik = self.tugas.nik[at % len(self.tugas.nik)]
        try:
            connection = await self._free()
            message, octets = self.penanya.ask(nik)
            answer = await connection.ask(octets)
            self._give_back(connection)
            self.penanya.check(message, answer)
        except Exception as error:  # noqa: BLE001 - each one is an error of the run, by its name
            self.galat[str(error) if type(error) is RuntimeError else type(error).__name__] += 1
        self.lama[at] = time.perf_counter() - intended

    async def _free(self) -> _Sambungan:
        """Return the connection that rested longest, a new one where the service closed it."""
        if self.bebas:
            connection = self.bebas.popleft()
            return await self._connect() if connection.terputus else connection
        self.antre.append(asyncio.get_running_loop().create_future())
        return await self.antre[-1]

    def _give_back(self, connection: _Sambungan) -> None:
        if self.antre:
            self.antre.popleft().set_result(connection)
        else:
            self.bebas.append(connection)


def _context(data: Path) -> ssl.SSLContext:
    return client_context(MITRA.certificate_path(data), persiapan.otoritas(data).dipercaya)


def _moments(tugas: Tugas) -> list[float]:
    """Return the seconds at which calls arrive: independent of each other, the same at each run."""
    chance, now, found = random.Random(tugas.benih), 0.0, []
    while (now := now + chance.expovariate(tugas.laju)) < tugas.detik:
        found.append(now)
    return found


def _main() -> None:
    tugas = Tugas(**json.load(sys.stdin))
    json.dump(asdict(uvloop.run(_Jalan(tugas, _Penanya(tugas)).run())), sys.stdout)


if __name__ == "__main__":
    _main()
