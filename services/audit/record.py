"""Write evidence, always inside the transaction of the act it is evidence of."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from services.audit.catalogue import RINCIAN, Peristiwa
from services.audit.errors import EnumerationError
from services.audit.quota import Jatah
from services.kit.clock import Clock, system_clock
from services.kit.database import Statements, Transaction, transaction
from shared_schemas.perjanjian import Acuan

SIDIK_OKTET = 16  # 128 bits: collisions out of reach


@dataclass(frozen=True, slots=True)
class Pelaku:
    """Who acts: a client with its party, right, purpose and quota, or a local identity.

    `acuan` is what the agreement's decision went by.
    """

    id: str
    pihak: str | None = None
    pasal: str | None = None
    id_permintaan: str | None = None
    cakupan: str | None = None
    tujuan: str | None = None
    jatah: Jatah | None = field(default=None, compare=False, repr=False)
    acuan: Acuan | None = field(default=None, compare=False)


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
INSERT INTO audit_akses
    (waktu, pelaku, pihak, pasal, cakupan, tujuan, rute, id_permintaan, jumlah, bidang, sidik_nik)
SELECT %(waktu)s::timestamptz, %(pelaku)s, %(pihak)s, %(pasal)s, %(cakupan)s, %(tujuan)s, %(rute)s,
    %(id_permintaan)s, %(jumlah)s::int, %(daftar)s::int, %(sidik)s::bigint[]
"""
"""One entry; what follows it may say FROM which other step of the statement."""


@lru_cache(maxsize=1_024)
def list_number(bidang: tuple[str, ...]) -> int:
    """Return the number by which the ledger names a list of fields (signed 32 bits)."""
    digest = hashlib.blake2b("\n".join(bidang).encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big", signed=True)


class Auditor:
    """Writes events and ledger entries of one program; holds the key of the NIK hashes."""

    def __init__(self, key: bytes, clock: Clock = system_clock) -> None:
        # Copied for each NIK, which is cheaper than to begin with the key again.
        self._hasher = hashlib.blake2b(key=key, digest_size=SIDIK_OKTET)
        self._clock = clock
        self._listed: set[int] = set()

    def now(self) -> dt.datetime:
        """Return the moment under which an act is entered, for what the act itself dates."""
        return self._clock()

    def record(self, tx: Statements, bukti: Bukti) -> None:
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

    def suspect(self, tx: Statements, who: Pelaku, rute: str) -> None:
        """Tell of a client that tries numbers out, once a day."""
        if who.jatah is not None and who.jatah.mark(tx):
            rincian = {"cakupan": who.cakupan, "rute": rute}
            self.record(tx, Bukti(Peristiwa.PENCACAHAN_DIDUGA, who, rincian))

    @contextmanager
    def counting(self, engine: sa.Engine, who: Pelaku, rute: str) -> Iterator[Transaction]:
        """Open a transaction that takes from a quota; what it refuses as guessing is told of."""
        try:
            with transaction(engine) as tx:
                yield tx
        except EnumerationError:
            with transaction(engine) as tx:
                self.suspect(tx, who, rute)
            raise

    def fingerprint(self, text: str) -> bytes:
        """Return the keyed hash of a text (BLAKE2b, RFC 7693); HMAC takes thrice as long."""
        hasher = self._hasher.copy()
        hasher.update(text.encode())
        return hasher.digest()

    def person(self, nik: str) -> int:
        """Return the number that stands for a NIK in the ledger: 64 bits of its keyed hash.

        Among 45 million persons two share a number with a chance of 1 in 18,000; in exchange
        the ledger and its index are half as large, and a page enters a thousand of them.
        """
        return int.from_bytes(self.fingerprint(nik)[:8], "big", signed=True)

    def list_fields(self, tx: Statements, bidang: tuple[str, ...]) -> int:
        """Return the number of a list of fields, which the ledger spells out once.

        A list counts as known when it is found, not when it is written: the transaction that
        writes it may yet fail.
        """
        number = list_number(bidang)
        if number not in self._listed:
            done = tx.raw(
                "INSERT INTO audit_bidang (nomor, bidang) VALUES (%s, %s) ON CONFLICT DO NOTHING",
                (number, list(bidang)),
            )
            if done.rowcount == 0:
                self._listed.add(number)
        return number

    def access_entry(
        self, pelaku: Pelaku, rute: str, jumlah: int, nik: Iterable[str], daftar: int | None
    ) -> dict[str, Any]:
        """Return the parameters of `INSERT_AKSES`: who read whose data, by what right and what for.

        `jumlah` counts the records given; `nik` are those asked for or given; `daftar` is the
        number of the fields given (`list_fields`). The hashes are one array literal: the driver
        takes several µs for each item of a list.
        """
        persons = ",".join([str(self.person(n)) for n in dict.fromkeys(nik)])
        return {
            "waktu": self._clock(),
            "pelaku": pelaku.id,
            "pihak": pelaku.pihak,
            "pasal": pelaku.pasal or "internal",
            "cakupan": pelaku.cakupan,
            "tujuan": pelaku.tujuan,
            "rute": rute,
            "id_permintaan": pelaku.id_permintaan,
            "jumlah": jumlah,
            "daftar": daftar,
            "sidik": f"{{{persons}}}",
        }

    def record_access(
        self,
        tx: Transaction,
        pelaku: Pelaku,
        rute: str,
        jumlah: int,
        nik: Iterable[str],
        bidang: Iterable[str],
        dikenal: int | None = None,
    ) -> None:
        """Append one ledger entry and take from the quota; nothing read is nothing to record.

        `dikenal` counts those of `nik` who are known, where some were only asked for. Raises
        QuotaError when they are more than are left for the day, and EnumerationError.
        """
        named = list(nik)
        if jumlah or named:
            if pelaku.jatah is not None:
                pelaku.jatah.take(tx, len(set(named)), dikenal)
            daftar = self.list_fields(tx, tuple(bidang))
            tx.raw(INSERT_AKSES, self.access_entry(pelaku, rute, jumlah, named, daftar))
