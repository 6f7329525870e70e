"""The registrations that a running service goes by: it records what it takes into use.

Whatever changed the file: a command, `hub kunci putar`, an editor, a copy from another machine.
What the ledger says already, because a command or another process recorded it, is not said again.

What comes is used once its event is committed, and not before: while that fails, the former
registrations go on. What goes is of no use from the moment that the changed file is seen; its event
follows as soon as it can be written. So whoever can call stands in the ledger, which may name a
while longer who cannot any more. A service that has recorded nothing yet answers nobody.
"""

from __future__ import annotations

import time
from pathlib import Path
from threading import Lock

import anyio.to_thread
import sqlalchemy as sa

from services.audit.record import Auditor, Pelaku
from services.auth import pendaftaran
from services.auth.clients import Klien, load_clients, undisturbed
from services.kit.berkala import Berkala
from services.kit.database import DatabaseError, transaction
from services.kit.errors import HubError
from services.kit.logging import get_logger
from services.kit.watched import Watched

Daftar = dict[str, Klien]

_SABAR = 2  # seconds that the requests after a change wait for whoever else edits or records
_JEDA = 5.0  # seconds after a failure in which requests go on without trying again
_SELA = 60.0  # seconds after which what no request has brought about is seen to


class RegisteredClients:
    """The registrations of one service; asking for them costs a `stat`, a query after changes."""

    def __init__(self, path: Path, engine: sa.Engine, auditor: Auditor, who: Pelaku) -> None:
        self._path = path
        self._engine = engine
        self._auditor = auditor
        self._who = who
        self._file = Watched((path,), lambda: load_clients(path))
        self._file.current()  # what is wrong at the start is said at the start
        self._turn = Lock()
        self._recorded: Daftar | None = None
        self._failed: tuple[float, Exception] | None = None
        self._interim: tuple[Daftar, Daftar, Daftar] = ({}, {}, {})

    def current(self) -> Daftar:
        """Return the registrations to go by now: of those in the file what is recorded, too.

        Nothing is waited for, except the very first time. Raises as `record` does.
        """
        recorded = self._recorded if self._recorded is not None else self.record()
        file = self._file.last_good()
        if file is recorded:
            return file
        if self._interim[0] is not file or self._interim[1] is not recorded:
            common = {k: in_both(recorded[k], file[k]) for k in file if k in recorded}
            usable = {k: klien for k, klien in common.items() if klien is not None}
            self._interim = (file, recorded, usable)
        return self._interim[2]

    async def settle(self) -> None:
        """Return once the file as it stands is recorded or has failed to be; usually at once."""
        if not self._is_settled():
            await anyio.to_thread.run_sync(self.record)

    def record(self) -> Daftar:
        """Record what the file changed and take it into use; return what is recorded.

        One thread does it and the others wait for that. A failure is told in the log, and tried
        again by a request some seconds later; as long as nothing is recorded at all it is raised:
        HubError or DatabaseError.
        """
        if self._is_settled() and (recorded := self._recorded) is not None:
            return recorded  # without a turn: who keeps the events up waits for a database
        asked = time.monotonic()
        with self._turn:
            if self._recorded is None:
                if self._failed is not None and self._failed[0] >= asked:  # it was waited for
                    raise self._failed[1].with_traceback(None)
            elif self._is_settled():
                return self._recorded
            try:
                self._recorded = self._compared()
            except (HubError, DatabaseError) as error:
                self._failed = (time.monotonic(), error)
                if self._recorded is None:
                    raise
                get_logger().error(
                    "perubahan klien belum tercatat dan belum dipakai",
                    berkas=self._path.name,
                    galat=type(error).__name__,
                    sebab=error.detail if isinstance(error, HubError) else None,
                )
            return self._recorded

    def beside(self) -> Berkala:
        """Return what is to be done beside the requests: events that are missing are written.

        Of what changed while nobody called, of what could not be recorded, and of what goes on
        here after another machine on the same database recorded less.
        """
        return Berkala("bukti pendaftaran", self._keep, _SELA)

    def _keep(self) -> None:
        with self._turn:
            self._recorded = self._compared()

    def _is_settled(self) -> bool:
        if self._recorded is None:
            return False
        if self._file.last_good() is self._recorded:
            return True
        return self._failed is not None and time.monotonic() < self._failed[0] + _JEDA

    def _compared(self) -> Daftar:
        """Return what the file says, once the ledger says it, too."""
        with undisturbed(self._path, _SABAR), transaction(self._engine) as tx:
            tx.raw(f"SET LOCAL lock_timeout = '{_SABAR}s'")
            pendaftaran.take_turn(tx)
            # Only now: another process may just have recorded what the file says since.
            file = self._file.last_good()
            baru = file is not self._recorded
            count = pendaftaran.record_used(tx, self._auditor, self._who, file, baru=baru)
        if count and not baru:
            get_logger().warning("bukti pendaftaran dilengkapi: berkas mesin lain berbeda")
        return file


def in_both(former: Klien, now: Klien) -> Klien | None:
    """Return what a client may do by both registrations, None where that is nothing.

    Whoever has a key for messages must sign: without one in common it may not call at all.
    """
    cakupan = tuple(c for c in now.cakupan if c in former.cakupan)
    kunci = tuple(k for k in now.kunci if k in former.kunci)
    pesan = tuple(k for k in now.kunci_pesan if k in former.kunci_pesan)
    unsigned = not pesan and bool(now.kunci_pesan or former.kunci_pesan)
    if now.pihak != former.pihak or (now.cakupan and not cakupan) or not kunci or unsigned:
        return None
    return Klien(
        client_id=now.client_id, pihak=now.pihak, cakupan=cakupan, kunci=kunci, kunci_pesan=pesan
    )
