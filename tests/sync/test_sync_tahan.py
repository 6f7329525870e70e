"""Killed, cut off, refused, raced: the end state is always the same and nothing is done twice."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from services.kit import migration
from services.kit.clock import system_clock
from services.kit.errors import TemporaryError
from services.kit.postgres import PostgresServer
from services.kit.process import KATA_TERPUTUS, TERPUTUS
from services.sync.errors import AgreementOverError, BusyError, SyncConfigurationError
from services.sync.konteks import Konteks
from services.sync.run import (
    Kemajuan,
    list_tertahan,
    open_context,
    run,
    status,
    summary,
    trace,
    until_converged,
)
from services.sync.selisih import Aturan, decide
from shared_schemas.rujukan import Perbandingan, Wewenang
from tests import contoh
from tests.conftest import SABAR
from tests.sync.conftest import Panggung, open_panggung
from tests.sync.registri_tiruan import RegistriTiruan

_PROGRAM = """
import sys
from services.sync.run import run
from services.sync.settings import SyncSettings
run(SyncSettings.model_validate_json(sys.argv[1]), make_auth=lambda _sisi: None,
    tunggu_giliran=True)
"""
# As `hub sync jalan` calls it, and ends; the registries here ask for no keys.
_PERINTAH = """
import sys
from services import cli
from services.perintah.kemajuan import run_with_progress
from services.sync.run import run
from services.sync.settings import SyncSettings

def app():
    settings = SyncSettings.model_validate_json(sys.argv[1])
    try:
        run_with_progress(lambda tell: run(settings, make_auth=lambda _: None, on_progress=tell))
    except KeyboardInterrupt:
        sys.exit(cli.TERPUTUS)

cli.make_overview = lambda: app
cli.main()
"""
_PROGRAM_TERUS = _PROGRAM.replace("tunggu_giliran=True", "terus=True, jeda_detik=0.2")


def fill(p: Panggung, seed: int = 7, companies: int = 12, workers: int = 240) -> None:
    """Two registries with every kind of difference in them."""
    rnd = random.Random(seed)
    for n in range(1, companies + 1):
        isi = contoh.badan_usaha(n, nama=f"PT Sentosa{chr(64 + n)} Nomor{n}")
        if n != 1:
            p.wlkp.put_badan_usaha(f"W{n}", isi)
        if n != 2:
            change: dict[str, Any] = rnd.choice([{}, {"kbli": "99999"}, {"email": None}])
            p.bpjs.put_badan_usaha(f"B{n}", isi | change, status_pendaftaran="TERDAFTAR")
    for n in range(1, workers + 1):
        bu = rnd.randint(1, companies)
        isi = contoh.pekerja_wlkp(n) | contoh.pekerja_bpjs(n)
        other = rnd.choice(
            [{}, {"jabatan": "Lain"}, {"nama": "Nama Lain"}, {"tmt_jkn": "2022-02-02"},
             {"alamat": "Jalan Lain"}, {"nomor_hp": "+6281200000009"}]
        )  # fmt: skip
        pada = rnd.choice([None, "2026-01-01T00:00:00Z"])
        if bu != 1 and rnd.random() < 0.9:
            p.wlkp.put_pekerja(f"WP{n}", f"W{bu}", isi, dilaporkan_pada=pada)
        if bu != 2 and rnd.random() < 0.9:
            p.bpjs.put_pekerja(
                f"BP{n}", f"B{bu}", isi | other, dilaporkan_pada="2026-02-01T00:00:00Z"
            )


def final(p: Panggung) -> Any:
    """What both registries and the hub have come to."""
    found = sorted(
        (t["jenis"], t["bidang"], t["id_wlkp"] or "", t["id_bpjs"] or "", t["keadaan"])
        for t in p.temuan()
    )
    return p.wlkp.snapshot(), p.bpjs.snapshot(), found


def assert_nothing_twice(registri: RegistriTiruan) -> None:
    assert set(registri.diproses.values()) <= {1}


@pytest.fixture(scope="module")
def expected(make_database: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The end state of an undisturbed run."""
    with open_panggung(make_database, tmp_path_factory.mktemp("simpanan")) as p:
        fill(p)
        assert p.run().converged
        return final(p)


