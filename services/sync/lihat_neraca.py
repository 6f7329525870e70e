"""The balance as an operator asks for it: beside a running round, changing no record."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

import httpx

from services.kit.clock import system_clock
from services.kit.database import transaction
from services.sync.imbang import HasilNeraca, KeadaanNeraca, agree, weigh
from services.sync.konteks import Konteks
from services.sync.run import key_auth, look_out
from services.sync.settings import NamaSisi, Sisi, SyncSettings
from shared_schemas.perjanjian import hari
from shared_schemas.v1.neraca import NeracaHarian

_TAK_DITANYA = {KeadaanNeraca.TIDAK_BERWENANG, KeadaanNeraca.TIDAK_BERLAKU}
_TERTANDA = """
SELECT isi, tanda_penerima, pada FROM neraca WHERE tujuan = %s AND tanggal = %s
ORDER BY id DESC LIMIT 1
"""


def balances(
    settings: SyncSettings,
    tanggal: dt.date | None,
    *,
    sisi: Sequence[NamaSisi] = tuple(NamaSisi),
    make_auth: Callable[[Sisi], httpx.Auth | None] = key_auth,
) -> list[HasilNeraca]:
    """Return the balance of a day of Jakarta, today without one, with each registry.

    A receiver that may not be asked, as after the agreement's end, stands there with what it
    signed last.
    """
    with look_out(settings, system_clock, make_auth) as ctx:
        return [_balance(ctx, s, tanggal or hari(ctx.now())) for s in sisi]


def _balance(ctx: Konteks, sisi: NamaSisi, tanggal: dt.date) -> HasilNeraca:
    hasil = weigh(ctx, sisi, tanggal, sesudah_berakhir=True)
    if hasil.keadaan in _TAK_DITANYA:
        _recall(ctx, hasil)
    return hasil


def _recall(ctx: Konteks, hasil: HasilNeraca) -> None:
    """Take the receiver's half as it signed it last, verified then; it agrees or it does not."""
    p = hasil.pengirim
    with transaction(ctx.engine) as tx:
        last = tx.raw(_TERTANDA, (p.tujuan.value, p.tanggal)).fetchone()
    if last is None:
        return
    isi, hasil.tanda_penerima, hasil.ditandatangani = last
    hasil.penerima = NeracaHarian.model_validate(isi["penerima"] | {"dihitung_pada": last[2]})
    if agree(p, hasil.penerima):
        hasil.keadaan = KeadaanNeraca.COCOK
