"""Sums of a digest tree over rows that carry a path and a leaf.

Sums are modulo 2^64, because two equal leaves must not cancel each other as with XOR. Where many
write at once they are added up on reading: a node that every write updates would serialise the
writers. A table with one writer keeps the nodes of `DIGIT_SIMPUL` digits in `simpul_<table>`, and
needs no leaf in an index (docs/keputusan/0023).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from services.kit.database import Transaction
from shared_schemas.sidik import DIGIT_JALUR, MODULUS

DIGIT_SIMPUL = 4
"""Hexadecimal digits of a stored node's path: 65,536 nodes of 150 records each at ten million."""
_GESER = 4 * (DIGIT_JALUR - DIGIT_SIMPUL)
SIMPUL = f"jalur >> {_GESER}"
"""The SQL of the stored node that a row belongs to, which the rows have an index of."""

SEKALI = 5_000
"""Rows whose leaves are made or looked at in one transaction: a fraction of a second."""


@dataclass(frozen=True, slots=True)
class Sumber:
    """Rows that make a tree.

    `tambahan` says whether the second part of the leaf is summed, `bersimpul` whether the upper
    nodes are stored beside the rows.
    """

    tabel: str
    tambahan: bool
    syarat: str = "true"
    nilai: tuple[object, ...] = ()
    bersimpul: bool = False

    @property
    def jumlah(self) -> str:
        """The SQL of a node's sum, a numeric: unlike bigint it does not overflow."""
        return "sum(daun) + sum(daun_tambahan)" if self.tambahan else "sum(daun)"

    @property
    def simpul(self) -> str:
        """The table of the stored nodes; its columns are named as those of the rows."""
        return f"simpul_{self.tabel}"

    def summed(self, digit: int) -> tuple[str, int]:
        """Return what to add up for nodes of so many digits: a table, and its paths' digits."""
        if self.bersimpul and digit <= DIGIT_SIMPUL:
            return self.simpul, DIGIT_SIMPUL
        return self.tabel, DIGIT_JALUR

    def within(self, tabel: str) -> str:
        """Return the condition that a row of such a table lies in the range `r`."""
        exact = "jalur BETWEEN r.rendah AND r.tinggi"
        if not self.bersimpul or tabel == self.simpul:
            return exact
        return f"{SIMPUL} BETWEEN r.rendah >> {_GESER} AND r.tinggi >> {_GESER} AND {exact}"


def total(tx: Transaction, sumber: Sumber) -> tuple[int, int]:
    """Return how many records there are and the sum of their leaves."""
    tabel, _ = sumber.summed(0)
    banyak = "sum(jumlah)" if sumber.bersimpul else "count(*)"
    row = tx.raw(
        f"SELECT {banyak}, {sumber.jumlah} FROM {tabel} WHERE {sumber.syarat} AND daun IS NOT NULL",
        sumber.nilai,
    ).fetchone()
    return (0, 0) if row is None else (int(row[0] or 0), int(row[1] or 0) % MODULUS)


def children(tx: Transaction, sumber: Sumber, awalan: Sequence[str], lipat: int) -> list[list[int]]:
    """Return for each prefix the sums of its 16^lipat children; all prefixes are equally long."""
    depth = len(awalan[0]) + lipat
    tabel, digit = sumber.summed(depth)
    shift = 4 * (digit - depth)
    anak = f"(jalur >> {shift}) & {16**lipat - 1}"
    found = [[0] * 16**lipat for _ in awalan]
    if awalan == [""]:  # one pass over everything; the planner may read the table in its order
        rows = tx.raw(
            f"SELECT 1, {anak} AS anak, {sumber.jumlah} FROM {tabel}"
            f" WHERE {sumber.syarat} AND daun IS NOT NULL GROUP BY anak",
            sumber.nilai,
        ).fetchall()
    else:
        select = f"SELECT posisi, {anak} AS anak, {sumber.jumlah}"
        rows = _in_ranges(tx, sumber, depth, awalan, select, "GROUP BY 1, 2")
    for posisi, child, jumlah in rows:
        found[posisi - 1][child] = int(jumlah) % MODULUS
    return found


