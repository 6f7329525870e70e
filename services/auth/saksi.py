"""The witness of an exchange: makes records of the evidence log from the messages themselves.

A message is recorded when its sender is known: by a signature that held, with a nonce not used
before, or by the token of a party's client. What a stranger sends is counted and logged, and fills
no table. A local identity's own work is no exchange and has its own events.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from services.audit.bukti.buku import BukuBukti
from services.audit.bukti.catatan import (
    Arah,
    Catatan,
    Jenis,
    mark,
    moment,
    purpose,
    request_id,
)
from services.audit.bukti.isi import Muatan, content_digest, count_items
from services.audit.record import Pelaku
from services.auth.clients import Klien
from services.auth.pesan import HEADER_PERJANJIAN, Permintaan, Tanda
from services.auth.sekali import SEKALI_MENYUSUL
from services.kit.database import Statements
from shared_schemas.perjanjian import Acuan

_RUAS = re.compile(r"[a-z]+(?:-[a-z]+)*|v[0-9]+|")


class Terkirim(NamedTuple):
    """An answer as it goes out or came in: status, digest, content where it was all at hand."""

    status: int
    sidik_isi: str | None
    badan: bytes | None
    tanda: Tanda | None


def _signed(tanda: Tanda | None) -> dict[str, str | None]:
    if tanda is None:
        return {}
    return {
        "kunci": mark(tanda.keyid),
        "nonce": mark(tanda.nonce),
        "tanda": base64.b64encode(tanda.tanda).decode(),
        "sidik_dasar": hashlib.sha256(tanda.dasar).hexdigest(),
    }


def _content(badan: bytes | None, tanda: Tanda | None) -> Muatan | None:
    return None if badan is None else Muatan(badan, b"" if tanda is None else tanda.dasar)


def _went_by(acuan: Acuan | None) -> dict[str, str]:
    """Return what a record says of the decision that a message rests on."""
    if acuan is None:
        return {}
    return {"diputus": moment(acuan.pada), "sidik_perjanjian": acuan.sidik}


def _request(message: Permintaan, badan: bytes, tanda: Tanda | None) -> dict[str, Any]:
    """Return what both sides say alike of a request."""
    return {
        "jenis": Jenis.PERMINTAAN,
        "metode": message.method,
        "sidik_target": content_digest(message.url.encode()),
        "sidik_isi": content_digest(badan),
        "tujuan": purpose(message.headers.get("tujuan")),
        # Unsigned it is anybody's text.
        "perjanjian": None if tanda is None else message.headers.get(HEADER_PERJANJIAN),
        "jumlah": count_items(badan),
        **_signed(tanda),
    }


def _answer(message: Permintaan, sent: Terkirim) -> dict[str, Any]:
    return {
        "jenis": Jenis.JAWABAN,
        "metode": message.method,
        "sidik_target": content_digest(message.url.encode()),
        "sidik_isi": sent.sidik_isi,
        "status": sent.status,
        "jumlah": None if sent.badan is None else count_items(sent.badan),
        **_signed(sent.tanda),
    }


@dataclass(slots=True)
class SaksiLayanan:
    """Witness of one request to a service and of its answer."""

    buku: BukuBukti
    message: Permintaan
    badan: bytes
    id_permintaan: str
    permintaan: str | None = field(default=None, init=False)

    def received_once(
        self, tx: Statements, klien: Klien, tanda: Tanda, sekali: dict[str, Any]
    ) -> bool:
        """Record a signed request if its nonce is new, in one statement with it; say whether.

        On the disk it is when its answer's record is: nothing leaves before.
        """
        catatan, isi = self._received(klien, tanda)
        self.permintaan = self.buku.write_if(tx, catatan, isi, SEKALI_MENYUSUL, sekali)
        return self.permintaan is not None

    def _received(self, klien: Klien, tanda: Tanda | None) -> tuple[Catatan, Muatan | None]:
        said = _request(self.message, self.badan, tanda)
        catatan = Catatan(arah=Arah.MASUK, **self._common(klien), **said)
        return catatan, _content(self.badan, tanda)

    def leaving(self, klien: Klien, who: Pelaku | None, rute: str | None, sent: Terkirim) -> None:
        """Record the answer before it leaves, and the request unless that was done.

        Raises EvidenceError: the answer must not leave.
        """
        right: dict[str, Any] = {"rute": rute}
        if who is not None:
            right |= {"pasal": who.pasal, "cakupan": who.cakupan, "tujuan": who.tujuan}
            right |= _went_by(who.acuan)
        said = _answer(self.message, sent)
        alone = self.permintaan is not None
        opened: Callable[[], AbstractContextManager[Statements]]
        opened = self.buku.statements if alone else self.buku.transaction
        with opened() as tx:
            if self.permintaan is None:
                self.permintaan = self.buku.write(tx, *self._received(klien, None))
            catatan = Catatan(
                arah=Arah.KELUAR,
                permintaan=self.permintaan,
                **self._common(klien),
                **right,
                **said,
            )
            self.buku.write(tx, catatan, _content(sent.badan, sent.tanda))

    def _common(self, klien: Klien) -> dict[str, Any]:
        return {
            "waktu": moment(self.buku.clock()),
            "layanan": self.buku.nama,
            "klien": klien.client_id,
            "pihak": klien.pihak,
            "id_permintaan": self.id_permintaan,
        }


class Hak(NamedTuple):
    """By which right a client asks: its party, the scope, the article where there is one."""

    pihak: str
    cakupan: str
    pasal: str | None
    acuan: Acuan | None = None


class HakDari(Protocol):
    """Tells the right of a request from its path."""

    def __call__(self, path: str, /) -> Hak:
        """Return the right."""


@dataclass(frozen=True, slots=True)
class SaksiKlien:
    """Witness of what a client sends to one service and is answered."""

    buku: BukuBukti
    layanan: str
    klien: str
    hak: HakDari

    def leaving(self, message: Permintaan, path: str, badan: bytes, tanda: Tanda | None) -> str:
        """Record a request before it leaves; return its digest. Raises EvidenceError."""
        said = _request(message, badan, tanda)
        catatan = Catatan(arah=Arah.KELUAR, **self._common(path), **said)
        with self.buku.transaction() as tx:
            return self.buku.write(tx, catatan, _content(badan, tanda))

    def arrived(
        self, message: Permintaan, path: str, asked: str, id_jawaban: str | None, sent: Terkirim
    ) -> None:
        """Record an answer that was verified. Raises EvidenceError: it must not be used."""
        said = _answer(message, sent)
        catatan = Catatan(
            arah=Arah.MASUK,
            permintaan=asked,
            tujuan=purpose(message.headers.get("tujuan")),
            id_permintaan=request_id(id_jawaban),
            **self._common(path),
            **said,
        )
        with self.buku.transaction() as tx:
            self.buku.write(tx, catatan, _content(sent.badan, sent.tanda))

    def _common(self, path: str) -> dict[str, Any]:
        pihak, cakupan, pasal, acuan = self.hak(path)
        return {
            "waktu": moment(self.buku.clock()),
            "layanan": self.layanan,
            "klien": self.klien,
            "pihak": pihak,
            "cakupan": cakupan,
            "pasal": pasal,
            "rute": route_of(path),
            **_went_by(acuan),
        }


def route_of(path: str) -> str:
    """Return a path of ours without the ids in it."""
    return "/".join(s if _RUAS.fullmatch(s) else "{id}" for s in path.split("/"))
