"""Where the reading of a mirror stands: its cursor, and with which D fields it was read.

The feed says a record again when the record changed, not when the agreement did: a mirror that
was read before an addendum lacks what the addendum gives of all that rests.
"""

from __future__ import annotations

from dataclasses import dataclass

from services.kit.database import Transaction, transaction
from services.sync.konteks import Konteks
from services.sync.settings import NamaSisi
from shared_schemas.rujukan import Himpunan

TIDAK_SEMUA = ""
"""Beside the names of D fields: not every record was read with them, so all are read anew."""


@dataclass(frozen=True, slots=True)
class Letak:
    """A mirror's place in its source's feed; `nomor` is the highest number that it has taken.

    `penuh`: a full read, the `bacaan`th, is under way. `tambahan` are the D fields that every
    record of the mirror was read with.
    """

    kursor: str | None
    nomor: int
    bacaan: int
    penuh: bool
    tambahan: frozenset[str]


def given_extra(ctx: Konteks, himpunan: Himpunan) -> frozenset[str]:
    """Return the D fields of a field set that the agreement gives now."""
    fields = ctx.perjanjian.bidang(himpunan, ctx.now())
    return frozenset(b.nama for b in fields if b.tambahan)


def place(ctx: Konteks, sisi: NamaSisi, himpunan: Himpunan) -> Letak:
    """Return where the reading stands; the first full read begins here."""
    with transaction(ctx.engine) as tx:
        row = _read(tx, sisi, himpunan)
        if row is None:
            begin(ctx, tx, sisi, himpunan)
            row = _read(tx, sisi, himpunan)
    assert row is not None  # noqa: S101 - begun above
    return row


def begin(ctx: Konteks, tx: Transaction, sisi: NamaSisi, himpunan: Himpunan) -> int:
    """Begin a full read with the fields that are given now; return its number, from 1."""
    row = tx.raw(
        "INSERT INTO kursor_tarik (sisi, himpunan, nomor, bacaan, penuh, tambahan)"
        " VALUES (%s, %s, 0, 1, true, %s) ON CONFLICT (sisi, himpunan) DO UPDATE SET"
        " kursor = NULL, nomor = 0, bacaan = kursor_tarik.bacaan + 1, penuh = true,"
        " tambahan = excluded.tambahan RETURNING bacaan",
        (sisi.value, himpunan.value, sorted(given_extra(ctx, himpunan))),
    ).fetchone()
    assert row is not None  # noqa: S101 - RETURNING
    return int(row[0])


def _read(tx: Transaction, sisi: NamaSisi, himpunan: Himpunan) -> Letak | None:
    row = tx.raw(
        "SELECT kursor, nomor, bacaan, penuh, tambahan FROM kursor_tarik"
        " WHERE sisi = %s AND himpunan = %s",
        (sisi.value, himpunan.value),
    ).fetchone()
    if row is None:
        return None
    kursor, nomor, bacaan, penuh, tambahan = row
    return Letak(kursor, nomor, bacaan, penuh, frozenset(tambahan))
