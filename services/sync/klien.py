"""The reconciler's side of the wire: one service, asked patiently and read strictly.

A dead or unready service is waited for with growing, scattered pauses; what the agreement
forbids, and what cannot get better by waiting, becomes an error at once.
"""

from __future__ import annotations

import base64
import datetime as dt
import random
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
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
from shared_schemas.neraca import digest_of
from shared_schemas.rujukan import Himpunan, Pihak
from shared_schemas.v1.amplop import BadanUsahaTercatat, Halaman, PekerjaTercatat
from shared_schemas.v1.badan_usaha import BadanUsaha
from shared_schemas.v1.neraca import ButirNeraca, Neraca, NeracaDinyatakan
from shared_schemas.v1.pekerja import Pekerja
from shared_schemas.v1.perubahan import HalamanPerubahan, Perubahan
from shared_schemas.v1.sidik import Akar, Anak, DaunSimpul, KumpulanRekaman
from shared_schemas.v1.usulan import KumpulanTandaTerima, TandaTerima, UsulanTercatat

_T = TypeVar("_T")

TUJUAN = {NamaSisi.WLKP: "perluasan_kepesertaan", NamaSisi.BPJS: "wajib_lapor"}
"""What each party's data is asked for: the asking party's own effort (Pasal 2(1), Pasal 4(2))."""

JALUR = {Himpunan.BADAN_USAHA: "badan-usaha", Himpunan.PEKERJA: "pekerja"}

