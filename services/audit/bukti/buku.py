"""Write records of messages: in one place, in one transaction, or nothing leaves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import sqlalchemy as sa

from services.audit.bukti.catatan import Catatan, Jenis, digest_of_text, read_moment
from services.audit.bukti.isi import Amplop, Muatan
from services.audit.errors import EvidenceError
from services.kit.clock import Clock
from services.kit.database import (
    DatabaseConflictError,
    DatabaseError,
    DatabaseUnavailableError,
    Transaction,
    transaction,
)
from services.kit.logging import get_logger

_CATAT = """
WITH c AS (
    INSERT INTO audit_pesan (waktu, catatan, sidik) VALUES (%s, %s::json, %s) RETURNING id, waktu
) INSERT INTO bukti_isi (id, waktu, isi) SELECT id, waktu, %s FROM c
"""


@dataclass(frozen=True, slots=True)
class BukuBukti:
    """Where one program writes its records; `nama` is the book's.

    `isi_maks` and `jawaban_maks` are the octets up to which contents of requests and answers are
    kept and committed to by field: a page of a thousand records has 20,000 fields, which cost
    several times what the answer costs, and its digest is signed anyway.
    """

    nama: str
    engine: sa.Engine
    amplop: Amplop
    isi_maks: int
    clock: Clock
    jawaban_maks: int = 2**16

    def write(self, tx: Transaction, catatan: Catatan, isi: Muatan | None) -> str:
        """Append a record and keep the message's content, where it is short enough.

        Returns the record's digest, hexadecimal.
        """
        text = catatan.text()
        sidik = digest_of_text(text)
        most = self.jawaban_maks if catatan.jenis is Jenis.JAWABAN else self.isi_maks
        kept = None
        if isi is not None and len(isi.badan) <= most:
            kept = self.amplop.close(isi, sidik)
        tx.raw(_CATAT, (read_moment(catatan.waktu), text, sidik, kept))
        return sidik.hex()

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Open a transaction that must write its records. Raises EvidenceError when it cannot."""
        try:
            with transaction(self.engine) as tx:
                yield tx
        except (DatabaseUnavailableError, DatabaseConflictError, DatabaseError) as error:
            get_logger().error("catatan bukti tidak tertulis", galat=type(error).__name__)
            raise EvidenceError from None
