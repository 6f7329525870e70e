"""What the reconciler asks of a registry's service, and what it says to it."""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Sequence
from concurrent.futures import Future
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import httpx
from pydantic import TypeAdapter

from services.kit.errors import HubError
from services.sync.errors import ContractError, NoSuchAddressError
from services.sync.sambungan import JALUR, Sambungan
from shared_schemas.neraca import digest_of
from shared_schemas.rujukan import Himpunan, Pihak
from shared_schemas.v1.amplop import BadanUsahaTercatat, Halaman, PekerjaTercatat
from shared_schemas.v1.badan_usaha import BadanUsaha
from shared_schemas.v1.kode import KeadaanUsulan
from shared_schemas.v1.neraca import ButirNeraca, Neraca, NeracaDinyatakan
from shared_schemas.v1.pekerja import Pekerja
from shared_schemas.v1.perubahan import HalamanPerubahan, Perubahan
from shared_schemas.v1.sidik import Akar, Anak, DaunSimpul, KumpulanRekaman
from shared_schemas.v1.usulan import KumpulanTandaTerima, TandaTerima, UsulanTercatat


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
_USULAN = TypeAdapter(UsulanTercatat)
_TIDAK_SAMPAI = "KLIEN-USULAN-001"
_DINYATAKAN = TypeAdapter(NeracaDinyatakan)
_NERACA, _DAFTAR_BUTIR = TypeAdapter(Neraca), TypeAdapter(Halaman[ButirNeraca])


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


class KlienRegistri(Sambungan):
    """Client of one registry: each of its addresses by name, each answer in its agreed form."""

    _coming: _DiDepan | None = None

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
        return {"batas": self.batas} | ({} if kursor is None else {"kursor": kursor})

    def _ask_ahead(self, path: str, answer: httpx.Response) -> None:
        """Ask for the page that the answer's `Link` names; only its cursor is taken from there."""
        url = answer.links.get("next", {}).get("url", "")
        kursor = parse_qs(urlsplit(url).query).get("kursor", [""])[0]
        if not kursor:
            return
        asked = self.begin("GET", path, params=self._query(kursor))
        self._coming = _DiDepan(path, kursor, asked)

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

    def list_usulan(
        self, kursor: str | None, keadaan: KeadaanUsulan | None = None
    ) -> Halaman[UsulanTercatat]:
        """Return one page of our own proposals with their present state: all, or those of one."""
        query = self._query(kursor) | ({} if keadaan is None else {"keadaan": keadaan.value})
        return self.read(_DAFTAR_USULAN, self.call("GET", "/v1/usulan", params=query))

    def find_usulan(self, id_usulan: UUID) -> UsulanTercatat | None:
        """Return one of our own proposals with its present state; None when it never arrived."""
        try:
            return self.read(_USULAN, self.call("GET", f"/v1/usulan/{id_usulan}"))
        except NoSuchAddressError as error:
            if error.jawaban is None or error.jawaban.kode != _TIDAK_SAMPAI:
                raise
            return None

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