_MENURUT_KODE: dict[str, type[HubError]] = {
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


def record_form(himpunan: Himpunan, pemberi: Pihak) -> Any:
    """Return the form of a record in the profile of the party that gives it."""
    if himpunan is Himpunan.BADAN_USAHA:
        return BadanUsahaTercatat[BadanUsaha.profil(pemberi)]  # type: ignore[misc]
    return PekerjaTercatat[Pekerja.profil(pemberi)]  # type: ignore[misc]


@cache
def _page_form(himpunan: Himpunan, pemberi: Pihak) -> TypeAdapter[HalamanPerubahan[Any]]:
    record: Any = record_form(himpunan, pemberi)
    return TypeAdapter(HalamanPerubahan[record])


@cache
def _records_form(himpunan: Himpunan, pemberi: Pihak) -> TypeAdapter[KumpulanRekaman[Any]]:
    record: Any = record_form(himpunan, pemberi)
    return TypeAdapter(KumpulanRekaman[record])


def _prefixes(awalan: Sequence[str]) -> dict[str, Any]:
    return {} if list(awalan) == [""] else {"awalan": ",".join(awalan)}


_AKAR, _ANAK, _DAUN = TypeAdapter(Akar), TypeAdapter(Anak), TypeAdapter(DaunSimpul)
_TANDA_TERIMA = TypeAdapter(KumpulanTandaTerima)
_DAFTAR_USULAN = TypeAdapter(Halaman[UsulanTercatat])
_DINYATAKAN = TypeAdapter(NeracaDinyatakan)
_NERACA, _DAFTAR_BUTIR = TypeAdapter(Neraca), TypeAdapter(Halaman[ButirNeraca])


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


class _DiDepan(NamedTuple):
    """A page asked for before it is wanted."""

    path: str
    kursor: str
    answer: Future[httpx.Response]


class Jumlah(NamedTuple):
    """Sums of children, node by node, as of a number of the source."""

    nomor: int
    jumlah: list[int]


class Daftar(NamedTuple):
    """Leaves by id, as of a number of the source."""

    nomor: int
    daun: dict[str, int]


class Diterima(NamedTuple):
    """Receipts of a batch, what the receiver signed, and their digest as they came."""

    tanda_terima: list[TandaTerima]
    tertanda: str
    sidik: str


class KlienRegistri:
    """Client of one registry. Raises TemporaryError when patience ends, else PermanentError.

    `check_stop` is called before each pause and raises to stop, so that an operator's interrupt
    is not kept waiting by a dead service. `permit` is called with the right that each request
    uses, and raises where our own copy of the agreement does not allow it now.
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
        self._batas = batas
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
            answer = self.call("GET", path, params=self._query(kursor))
        self._ask_ahead(path, answer)
        return self.read(_page_form(himpunan, self.sisi.pemberi), answer)

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

    def fetch_akar(self, himpunan: Himpunan) -> Akar:
        """Return the root of the source's digest tree."""
        return self.read(_AKAR, self.call("GET", f"/v1/digest/{JALUR[himpunan]}"))

    def fetch_anak(
        self, himpunan: Himpunan, awalan: Sequence[str], lipat: int, oktet: int
    ) -> Jumlah:
        """Return the sums of the children of nodes; the one prefix "" is the root."""
        query = {"lipat": lipat, "oktet": oktet} | _prefixes(awalan)
        found = self.read(_ANAK, self.call("GET", f"/v1/digest/{JALUR[himpunan]}", params=query))
        return Jumlah(found.nomor, self._unpack(found.anak, oktet, len(awalan) * 16**lipat))

    def fetch_daun(self, himpunan: Himpunan, awalan: Sequence[str], oktet: int) -> Daftar:
        """Return the records of small nodes with their leaves."""
        query = {"oktet": oktet} | _prefixes(awalan)
        path = f"/v1/digest/{JALUR[himpunan]}/daun"
        found = self.read(_DAUN, self.call("GET", path, params=query))
        leaves = self._unpack(found.daun, oktet, len(found.id))
        return Daftar(found.nomor, dict(zip(found.id, leaves, strict=True)))

    def fetch_rekaman(self, himpunan: Himpunan, ids: Sequence[str]) -> list[Perubahan[Any]]:
        """Return the last state of these records, at most 1,000, with tombstones."""
        path = f"/v1/digest/{JALUR[himpunan]}/rekaman"
        answer = self.call("POST", path, json={"id": list(ids)})
        return self.read(_records_form(himpunan, self.sisi.pemberi), answer).data

    def _unpack(self, text: str, oktet: int, count: int) -> list[int]:
        try:
            packed = base64.b64decode(text, validate=True)
        except ValueError:
            packed = b""
        if len(packed) != count * oktet:
            raise ContractError(f"{self.sisi.upper()}: panjang jumlah sidik tidak sesuai.")
        return [
            int.from_bytes(packed[at : at + oktet], "big") for at in range(0, len(packed), oktet)
        ]

    def send_usulan(self, isi: bytes, kunci: str) -> Diterima:
        """Send a stored batch and return its receipts; repeating the key repeats the answer."""
        headers = {"Idempotency-Key": kunci, "Content-Type": "application/json"}
        answer = self.call("POST", "/v1/usulan", content=isi, headers=headers)
        found = self.read(_TANDA_TERIMA, answer)
        sidik = digest_of(answer.json()["tanda_terima"]).hex()
        return Diterima(found.tanda_terima, found.tertanda, sidik)

    def list_usulan(self, kursor: str | None) -> Halaman[UsulanTercatat]:
        """Return one page of our own proposals with their present state."""
        return self.read(_DAFTAR_USULAN, self.call("GET", "/v1/usulan", params=self._query(kursor)))

    def fetch_neraca(self, tanggal: dt.date) -> Neraca:
        """Return the receiver's half of the balance of a day. Raises NoSuchAddressError."""
        query = {"tanggal": tanggal.isoformat()}
        return self.read(_NERACA, self.call("GET", "/v1/neraca", params=query))

    def state_neraca(self, tanggal: dt.date, tertanda: str) -> Neraca:
        """State our signed half of a day and return the receiver's.

        Raises NoSuchAddressError, and DayNotBegunError where the receiver's clock is behind.
        """
        query = {"tanggal": tanggal.isoformat()}
        answer = self.call("PUT", "/v1/neraca", params=query, json={"tertanda": tertanda})
        found = self.read(_DINYATAKAN, answer)
        return Neraca(neraca=found.neraca, tertanda=found.tertanda)

    def list_butir(self, tanggal: dt.date, kursor: str | None) -> Halaman[ButirNeraca]:
        """Return one page of the items that the receiver counted on a day."""
        query = {"tanggal": tanggal.isoformat()} | self._query(kursor)
        return self.read(_DAFTAR_BUTIR, self.call("GET", "/v1/neraca/butir", params=query))

    def call(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Return a service's answer, asking again while there is patience."""
        return self.patiently(self._once, method, path, **options)

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
            text = f"Layanan {self.sisi.upper()} tidak menjawab ({type(error).__name__})."
            raise ServiceDownError(text) from None

    def _problem(self, answer: httpx.Response) -> Exception:
        """Translate a problem document; the table of codes is in wire.md and openapi/."""
        kode, detail, pasal = _read_problem(answer)
        status = answer.status_code
        text = f"{self.sisi.upper()} menjawab {status} {kode}: {detail}"
        if kode in _MENURUT_KODE:
            return _MENURUT_KODE[kode](text, pasal=pasal)
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
        missing = status in {404, 405} and not kode.startswith("KLIEN-EKSPOR")
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