def start(p: Panggung, program: str = _PROGRAM) -> subprocess.Popen[bytes]:
    root = str(Path(__file__).parents[2])
    return subprocess.Popen(
        [sys.executable, "-c", program, p.settings.model_dump_json()],
        cwd=root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def test_an_undisturbed_run_converges_and_repeats_nothing(
    panggung: Panggung,
    expected: Any,
) -> None:
    fill(panggung)
    assert panggung.run().converged
    again = panggung.run()
    assert (again.rounds, again.counts["diusulkan"]) == (1, 0)
    assert final(panggung) == expected


def test_notes_of_old_rounds_are_dropped_and_the_book_keeps_their_counts(
    panggung: Panggung, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.sync.pelaksana.DISIMPAN", 2)
    for _ in range(4):
        assert panggung.run().converged
    assert panggung.fetch("SELECT count(*) FROM dbos.workflow_status") == [(3,)]
    steps = "SELECT count(DISTINCT workflow_uuid) FROM dbos.operation_outputs"
    assert panggung.fetch(steps) == [(3,)]
    ((kept,),) = panggung.fetch("SELECT count(*) FROM putaran WHERE selesai IS NOT NULL")
    assert kept >= 4


def kill_in(p: Panggung, tahap: str, delay: float) -> bool:
    """Start the program, kill it shortly after it entered a stage; False if it ended before."""
    with p.engine.begin() as connection:  # what the last one left must not be taken for a sign
        connection.execute(sa.text("UPDATE putaran SET tahap = 'mati' WHERE selesai IS NULL"))
    process = start(p)
    current = "SELECT tahap FROM putaran ORDER BY id DESC LIMIT 1"
    while process.poll() is None and p.fetch(current) != [(tahap,)]:
        time.sleep(0.002)
    time.sleep(delay)
    alive = process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.communicate()
    return alive


@pytest.mark.parametrize("tahap", ["pull", "link", "compare", "propose", "deliver"])
def test_kill_9_in_any_stage_ends_in_the_same_state(
    panggung: Panggung, expected: Any, tahap: str
) -> None:
    fill(panggung)
    rnd = random.Random(tahap)
    panggung.settings = panggung.settings.model_copy(update={"batas_halaman": 20})
    panggung.wlkp.lambat = panggung.bpjs.lambat = 0.01
    panggung.wlkp.putus = panggung.bpjs.putus = 0.05
    longest = 0.3 if tahap in {"pull", "deliver"} else 0.03  # seconds that the stage lasts
    killed = [kill_in(panggung, tahap, rnd.uniform(0, longest)) for _ in range(2)]
    assert any(killed)
    panggung.wlkp.lambat = panggung.bpjs.lambat = 0.0
    panggung.wlkp.putus = panggung.bpjs.putus = 0.0
    assert panggung.run(tunggu_giliran=True).converged
    assert final(panggung) == expected
    assert_nothing_twice(panggung.wlkp)
    assert_nothing_twice(panggung.bpjs)
    assert panggung.fetch("SELECT count(*) FROM kotak_keluar WHERE keadaan = 'siap'") == [(0,)]


def test_ctrl_c_loses_nothing_and_the_next_run_resumes(panggung: Panggung, expected: Any) -> None:
    fill(panggung)
    panggung.bpjs.lambat = 0.05
    process = start(panggung)
    while not panggung.bpjs.permintaan["GET /v1/perubahan/pekerja"]:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    output = process.communicate(timeout=20)[0].decode()
    assert process.returncode != 0
    assert "KeyboardInterrupt" in output
    panggung.bpjs.lambat = 0.0
    assert panggung.run(tunggu_giliran=True).converged
    assert final(panggung) == expected


def test_second_ctrl_c_does_not_wait_for_the_step_and_loses_nothing(
    panggung: Panggung, expected: Any
) -> None:
    fill(panggung)
    panggung.bpjs.lambat = 60.0  # longer than anybody waits here
    process = start(panggung, _PERINTAH)
    assert process.stdout is not None
    assert panggung.bpjs.didatangi.wait(60)
    process.send_signal(signal.SIGINT)
    said = process.stdout.readline().decode()
    while "Ctrl-C sekali lagi" not in said:
        assert said, "selesai tanpa mengatakan apa yang ditunggu"
        said = process.stdout.readline().decode()
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=15)[0].decode()
    assert (process.returncode, said.splitlines()[-1]) == (TERPUTUS, KATA_TERPUTUS)
    assert "Traceback" not in said
    panggung.bpjs.lambat = 0.0
    assert panggung.run(tunggu_giliran=True).converged
    assert final(panggung) == expected


def test_lost_answers_are_asked_for_again_without_a_second_effect(
    panggung: Panggung, expected: Any
) -> None:
    fill(panggung)
    panggung.wlkp.putus = panggung.bpjs.putus = 0.3
    assert panggung.run().converged
    assert final(panggung) == expected
    assert_nothing_twice(panggung.bpjs)


def test_an_accepted_batch_whose_answer_was_lost_before_a_refusal_is_not_forgotten(
    panggung: Panggung,
) -> None:
    fill(panggung, workers=20)
    panggung.settings = panggung.settings.model_copy(update={"tunggu_detik": 0.5})

    def cut_off(kemajuan: Kemajuan) -> None:
        if kemajuan.tahap == "propose":
            panggung.bpjs.putus = 1.0

    with pytest.raises(TemporaryError):
        panggung.run(on_progress=cut_off)
    accepted = set(panggung.bpjs.usulan)
    panggung.bpjs.putus, panggung.bpjs.tanpa_kirim = 0.0, True
    panggung.run()
    panggung.bpjs.tanpa_kirim = False
    assert panggung.run().converged
    known = panggung.fetch("SELECT id::text, keadaan FROM usulan WHERE tujuan = 'bpjs'")
    assert accepted
    assert dict(known) == {i: u["keadaan"] for i, u in panggung.bpjs.usulan.items()}
    assert_nothing_twice(panggung.bpjs)


def test_a_dead_service_that_comes_back_is_waited_for(panggung: Panggung) -> None:
    fill(panggung, workers=20)
    panggung.pelayan["bpjs"].stop()
    threading.Timer(1.5, panggung.pelayan["bpjs"].start).start()
    assert panggung.run().converged


def _hub_on(server: PostgresServer) -> Callable[[str], str]:
    def make(nama: str) -> str:
        server.ensure_database(nama)
        migration.upgrade(server.url(nama), nama)
        return server.url(nama)

    return make


def _wait_until(true: Callable[[], object]) -> None:
    until = time.monotonic() + 60
    while not true():
        assert time.monotonic() < until
        time.sleep(0.05)


@pytest.mark.parametrize("sesudah", [0.0, 0.4, 1.4])
def test_an_outage_of_the_hub_s_own_database_is_waited_for(expected: Any, sesudah: float) -> None:
    """The database goes away in the middle of a round: `terus` goes on when it is back."""
    with tempfile.TemporaryDirectory(prefix="uji-pg-") as folder:
        Path(folder).chmod(0o755)
        own = PostgresServer(Path(folder) / "data")
        own.start()
        with open_panggung(_hub_on(own), Path(folder) / "simpanan") as p:
            fill(p)
            p.bpjs.lambat = 0.05
            process = start(p, _PROGRAM_TERUS)
            _wait_until(lambda: p.bpjs.permintaan["GET /v1/perubahan/pekerja"])
            time.sleep(sesudah)
            own.stop()
            p.bpjs.lambat = 0.0
            time.sleep(1)
            assert process.poll() is None
            own.start()
            _wait_until(lambda: p.wlkp.usulan and p.bpjs.usulan)
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=30)
            assert p.run(tunggu_giliran=True).converged
            assert final(p) == expected
            assert_nothing_twice(p.wlkp)
            assert_nothing_twice(p.bpjs)
        own.destroy()


