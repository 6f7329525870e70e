"""The sieve before a comparison of everything: who is provably the same needs no pairing.

`services.banding` says which NIK stand once on each side, in one group, with equal normal forms;
no rule of `pasangan` finds anything about those. All others go through its statements, so the
rules of pairing stand once.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pyarrow as pa

from services.banding.beda import nik_text
from services.banding.serupa import not_same
from services.kit.columns import ColumnReader
from services.kit.database import Transaction
from services.sync import pasangan
from services.sync.konteks import Konteks
from services.sync.settings import NamaSisi

_SEKALIGUS = 65_536


def choose_workers(ctx: Konteks, tx: Transaction) -> bool:
    """Put the NIK that need pairing into `sasaran_nik`; False: pair all, it is not worth it.

    The mirrors are read beside this transaction, which must not have changed them.
    """
    row = tx.raw("SELECT count(*) FROM cermin_pekerja").fetchone()
    if row is None or row[0] < ctx.settings.saring_mulai:
        return False
    ctx.tell("compare", f"Menyaring {row[0]} pekerja kedua sisi.")
    with ExitStack() as stack:
        folder = ctx.settings.saringan or Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="hub-saring-"))
        )
        wlkp, bpjs = (_read(ctx, sisi, stack) for sisi in NamaSisi)
        found = not_same(wlkp, bpjs, folder)
    if found is None:
        return False
    tx.raw("CREATE TEMP TABLE sasaran_nik (nik text) ON COMMIT DROP")
    with tx.copy("COPY sasaran_nik FROM STDIN") as copy:
        for at in range(0, len(found), _SEKALIGUS):
            text = nik_text(found[at : at + _SEKALIGUS]).to_pylist()
            copy.write("\n".join([*text, ""]))
    tx.raw("ANALYZE sasaran_nik")
    return True


def _read(ctx: Konteks, sisi: NamaSisi, stack: ExitStack) -> Iterator[pa.RecordBatch]:
    """Stream one mirror in a session of its own."""
    session = stack.enter_context(closing(ColumnReader(ctx.settings.database_url)))
    return session.batches(pasangan.SARINGAN.format(sisi=sisi.value))
