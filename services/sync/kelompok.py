"""Where a batch of the outbox and each item in it can stand, and who moves it.

The tables are closed: the database refuses another state, and `openapi/keadaan.md` shows them.
"""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

from services.kit.database import Transaction
from shared_schemas.v1.kode import TRANSISI_USULAN, KeadaanUsulan

PROGRAM = "program"
"""Who moved a batch when nobody did."""


class KeadaanKelompok(StrEnum):
    """Where a batch stands; only those that wait, or are dead letters, still have their bytes."""

    SIAP = "siap"
    DITUNDA = "ditunda"
    TERKIRIM = "terkirim"
    TAK_BERWENANG = "tak_berwenang"
    MATI = "mati"
    DIBUANG = "dibuang"


TRANSISI_KELOMPOK: dict[KeadaanKelompok, frozenset[KeadaanKelompok]] = {
    KeadaanKelompok.SIAP: frozenset(
        {
            KeadaanKelompok.TERKIRIM,
            KeadaanKelompok.DITUNDA,
            KeadaanKelompok.TAK_BERWENANG,
            KeadaanKelompok.MATI,
        }
    ),
    KeadaanKelompok.DITUNDA: frozenset({KeadaanKelompok.SIAP}),
    KeadaanKelompok.MATI: frozenset(
        {KeadaanKelompok.SIAP, KeadaanKelompok.DIBUANG, KeadaanKelompok.TERKIRIM}
    ),
}
"""Moves of a batch: an operator's are those of a dead letter to `siap` and `dibuang` (which its age
also does), the program's all others; a dead letter that did arrive becomes `terkirim`."""


class KeadaanButir(StrEnum):
    """Where an item stands as long as there is no receipt; from then on as a `KeadaanUsulan`."""

    DISIAPKAN = "disiapkan"
    TAK_BERWENANG = "tak_berwenang"
    DITARIK = "ditarik"
    MATI = "mati"
    DIBUANG = "dibuang"


_DIJAWAB: frozenset[StrEnum] = frozenset(KeadaanUsulan)
TRANSISI_BUTIR: dict[StrEnum, frozenset[StrEnum]] = {
    KeadaanButir.DISIAPKAN: _DIJAWAB | {KeadaanButir.TAK_BERWENANG, KeadaanButir.MATI},
    KeadaanButir.TAK_BERWENANG: _DIJAWAB | {KeadaanButir.DITARIK},
    KeadaanButir.DITARIK: _DIJAWAB | {KeadaanButir.DISIAPKAN},
    KeadaanButir.MATI: _DIJAWAB | {
        KeadaanButir.DISIAPKAN, KeadaanButir.DITARIK, KeadaanButir.DIBUANG
    },
    KeadaanButir.DIBUANG: _DIJAWAB,
    **{
        state: frozenset[StrEnum](TRANSISI_USULAN.get(state, ())) | {KeadaanButir.DITARIK}
        for state in KeadaanUsulan
    },
}  # fmt: skip
"""Moves of an item in the hub's book. From every state without a receipt one can still come: an
earlier sending whose answer was lost may have been accepted, and the receiver's list says so. What
a receiver lost that was put back to an older state is withdrawn, and what it knows otherwise again
follows it (`pulih`)."""


def note_move(
    tx: Transaction,
    batch: int,
    dari: KeadaanKelompok,
    ke: KeadaanKelompok,
    oleh: str,
    alasan: str,
    pada: dt.datetime,
) -> None:
    """Append to the history of dead letters who moved a batch, and why."""
    tx.raw(
        "INSERT INTO riwayat_kotak (batch, dari, ke, oleh, alasan, pada)"
        " VALUES (%s, %s, %s, %s, %s, %s)",
        [batch, dari.value, ke.value, oleh, alasan, pada],
    )
