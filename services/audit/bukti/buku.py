"""Write records of messages: in one place, in one transaction, or nothing leaves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from services.audit.bukti.catatan import Catatan, Jenis, digest_of_text, read_moment
from services.audit.bukti.isi import Amplop, Muatan
from services.audit.errors import EvidenceError
from services.kit.clock import Clock
from services.kit.database import (
    DatabaseConflictError,
    DatabaseError,
    DatabaseRightError,
    DatabaseUnavailableError,
    Statements,
    Transaction,
    statements,
    transaction,
)
from services.kit.logging import get_logger

_CATAT = """
WITH {bila}, c AS (
    INSERT INTO audit_pesan (waktu, catatan, sidik)
    SELECT %(waktu)s::timestamptz, %(catatan)s::json, %(sidik)s::bytea FROM bila RETURNING id, waktu
) INSERT INTO bukti_isi (id, waktu, isi) SELECT id, waktu, %(isi)s::bytea FROM c
"""
_SELALU = _CATAT.format(bila="bila AS (SELECT)")


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

    def write(self, tx: Statements, catatan: Catatan, isi: Muatan | None) -> str:
        """Append a record and keep the message's content, where it is short enough.

        Returns the record's digest, hexadecimal.
        """
        entry = self._entry(catatan, isi)
        tx.raw(_SELALU, entry)
        return str(entry["sidik"].hex())

    def write_if(
        self,
        tx: Statements,
        catatan: Catatan,
        isi: Muatan | None,
        bila: str,
        given: dict[str, Any],
    ) -> str | None:
        """Append a record if the statement `bila` returns a row, in one with it.

        Returns the record's digest; None when there was no row, and nothing is recorded.
        """
        entry = self._entry(catatan, isi)
        done = tx.raw(_CATAT.format(bila=f"bila AS ({bila})"), entry | given)
        return str(entry["sidik"].hex()) if done.rowcount else None

    def _entry(self, catatan: Catatan, isi: Muatan | None) -> dict[str, Any]:
        text = catatan.text()
        sidik = digest_of_text(text)
        most = self.jawaban_maks if catatan.jenis is Jenis.JAWABAN else self.isi_maks
        kept = None
        if isi is not None and len(isi.badan) <= most:
            kept = self.amplop.close(isi, sidik)
        return {"waktu": read_moment(catatan.waktu), "catatan": text, "sidik": sidik, "isi": kept}

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Open a transaction that must write its records. Raises EvidenceError when it cannot."""
        with _must_write(), transaction(self.engine) as tx:
            yield tx

    @contextmanager
    def statements(self) -> Iterator[Statements]:
        """As `transaction`, for one record alone: its statement is the transaction."""
        with _must_write(), statements(self.engine) as tx:
            yield tx


@contextmanager
def _must_write() -> Iterator[None]:
    try:
        yield
    except (
        DatabaseUnavailableError,
        DatabaseConflictError,
        DatabaseRightError,
        DatabaseError,
    ) as error:
        get_logger().error("catatan bukti tidak tertulis", galat=type(error).__name__)
        raise EvidenceError from None
