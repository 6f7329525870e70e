"""The sender's half of the balance as its client states it, kept beside the receiver's.

Each client signs its own records with the key of its registration. What it says is believed to
be its word, never to be true: the two halves are held against each other, and both are kept
(docs/keputusan/0015).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.audit.bukti import lawan
from services.audit.bukti.lawan import Ucapan
from services.audit.catalogue import Peristiwa
from services.audit.record import Auditor, Bukti, Pelaku
from services.auth.jws import TokenError
from services.auth.pesan import TOLERANSI
from services.auth.tokens import TokenIssuer
from services.kit.clock import Clock
from services.kit.database import Transaction, transaction
from services.kit.logging import get_logger
from services.registry.errors import (
    StatementContentError,
    StatementSignatureError,
    StatementTimeError,
)
from services.registry.neraca import BukuNeraca, own_half
from shared_schemas.neraca import bounds_of
from shared_schemas.perjanjian import hari
from shared_schemas.v1.neraca import (
    KETERANGAN,
    Kesesuaian,
    Neraca,
    NeracaDinyatakan,
    NeracaHarian,
    NeracaPengirim,
    SegelTerakhir,
)

# By the sender's own time: a copy that was held up on its way is no newer for coming late.
_TERAKHIR = """
SELECT isi, dinyatakan_pada, pada, tanda_pengirim, kunci_pengirim, tanda_penerima
FROM audit_neraca WHERE pelaku = %s AND tanggal = %s
ORDER BY dinyatakan_pada DESC, id DESC LIMIT 1
"""
_SIMPAN = """
INSERT INTO audit_neraca (pelaku, tanggal, hasil, isi, sidik, tanda_pengirim, kunci_pengirim,
    tanda_penerima, dinyatakan_pada, pada)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (sidik) DO NOTHING
"""
_KLIEN = """
SELECT pelaku FROM audit_neraca WHERE tanggal = %s UNION
SELECT pelaku FROM usulan WHERE diterima_pada >= %s AND diterima_pada < %s AND sidik IS NOT NULL
ORDER BY 1
"""
_SESUDAH = """
SELECT count(*) FROM usulan
WHERE pelaku = %s AND diterima_pada > %s AND diterima_pada < %s AND sidik IS NOT NULL
"""


class Klaim(BaseModel):
    """The claims of a statement; unknown ones may be added by later senders."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True, hide_input_in_errors=True)

    sub: str
    aud: str
    iat: float = Field(ge=0, lt=2**36, allow_inf_nan=False)
    neraca: dict[str, Any]
    segel: SegelTerakhir | None = None


class Pernyataan(NamedTuple):
    """A statement that is the caller's own, with the key that says so."""

    neraca: NeracaPengirim
    pada: dt.datetime
    tertanda: str
    kunci: dict[str, Any]
    segel: SegelTerakhir | None


class DuaSeparuh(NamedTuple):
    """Both halves of one client's day: what it stated last, and what that looks like here now.

    `penerima` leaves aside the `sesudahnya` that came when the statement had been made.
    """

    klien: str
    pengirim: NeracaPengirim | None
    penerima: NeracaHarian
    sesudahnya: int
    dinyatakan_pada: dt.datetime | None = None
    tanda_pengirim: str = ""
    kunci_pengirim: dict[str, Any] | None = None
    tanda_penerima: str = ""

    @property
    def hasil(self) -> Kesesuaian | None:
        """What the halves say together; nothing where the client has stated nothing."""
        return None if self.pengirim is None else judge(self.pengirim, self.penerima)


