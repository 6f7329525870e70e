"""Dead letters: set aside with their reason, no obstacle to others, never lost, never twice."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from services.kit.clock import system_clock
from services.kit.errors import TemporaryError
from services.sync import kotak, surat_mati
from services.sync.errors import NoSuchAddressError, NoSuchLetterError, RefusedError
from services.sync.kelompok import TRANSISI_BUTIR, TRANSISI_KELOMPOK, KeadaanButir, KeadaanKelompok
from services.sync.konteks import Kemajuan
from services.sync.run import status
from shared_schemas.v1.kode import KeadaanUsulan
from tests.perintah import app
from tests.sync.conftest import Panggung
from tests.sync.test_sync_tahan import assert_nothing_twice, fill

SALAH_BENTUK = (422, "KLIEN-BENTUK-001")


@pytest.fixture
def penuh(panggung: Panggung) -> Panggung:
    """Registries with something to say in both directions, and no patience with outages."""
    fill(panggung, workers=30)
    panggung.settings = panggung.settings.model_copy(
        update={"tunggu_detik": 0.0, "kegagalan_maks": 2}
    )
    return panggung


def letters(p: Panggung) -> list[dict[str, Any]]:
    return surat_mati.list_letters(p.engine)


def states(p: Panggung, tujuan: str = "wlkp") -> set[str]:
    rows = p.fetch(f"SELECT DISTINCT keadaan FROM usulan WHERE tujuan = '{tujuan}'")
    return {r[0] for r in rows}


def history(p: Panggung) -> list[tuple[str, str, str]]:
    return [tuple(r) for r in p.fetch("SELECT dari, ke, oleh FROM riwayat_kotak ORDER BY id")]


def test_refused_batch_is_set_aside_and_the_others_arrive(penuh: Panggung) -> None:
    penuh.wlkp.jawab_usulan = SALAH_BENTUK
    told = list[Kemajuan]()
    assert penuh.run(on_progress=told.append).converged
    assert [k.tahap for k in told if k.penting and "surat mati" in k.pesan] == ["deliver"]
    (letter,) = letters(penuh)
    assert (letter["tujuan"], letter["status"], letter["kode"]) == ("wlkp", *SALAH_BENTUK)
    assert "Simulator." in letter["alasan"]
    assert status(penuh.engine).surat_mati == 1
    assert states(penuh) == {"mati"}
    assert penuh.bpjs.usulan
    assert penuh.temuan(keadaan="surat_mati")
    kept = penuh.fetch("SELECT isi IS NOT NULL FROM kotak_keluar WHERE keadaan = 'mati'")
    assert kept == [(True,)]


def test_postponed_batch_counts_no_attempt_however_long_it_waits(penuh: Panggung) -> None:
    asked = "SELECT keadaan, percobaan, dikirim_pada IS NULL FROM kotak_keluar ORDER BY id"
    penuh.wlkp.jawab_usulan = (403, "HUB-PERJANJIAN-004")
    for _ in range(3):
        penuh.run()
        held = {tuple(r) for r in penuh.fetch(asked)}
        assert ("ditunda", 0, True) in held
        assert {row[1] for row in held if row[0] == "ditunda"} == {0}
    penuh.wlkp.jawab_usulan = None
    assert penuh.run().converged
    assert {tuple(r) for r in penuh.fetch(asked)} == {("terkirim", 1, False)}


def test_dead_letter_is_not_said_again_until_its_source_changes(penuh: Panggung) -> None:
    penuh.wlkp.jawab_usulan = SALAH_BENTUK
    penuh.run()
    penuh.wlkp.jawab_usulan = None
    assert penuh.run().counts["diusulkan"] == 0
    assert len(letters(penuh)) == 1
    said = penuh.temuan(keadaan="surat_mati", jenis="berbeda")[0]
    new = {"tmt_jkn": "2020-09-09", "nomor_hp": "+6281299999999", "alamat": "Jalan Baru 9"}
    bidang = said["bidang"]
    penuh.bpjs.change(said["himpunan"], said["id_bpjs"], **{bidang: new.get(bidang, "Lain Lagi")})
    assert penuh.run().counts["diusulkan"] > 0


def test_dead_letters_sent_again_arrive_once_as_they_were(penuh: Panggung) -> None:
    penuh.wlkp.jawab_usulan = SALAH_BENTUK
    penuh.run()
    ((kunci, sidik),) = penuh.fetch(
        "SELECT kunci, sidik_isi FROM kotak_keluar WHERE keadaan = 'mati'"
    )
    penuh.wlkp.jawab_usulan = None
    assert surat_mati.resend(penuh.engine, None, "Petugas Contoh", system_clock()).jumlah == 1
    assert penuh.run().converged
    assert letters(penuh) == []
    assert kunci in penuh.wlkp.jawaban
    assert penuh.fetch(f"SELECT keadaan, sidik_isi FROM kotak_keluar WHERE kunci = '{kunci}'") == [
        ("terkirim", sidik)
    ]
    assert not penuh.temuan(keadaan="surat_mati")
    assert_nothing_twice(penuh.wlkp)
    assert history(penuh) == [("siap", "mati", "program"), ("mati", "siap", "Petugas Contoh")]


def test_discarded_letter_leaves_its_findings_refused_and_no_bytes(penuh: Panggung) -> None:
    penuh.wlkp.jawab_usulan = SALAH_BENTUK
    penuh.run()
    (letter,) = letters(penuh)
    surat_mati.discard(penuh.engine, letter["id"], "Petugas Contoh", "Uji", system_clock())
    penuh.wlkp.jawab_usulan = None
    assert penuh.run().counts["diusulkan"] == 0
    assert states(penuh) == {"dibuang"}
    assert penuh.wlkp.usulan == {}
    refused = penuh.temuan(keadaan="ditolak")
    assert {t["kode"] for t in refused if t["arah"] == "wlkp"} == {surat_mati.DIBUANG}
    row = penuh.fetch(f"SELECT keadaan, isi FROM kotak_keluar WHERE id = {letter['id']}")
    assert row == [("dibuang", None)]
    with pytest.raises(NoSuchLetterError, match=f"{letter['id']} .dibuang .* Pakai nomor"):
        surat_mati.resend(penuh.engine, [letter["id"]], "Petugas Contoh", system_clock())


def test_batch_that_breaks_the_receiver_is_set_aside_after_some_failures(penuh: Panggung) -> None:
    penuh.wlkp.jawab_usulan = (500, "HUB-SISTEM-001")
    with pytest.raises(TemporaryError):
        penuh.run()
    assert letters(penuh) == []
    assert penuh.run().converged
    assert [s["kode"] for s in letters(penuh)] == ["HUB-SISTEM-001"]
    assert penuh.bpjs.usulan


def test_outage_and_refusal_of_whoever_asks_kill_no_batch(penuh: Panggung) -> None:
    for jawaban, error in (
        ((503, "HUB-SISTEM-002"), TemporaryError),
        ((401, "KLIEN-OTENTIKASI-001"), RefusedError),
        ((404, "KLIEN-BENTUK-004"), NoSuchAddressError),
    ):
        penuh.wlkp.jawab_usulan = jawaban
        for _ in range(3):
            with pytest.raises(error):
                penuh.run()
    assert letters(penuh) == []
    assert penuh.fetch("SELECT max(kegagalan) FROM kotak_keluar") == [(0,)]
    penuh.wlkp.jawab_usulan = None
    assert penuh.run().converged
    assert_nothing_twice(penuh.wlkp)


def test_unreadable_answer_is_a_dead_letter_until_the_list_says_it_arrived(penuh: Panggung) -> None:
    penuh.wlkp.jawab_rusak = True
    penuh.run()
    (letter,) = letters(penuh)
    assert letter["kode"] == "HUB-SYNC-008"
    penuh.wlkp.jawab_rusak = False
    assert penuh.run().converged
    assert letters(penuh) == []
    known = penuh.fetch("SELECT id::text, keadaan FROM usulan WHERE tujuan = 'wlkp'")
    assert dict(known) == {i: u["keadaan"] for i, u in penuh.wlkp.usulan.items()}
    assert ("mati", "terkirim", "program") in history(penuh)
    assert_nothing_twice(penuh.wlkp)


def test_letter_that_nobody_decides_about_loses_its_bytes_and_is_said_anew(penuh: Panggung) -> None:
    penuh.wlkp.jawab_usulan = SALAH_BENTUK
    penuh.run()
    penuh.wlkp.jawab_usulan = None
    days = penuh.settings.mati_simpan_hari + 1
    assert penuh.run(clock=lambda: system_clock() + dt.timedelta(days=days)).converged
    assert letters(penuh) == []
    assert penuh.wlkp.usulan
    assert penuh.fetch("SELECT count(*) FROM kotak_keluar WHERE isi IS NOT NULL") == [(0,)]
    assert_nothing_twice(penuh.wlkp)


def test_commands_list_send_again_and_discard(penuh: Panggung) -> None:
    penuh.wlkp.jawab_usulan = penuh.bpjs.jawab_usulan = SALAH_BENTUK
    penuh.run()
    database = ["--database-url", penuh.settings.database_url]

    def hub(*arguments: str) -> Any:
        return CliRunner().invoke(app, ["sync", "mati", *arguments, *database])

    listed = json.loads(hub("daftar", "--json").output)
    assert len(listed) == 2
    first, second = (str(row["id"]) for row in listed)
    assert hub("buang", first, "--oleh", "Contoh", "--alasan", "Uji").exit_code == 0
    for blank in (("ulang", second, "--oleh", " "), ("ulang", "--semua", "--oleh", "")):
        assert hub(*blank).exit_code == 1  # who was it?
    assert hub("buang", second, "--oleh", "Contoh", "--alasan", "").exit_code == 1
    assert [str(row["id"]) for row in json.loads(hub("daftar", "--json").output)] == [second]
    assert hub("ulang", second, "--oleh", " Contoh ").exit_code == 0
    assert json.loads(hub("daftar", "--json").output) == []
    assert hub("ulang", "--oleh", "Contoh").exit_code == 1  # which ones?
    assert {h[2] for h in history(penuh)} == {"program", "Contoh"}


def many_letters(p: Panggung, count: int) -> list[int]:
    """Have many letters to each registry: what a night's refusals leave, in small batches."""
    p.wlkp.jawab_usulan = p.bpjs.jawab_usulan = SALAH_BENTUK
    with pytest.MonkeyPatch.context() as small:
        small.setattr(kotak, "BATAS_LARIK", 1)
        p.run()
    p.wlkp.jawab_usulan = p.bpjs.jawab_usulan = None
    found = [row["id"] for row in letters(p)]
    assert len(found) >= count
    return found


