"""What the ledger knows of one person: the answer that UU 27/2022 owes a data subject."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from services.audit import tables
from services.kit.database import Transaction

HASHES = "sidik_nik"


@lru_cache(maxsize=1)
def entry_columns() -> tuple[str, ...]:
    """Return the columns of a ledger entry, but for the hashes of everybody else in it."""
    metadata = sa.MetaData()
    tables.define(metadata)
    return tuple(c.name for c in metadata.tables["audit_akses"].columns if c.name != HASHES)


def entry_list(alias: str = "a") -> str:
    """Return the select list of `entry_columns`, with the fields given spelled out."""
    spelled = {"bidang": f"(SELECT b.bidang FROM audit_bidang b WHERE b.nomor = {alias}.bidang)"}
    return ", ".join(f"{spelled.get(c, f'{alias}.{c}')} AS {c}" for c in entry_columns())


def find_person(
    tx: Transaction, person: int, sejak: dt.datetime, sampai: dt.datetime
) -> list[dict[str, Any]]:
    """Return every entry of a person (`Auditor.person`) from `sejak` until before `sampai`.

    Each has time, client, party, article, route, request id, number of records, fields.
    """
    return _find(tx, f"a.{HASHES} @> ARRAY[%s]::bigint[]", (person,), sejak, sampai)


def find_copies(tx: Transaction, sejak: dt.datetime, sampai: dt.datetime) -> list[dict[str, Any]]:
    """Return every bulk copy, in the same form: whoever was registered is in it.

    The ledger names nobody in a copy of millions; a person's answer must not leave it out. One of
    companies holds whoever is a company himself: his NPWP is his NIK.
    """
    copies = f"({tables.SALINAN} OR {tables.SALINAN_BADAN_USAHA})"
    return _find(tx, copies, (), sejak, sampai)


def _find(
    tx: Transaction, what: str, values: tuple[Any, ...], sejak: dt.datetime, sampai: dt.datetime
) -> list[dict[str, Any]]:
    # The hashes have no statistics, and a guess must not read a ledger of millions end to end.
    tx.raw("SET LOCAL enable_seqscan = off")
    tx.raw("SET LOCAL jit = off")
    rows = tx.raw(
        f"SELECT {entry_list()} FROM audit_akses a WHERE {what}"
        " AND a.waktu >= %s AND a.waktu < %s ORDER BY a.waktu, a.id",
        (*values, sejak, sampai),
    ).fetchall()
    return [dict(zip(entry_columns(), row, strict=True)) for row in rows]