def test_patience_ends_with_a_temporary_error_and_a_later_run_goes_on(panggung: Panggung) -> None:
    fill(panggung, workers=20)
    panggung.settings = panggung.settings.model_copy(update={"tunggu_detik": 0.5})
    panggung.bpjs.mati = True
    with pytest.raises(TemporaryError, match="BPJS"):
        panggung.run()
    assert panggung.fetch("SELECT kegagalan IS NOT NULL FROM putaran") == [(True,)]
    panggung.bpjs.mati = False
    assert panggung.run().converged


def test_an_ended_agreement_stops_with_its_article(panggung: Panggung) -> None:
    panggung.wlkp.berakhir = True
    with pytest.raises(AgreementOverError) as caught:
        panggung.run()
    assert caught.value.pasal == "Pasal 8 ayat (1)"


def test_a_second_process_says_who_works(panggung: Panggung) -> None:
    fill(panggung, workers=20)
    panggung.bpjs.mati = True
    process = start(panggung)
    try:
        deadline = time.monotonic() + SABAR
        while status(panggung.engine).pemegang is None:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        with pytest.raises(BusyError, match=f"pid {process.pid}"):
            panggung.run()
    finally:
        process.kill()
        process.communicate()
    panggung.bpjs.mati = False
    assert panggung.run(tunggu_giliran=True).converged


