"""The sender's half of the balance of the exchange, from the hub's own records alone.

sent = received + in flight. An item is in flight from its first sending until a receipt is kept,
and counts for the day of that sending; from then on for the receiver's day, which the receipt
names (docs/keputusan/0015).
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from services.kit.database import Transaction
from services.sync.kelompok import KeadaanButir
from services.sync.settings import NamaSisi
from shared_schemas.neraca import Pohon, bounds_of
from shared_schemas.v1.kode import KeadaanUsulan

_DITERIMA = """
SELECT id, sidik, keadaan FROM usulan
WHERE tujuan = %s AND diterima_pada >= %s AND diterima_pada < %s AND sidik IS NOT NULL
ORDER BY id
"""
_HALAMAN = """
SELECT id, sidik, keadaan FROM usulan
WHERE tujuan = %s AND diterima_pada >= %s AND diterima_pada < %s AND sidik IS NOT NULL AND id > %s
ORDER BY id LIMIT %s
"""
_TANPA_TANDA_TERIMA = """
SELECT u.keadaan, count(*) FROM usulan u JOIN kotak_keluar k ON k.id = u.batch
WHERE u.tujuan = %s AND k.dikirim_pada >= %s AND k.dikirim_pada < %s
  AND u.diterima_pada IS NULL AND u.sidik IS NOT NULL
GROUP BY 1
"""
_MENURUT_ID = """
SELECT id, sidik, keadaan, diterima_pada FROM usulan WHERE tujuan = %s AND id = ANY(%s)
"""

DI_JALAN = frozenset({KeadaanButir.DISIAPKAN.value, KeadaanButir.MATI.value})
"""States of an item sent without a receipt, dead letters included; in the others it came back."""


@dataclass(frozen=True, slots=True)
class SeparuhPengirim:
    """What the hub sent to one registry on a day, and what it holds receipts for."""

    tujuan: NamaSisi
    tanggal: dt.date
    jumlah: int
    menurut_keadaan: dict[str, int]
    akar: str
    akar_keadaan: str
    di_jalan: int
    kembali: int

    @property
    def dikirim(self) -> int:
        """Items sent and not come back; `kembali` are those refused before they were received."""
        return self.jumlah + self.di_jalan

    def as_claims(self) -> dict[str, Any]:
        """Return what the sender signs."""
        names = ("jumlah", "menurut_keadaan", "akar", "akar_keadaan", "di_jalan", "kembali")
        said = {name: getattr(self, name) for name in names}
        return said | {"tanggal": self.tanggal.isoformat(), "dikirim": self.dikirim}


class Tercatat(NamedTuple):
    """An item as the hub has it; without `diterima_pada` it is still in flight."""

    sidik: str
    keadaan: str
    diterima_pada: dt.datetime | None


def own_half(tx: Transaction, tujuan: NamaSisi, tanggal: dt.date) -> SeparuhPengirim:
    """Add up what was sent to a registry on a day of Jakarta."""
    counts: Counter[str] = Counter()
    isi, keadaan_kini = Pohon(), Pohon()
    for id_usulan, sidik, keadaan in _received(tx, tujuan, tanggal):
        counts[keadaan] += 1
        isi.add(id_usulan, sidik)
        keadaan_kini.add(id_usulan, sidik, keadaan)
    rows = tx.raw(_TANPA_TANDA_TERIMA, (tujuan.value, *bounds_of(tanggal))).fetchall()
    return SeparuhPengirim(
        tujuan,
        tanggal,
        isi.jumlah,
        {k.value: counts[k] for k in KeadaanUsulan},
        isi.akar,
        keadaan_kini.akar,
        sum(n for keadaan, n in rows if keadaan in DI_JALAN),
        sum(n for keadaan, n in rows if keadaan not in DI_JALAN),
    )


def received_items(
    tx: Transaction, tujuan: NamaSisi, tanggal: dt.date, after: UUID, batas: int
) -> list[tuple[UUID, Tercatat]]:
    """Return the items of a day for which there are receipts, in the order of their ids."""
    rows = tx.raw(_HALAMAN, (tujuan.value, *bounds_of(tanggal), after, batas)).fetchall()
    return [(r[0], Tercatat(r[1].hex(), r[2], None)) for r in rows]


def items_by_id(tx: Transaction, tujuan: NamaSisi, ids: Sequence[UUID]) -> dict[UUID, Tercatat]:
    """Return those of some items that the hub knows, whatever their day."""
    rows = tx.raw(_MENURUT_ID, (tujuan.value, list(ids))).fetchall()
    return {r[0]: Tercatat((r[1] or b"").hex(), r[2], r[3]) for r in rows}


def _received(
    tx: Transaction, tujuan: NamaSisi, tanggal: dt.date
) -> Iterator[tuple[UUID, bytes, str]]:
    found: Iterator[Any] = tx.stream(
        _DITERIMA, (tujuan.value, *bounds_of(tanggal)), sekaligus=10_000
    )
    return found
