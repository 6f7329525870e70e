"""The sieve before a comparison of everything: who is provably the same needs no pairing.

`services.banding` says which NIK stand once on each side, in one group, with equal normal forms;
no rule of `pasangan` finds anything about those. All others go through its statements, so the
rules of pairing stand once.
"""

from __future__ import annotations

from services.kit.database import Transaction
from services.sync.konteks import Konteks


def choose_workers(ctx: Konteks, tx: Transaction) -> bool:
    """Put the NIK that need pairing into `sasaran_nik`; False: few workers, pair them all."""
    return False