def test_sqlite_is_refused(panggung: Panggung) -> None:
    with pytest.raises(SyncConfigurationError):
        run(panggung.settings.model_copy(update={"database_url": "sqlite:///x"}))


def test_views_tell_the_story_without_a_nik(panggung: Panggung) -> None:
    fill(panggung)
    panggung.run()
    shown = repr(
        [status(panggung.engine), summary(panggung.engine), list(list_tertahan(panggung.engine))]
    )
    applied = panggung.temuan(keadaan="diterapkan")[0]
    story = trace(panggung.engine, applied["id"])
    assert story is not None
    assert story["usulan"][0]["percobaan"] == 1
    assert trace(panggung.engine, applied["id_usulan"]) is not None
    assert trace(panggung.engine, "bukan-id") is None
    stored = panggung.fetch("SELECT encode(convert_to(t::text, 'utf8'), 'escape') "
                            "FROM dbos.operation_outputs t")  # fmt: skip
    for n in range(1, 241):
        assert contoh.nik(n) not in shown
        assert contoh.nik(n) not in repr(story)
        assert contoh.nik(n) not in repr(stored)


_RULES = st.builds(
    Aturan, st.just("x"), st.just(Perbandingan.TEKS),
    st.sampled_from([
        Wewenang.PIHAK_KESATU, Wewenang.PIHAK_KEDUA, Wewenang.LAPORAN_TERBARU,
        Wewenang.PENCATATAN_SIPIL,
    ]),
    st.booleans(),
)  # fmt: skip
_DATES = st.none() | st.datetimes()


@settings(max_examples=300)
@given(_RULES, st.text(max_size=3), st.text(max_size=3), _DATES, _DATES)
def test_whatever_is_proposed_is_never_empty(
    rule: Aturan, wlkp: str, bpjs: str, pada_w: Any, pada_b: Any
) -> None:
    putusan = decide(rule, wlkp, bpjs, (pada_w, pada_b))
    if wlkp == bpjs:
        assert putusan is None
    elif putusan is not None and putusan.arah is not None:
        assert wlkp or putusan.arah == "wlkp"
        assert bpjs or putusan.arah == "bpjs"


class _Terputus:
    """An executor that finds one round cut off; of new ones it keeps whether they are the first."""

    def __init__(self) -> None:
        self.pertama: list[bool] = []

    def left_over(self) -> list[str]:
        return ["putaran-1"]

    def resume(self, _ctx: Konteks, _putaran: str, /) -> dict[str, int]:
        return {"diusulkan": 1}

    def start(self, _ctx: Konteks, _nomor: int, /, *, pertama: bool) -> dict[str, int]:
        self.pertama.append(pertama)
        return {"diusulkan": int(pertama)}


def test_new_round_after_a_resumed_one_asks_anew_what_is_asked_once_a_run(
    panggung: Panggung,
) -> None:
    settings, terputus = panggung.settings, _Terputus()
    with open_context(settings, None, None, system_clock, lambda _sisi: None) as ctx:
        assert until_converged(ctx, terputus).converged
    assert terputus.pertama == [True, False]