@dataclass(frozen=True, slots=True)
class BukuPernyataan:
    """Takes the statements of the clients of one registry."""

    engine: sa.Engine
    issuer: TokenIssuer
    auditor: Auditor
    neraca: BukuNeraca
    clock: Clock

    def accept(self, who: Pelaku, tanggal: dt.date, tertanda: str) -> NeracaDinyatakan:
        """Keep a client's statement where it says something new; return our half and what differs.

        Raises StatementSignatureError, StatementContentError, StatementTimeError.
        """
        now = self.clock()
        said = self._read(who.id, tanggal, tertanda, now)
        with transaction(self.engine) as tx:
            segel = lawan.newest(tx)
            own = self.neraca.signed(own_half(tx, who.id, tanggal, now), segel)
            hasil = judge(said.neraca, own.neraca)
            if _keep(tx, who.id, said, own, hasil, now):
                told = {"tanggal": str(tanggal), "hasil": hasil.value}
                self.auditor.record(tx, Bukti(Peristiwa.NERACA_DINYATAKAN, who, told))
            self._keep_seal(tx, who, said, now)
        return NeracaDinyatakan(
            neraca=own.neraca,
            tertanda=own.tertanda,
            hasil=hasil,
            beda=differing(said.neraca, own.neraca),
            keterangan=KETERANGAN[hasil],
            segel=segel,
        )

    def _keep_seal(self, tx: Transaction, who: Pelaku, said: Pernyataan, now: dt.datetime) -> None:
        if said.segel is None:
            return
        ucapan = Ucapan(said.segel, said.tertanda, said.kunci, said.pada)
        nasib = lawan.keep(tx, who.id, ucapan, now)
        told = {"buku": said.segel.buku, "nomor": said.segel.nomor}
        if nasib.bertentangan:
            get_logger().error("segel lawan bertentangan", klien=who.id, **told)
        if nasib.disimpan:
            told |= {"bertentangan": nasib.bertentangan}
            self.auditor.record(tx, Bukti(Peristiwa.SEGEL_LAWAN_DISIMPAN, who, told))

    def _read(self, klien: str, tanggal: dt.date, tertanda: str, now: dt.datetime) -> Pernyataan:
        try:
            claims, kunci = self.issuer.read_document(klien, tertanda)
        except TokenError:
            raise StatementSignatureError from None
        try:
            klaim = Klaim.model_validate(claims)
            neraca = NeracaPengirim.model_validate(klaim.neraca)
        except ValidationError as error:
            place = ".".join(str(p) for p in error.errors(include_input=False)[0]["loc"])
            # Without a place it is the whole that does not add up.
            told = place or "dikirim = jumlah + di_jalan, jumlah = jumlah seluruh keadaan"
            raise StatementContentError(f"Klaim tidak sah: {told}.") from None
        if (klaim.sub, neraca.tanggal) != (f"neraca:{tanggal}", tanggal):
            raise StatementContentError("Yang ditandatangani hari lain.")
        pada = dt.datetime.fromtimestamp(klaim.iat, dt.UTC)
        if pada > now + TOLERANSI or tanggal > hari(now + TOLERANSI):
            raise StatementTimeError
        return Pernyataan(neraca, pada, tertanda, kunci, klaim.segel)


def differing(pengirim: NeracaPengirim, penerima: NeracaHarian) -> list[Any]:
    """Return the names of what both halves say and do not say alike."""
    ours, theirs = _compared(penerima), _compared(pengirim)
    return [name for name in ours if ours[name] != theirs[name]]


def _compared(half: NeracaPengirim | NeracaHarian) -> dict[str, Any]:
    """Return what both halves say; a state without items may be left out."""
    states = {k: n for k, n in half.menurut_keadaan.items() if n}
    return {
        "jumlah": half.jumlah,
        "menurut_keadaan": states,
        "akar": half.akar,
        "akar_keadaan": half.akar_keadaan,
    }


def judge(pengirim: NeracaPengirim, penerima: NeracaHarian) -> Kesesuaian:
    """Say what two halves of a day say together."""
    other = differing(pengirim, penerima)
    if not other:
        return Kesesuaian.COCOK
    if not {"jumlah", "akar"} & {*other}:
        return Kesesuaian.MENYUSUL
    unanswered = penerima.jumlah - pengirim.jumlah
    if 0 < unanswered <= pengirim.di_jalan:
        return Kesesuaian.BELUM_DIJAWAB
    return Kesesuaian.BERBEDA


def both_halves(tx: Transaction, tanggal: dt.date, now: dt.datetime) -> Iterator[DuaSeparuh]:
    """Yield both halves of a day for each client that sent something or stated something."""
    for (klien,) in tx.raw(_KLIEN, (tanggal, *bounds_of(tanggal))).fetchall():
        row = tx.raw(_TERAKHIR, (klien, tanggal)).fetchone()
        if row is None:
            yield DuaSeparuh(klien, None, own_half(tx, klien, tanggal, now), 0)
            continue
        isi, stated, kept, signed, kunci, signed_here = row
        later = tx.raw(_SESUDAH, (klien, kept, bounds_of(tanggal)[1])).fetchone() or (0,)
        yield DuaSeparuh(
            klien,
            NeracaPengirim.model_validate(isi["pengirim"]),
            own_half(tx, klien, tanggal, now, kept),
            later[0],
            stated,
            signed,
            kunci,
            signed_here,
        )


def _keep(
    tx: Transaction,
    klien: str,
    said: Pernyataan,
    own: Neraca,
    hasil: Kesesuaian,
    now: dt.datetime,
) -> bool:
    """Append both halves unless the last ones said the same; say whether they were."""
    isi = {
        "pengirim": said.neraca.model_dump(mode="json"),
        "penerima": own.neraca.model_dump(mode="json", exclude={"dihitung_pada"}),
    }
    last = tx.raw(_TERAKHIR, (klien, said.neraca.tanggal)).fetchone()
    if last is not None and last[0] == isi:
        return False
    done = tx.raw(
        _SIMPAN,
        (
            klien, said.neraca.tanggal, hasil.value, json.dumps(isi),
            hashlib.sha256(said.tertanda.encode()).digest(), said.tertanda,
            json.dumps(said.kunci), own.tertanda, said.pada, now,
        ),
    )  # fmt: skip
    return bool(done.rowcount)
