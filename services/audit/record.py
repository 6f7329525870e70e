"""Write evidence, always inside the transaction of the act it is evidence of."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from services.audit.catalogue import RINCIAN, Peristiwa
from services.kit.clock import Clock, system_clock
from services.kit.database import Transaction

SIDIK_OKTET = 16  # 128 bits: collisions out of reach


@dataclass(frozen=True, slots=True)
class Pelaku:
    """Who acts: a client of the exchange with its party, or a local identity."""

    id: str
    pihak: str | None = None
    pasal: str | None = None
    id_permintaan: str | None = None


@dataclass(frozen=True, slots=True)
class Bukti:
    """The audit event of a write; write functions take it as a required argument."""

    peristiwa: Peristiwa
    pelaku: Pelaku
    rincian: dict[str, Any] = field(default_factory=dict)


_INSERT_EVENT = """
INSERT INTO audit_peristiwa (waktu, peristiwa, pelaku, pihak, pasal, id_permintaan, rincian)
VALUES (%s, %s, %s, %s, %s, %s, %s::jsonb)
"""

INSERT_AKSES = """
INSERT INTO audit_akses (waktu, pelaku, pihak, pasal, rute, id_permintaan, jumlah, sidik_nik)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
"""


def _bytea_array(hexes: list[str]) -> str:
    inner = r'","\\x'.join(hexes)
    return rf'{{"\\x{inner}"}}' if hexes else "{}"


class Auditor:
    """Writes events and ledger entries of one program; holds the key of the NIK hashes."""

    def __init__(self, key: bytes, clock: Clock = system_clock) -> None:
        # Copied for each NIK, which is cheaper than to begin with the key again.
        self._hasher = hashlib.blake2b(key=key, digest_size=SIDIK_OKTET)
        self._clock = clock

    def now(self) -> dt.datetime:
        """Return the moment under which an act is entered, for what the act itself dates."""
        return self._clock()

    def record(self, tx: Transaction, bukti: Bukti) -> None:
        """Append an event. Raises ValueError for a detail that the catalogue does not list."""
        surplus = set(bukti.rincian) - RINCIAN[bukti.peristiwa]
        if surplus:
            raise ValueError(f"Rincian di luar katalog {bukti.peristiwa}: {sorted(surplus)}")
        who = bukti.pelaku
        tx.raw(
            _INSERT_EVENT,
            (
                self._clock(),
                bukti.peristiwa.value,
                who.id,
                who.pihak,
                who.pasal,
                who.id_permintaan,
                json.dumps(bukti.rincian),
            ),
        )

    def fingerprint(self, nik: str) -> bytes:
        """Return the keyed hash (BLAKE2b, RFC 7693) that stands for a NIK in the ledger.

        A page enters a thousand of them; HMAC-SHA-256 takes three times as long.
        """
        hasher = self._hasher.copy()
        hasher.update(nik.encode())
        return hasher.digest()

    def access_entry(
        self, pelaku: Pelaku, rute: str, jumlah: int, nik: Iterable[str]
    ) -> tuple[Any, ...]:
        """Return the parameters of `INSERT_AKSES`: who read whose data, by which route and article.

        `jumlah` counts the records given; `nik` are those asked for or given. Their hashes are
        one array literal: the driver takes several µs for each item of a list.
        """
        hashes = [self.fingerprint(n).hex() for n in dict.fromkeys(nik)]
        return (
            self._clock(),
            pelaku.id,
            pelaku.pihak,
            pelaku.pasal or "internal",
            rute,
            pelaku.id_permintaan,
            jumlah,
            _bytea_array(hashes),
        )

    def record_access(
        self, tx: Transaction, pelaku: Pelaku, rute: str, jumlah: int, nik: Iterable[str]
    ) -> None:
        """Append one ledger entry; nothing read is nothing to record."""
        named = list(nik)
        if jumlah or named:
            tx.raw(INSERT_AKSES, self.access_entry(pelaku, rute, jumlah, named))
