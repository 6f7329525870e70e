"""The book of snapshots: asked for, being made, ready, failed, gone; with its evidence.

The request is an audit event, committed before a byte can be read. The ledger gets one entry a
snapshot, when its rows are counted: all of them, or those of the parts that could be read of one
that failed. Who was in it follows from its number and the history.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from services.audit.catalogue import Peristiwa
from services.audit.record import Auditor, Bukti, Pelaku
from services.kit.clock import Clock
from services.kit.database import Transaction, transaction
from services.registry.errors import ExportGoneError, ExportLimitError, ExportNotFoundError
from services.registry.idempotency import Permintaan, once
from services.registry.tables import TABLE_OF
from shared_schemas.rujukan import Himpunan
from shared_schemas.v1.ekspor import (
    TRANSISI_EKSPOR,
    BagianEkspor,
    BentukEkspor,
    Ekspor,
    KeadaanEkspor,
)

MENUNGGU_PER_KLIEN, MENUNGGU = 2, 16
"""Snapshots that one client, and all of them, may have waiting or being made."""

RUTE_BAGIAN = "bagian ekspor"
"""How evidence of guessing names the reading of parts."""

_DIINGAT_HARI = 30  # a snapshot that is gone is still answered as such for so long
_HIDUP = (KeadaanEkspor.ANTRE.value, KeadaanEkspor.DISIAPKAN.value)
_COLUMNS = (
    "id, himpunan, bentuk, keadaan, alasan, nomor, perkiraan AS perkiraan_baris, manifes,"
    " dibuat_pada, kedaluwarsa_pada"
)
_PELAKU = "pelaku, pihak, pasal, id_permintaan, cakupan, tujuan"
"""Who asked, by which right and what for: the fields of `Pelaku` in their order."""
_NAMES = tuple(c.split()[-1] for c in _COLUMNS.split(","))


@dataclass(frozen=True, slots=True)
class Pesanan:
    """A snapshot to be made, and for whom."""

    id: UUID
    himpunan: Himpunan
    bentuk: BentukEkspor
    who: Pelaku
    dibuat_pada: dt.datetime


@dataclass(frozen=True, slots=True)
class Buku:
    """Reads and writes the states of one registry's snapshots."""

    engine: sa.Engine
    auditor: Auditor
    clock: Clock

    def request(
        self, who: Pelaku, kunci: str | None, himpunan: Himpunan, bentuk: BentukEkspor
    ) -> Ekspor:
        """Put a snapshot in the queue; a repetition returns the one of the first time.

        Raises ExportLimitError, IdempotencyKeyMissingError, IdempotencyKeyReusedError, and
        ExportGoneError for one whose snapshot went long ago.
        """

        def gone(_: dt.datetime) -> bytes:
            raise ExportGoneError

        isi = f"{himpunan.value} {bentuk.value}".encode()
        with transaction(self.engine) as tx:
            asked = Permintaan(who.id, kunci, isi, self.clock())
            text = once(tx, asked, lambda: self._queue(tx, who, himpunan, bentuk).encode(), gone)
        try:
            return self.find(who, UUID(text.decode()))
        except ExportNotFoundError:  # answers outlast what is remembered of a snapshot
            raise ExportGoneError from None

    def _queue(self, tx: Transaction, who: Pelaku, himpunan: Himpunan, bentuk: BentukEkspor) -> str:
        tx.raw("LOCK TABLE ekspor IN SHARE ROW EXCLUSIVE MODE")  # or two could pass the limit
        waiting = tx.raw(
            "SELECT count(*), count(*) FILTER (WHERE pelaku = %s) FROM ekspor"
            " WHERE keadaan = ANY(%s)",
            (who.id, list(_HIDUP)),
        ).fetchone()
        if waiting is None or waiting[0] >= MENUNGGU or waiting[1] >= MENUNGGU_PER_KLIEN:
            raise ExportLimitError
        id_ekspor = uuid4()
        tx.raw(
            "INSERT INTO ekspor (id, pelaku, pihak, pasal, id_permintaan, cakupan, tujuan,"
            " himpunan, bentuk, keadaan, dibuat_pada)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (
                id_ekspor, who.id, who.pihak, who.pasal or "internal", who.id_permintaan,
                who.cakupan, who.tujuan, himpunan.value, bentuk.value, KeadaanEkspor.ANTRE.value,
                self.clock(),
            ),
        )  # fmt: skip
        rincian = {"id_ekspor": str(id_ekspor), "himpunan": himpunan.value, "bentuk": bentuk.value}
        self.auditor.record(tx, Bukti(Peristiwa.EKSPOR_DIMINTA, who, rincian))
        return str(id_ekspor)

    def find(self, who: Pelaku, id_ekspor: UUID) -> Ekspor:
        """Return a snapshot of the caller's own. Raises ExportNotFoundError, ExportGoneError.

        The ledger names who asked for it as its reader, so nobody else of the party may be one.
        """
        with transaction(self.engine) as tx:
            row = tx.raw(
                f"SELECT {_COLUMNS} FROM ekspor WHERE id = %s AND pelaku = %s"
                " AND pihak IS NOT DISTINCT FROM %s",
                (id_ekspor, who.id, who.pihak),
            ).fetchone()
            parts = _parts(tx, id_ekspor)
        if row is None:
            raise ExportNotFoundError
        found = Ekspor(**dict(zip(_NAMES, row, strict=True)), bagian=parts)
        if found.keadaan is KeadaanEkspor.KEDALUWARSA or (
            found.kedaluwarsa_pada is not None and found.kedaluwarsa_pada <= self.clock()
        ):
            raise ExportGoneError
        return found

    def count(self, who: Pelaku, id_ekspor: UUID, bagian: BagianEkspor, oktet: int) -> None:
        """Take the persons of so many octets of a part from the reader's quota.

        By their share: a range that leaves out the first octet gives all the same. Raises
        QuotaError or EnumerationError; ExportGoneError when the part went meanwhile.
        """
        if who.jatah is None:
            return
        with self.auditor.counting(self.engine, who, RUTE_BAGIAN) as tx:
            row = tx.raw(
                # A version that did not count persons made the part: as many as it has rows.
                "SELECT coalesce(orang, baris) FROM ekspor_bagian"
                " WHERE id_ekspor = %s AND nama = %s",
                (id_ekspor, bagian.nama),
            ).fetchone()
            if row is None:
                raise ExportGoneError
            who.jatah.take(tx, math.ceil(row[0] * oktet / max(bagian.ukuran, 1)))

    def fields(self, id_ekspor: UUID) -> frozenset[str]:
        """Return the fields that a snapshot holds."""
        with transaction(self.engine) as tx:
            row = tx.raw("SELECT bidang FROM ekspor WHERE id = %s", (id_ekspor,)).fetchone()
        return frozenset(row[0] or () if row else ())

    def take(self) -> Pesanan | None:
        """Begin the snapshot that waits longest. Only the one who makes them calls this."""
        with transaction(self.engine) as tx:
            row = tx.raw(
                "UPDATE ekspor SET keadaan = %s WHERE id = (SELECT id FROM ekspor"
                " WHERE keadaan = %s ORDER BY urutan LIMIT 1)"
                f" RETURNING id, himpunan, bentuk, dibuat_pada, {_PELAKU}",
                (KeadaanEkspor.DISIAPKAN.value, KeadaanEkspor.ANTRE.value),
            ).fetchone()
        if row is None:
            return None
        return Pesanan(row[0], Himpunan(row[1]), BentukEkspor(row[2]), Pelaku(*row[4:]), row[3])

    def open(self, id_ekspor: UUID, bidang: tuple[str, ...], nomor: int) -> None:
        """Note the fields and the last change of a snapshot, before any part of it."""
        with transaction(self.engine) as tx:
            tx.raw(
                "UPDATE ekspor SET bidang = %s, nomor = %s WHERE id = %s",
                (list(bidang), nomor, id_ekspor),
            )

    def add(self, id_ekspor: UUID, bagian: BagianEkspor, orang: int, perkiraan: int) -> None:
        """Enter a part with its persons, to be read from now on; ExportGoneError when given up."""
        with transaction(self.engine) as tx:
            going = tx.raw(
                "UPDATE ekspor SET perkiraan = %s WHERE id = %s AND keadaan = %s",
                (perkiraan, id_ekspor, KeadaanEkspor.DISIAPKAN.value),
            ).rowcount
            if not going:
                raise ExportGoneError
            tx.raw(
                "INSERT INTO ekspor_bagian (id_ekspor, nama, baris, ukuran, sidik, orang)"
                " VALUES (%s, %s, %s, %s, %s, %s)",
                (id_ekspor, bagian.nama, bagian.baris, bagian.ukuran, bagian.sidik, orang),
            )

    def parts(self, id_ekspor: UUID) -> list[BagianEkspor]:
        """Return the parts of a snapshot in their order."""
        with transaction(self.engine) as tx:
            return _parts(tx, id_ekspor)

    def finish(self, pesanan: Pesanan, manifes: str, until: dt.datetime) -> None:
        """Make a snapshot ready and enter it in the ledger."""
        with transaction(self.engine) as tx:
            tx.raw(
                "UPDATE ekspor SET manifes = %s, kedaluwarsa_pada = %s WHERE id = %s",
                (manifes, until, pesanan.id),
            )
            self._end(tx, pesanan.id, KeadaanEkspor.SIAP)

    def fail(self, id_ekspor: UUID, alasan: str) -> None:
        """Mark a snapshot that will not be finished; its parts are no longer given."""
        with transaction(self.engine) as tx:
            tx.raw("UPDATE ekspor SET alasan = %s WHERE id = %s", (alasan, id_ekspor))
            self._end(tx, id_ekspor, KeadaanEkspor.GAGAL)
            tx.raw("DELETE FROM ekspor_bagian WHERE id_ekspor = %s", (id_ekspor,))

    def _end(self, tx: Transaction, id_ekspor: UUID, ke: KeadaanEkspor) -> None:
        before = [k.value for k, ends in TRANSISI_EKSPOR.items() if ke in ends]
        row = tx.raw(
            "UPDATE ekspor SET keadaan = %s WHERE id = %s AND keadaan = ANY(%s)"
            f" RETURNING himpunan, nomor, bidang, {_PELAKU}",
            (ke.value, id_ekspor, before),
        ).fetchone()
        if row is None:
            raise ExportGoneError
        who = Pelaku(*row[3:])
        baris = sum(b.baris for b in _parts(tx, id_ekspor))
        rincian = {"id_ekspor": str(id_ekspor), "keadaan": ke.value, "baris": baris}
        bukti = Bukti(Peristiwa.EKSPOR_SELESAI, who, rincian | {"nomor": row[1]})
        self.auditor.record(tx, bukti)
        rute = f"ekspor {TABLE_OF[Himpunan(row[0])]} {id_ekspor}"
        self.auditor.record_access(tx, who, rute, baris, (), row[2] or ())

    def unfinished(self) -> list[UUID]:
        """Return the snapshots that are being made; of a dead process, if nobody makes one."""
        return self._ids("keadaan = %s", KeadaanEkspor.DISIAPKAN.value)

    def ready(self) -> list[UUID]:
        """Return the snapshots whose files are needed."""
        return self._ids("keadaan = %s", KeadaanEkspor.SIAP.value)

    def _ids(self, where: str, *values: Any) -> list[UUID]:
        with transaction(self.engine) as tx:
            return [r[0] for r in tx.raw(f"SELECT id FROM ekspor WHERE {where}", values)]

    def expire(self, kept: int) -> None:
        """End the snapshots whose time is over, and those beyond the newest `kept` of a client."""
        now = self.clock()
        with transaction(self.engine) as tx:
            tx.raw(
                "WITH urut AS (SELECT id, kedaluwarsa_pada, row_number()"
                " OVER (PARTITION BY pelaku ORDER BY urutan DESC) AS ke FROM ekspor"
                " WHERE keadaan = %s), lewat AS (UPDATE ekspor SET keadaan = %s, manifes = NULL"
                " WHERE id IN (SELECT id FROM urut WHERE ke > %s OR kedaluwarsa_pada <= %s)"
                " RETURNING id)"
                " DELETE FROM ekspor_bagian WHERE id_ekspor IN (SELECT id FROM lewat)",
                (KeadaanEkspor.SIAP.value, KeadaanEkspor.KEDALUWARSA.value, kept, now),
            )
            tx.raw(
                "DELETE FROM ekspor WHERE keadaan = ANY(%s) AND dibuat_pada < %s",
                (
                    [KeadaanEkspor.KEDALUWARSA.value, KeadaanEkspor.GAGAL.value],
                    now - dt.timedelta(days=_DIINGAT_HARI),
                ),
            )


def _parts(tx: Transaction, id_ekspor: UUID) -> list[BagianEkspor]:
    rows = tx.raw(
        "SELECT nama, baris, ukuran, sidik FROM ekspor_bagian WHERE id_ekspor = %s ORDER BY nama",
        (id_ekspor,),
    ).fetchall()
    return [BagianEkspor(nama=r[0], baris=r[1], ukuran=r[2], sidik=r[3]) for r in rows]