def wait_for(condition: Callable[[], Any]) -> None:
    until = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)


def blocked(p: Panggung) -> int:
    """Return how many sessions wait for a lock."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    return int(p.fetch(f"{query} AND datname = current_database()")[0][0])


def resend_process(p: Panggung, *arguments: str) -> subprocess.Popen[str]:
    """Begin what a second operator does, in a process of its own."""
    command = [sys.executable, "-m", "services.cli", "sync", "mati", "ulang", *arguments]
    return subprocess.Popen(
        [*command, "--database-url", p.settings.database_url],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_two_operators_send_the_same_letters_again_and_each_moves_once(penuh: Panggung) -> None:
    ids = many_letters(penuh, 20)
    with penuh.engine.begin() as held:  # both begin with all before them
        held.execute(sa.text("SELECT FROM kotak_keluar WHERE id = :id FOR UPDATE"), {"id": ids[0]})
        both = [resend_process(penuh, "--semua", "--oleh", who) for who in ("Ani", "Budi")]
        wait_for(lambda: blocked(penuh) == len(both))
    said = [process.communicate(timeout=60) for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    moved = [int(out.split()[0]) for out, _ in said if "menunggu pengiriman" in out]
    assert sum(moved) == len(ids)
    names = [oleh for dari, ke, oleh in history(penuh) if (dari, ke) == ("mati", "siap")]
    assert len(names) == len(ids)
    ((first,),) = penuh.fetch(
        f"SELECT oleh FROM riwayat_kotak WHERE batch = {ids[0]} AND ke = 'siap'"
    )
    loser = {"Ani": 1, "Budi": 0}[first]
    assert f"Didahului oleh {first}: {ids[0]} (diulang " in said[loser][1]
    assert penuh.run().converged
    assert_nothing_twice(penuh.wlkp)
    assert_nothing_twice(penuh.bpjs)


def test_letters_that_another_put_back_are_said_with_when_and_where_they_are(
    penuh: Panggung,
) -> None:
    one, two, *_ = many_letters(penuh, 3)
    surat_mati.resend(penuh.engine, [one], "Ani", system_clock())
    with pytest.raises(NoSuchLetterError, match=rf"{one} \(diulang 20.*Z, kini siap\)") as refused:
        surat_mati.resend(penuh.engine, [one, two], "Budi", system_clock())
    assert "Ani" not in str(refused.value)  # errors are logged
    assert two in {row["id"] for row in letters(penuh)}  # a slip in one number does nothing
    with pytest.raises(NoSuchLetterError, match=r"999999 \(tidak ada\)"):
        surat_mati.discard(penuh.engine, 999999, "Budi", "Uji", system_clock())


def test_bulk_keeps_no_letter_from_others_while_it_waits_for_one(penuh: Panggung) -> None:
    ids = many_letters(penuh, 5)
    with penuh.engine.begin() as held:
        held.execute(sa.text("SELECT FROM kotak_keluar WHERE id = :id FOR UPDATE"), {"id": ids[2]})
        bulk = resend_process(penuh, "--semua", "--oleh", "Ani")
        try:
            wait_for(lambda: blocked(penuh))
            assert penuh.fetch("SELECT count(*) FROM kotak_keluar WHERE keadaan = 'siap'") == [(2,)]
            surat_mati.discard(penuh.engine, ids[4], "Budi", "Uji", system_clock())
        finally:
            held.rollback()
            out, told = bulk.communicate(timeout=60)
    assert out.startswith(f"{len(ids) - 1} kelompok")
    assert f"Didahului oleh Budi: {ids[4]} (dibuang " in told


def test_letter_put_back_while_the_receiver_s_list_closes_it_stops_neither(
    penuh: Panggung, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever locks a letter's items before the letter meets the operator crosswise."""
    penuh.wlkp.jawab_rusak = True
    penuh.run()
    (letter,) = letters(penuh)
    penuh.wlkp.jawab_rusak = False
    done: list[Any] = []

    def put_back() -> None:
        try:
            done.append(surat_mati.resend(penuh.engine, [letter["id"]], "Ani", system_clock()))
        except Exception as error:  # noqa: BLE001 - looked at below
            done.append(error)

    operator = threading.Thread(target=put_back)
    close_arrived = surat_mati.close_arrived
    left = f"SELECT count(*) FROM usulan WHERE batch = {letter['id']} AND keadaan = 'mati'"

    def meanwhile(tx: Any, now: dt.datetime) -> int:
        if not operator.ident and tx.raw(left).fetchone() == (0,):
            operator.start()
            wait_for(lambda: blocked(penuh))
        return close_arrived(tx, now)

    monkeypatch.setattr(surat_mati, "close_arrived", meanwhile)
    monkeypatch.setattr(surat_mati, "_TABRAKAN_MAKS", 0)  # a second try would hide it
    assert penuh.run().converged
    operator.join(30)
    (result,) = done
    assert result.jumlah == 0, result
    assert [str(n).split(" 20")[0] for n in result.didahului] == [
        f"{letter['id']} (ternyata sampai"
    ]
    assert_nothing_twice(penuh.wlkp)


def test_every_state_has_its_moves_or_is_final() -> None:
    assert set(TRANSISI_KELOMPOK) | {
        KeadaanKelompok.TERKIRIM, KeadaanKelompok.TAK_BERWENANG, KeadaanKelompok.DIBUANG
    } == set(KeadaanKelompok)  # fmt: skip
    assert set(KeadaanButir) <= set(TRANSISI_BUTIR)
    for keadaan in KeadaanButir:
        assert set(KeadaanUsulan) <= TRANSISI_BUTIR[keadaan]  # a late answer always has a place
