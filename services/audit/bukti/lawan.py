"""Seals of the other side's book, as it signed them: a chain that is made anew does not have them.

Whoever holds the key can write another history that is whole in itself. Each side therefore tells
the other its newest seal with every balance, and keeps what it is told (docs/keputusan/0019).
"""

from __future__ import annotations

import datetime as dt
import json
from typing import Any, NamedTuple

from services.audit.bukti import rantai
from services.kit.database import Transaction
from shared_schemas.v1.neraca import SegelTerakhir

_SELANG = dt.timedelta(hours=1)
"""Between two seals that are kept of a book: what is made anew after the later is caught by it."""
_JAM = dt.timedelta(minutes=1)
"""By which two programs of one side may state their seals in another order."""

_SENDIRI = "SELECT isi::text FROM audit_segel ORDER BY nomor DESC LIMIT 1"
_BERTENTANGAN = """
SELECT EXISTS (SELECT FROM audit_segel_lawan WHERE pihak = %s AND buku = %s
    AND ((nomor = %s AND sidik <> %s) OR (nomor > %s AND dinyatakan_pada < %s)))
"""
_BARU_DISIMPAN = """
SELECT EXISTS (SELECT FROM audit_segel_lawan WHERE pihak = %s AND buku = %s AND pada > %s)
"""
_SIMPAN = """
INSERT INTO audit_segel_lawan
    (pihak, buku, nomor, sidik, tertanda, kunci, dinyatakan_pada, pada)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (pihak, buku, nomor, sidik) DO NOTHING
"""
_DAFTAR = """
SELECT pihak, buku, nomor, encode(sidik, 'hex'), tertanda, kunci, dinyatakan_pada
FROM audit_segel_lawan WHERE %s::text IS NULL OR pihak = %s ORDER BY id
"""


class Ucapan(NamedTuple):
    """A seal as the other side signed it: the document, the key that says so, and its time."""

    segel: SegelTerakhir
    tertanda: str
    kunci: dict[str, Any]
    pada: dt.datetime


class Nasib(NamedTuple):
    """What became of a seal: whether it was kept, and whether it contradicts those kept before."""

    disimpan: bool
    bertentangan: bool


class Tersimpan(NamedTuple):
    """A seal that was kept; `sidik` hexadecimal."""

    pihak: str
    buku: str
    nomor: int
    sidik: str
    tertanda: str
    kunci: dict[str, Any]
    dinyatakan_pada: dt.datetime


def newest(tx: Transaction) -> SegelTerakhir | None:
    """Return the newest seal of the own book, None before the first."""
    row = tx.raw(_SENDIRI).fetchone()
    if row is None:
        return None
    said, sidik = json.loads(row[0]), rantai.seal_digest(row[0]).hex()
    return SegelTerakhir(buku=said["buku"], nomor=said["nomor"], sidik=sidik)


def keep(tx: Transaction, pihak: str, ucapan: Ucapan, now: dt.datetime) -> Nasib:
    """Keep a seal that the other side stated, the first of an hour and each that contradicts.

    A seal contradicts one of the same number with another digest, and a higher one stated before:
    both are signed by that side, so each of the two proves the other false.
    """
    segel, sidik = ucapan.segel, bytes.fromhex(ucapan.segel.sidik)
    of = (pihak, segel.buku)
    query = (*of, segel.nomor, sidik, segel.nomor, ucapan.pada - _JAM)
    bertentangan = _is(tx, _BERTENTANGAN, query)
    if not bertentangan and _is(tx, _BARU_DISIMPAN, (*of, now - _SELANG)):
        return Nasib(disimpan=False, bertentangan=False)
    done = tx.raw(
        _SIMPAN,
        (
            *of, segel.nomor, sidik, ucapan.tertanda, json.dumps(ucapan.kunci), ucapan.pada, now,
        ),
    )  # fmt: skip
    return Nasib(bool(done.rowcount), bertentangan)


def kept(tx: Transaction, pihak: str | None = None) -> list[Tersimpan]:
    """Return the seals that were kept, of one side or of all, in the order in which they came."""
    return [Tersimpan(*row) for row in tx.raw(_DAFTAR, (pihak, pihak)).fetchall()]


def _is(tx: Transaction, query: str, parameters: tuple[Any, ...]) -> bool:
    row = tx.raw(query, parameters).fetchone()
    return bool(row and row[0])
