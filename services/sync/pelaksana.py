"""Who carries rounds out durably: the port, and DBOS behind it.

The port is as narrow as the pipeline needs it: a finished step is never repeated, a round that
was cut off is resumed at the step that was running, a failed one is over.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Protocol

import sqlalchemy as sa
from dbos import DBOS, DBOSConfig, SetWorkflowID, WorkflowHandle

from services.kit.database import translated
from services.sync.errors import LeadershipLostError, SyncConfigurationError
from services.sync.konteks import Konteks
from services.sync.peringatan import pauses_told
from services.sync.pipeline import Hitungan, Langkah, go_round

_VERSION = "hub-sync-6"  # pinned: of another order of steps; recovery skips other versions
_EXECUTOR = "rekonsiliasi"  # constant: a start recovers what a killed process left
_PENDING = ["PENDING", "ENQUEUED"]
_OVER = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]
_DIHAPUS_SEKALI = 500

DISIMPAN = 50
"""Rounds whose steps are kept, for whoever asks what happened last night."""


class Pelaksana(Protocol):
    """Carries out rounds; a round's own error is raised, an interrupt leaves it to be resumed."""

    def left_over(self) -> list[str]:
        """Return the names of the rounds that a stop or a kill cut off, to be resumed."""

    def resume(self, ctx: Konteks, putaran: str, /) -> Hitungan:
        """Go on with a round where it was cut off; return what it counted."""

    def start(self, ctx: Konteks, nomor: int, /, *, pertama: bool) -> Hitungan:
        """Carry out a new round; return what it counted."""


def _durable(tahap: str, work: Callable[[], Hitungan]) -> Hitungan:
    return DBOS.run_step({"name": tahap}, work)


_LANGKAH: Langkah = _durable


@DBOS.workflow(name="putaran")
def run_round(nomor: int, *, pertama: bool) -> Hitungan:
    """Carry out one round as a workflow; DBOS calls it by its name after a kill."""
    return go_round(nomor, _LANGKAH, pertama=pertama)


class PelaksanaDbos:
    """Rounds as workflows of DBOS, in a thread of its own, steps kept in the hub's database.

    DBOS has connections of its own: what they raise becomes an error of ours here.
    """

    def left_over(self) -> list[str]:
        """Return the rounds to resume; a new one takes the place of those of another version."""
        with translated():
            _forget_old_rounds()
            found = DBOS.list_workflows(status=_PENDING, load_input=False, load_output=False)
            for w in found:
                if w.app_version != _VERSION:
                    DBOS.cancel_workflow(w.workflow_id)
        return [w.workflow_id for w in found if w.app_version == _VERSION]

    def resume(self, ctx: Konteks, putaran: str) -> Hitungan:
        """Wait for a round that DBOS resumed by itself when it was started."""
        with translated():
            return _wait_for(ctx, DBOS.retrieve_workflow(putaran))

    def start(self, ctx: Konteks, nomor: int, *, pertama: bool) -> Hitungan:
        """Start a workflow and wait for it."""
        ctx.over.clear()
        with translated():
            with SetWorkflowID(f"putaran-{nomor}"):
                handle = DBOS.start_workflow(run_round, nomor, pertama=pertama)
            return _wait_for(ctx, handle)


@contextmanager
def dbos(ctx: Konteks) -> Iterator[PelaksanaDbos]:
    """Run DBOS on the hub's database; at the end a round that still runs stays resumable."""
    config: DBOSConfig = {
        "name": "hub-sync",
        "system_database_url": ctx.settings.database_url,
        "application_version": _VERSION,
        "executor_id": _EXECUTOR,
        "sys_db_pool_size": 5,
        "log_level": "CRITICAL",
        "console_log_level": "CRITICAL",
    }
    logging.getLogger("dbos").setLevel(logging.CRITICAL)
    DBOS(config=config)
    try:
        with pauses_told(ctx):
            with translated():
                DBOS.launch()
            yield PelaksanaDbos()
    finally:
        # A round that still runs in its thread ends at the next edge and stays resumable; so does
        # one that is cut off because somebody asked a second time.
        with suppress(KeyboardInterrupt):
            ctx.stop_and_wait()
        DBOS.destroy()


def prepare_durable(url: str, owner: str, program: str) -> None:
    """Have DBOS's own tables, made by the role that owns the database, for the program to use."""
    address = sa.make_url(postgres_url(url)).set(drivername="postgresql+psycopg")
    as_owner = address.update_query_dict({"options": f"-c role={owner}"})
    logging.getLogger("dbos").setLevel(logging.CRITICAL)
    DBOS.migrate(as_owner.render_as_string(hide_password=False), application_role=program)


def postgres_url(url: str) -> str:
    """Return the address of the hub's database. Raises SyncConfigurationError for another kind."""
    # DBOS would silently fall back to SQLite, which promises less than is promised here.
    if not url.startswith(("postgresql://", "postgresql+psycopg://")):
        raise SyncConfigurationError("Database hub harus PostgreSQL (postgresql://…).")
    return url


def _forget_old_rounds() -> None:
    """Drop DBOS's notes of rounds long over; the book of rounds keeps what they counted."""
    over = DBOS.list_workflows(
        status=_OVER, sort_desc=True, offset=DISIMPAN, limit=_DIHAPUS_SEKALI, load_input=False,
        load_output=False,
    )  # fmt: skip
    if over:
        DBOS.delete_workflows([w.workflow_id for w in over])


def _wait_for(ctx: Konteks, handle: WorkflowHandle[Any]) -> Hitungan:
    """Wait in small pieces, so that Ctrl-C is heard; a resumed round begins in a while."""
    while not ctx.over.wait(timeout=0.5):
        if not ctx.running and handle.get_status().status not in _PENDING:
            break
    if ctx.kegagalan is not None:
        error, ctx.kegagalan = ctx.kegagalan, None
        _record(handle)
        raise error
    if ctx.interrupted:
        raise LeadershipLostError
    ctx.over.clear()
    return dict(handle.get_result() or {})


def _record(handle: WorkflowHandle[Any]) -> None:
    """Let DBOS record how a failed round ended, or the next start would resume it."""
    try:
        handle.get_result()
    except Exception:  # noqa: BLE001 - the round's own error is raised instead
        return
