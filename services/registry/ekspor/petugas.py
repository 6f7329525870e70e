"""Makes the snapshots that wait: in the background, one at a time in all processes of a service.

A snapshot is one moment of the table, so one that was cut off is never continued: it fails, its
files go, and the client asks for another. Only this module changes files.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pyarrow as pa
import sqlalchemy as sa

from services.auth.agreement import AgreementStore
from services.auth.tokens import TokenIssuer
from services.kit import kunci_basisdata
from services.kit.berkala import Berkala
from services.kit.berkas_masukan import trouble
from services.kit.clock import Clock
from services.kit.database import DatabaseUnavailableError, transaction
from services.kit.errors import HubError
from services.kit.logging import get_logger
from services.kit.settings import ServiceSettings
from services.registry.ekspor.bagian import columns_of, cut, open_encoder, persons_in
from services.registry.ekspor.buku import Buku, Pesanan
from services.registry.ekspor.cuplikan import Cuplikan, open_cuplikan
from services.registry.ekspor.gudang import Gudang
from services.registry.errors import ExportGoneError
from services.registry.read import Reader
from services.registry.umpan import Umpan
from shared_schemas.rujukan import Pihak
from shared_schemas.v1.ekspor import BagianEkspor, ManifesEkspor

_TENGOK_DETIK = 5.0  # another process may have taken the request


class _StoppedError(Exception):
    """The service ends while a snapshot is being made."""


@dataclass(frozen=True)
class Bahan:
    """What a snapshot is made from and signed with."""

    engine: sa.Engine
    agreement: AgreementStore
    reader: Reader
    umpan: Umpan
    issuer: TokenIssuer
    clock: Clock
    settings: ServiceSettings


class Petugas:
    """The one who makes snapshots; `start` and `stop` belong to the service's lifespan."""

    def __init__(self, bahan: Bahan, buku: Buku, folder: Path) -> None:
        self._bahan = bahan
        self._buku = buku
        self.gudang = Gudang(folder)
        self._turns = Berkala("ekspor", self.work, _TENGOK_DETIK)

    @cached_property
    def _autocommit(self) -> sa.Engine:
        # The lock is held for minutes, which no open transaction should be.
        return self._bahan.engine.execution_options(isolation_level="AUTOCOMMIT")

    def start(self) -> None:
        """Begin to work in the background."""
        self._turns.start()

    def stop(self) -> None:
        """End at the next range of pages; what was being made is marked as failed."""
        self._turns.stop()

    def wake(self) -> None:
        """Say that something waits."""
        self._turns.wake()

    def work(self) -> None:
        """Tidy up, then make all that waits, unless another process does."""
        with transaction(self._autocommit) as tx:
            row = tx.raw("SELECT pg_try_advisory_lock(%s)", (kunci_basisdata.EKSPOR,)).fetchone()
            if row is None or not row[0]:
                return
            try:
                self._tidy()
                while (
                    not self._turns.ending.is_set() and (pesanan := self._buku.take()) is not None
                ):
                    self._make(pesanan)
                    self._tidy()
            finally:
                tx.raw("SELECT pg_advisory_unlock(%s)", (kunci_basisdata.EKSPOR,))

    def _tidy(self) -> None:
        """Let old snapshots go, and what a dead process left half made."""
        for id_ekspor in self._buku.unfinished():
            self._buku.fail(id_ekspor, "Layanan berhenti selagi ekspor disiapkan.")
        self._buku.expire(self._bahan.settings.ekspor_disimpan)
        self.gudang.keep_only(self._buku.ready())

    def _make(self, pesanan: Pesanan) -> None:
        try:
            self._write(pesanan)
        except Exception as error:  # noqa: BLE001 - whatever it was, the service lives on
            get_logger().warning("ekspor gagal", id_ekspor=str(pesanan.id), exc_info=error)
            with suppress(ExportGoneError):  # given up by another process already
                self._buku.fail(pesanan.id, _reason(error))
            self.gudang.remove(pesanan.id)

    def _write(self, pesanan: Pesanan) -> None:
        b = self._bahan
        if pesanan.who.pihak is not None:
            cakupan = f"{pesanan.himpunan.value}:baca"
            b.agreement.permit(Pihak(pesanan.who.pihak), cakupan)
        fields = b.reader.fields(pesanan.himpunan)
        with open_cuplikan(b.engine.url, pesanan.himpunan) as cuplikan:
            self._buku.open(pesanan.id, fields, cuplikan.nomor)
            for bagian, orang, perkiraan in self._parts(pesanan, fields, cuplikan):
                self._buku.add(pesanan.id, bagian, orang, perkiraan)
        until = b.clock() + dt.timedelta(hours=b.settings.ekspor_jam)
        self._buku.finish(pesanan, self._sign(pesanan, fields, cuplikan.nomor, until), until)

    def _parts(
        self, pesanan: Pesanan, fields: tuple[str, ...], cuplikan: Cuplikan
    ) -> Iterator[tuple[BagianEkspor, int, int]]:
        """Write the parts; yield each with its persons and what all rows may come to."""
        rows, share = 0, 1.0

        def read() -> Iterator[pa.RecordBatch]:
            nonlocal rows, share
            columns = columns_of(pesanan.himpunan, fields)
            for batches, read_by_now in cuplikan.batches(columns, self._check):
                share = read_by_now
                rows += sum(batch.num_rows for batch in batches)
                yield from batches

        with open_encoder(pesanan.bentuk, pesanan.himpunan, fields) as encode:
            for at, table in enumerate(cut(read()), 1):
                nama = f"{at:05}{pesanan.bentuk.akhiran}"
                isi = encode(table)
                self.gudang.write(pesanan.id, nama, isi)
                sidik = hashlib.sha256(isi).hexdigest()
                bagian = BagianEkspor(nama=nama, baris=table.num_rows, ukuran=isi.size, sidik=sidik)
                yield bagian, persons_in(pesanan.himpunan, table), round(rows / share)

    def _check(self) -> None:
        if self._turns.ending.is_set():
            raise _StoppedError

    def _sign(
        self, pesanan: Pesanan, fields: tuple[str, ...], nomor: int, until: dt.datetime
    ) -> str:
        b, parts = self._bahan, self._buku.parts(pesanan.id)
        manifes = ManifesEkspor(
            id=pesanan.id,
            himpunan=pesanan.himpunan,
            bentuk=pesanan.bentuk,
            bidang=list(fields),
            nomor=nomor,
            kursor=b.umpan.cursor(pesanan.himpunan, nomor),
            baris=sum(p.baris for p in parts),
            bagian=parts,
            perjanjian=b.agreement.current().nomor,
            pasal=pesanan.who.pasal or "internal",
            dibuat_pada=pesanan.dibuat_pada,
            kedaluwarsa_pada=until,
        )
        claims = manifes.model_dump(mode="json")
        # Its reader is the audience, so a manifest is never taken for an access token.
        return b.issuer.sign(str(pesanan.id), pesanan.who.id, until, {"manifes": claims})


def _reason(error: Exception) -> str:
    """Return why a snapshot failed, in a sentence that quotes nothing."""
    if isinstance(error, _StoppedError):
        return "Layanan berhenti selagi ekspor disiapkan."
    if isinstance(error, OSError):
        return f"Bagian tidak dapat ditulis: {trouble(error)}."
    if isinstance(error, DatabaseUnavailableError):
        return f"{error.judul}."
    return error.detail if isinstance(error, HubError) else "Kesalahan dalam sistem."
