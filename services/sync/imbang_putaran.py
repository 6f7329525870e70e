"""The balance as a round checks it: yesterday and today, and what is told of a difference, once."""

from __future__ import annotations

import datetime as dt

from services.sync.imbang import SEGEL_BERTENTANGAN, HasilNeraca, KeadaanNeraca, weigh
from services.sync.konteks import Konteks
from services.sync.settings import NamaSisi
from shared_schemas.perjanjian import hari

_DISEBUT = 3  # ids in a sentence; `hub neraca` names them all


def check_balance(ctx: Konteks) -> dict[str, int]:
    """Check yesterday and today with both registries and tell; returns `neraca_selisih`."""
    today = hari(ctx.now())
    unexplained = 0
    for sisi in NamaSisi:
        for tanggal in (today - dt.timedelta(days=1), today):
            ctx.check()
            hasil = weigh(ctx, sisi, tanggal)
            _warn_of(ctx, hasil)
            unexplained += len(hasil.tak_terjelaskan)
    return {"neraca_selisih": unexplained}


def _warn_of(ctx: Konteks, hasil: HasilNeraca) -> None:
    """Warn of what is out of balance, unless this program has said the same of that day."""
    p, items = hasil.pengirim, hasil.tak_terjelaskan
    day, said = (p.tujuan, p.tanggal), (hasil.keadaan, hasil.segel_bertentangan, hash(tuple(items)))
    if hasil.cocok:
        ctx.neraca_dikatakan.pop(day, None)
        return
    if ctx.neraca_dikatakan.get(day) == said:
        return
    ctx.neraca_dikatakan[day] = said
    if hasil.keadaan is not KeadaanNeraca.COCOK:
        ctx.warn("neraca", describe(hasil), len(items))
    if hasil.segel_bertentangan:
        ctx.warn("segel", f"{p.tujuan.upper()}: {SEGEL_BERTENTANGAN}")


def describe(hasil: HasilNeraca) -> str:
    """Return one sentence for the operator: how many items, the first by id, and the remedy."""
    p, items = hasil.pengirim, hasil.tak_terjelaskan
    head = f"Neraca {p.tujuan.upper()} {p.tanggal}"
    if hasil.keadaan is not KeadaanNeraca.SELISIH:
        return f"{head}: {hasil.keadaan}. {hasil.sebab or ''}".rstrip()
    named = ", ".join(f"{s.id_usulan} {s.jenis}" for s in items[:_DISEBUT])
    rest = len(items) - _DISEBUT
    more = f" dan {rest:,} lagi" if rest > 0 else ""
    look = f"Lihat hub neraca --sisi {p.tujuan} --tanggal {p.tanggal}"
    remedy = f"{look}; sesudah sebuah database dipulihkan dari cadangan: hub sync pulih."
    return f"{head} tidak seimbang, {len(items):,} butir: {named}{more}. {remedy}"
