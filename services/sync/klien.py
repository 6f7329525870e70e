"""The reconciler's side of the wire: one service, asked patiently and read strictly.

A dead or unready service is waited for with growing, scattered pauses; what the agreement
forbids, and what cannot get better by waiting, becomes an error at once.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from threading import Event
from typing import Any, NamedTuple, TypeVar
from urllib.parse import parse_qs, urlsplit

import httpx
from pydantic import TypeAdapter, ValidationError
from tenacity import RetryCallState, Retrying, retry_if_exception_type

from services.kit.errors import HubError, TemporaryError
from services.sync.errors import (
    AgreementOverError,
    ContractError,
    CursorGoneError,
    NotAuthorisedError,
    PostponedDutyError,
    RefusedError,
    ServiceDownError,
)  # fmt: skip
from services.sync.settings import NamaSisi
from shared_schemas.rujukan import Himpunan, Pihak
from shared_schemas.v1.amplop import BadanUsahaTercatat, Halaman, PekerjaTercatat
from shared_schemas.v1.badan_usaha import BadanUsaha
from shared_schemas.v1.pekerja import Pekerja
from shared_schemas.v1.perubahan import HalamanPerubahan
from shared_schemas.v1.usulan import KumpulanTandaTerima, UsulanTercatat

_T = TypeVar("_T")

JALUR = {Himpunan.BADAN_USAHA: "badan-usaha", Himpunan.PEKERJA: "pekerja"}

_TEMPORARY = {408, 425, 429, 500, 502, 503, 504}
_LONGEST_PAUSE = 15.0  # seconds; longer would make a short outage cost more than it lasts
_TIMEOUT = httpx.Timeout(60.0, connect=5.0)
_TERKIRIM = "http11.send_request_body.complete"
_PALING_LAMA_KIRIM = 0.05  # seconds; a server that cannot be reached delays nothing


@cache
def _page_form(himpunan: Himpunan, pemberi: Pihak) -> TypeAdapter[HalamanPerubahan[Any]]:
    if himpunan is Himpunan.BADAN_USAHA:
        record: Any = BadanUsahaTercatat[BadanUsaha.profil(pemberi)]  # type: ignore[misc]
    else:
        record = PekerjaTercatat[Pekerja.profil(pemberi)]  # type: ignore[misc]
    return TypeAdapter(HalamanPerubahan[record])


_TANDA_TERIMA = TypeAdapter(KumpulanTandaTerima)
_DAFTAR_USULAN = TypeAdapter(Halaman[UsulanTercatat])


def _pause(state: RetryCallState) -> float:
    """Full jitter, so that programs that failed together do not come back together."""
    asked = getattr(state.outcome.exception() if state.outcome else None, "retry_after", None)
    growing = random.uniform(0.1, min(_LONGEST_PAUSE, 0.2 * 2**state.attempt_number))  # noqa: S311
    return max(growing, min(asked or 0.0, _LONGEST_PAUSE))


class _DiDepan(NamedTuple):
    """A page asked for before it is wanted."""

    path: str
    kursor: str
    answer: Future[httpx.Response]


class KlienRegistri:
    """Client of one registry. Raises TemporaryError when patience ends, else PermanentError.

    `check_stop` is called before each pause and raises to stop, so that an operator's interrupt
    is not kept waiting by a dead service.
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
    ) -> None:
        self.sisi = sisi
        self._batas = batas
        self._check_stop = check_stop
        self._patience = tunggu_detik
        self._http = httpx.Client(
            base_url=base_url, auth=auth, timeout=_TIMEOUT, transport=transport
        )
        self._background = ThreadPoolExecutor(1)
        self._coming: _DiDepan | None = None

    def close(self) -> None:
        """Close the connections; a page that is on its way is dropped."""
        self._http.close()
        self._background.shutdown(wait=False, cancel_futures=True)

    def fetch_perubahan(self, himpunan: Himpunan, kursor: str | None) -> HalamanPerubahan[Any]:
        """Return one page of the change feed. Raises CursorGoneError for a cursor too old.

        The service writes the next page while this one is validated and stored.
        """
        path = f"/v1/perubahan/{JALUR[himpunan]}"
        answer = self._came_ahead(path, kursor)
        if answer is None:
            answer = self._call("GET", path, params=self._query(kursor))
        self._ask_ahead(path, answer)
        return self._read(_page_form(himpunan, self.sisi.pemberi), answer)

    def _query(self, kursor: str | None) -> dict[str, Any]:
        return {"batas": self._batas} | ({} if kursor is None else {"kursor": kursor})

    def _ask_ahead(self, path: str, answer: httpx.Response) -> None:
        """Ask for the page that the answer's `Link` names; only its cursor is taken from there."""
        url = answer.links.get("next", {}).get("url", "")
        kursor = parse_qs(urlsplit(url).query).get("kursor", [""])[0]
        if not kursor:
            return
        sent = Event()

        def trace(event: str, _: Any) -> None:
            if event == _TERKIRIM:
                sent.set()

        asked = self._background.submit(
            self._once, "GET", path, params=self._query(kursor), extensions={"trace": trace}
        )
        asked.add_done_callback(lambda _: sent.set())
        self._coming = _DiDepan(path, kursor, asked)
        # A page is validated in one native call that keeps the interpreter to itself: what is not
        # on its way by now would leave only after it, and both sides would take turns.
        sent.wait(_PALING_LAMA_KIRIM)

    def _came_ahead(self, path: str, kursor: str | None) -> httpx.Response | None:
        coming, self._coming = self._coming, None
        if coming is None or (coming.path, coming.kursor) != (path, kursor):
            return None
        try:
            return coming.answer.result()
        except HubError:  # asked again where there is patience, and where it can be said
            return None

    def send_usulan(self, isi: bytes, kunci: str) -> KumpulanTandaTerima:
        """Send a stored batch and return its receipts; repeating the key repeats the answer."""
        headers = {"Idempotency-Key": kunci, "Content-Type": "application/json"}
        answer = self._call("POST", "/v1/usulan", content=isi, headers=headers)
        return self._read(_TANDA_TERIMA, answer)

    def list_usulan(self, kursor: str | None) -> Halaman[UsulanTercatat]:
        """Return one page of our own proposals with their present state."""
        return self._read(
            _DAFTAR_USULAN, self._call("GET", "/v1/usulan", params=self._query(kursor))
        )

    def _call(self, method: str, path: str, **options: Any) -> httpx.Response:
        started = time.monotonic()

        def give_up(_: RetryCallState) -> bool:
            self._check_stop()
            return time.monotonic() - started >= self._patience

        retrying = Retrying(
            stop=give_up,
            wait=_pause,
            sleep=self._sleep,
            retry=retry_if_exception_type(TemporaryError),
            reraise=True,
        )
        return retrying(self._once, method, path, **options)

    def _sleep(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self._check_stop()
            time.sleep(min(left, 0.2))

    def _once(self, method: str, path: str, **options: Any) -> httpx.Response:
        try:
            answer = self._http.request(method, path, **options)
        except httpx.HTTPStatusError as error:  # the token endpoint said no
            answer = error.response
        except (httpx.TransportError, httpx.DecodingError) as error:
            text = f"Layanan {self.sisi.upper()} tidak menjawab ({type(error).__name__})."
            raise ServiceDownError(text) from None
        if answer.status_code < 400:
            return answer
        raise self._problem(answer)

    def _problem(self, answer: httpx.Response) -> Exception:
        """Translate a problem document; the table of codes is in wire.md and openapi/."""
        kode, detail, pasal = _read_problem(answer)
        status = answer.status_code
        text = f"{self.sisi.upper()} menjawab {status} {kode}: {detail}"
        if status == 410:
            return CursorGoneError(text)
        if kode == "HUB-PERJANJIAN-004":  # waiting would hold up the directions that go on
            return PostponedDutyError(text, pasal=pasal)
        if status in _TEMPORARY:
            return ServiceDownError(text, retry_after=_seconds(answer.headers.get("Retry-After")))
        if status == 403 and kode.startswith(("KLIEN-PERJANJIAN", "KLIEN-OTORISASI")):
            over = (pasal or "").startswith("Pasal 8")
            return (AgreementOverError if over else NotAuthorisedError)(text, pasal=pasal)
        return RefusedError(text, pasal=pasal)

    def _read(self, form: TypeAdapter[_T], answer: httpx.Response) -> _T:
        try:
            return form.validate_json(answer.content)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False, include_context=False)[0]
            place = ".".join(str(p) for p in first["loc"])
            raise ContractError(
                f"{self.sisi.upper()}: {error.error_count()} bidang tidak sah, mulai {place} "
                f"({first['type']})."
            ) from None


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