def leaves(
    tx: Transaction, sumber: Sumber, awalan: Sequence[str], batas: int, *lain: str
) -> list[list[tuple[Any, ...]]]:
    """Return for each prefix its records, at most `batas` in all: id, leaf, and columns `lain`."""
    tambahan = "daun_tambahan" if sumber.tambahan else "0"
    columns = ", ".join(("posisi", "id", "daun", tambahan, *lain))
    found: list[list[tuple[Any, ...]]] = [[] for _ in awalan]
    for posisi, id_, inti, extra, *more in _in_ranges(
        tx, sumber, DIGIT_JALUR, awalan, f"SELECT {columns}", f"LIMIT {batas:d}"
    ):
        found[posisi - 1].append((id_, (inti + extra) % MODULUS, *more))
    return found


def _in_ranges(
    tx: Transaction,
    sumber: Sumber,
    depth: int,
    awalan: Sequence[str],
    select: str,
    tail: str,
) -> list[tuple[Any, ...]]:
    tabel, digit = sumber.summed(depth)
    width = [16 ** (digit - len(a)) for a in awalan]
    low = [int(a or "0", 16) * w for a, w in zip(awalan, width, strict=True)]
    high = [at + w - 1 for at, w in zip(low, width, strict=True)]
    # Every range is small and stands in the index; from its parameters the planner cannot know.
    tx.raw("SET LOCAL enable_seqscan = off")
    return tx.raw(
        f"{select} FROM unnest(%s::bigint[], %s::bigint[]) WITH ORDINALITY AS r(rendah, tinggi,"
        f" posisi) JOIN LATERAL (SELECT * FROM {tabel} WHERE {sumber.syarat} AND daun IS NOT"
        f" NULL AND {sumber.within(tabel)}) AS t ON true {tail}",
        (low, high, *sumber.nilai),
    ).fetchall()


def key_in_use(tx: Transaction, bagian: str, kunci: bytes) -> bool:
    """Return whether every leaf of a part was made with this key."""
    row = tx.raw(
        "SELECT 1 FROM kunci_sidik WHERE bagian = %s AND kunci = %s AND lengkap", (bagian, kunci)
    ).fetchone()
    return row is not None


def install_key(tx: Transaction, bagian: str, kunci: bytes) -> None:
    """Make a key the one that writers use; leaves made with another are made anew, by chunks."""
    tx.raw(
        "INSERT INTO kunci_sidik (bagian, kunci) VALUES (%s, %s) ON CONFLICT (bagian) DO UPDATE"
        " SET kunci = excluded.kunci, sampai = '', lengkap = false"
        " WHERE kunci_sidik.kunci <> excluded.kunci",
        (bagian, kunci),
    )


def renew_chunk(tx: Transaction, bagian: str, sumber: Sumber, ubah: str) -> bool:
    """Make the leaves of the next rows anew; return whether that was the last of them.

    `ubah` is what UPDATE sets. The place is kept in the same transaction, so a chunk that was
    cut off is repeated and nothing is left out.
    """
    row = tx.raw(
        "SELECT sampai FROM kunci_sidik WHERE bagian = %s AND NOT lengkap FOR UPDATE", (bagian,)
    ).fetchone()
    if row is None:
        return True
    rows = tx.raw(
        f"SELECT id FROM {sumber.tabel} WHERE {sumber.syarat} AND id > %s ORDER BY id LIMIT %s"
        " FOR UPDATE",
        (*sumber.nilai, row[0], SEKALI),
    ).fetchall()
    ids = [r[0] for r in rows]
    tx.raw(
        f"UPDATE {sumber.tabel} SET {ubah} WHERE {sumber.syarat} AND id = ANY(%s)",
        (*sumber.nilai, ids),
    )
    done = len(ids) < SEKALI
    tx.raw(
        "UPDATE kunci_sidik SET sampai = %s, lengkap = %s WHERE bagian = %s",
        (ids[-1] if ids else row[0], done, bagian),
    )
    return done
