"""Workers share a round: one reads a registry's feeds for another, and either may die of it."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from services.kit.clock import system_clock
from services.kit.database import make_engine, transaction
from services.sync import tugas
from services.sync.bantu import help_out
from services.sync.errors import Interrupted
from services.sync.kepemimpinan import Kepemimpinan
from services.sync.konteks import Konteks
from services.sync.run import open_context, status
from services.sync.settings import NamaSisi
from services.sync.sewa import Sewa
from tests.sync.conftest import Panggung
from tests.sync.test_sync_sewa import leader_of, leading, pair, wait_until
from tests.sync.test_sync_tahan import assert_nothing_twice, expected, fill, final

__all__ = ["expected"]  # a fixture

_DIBANTU = "SELECT nama FROM tugas WHERE keadaan = 'dibantu'"
_TARIK = tugas.NAMA[NamaSisi.BPJS]
_KONVERGEN = "SELECT 1 FROM putaran WHERE tahap = 'selesai' AND diusulkan = 0 AND kegagalan IS NULL"


def slow(p: Panggung) -> None:
    """Let reading take a while; leases shorter than in operation, the way is the same."""
    p.settings = p.settings.model_copy(update={"sewa_detik": 3.0, "batas_halaman": 10})
    p.wlkp.lambat = p.bpjs.lambat = 0.05


def fast(p: Panggung) -> None:
    p.wlkp.lambat = p.bpjs.lambat = 0.0


@contextmanager
def helped(p: Panggung) -> Iterator[tuple[subprocess.Popen[bytes], subprocess.Popen[bytes]]]:
    """Two workers, one of which leads while the other reads a feed for it."""
    fill(p)
    slow(p)
    with ExitStack() as stack:
        processes = pair(p, stack)
        leader = leader_of(p, processes)
        wait_until(lambda: p.fetch(_DIBANTU))
        (helper,) = (q for q in processes if q is not leader)
        yield leader, helper


def assert_as_undisturbed(p: Panggung, expected: Any) -> None:
    assert p.run(tunggu_giliran=True).converged
    assert final(p) == expected
    assert_nothing_twice(p.wlkp)
    assert_nothing_twice(p.bpjs)


def test_standby_reads_one_registry_while_the_leader_reads_the_other(
    panggung: Panggung, expected: Any
) -> None:
    with helped(panggung) as (_, helper):
        # Both feeds move at one time: each side's cursor changes before the other is at its end.
        both = (
            "SELECT count(DISTINCT sisi) FROM kursor_tarik"
            " WHERE nomor > 0 AND himpunan = 'badan_usaha'"
        )
        wait_until(lambda: panggung.fetch(both) == [(2,)])
        assert panggung.fetch(_DIBANTU) == [(_TARIK,)]
        (job,) = (t for t in status(panggung.engine).tugas if t["nama"] == _TARIK)
        assert f"pid {helper.pid} " in job["pembantu"]
        done = (
            f"SELECT hitungan->'dibaca' FROM tugas WHERE nama = '{_TARIK}' AND hitungan IS NOT NULL"
        )
        wait_until(lambda: panggung.fetch(done))
        assert panggung.fetch(done)[0][0] > 0
        fast(panggung)
        wait_until(lambda: panggung.fetch(_KONVERGEN))
    assert_as_undisturbed(panggung, expected)


@pytest.mark.parametrize("cara", [signal.SIGKILL, signal.SIGSTOP])
def test_leader_does_what_a_dead_or_hung_helper_left(
    panggung: Panggung, expected: Any, cara: signal.Signals
) -> None:
    with helped(panggung) as (leader, helper):
        helper.send_signal(cara)
        own = f"SELECT 1 FROM tugas WHERE nama = '{_TARIK}' AND keadaan = 'pemimpin'"
        wait_until(lambda: panggung.fetch(own))
        fast(panggung)
        helper.send_signal(signal.SIGCONT)  # it wakes up with a job that is another's
        wait_until(lambda: panggung.fetch(_KONVERGEN))
        assert leader.poll() is None
    assert_as_undisturbed(panggung, expected)


@pytest.mark.parametrize("cara", [signal.SIGKILL, signal.SIGSTOP])
def test_helper_gives_its_job_back_and_leads_when_the_leader_is_gone(
    panggung: Panggung, expected: Any, cara: signal.Signals
) -> None:
    with helped(panggung) as (leader, helper):
        leader.send_signal(cara)
        wait_until(lambda: leader_of(panggung, [leader, helper]) is helper)
        fast(panggung)
        leader.send_signal(signal.SIGCONT)
        wait_until(lambda: panggung.fetch(_KONVERGEN))
        assert helper.poll() is None
    assert_as_undisturbed(panggung, expected)


@contextmanager
def led(p: Panggung) -> Iterator[Konteks]:
    with (
        leading(p.settings.database_url) as lock,
        open_context(p.settings, lock, None, system_clock, lambda _sisi: None, bersama=True) as ctx,
    ):
        yield ctx


def helping(p: Panggung) -> Sewa:
    sewa = Sewa(p.settings.database_url, _TARIK, "hub-uji", 20)
    assert sewa.take(tugas.AMBIL, (_TARIK,))
    return sewa


def test_job_is_taken_once(panggung: Panggung) -> None:
    with led(panggung) as ctx, closing(helping_after_offer(panggung, ctx)):
        second = Sewa(panggung.settings.database_url, _TARIK, "hub-uji", 20)
        assert not second.take(tugas.AMBIL, (_TARIK,))
        second.close()


def helping_after_offer(p: Panggung, ctx: Konteks) -> Sewa:
    tugas.offer(ctx, 1)
    return helping(p)


def test_writes_of_a_helper_whose_job_was_taken_are_refused(panggung: Panggung) -> None:
    with led(panggung) as ctx:
        sewa = helping_after_offer(panggung, ctx)
        engine = make_engine(panggung.settings.database_url, 1)
        sewa.fence(engine)
        with transaction(engine) as tx:
            tx.raw("SELECT 1")
        tugas.revoke_all(ctx)
        with pytest.raises(Interrupted), transaction(engine) as tx:
            tx.raw("DELETE FROM kursor_tarik")
        assert tugas.claim(ctx, NamaSisi.BPJS) == {"milik": 1}
        engine.dispose()
        sewa.close()


def test_what_was_read_for_an_earlier_round_is_no_end_of_this_one(panggung: Panggung) -> None:
    with led(panggung) as ctx, closing(helping_after_offer(panggung, ctx)):
        assert tugas.round_of(ctx, NamaSisi.BPJS) == 1
        tugas.offer(ctx, 2)
        assert not tugas.finish(ctx, NamaSisi.BPJS, 1, {"dibaca": 3, "dihapus": 0})
        assert tugas.finish(ctx, NamaSisi.BPJS, 2, {"dibaca": 3, "dihapus": 0})
        assert tugas.claim(ctx, NamaSisi.BPJS) == {"selesai": 1, "dibaca": 3, "dihapus": 0}


def test_what_a_helper_meets_is_left_to_the_leader(panggung: Panggung) -> None:
    url = panggung.settings.database_url
    told: list[str] = []
    with led(panggung) as ctx:
        tugas.offer(ctx, 1)
        assert tugas.claim(ctx, NamaSisi.WLKP) == {"milik": 1}
        lock = Kepemimpinan(url, 20)
        refused = panggung.settings.model_copy(
            update={"bpjs": panggung.settings.bpjs.model_copy(update={"base_url": "http://127.0.0.1:1"}),
                    "tunggu_detik": 0.1}
        )  # fmt: skip
        opener = partial(
            open_context, refused, on_progress=None, clock=system_clock,
            make_auth=lambda _sisi: None, bersama=True,
        )  # fmt: skip
        help_out(url, lock, 20, opener, told.append, told.append)
        assert "dikembalikan" in told[-1]
        with panggung.engine.connect() as db:
            kept = db.execute(sa.text("SELECT keadaan FROM tugas WHERE nama = :n"), {"n": _TARIK})
            assert kept.scalar() == "dikembalikan"
        help_out(url, lock, 20, opener, told.append, told.append)  # and is not taken a second time
        assert len(told) == 2
        lock.close()
        assert tugas.claim(ctx, NamaSisi.BPJS) == {"milik": 1}
