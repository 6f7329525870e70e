"""A book of evidence on a database, written as the services and the reconciler write it."""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import sqlalchemy as sa

from services.audit.bukti import arsip
from services.audit.bukti.arsip import Arsip
from services.audit.bukti.buku import BukuBukti
from services.audit.bukti.catatan import Arah, Catatan, Jenis, moment
from services.audit.bukti.isi import Amplop, Muatan, content_digest
from services.audit.bukti.segel import Penyegel
from services.auth.kunci_pesan import KunciPesan, PublicKey, new_message_pem, read_jwk
from services.kit.database import make_engine, transaction

MULAI = dt.datetime(2026, 6, 1, 3, tzinfo=dt.UTC)


@dataclass
class BukuUji:
    """A book with its sealer and its key."""

    buku: BukuBukti
    kunci: KunciPesan
    penyegel: Penyegel

    @property
    def engine(self) -> sa.Engine:
        return self.buku.engine

    @property
    def public(self) -> dict[str, PublicKey]:
        return {k["kid"]: read_jwk(k) for k in self.kunci.public}

    def record(self, nonce: str, badan: bytes | None = b'{"data": []}') -> str:
        with self.buku.transaction() as tx:
            muatan = None if badan is None else Muatan(badan)
            return self.buku.write(tx, catatan(nonce, badan or b"", self.buku.nama), muatan)

    def export(self) -> Arsip:
        return arsip.read(self.lines())

    def lines(self) -> list[str]:
        with transaction(self.engine) as tx:
            return list(arsip.lines(tx, self.buku.nama, self.kunci, self.buku.clock))


def catatan(nonce: str, badan: bytes, layanan: str = "wlkp") -> Catatan:
    """Return the record of a fictitious request."""
    return Catatan(
        waktu=moment(MULAI),
        arah=Arah.MASUK,
        jenis=Jenis.PERMINTAAN,
        layanan=layanan,
        klien="klien-contoh",
        metode="POST",
        sidik_target=content_digest(b"https://contoh.invalid/v1/pekerja/cari"),
        sidik_isi=content_digest(badan),
        kunci="kunci-contoh",
        nonce=nonce,
    )


@contextmanager
def open_book(url: str, nama: str = "wlkp", isi_maks: int = 2**20) -> Iterator[BukuUji]:
    """Yield a book on a migrated database."""
    engine = make_engine(url, 6)
    kunci = KunciPesan(new_message_pem())
    buku = BukuBukti(nama, engine, Amplop(bytes(32)), isi_maks, lambda: MULAI)
    yield BukuUji(buku, kunci, Penyegel(buku, lambda: kunci))
    engine.dispose()


def packed(lines: list[str]) -> bytes:
    file = io.BytesIO()
    arsip.pack(lines, file)
    return file.getvalue()


def changed(line: str, **members: object) -> str:
    """Return a line of an archive with other members."""
    return json.dumps(json.loads(line) | members) + "\n"
