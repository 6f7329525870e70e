"""The sealer: numbers what was committed, chains it, and seals it, beside the requests.

A chain made by the writers would let one write at a time. Here the records wait, each with its
digest, and whoever holds the lock takes them in the order of their ids; one whose transaction ends
late gets the next number, and what a crash left waits for the next start.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

from services.audit.bukti import rantai, ujung
from services.audit.bukti.bidang import root_of
from services.audit.bukti.buku import BukuBukti
from services.audit.bukti.catatan import canonical, moment
from services.audit.bukti.rantai import Mata, Penanda, Segel
from services.audit.bukti.ujung import Ujung
from services.kit import kunci_basisdata
from services.kit.database import Transaction, transaction
from services.kit.logging import get_logger

_SEKALI = 100  # records in a seal: their contents, at most 1 MiB each, are in memory together
_PALING_BANYAK = 100_000  # seals in one call; what is left waits for the next

_MENUNGGU = """
SELECT p.id, p.sidik, b.isi FROM bukti_isi b JOIN audit_pesan p USING (id)
WHERE b.nomor IS NULL ORDER BY b.id LIMIT %s
"""
_RANTAIKAN = """
INSERT INTO audit_rantai (nomor, id, sidik, akar_isi, tautan, tanda)
SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bytea[], %s::bytea[], %s::bytea[], %s::bytea[])
"""
_TANDAI = """
UPDATE bukti_isi b SET nomor = u.nomor FROM unnest(%s::bigint[], %s::bigint[]) AS u (id, nomor)
WHERE b.id = u.id
"""


class _Menunggu(NamedTuple):
    """A record that waits, and the content that was kept of it."""

    id: int
    sidik: bytes
    isi: bytes | None


@dataclass(frozen=True, slots=True)
class Penyegel:
    """Seals the records of one book with whatever key signs now."""

    buku: BukuBukti
    penanda: Callable[[], Penanda]

    def seal(self) -> int:
        """Seal all that is committed; return how many records. Another process's turn: 0.

        Raises ForeignTipError while the book ends with what no key of ours signed.
        """
        total = 0
        for _ in range(_PALING_BANYAK):
            with transaction(self.buku.engine) as tx:
                sealed = self._batch(tx)
            total += sealed
            if sealed < _SEKALI:
                break
        return total

    def _batch(self, tx: Transaction) -> int:
        row = tx.raw("SELECT pg_try_advisory_xact_lock(%s)", (kunci_basisdata.SEGEL,)).fetchone()
        if row is None or not row[0]:
            return 0
        waiting = [_Menunggu(*r) for r in tx.raw(_MENUNGGU, (_SEKALI,)).fetchall()]
        if waiting:
            key = self.penanda()
            end = ujung.read(tx, self.buku.nama, key)
            self._remember(tx, key)
            self._seal_over(tx, key, end, self._chain(tx, key, end, waiting))
        return len(waiting)

    def _chain(
        self, tx: Transaction, key: Penanda, end: Ujung, waiting: list[_Menunggu]
    ) -> list[Mata]:
        nomor, before = end.nomor, end.tautan
        made = []
        for each in waiting:
            nomor += 1
            mata = Mata(nomor, each.sidik, self._fields_root(each), before)
            before = mata.digest(self.buku.nama)
            made.append(replace(mata, tanda=key.sign(rantai.link_content(before))))
        numbers, ids = [m.nomor for m in made], [w.id for w in waiting]
        links = [*(m.sebelum for m in made[1:]), before]
        roots, marks = [m.akar_isi for m in made], [m.tanda for m in made]
        tx.raw(_RANTAIKAN, (numbers, ids, [m.sidik for m in made], roots, links, marks))
        tx.raw(_TANDAI, (ids, numbers))
        return made

    def _fields_root(self, each: _Menunggu) -> bytes | None:
        if each.isi is None:
            return None
        isi = self.buku.amplop.open(each.isi, each.sidik)
        if isi is None:  # the record is sealed all the same: its own digest covers the content
            get_logger().error("isi bukti tidak terbuka", catatan=each.id)
            return None
        return root_of(isi)

    def _seal_over(self, tx: Transaction, key: Penanda, end: Ujung, made: list[Mata]) -> None:
        segel = Segel.over(
            made,
            self.buku.nama,
            nomor=end.segel + 1,
            sebelum=end.sidik_segel.hex(),
            waktu=moment(self.buku.clock()),
            kunci=key.kid,
        )
        text = segel.text()
        tx.raw(
            "INSERT INTO audit_segel (nomor, isi, tanda) VALUES (%s, %s::json, %s)",
            (segel.nomor, text, key.sign(rantai.seal_content(text))),
        )

    def _remember(self, tx: Transaction, key: Penanda) -> None:
        """Note the public key for whoever reads the database; its files say whose it is."""
        jwk = next(k for k in key.public if k["kid"] == key.kid)
        tx.raw(
            "INSERT INTO audit_kunci (kid, jwk, sejak) VALUES (%s, %s::json, %s)"
            " ON CONFLICT DO NOTHING",
            (key.kid, canonical(jwk), self.buku.clock()),
        )


def foreign_keys(tx: Transaction, key: Penanda) -> list[str]:
    """Return the ids of the keys that stand in the database and that the key's files lack."""
    known = {k["kid"] for k in key.known}
    rows = tx.raw("SELECT kid FROM audit_kunci ORDER BY sejak, kid").fetchall()
    return [r[0] for r in rows if r[0] not in known]
