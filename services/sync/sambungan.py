"""The reconciler's connection to one service, asked patiently and read strictly.

A dead or unready service is waited for with growing, scattered pauses; what the agreement
forbids, and what cannot get better by waiting, becomes an error at once.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event
from typing import Any, TypeVar

import httpx
from pydantic import TypeAdapter, ValidationError
from tenacity import RetryCallState, Retrying, retry_if_exception_type

from services.kit.errors import HubError, TemporaryError
from services.kit.tls_faults import HandshakeError
from services.sync.errors import (
    AgreementOverError,
    ClientUnknownError,
    ContractError,
    CredentialHeldError,
    CursorGoneError,
    DayNotBegunError,
    Jawaban,
    NoSuchAddressError,
    NotAuthorisedError,
    PostponedDutyError,
    RefusedError,
    ServiceDownError,
    SnapshotGoneError,
)  # fmt: skip
from services.sync.lalu_lintas import LaluLintas
from services.sync.settings import NamaSisi
from shared_schemas.rujukan import Himpunan

_T = TypeVar("_T")

TUJUAN = {NamaSisi.WLKP: "perluasan_kepesertaan", NamaSisi.BPJS: "wajib_lapor"}
"""What each party's data is asked for: the asking party's own effort (Pasal 2(1), Pasal 4(2))."""

JALUR = {Himpunan.BADAN_USAHA: "badan-usaha", Himpunan.PEKERJA: "pekerja"}

_MENURUT_KODE: dict[str, type[HubError]] = {
    # We ask only for snapshots that we were given: one that is unknown by now is gone.
    "KLIEN-EKSPOR-001": SnapshotGoneError,
    "KLIEN-EKSPOR-002": SnapshotGoneError,
    "KLIEN-NERACA-003": DayNotBegunError,
    "KLIEN-OTENTIKASI-004": ClientUnknownError,
    "KLIEN-OTENTIKASI-008": ClientUnknownError,
    "KLIEN-PENAHANAN-001": CredentialHeldError,
    "KLIEN-PENAHANAN-002": CredentialHeldError,
    # Waiting for its end would hold up the directions that go on.
    "HUB-PERJANJIAN-004": PostponedDutyError,
}
_TEMPORARY = {408, 425, 429, 500, 502, 503, 504}
_LONGEST_PAUSE = 15.0  # seconds; longer would make a short outage cost more than it lasts
_TIMEOUT = httpx.Timeout(60.0, connect=5.0)
_TERKIRIM = "http11.send_request_body.complete"
_PALING_LAMA_KIRIM = 0.05  # seconds; a server that cannot be reached delays nothing


@dataclass(frozen=True, slots=True)
class Luar:
    """What a client takes from outside: network, thread ahead, patience's clock, chance.

    A simulation puts its own in their place and calls everything in one thread.
    """

    transport: Callable[[], httpx.BaseTransport | None] = lambda: None
    ahead: Callable[[], Executor] = lambda: ThreadPoolExecutor(1)
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    uniform: Callable[[float, float], float] = random.uniform


LUAR = Luar()


class Sambungan:
    """One registry's service. Raises TemporaryError when patience ends, else PermanentError.

    `check_stop` is called before each pause and raises to stop, so that an operator's interrupt
    is not kept waiting by a dead service. `permit` is called with the right that each request
    uses, and raises where our own copy of the agreement does not allow it now. `batas` is how many
    rows a page has at most.
    """

    def __init__(
        self,
        sisi: NamaSisi,
        base_url: str,
        auth: httpx.Auth | None,
        *,
        tunggu_detik: float,
        batas: int,
        check_stop: Callable[[], None],
        transport: httpx.BaseTransport | None = None,
        permit: Callable[[str], None] = lambda _: None,
        luar: Luar = LUAR,
    ) -> None:
        self.sisi = sisi
        self._permit = permit
        self.luar = luar
        self.batas = batas
        self._check_stop = check_stop
        self.patience = tunggu_detik
        self._http = httpx.Client(
            base_url=base_url,
            auth=auth,
            timeout=_TIMEOUT,
            headers={"Tujuan": TUJUAN[sisi]},
            transport=transport or luar.transport(),
        )
        self.lalu_lintas = LaluLintas()
        self.kunci_publik: list[dict[str, Any]] = []
        self._background = luar.ahead()

    def close(self) -> None:
        """Close the connections; what was begun and not answered is dropped."""
        self._http.close()
        self._background.shutdown(wait=False, cancel_futures=True)

    def call(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Return a service's answer, asking again while there is patience."""
        return self.patiently(self._once, method, path, **options)

    def begin(self, method: str, path: str, **options: Any) -> Future[httpx.Response]:
        """Ask once, in another thread; return when the question is on its way.

        A page is validated in one native call that keeps the interpreter to itself: what is not
        on its way by then would leave only after it, and both sides would take turns.
        """
        sent = Event()

        def trace(event: str, _: Any) -> None:
            if event == _TERKIRIM:
                sent.set()

        options["extensions"] = {"trace": trace}
        asked = self._background.submit(self._once, method, path, **options)
        asked.add_done_callback(lambda _: sent.set())
        sent.wait(_PALING_LAMA_KIRIM)
        return asked

    def patiently(self, work: Callable[..., _T], *given: Any, **options: Any) -> _T:
        """Return what `work` returns; after a TemporaryError it is done again."""
        started = self.luar.monotonic()

        def give_up(_: RetryCallState) -> bool:
            self._check_stop()
            return self.luar.monotonic() - started >= self.patience

        retrying = Retrying(
            stop=give_up,
            wait=self._pause,
            sleep=self._sleep,
            retry=retry_if_exception_type(TemporaryError),
            reraise=True,
        )
        return retrying(work, *given, **options)

    def pause(self, seconds: float) -> None:
        """Wait, unless told to stop."""
        self._sleep(seconds)

    def _pause(self, state: RetryCallState) -> float:
        """Full jitter, so that programs that failed together do not come back together."""
        asked = getattr(state.outcome.exception() if state.outcome else None, "retry_after", None)
        growing = self.luar.uniform(0.1, min(_LONGEST_PAUSE, 0.2 * 2**state.attempt_number))
        return max(growing, min(asked or 0.0, _LONGEST_PAUSE))

    def _sleep(self, seconds: float) -> None:
        until = self.luar.monotonic() + seconds
        while (left := until - self.luar.monotonic()) > 0:
            self._check_stop()
            self.luar.sleep(min(left, 0.2))

    def _once(self, method: str, path: str, **options: Any) -> httpx.Response:
        self._permit_path(path)
        with self._translated():
            answer = self._http.request(method, path, **options)
        self.lalu_lintas.note(answer)
        if answer.status_code < 400:
            return answer
        raise self._problem(answer)

    @contextmanager
    def stream(self, path: str, headers: dict[str, str]) -> Iterator[httpx.Response]:
        """Open an answer whose body is read piece by piece; a cut is a ServiceDownError."""
        self._permit_path(path)
        with self._translated(), self._http.stream("GET", path, headers=headers) as answer:
            if answer.status_code >= 400:
                answer.read()
                raise self._problem(answer)
            yield answer

    def _permit_path(self, path: str) -> None:
        if path.startswith("/v1/"):  # its keys a service shows to everybody
            self._permit(right_of(path))

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except httpx.HTTPStatusError as error:  # the token endpoint said no
            raise self._problem(error.response) from None
        except (httpx.TransportError, httpx.DecodingError) as error:
            where = f"{self.sisi.upper()} di {self._http.base_url}"
            why = str(error) if isinstance(error, HandshakeError) else type(error).__name__
            text = f"Layanan {where} tidak menjawab ({why})."
            raise ServiceDownError(text) from None

    def _problem(self, answer: httpx.Response) -> Exception:
        """Translate a problem document; the table of codes is in wire.md and openapi/."""
        kode, detail, pasal = _read_problem(answer)
        status = answer.status_code
        text = f"{self.sisi.upper()} menjawab {status} {kode}: {detail}"
        if kind := _MENURUT_KODE.get(kode):
            # What a service says is for who writes a client; who runs this one has a remedy, too.
            advice = f" {kind.saran}" if kind is ClientUnknownError else ""
            return kind(text + advice, pasal=pasal)
        if status == 410:
            return CursorGoneError(text)
        jawaban = Jawaban(status, kode)
        if status in _TEMPORARY:
            down = ServiceDownError(text, retry_after=_seconds(answer.headers.get("Retry-After")))
            down.jawaban = jawaban
            return down
        if status == 403 and kode.startswith(
            ("KLIEN-PERJANJIAN", "KLIEN-OTORISASI", "KLIEN-TUJUAN")
        ):
            over = (pasal or "").startswith("Pasal 8")
            return (AgreementOverError if over else NotAuthorisedError)(text, pasal=pasal)
        missing = status in {404, 405}
        refused = (NoSuchAddressError if missing else RefusedError)(text, pasal=pasal)
        refused.jawaban = jawaban
        return refused

    def read(self, form: TypeAdapter[_T], answer: httpx.Response) -> _T:
        """Return an answer in its agreed form. Raises ContractError."""
        try:
            return form.validate_json(answer.content)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False, include_context=False)[0]
            place = ".".join(str(p) for p in first["loc"])
            raise ContractError(
                f"{self.sisi.upper()}: {error.error_count()} bidang tidak sah, mulai {place} "
                f"({first['type']})."
            ) from None


def right_of(path: str) -> str:
    """Return the right (`badan_usaha:baca`, …) that a request of this module uses."""
    segments = path.split("/")
    if {"usulan", "neraca"} & set(segments):
        return "usulan:kirim"
    # A part of a snapshot does not say whose it is; the giver looks at the snapshot.
    himpunan = next((h for h, n in JALUR.items() if n in segments), Himpunan.BADAN_USAHA)
    return f"{himpunan.value}:baca"


def _read_problem(answer: httpx.Response) -> tuple[str, str, str | None]:
    try:
        body = answer.json()
        return (
            str(body.get("kode", body.get("error", "-"))),
            str(body.get("detail", body.get("error_description", "-"))),
            body.get("pasal"),
        )
    except (ValueError, AttributeError):
        return "-", "jawaban tanpa penjelasan", None


def _seconds(header: str | None) -> float | None:
    try:
        return None if header is None else float(header)
    except ValueError:
        return None  # an HTTP date: our own pauses do as well
