"""Several workers stand by one another: killed or hung, the leader is replaced and fenced off."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
import sqlalchemy as sa

from services.kit.database import make_engine, transaction
from services.sync.errors import Interrupted
from services.sync.kepemimpinan import Kepemimpinan
from services.sync.sewa import SEWA_DETIK
from tests.sync.conftest import Panggung
from tests.sync.test_sync_tahan import (
    _PROGRAM_TERUS,
    assert_nothing_twice,
    expected,
    fill,
    final,
    start,
)

__all__ = ["expected"]  # a fixture

_BATAS_DETIK = 60.0
_MILIK = "nama = 'rekonsiliasi'"
_PEMEGANG = f"SELECT pemegang, token FROM sewa WHERE {_MILIK}"


def wait_until(true: Callable[[], object]) -> None:
    until = time.monotonic() + _BATAS_DETIK
    while not true():
        assert time.monotonic() < until
        time.sleep(0.02)


@contextmanager
def leading(url: str, detik: float = SEWA_DETIK) -> Iterator[Kepemimpinan]:
    lock = Kepemimpinan(url, detik)
    try:
        lock.acquire(wait=True, tell=lambda _text: None)
        yield lock
    finally:
        lock.close()


def fenced(url: str, lock: Kepemimpinan) -> sa.Engine:
    engine = make_engine(url, 2)
    lock.fence(engine)
    return engine


def test_lease_is_shorter_than_what_is_promised() -> None:
    assert SEWA_DETIK + 5 < 30


def test_writes_of_a_replaced_leader_are_refused(panggung: Panggung) -> None:
    url = panggung.settings.database_url
    with leading(url) as first:
        engine = fenced(url, first)
        with transaction(engine) as tx:
            tx.raw(f"UPDATE sewa SET sampai = sampai WHERE {_MILIK}")
        first.close()
        with leading(url) as second:
            assert second.token == (first.token or 0) + 1
            with pytest.raises(Interrupted), transaction(engine) as tx:
                tx.raw("DELETE FROM kursor_tarik")
        engine.dispose()


def test_transaction_under_the_old_token_ends_before_the_new_one_counts(panggung: Panggung) -> None:
    url = panggung.settings.database_url
    with leading(url) as first:
        engine = fenced(url, first)
        with engine.connect() as hanging, panggung.engine.connect() as other:
            hanging.execute(sa.text("SELECT 1"))  # a transaction of the leader is open
            other.execute(sa.text("SET lock_timeout = '200ms'"))
            with pytest.raises(sa.exc.OperationalError):
                other.execute(sa.text(f"UPDATE sewa SET token = token + 1 WHERE {_MILIK}"))
            other.rollback()
            other.execute(
                sa.text(f"UPDATE sewa SET sampai = now() WHERE {_MILIK}")
            )  # a renewal does not wait
            other.rollback()
        engine.dispose()


def test_lease_is_renewed_while_the_leader_lives(panggung: Panggung) -> None:
    with leading(panggung.settings.database_url, 0.4) as lock:
        until = f"SELECT sampai FROM sewa WHERE {_MILIK}"
        first = panggung.fetch(until)
        wait_until(lambda: panggung.fetch(until) != first)
        lock.check()
        with panggung.engine.begin() as connection:
            connection.execute(sa.text(f"UPDATE sewa SET token = token + 1 WHERE {_MILIK}"))

        def noticed() -> bool:
            try:
                lock.check()
            except Interrupted:
                return True
            return False

        wait_until(noticed)


def leader_of(p: Panggung, processes: list[subprocess.Popen[bytes]]) -> subprocess.Popen[bytes]:
    """Wait until one of the processes leads and return it."""

    def found() -> list[subprocess.Popen[bytes]]:
        name = str(p.fetch(_PEMEGANG)[0][0]).split()
        return [q for q in processes if str(q.pid) in name]

    wait_until(found)
    return found()[0]


def pair(p: Panggung, stack: ExitStack) -> list[subprocess.Popen[bytes]]:
    def end(process: subprocess.Popen[bytes]) -> None:
        process.send_signal(signal.SIGCONT)
        process.kill()
        process.communicate()

    processes = [start(p, _PROGRAM_TERUS) for _ in range(2)]
    for process in processes:
        stack.callback(end, process)
    return processes


@pytest.mark.parametrize("cara", [signal.SIGKILL, signal.SIGSTOP])
@pytest.mark.parametrize("tahap", ["pull", "deliver"])
def test_standby_takes_over_the_round_of_a_dead_or_hung_leader(
    panggung: Panggung, expected: Any, cara: signal.Signals, tahap: str
) -> None:
    fill(panggung)
    # Shorter than in operation, or the test would wait for it; the way is the same.
    panggung.settings = panggung.settings.model_copy(
        update={"sewa_detik": 3.0, "batas_halaman": 20}
    )
    panggung.wlkp.lambat = panggung.bpjs.lambat = 0.05
    stage = "SELECT tahap FROM putaran ORDER BY id DESC LIMIT 1"
    with ExitStack() as stack:
        processes = pair(panggung, stack)
        leader = leader_of(panggung, processes)
        (standby,) = (q for q in processes if q is not leader)
        wait_until(lambda: panggung.fetch(stage) == [(tahap,)])
        leader.send_signal(cara)
        token = panggung.fetch(_PEMEGANG)[0][1]
        wait_until(lambda: panggung.fetch(_PEMEGANG)[0][1] > token)
        assert leader_of(panggung, processes) is standby
        panggung.wlkp.lambat = panggung.bpjs.lambat = 0.0
        leader.send_signal(signal.SIGCONT)  # it wakes up into another's round
        over = (
            "SELECT 1 FROM putaran WHERE tahap = 'selesai' AND diusulkan = 0 AND kegagalan IS NULL"
        )
        wait_until(lambda: panggung.fetch(over))
        assert standby.poll() is None
        if cara is signal.SIGSTOP:
            assert leader.poll() is None  # it stands by, or leads again
    assert panggung.run(tunggu_giliran=True).converged
    assert final(panggung) == expected
    assert_nothing_twice(panggung.wlkp)
    assert_nothing_twice(panggung.bpjs)
    assert panggung.fetch("SELECT count(*) FROM kotak_keluar WHERE keadaan <> 'terkirim'") == [(0,)]
