"""The receiver's half of the balance of the exchange, from the inbox alone, and signed.

An item belongs to the day of Jakarta on which it was received; what became of it later moves it
between states and not between days (docs/keputusan/0015).
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from services.audit.bukti import lawan
from services.auth.tokens import TokenIssuer
from services.kit.clock import Clock
from services.kit.database import Transaction, transaction
from services.kit.paging import Cursors
from shared_schemas.neraca import Pohon, bounds_of
from shared_schemas.v1.amplop import Halaman
from shared_schemas.v1.kode import KeadaanUsulan
from shared_schemas.v1.neraca import ButirNeraca, Neraca, NeracaHarian, SegelTerakhir

_SEKALIGUS = 10_000
_HARI = """
SELECT id_usulan, sidik, keadaan FROM usulan
WHERE pelaku = %s AND diterima_pada >= %s AND diterima_pada < %s AND sidik IS NOT NULL
ORDER BY id_usulan
"""
_HALAMAN = """
SELECT id_usulan, encode(sidik, 'hex'), keadaan, diterima_pada FROM usulan
WHERE pelaku = %s AND diterima_pada >= %s AND diterima_pada < %s AND sidik IS NOT NULL
  AND id_usulan > %s
ORDER BY id_usulan LIMIT %s
"""
_SEBELUM_SEMUA = UUID(int=0)


def own_half(
    tx: Transaction,
    pelaku: str,
    tanggal: dt.date,
    now: dt.datetime,
    sampai: dt.datetime | None = None,
) -> NeracaHarian:
    """Add up what one sender's proposals of a day came to, those received after `sampai` aside."""
    counts: Counter[KeadaanUsulan] = Counter()
    isi, keadaan_kini = Pohon(), Pohon()
    first, after = bounds_of(tanggal)
    if sampai is not None:
        after = min(after, sampai + dt.timedelta.resolution)
    rows = tx.stream(_HARI, (pelaku, first, after), sekaligus=_SEKALIGUS)
    for id_usulan, sidik, keadaan in rows:
        counts[KeadaanUsulan(keadaan)] += 1
        isi.add(id_usulan, sidik)
        keadaan_kini.add(id_usulan, sidik, keadaan)
    return NeracaHarian(
        pengirim=pelaku,
        tanggal=tanggal,
        jumlah=isi.jumlah,
        menurut_keadaan={k: counts[k] for k in KeadaanUsulan},
        akar=isi.akar,
        akar_keadaan=keadaan_kini.akar,
        dihitung_pada=now,
    )


@dataclass(frozen=True, slots=True)
class BukuNeraca:
    """Adds up what one sender's proposals of a day came to in one registry."""

    engine: sa.Engine
    issuer: TokenIssuer
    cursors: Cursors
    clock: Clock

    def of_day(self, pelaku: str, tanggal: dt.date) -> Neraca:
        """Return count and roots of a day as they stand now, signed for the sender."""
        with transaction(self.engine) as tx:
            return self.signed(own_half(tx, pelaku, tanggal, self.clock()), lawan.newest(tx))

    def signed(self, neraca: NeracaHarian, segel: SegelTerakhir | None) -> Neraca:
        """Return a half with the signature of this registry, over its newest seal as well."""
        claims = {"neraca": neraca.model_dump(mode="json")}
        if segel is not None:
            claims["segel"] = segel.model_dump()
        subjek = f"neraca:{neraca.tanggal}"
        signed = self.issuer.sign_document(subjek, neraca.pengirim, claims)
        return Neraca(neraca=neraca, tertanda=signed)

    def page(
        self, pelaku: str, tanggal: dt.date, batas: int, kursor: str | None
    ) -> Halaman[ButirNeraca]:
        """Return the items of a day by their ids, so that a missing one can be named."""
        scope = f"neraca:{pelaku}:{tanggal}"
        after = self.cursors.read(scope, kursor) or str(_SEBELUM_SEMUA)
        with transaction(self.engine) as tx:
            rows = tx.raw(_HALAMAN, (pelaku, *bounds_of(tanggal), after, batas + 1)).fetchall()
        more, rows = len(rows) > batas, rows[:batas]
        return Halaman[ButirNeraca](
            data=[
                ButirNeraca(id_usulan=r[0], sidik=r[1], keadaan=r[2], diterima_pada=r[3])
                for r in rows
            ],
            kursor=self.cursors.sign(scope, str(rows[-1][0])) if more else None,
        )
