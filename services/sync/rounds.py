"""The book of rounds: which stage, what was counted, why it ended."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

from services.kit.database import transaction
from services.kit.errors import HubError
from services.sync.errors import Interrupted
from services.sync.konteks import Konteks, current


def open_round(ctx: Konteks) -> int:
    """Begin a round and return its number; an earlier one without an end was cut off."""
    with transaction(ctx.engine) as tx:
        tx.raw(
            "UPDATE putaran SET selesai = %s, kegagalan = 'terputus' WHERE selesai IS NULL",
            [ctx.now()],
        )
        row = tx.raw(
            "INSERT INTO putaran (tahap, hitungan, mulai) VALUES ('mulai', '{}', %s) RETURNING id",
            [ctx.now()],
        ).fetchone()
    assert row is not None  # noqa: S101 - RETURNING
    return int(row[0])


def enter(ctx: Konteks, nomor: int, tahap: str) -> None:
    """Note the stage a round is in."""
    ctx.putaran = nomor
    with transaction(ctx.engine) as tx:
        tx.raw("UPDATE putaran SET tahap = %s WHERE id = %s AND tahap <> %s", [tahap, nomor, tahap])


def finish(nomor: int, counts: dict[str, int]) -> None:
    """Close a round with what it counted."""
    ctx = current()
    with transaction(ctx.engine) as tx:
        tx.raw(
            "UPDATE putaran SET tahap = 'selesai', hitungan = %s, diusulkan = %s, selesai = %s, "
            "kegagalan = NULL WHERE id = %s",
            [json.dumps(counts), counts.get("diusulkan", 0), ctx.now(), nomor],
        )


@contextmanager
def watched(nomor: int) -> Iterator[None]:
    """Note why a round failed, and tell the waiting `run` that it is over.

    An interrupt is no failure: DBOS keeps the workflow pending and resumes it.
    """
    ctx = current()
    ctx.over.clear()
    ctx.running = True
    try:
        yield
    except Interrupted:
        ctx.interrupted = True
        raise
    except Exception as error:
        ctx.kegagalan = error
        # The text of other errors may quote a value; ours never do.
        text = str(error) if isinstance(error, HubError) else type(error).__name__
        try:
            with transaction(ctx.engine) as tx:
                tx.raw(
                    "UPDATE putaran SET kegagalan = %s, selesai = %s WHERE id = %s",
                    [text, ctx.now(), nomor],
                )
        except Interrupted:  # the round is another's by now, and it failed because of that
            ctx.kegagalan, ctx.interrupted = None, True
            raise
        raise
    finally:
        ctx.running = False
        ctx.over.set()
