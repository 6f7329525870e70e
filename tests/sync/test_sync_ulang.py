"""What was said once and still stands: it is said again when it may be, and not before."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from services.kit.clock import Clock, system_clock
from services.kit.database import transaction
from services.sync import butir, surat_mati, ulang
from services.sync.tinjau import decide
from services.taut.keputusan import Pendapat
from tests import contoh
from tests.sync.conftest import Panggung
from tests.sync.registri_tiruan import RegistriTiruan
from tests.sync.test_sync_temuan import pair, worker


def after(hours: float) -> Clock:
    return lambda: system_clock() + dt.timedelta(hours=hours)


def address(p: Panggung, sisi: str, alamat: str, pada: str) -> None:
    isi = contoh.pekerja_wlkp(1) | contoh.pekerja_bpjs(1) | {"alamat": alamat}
    if sisi == "wlkp":
        p.wlkp.put_pekerja("WP1", "W1", isi, dilaporkan_pada=pada)
    else:
        p.bpjs.put_pekerja("BP1", "B1", isi, dilaporkan_pada=pada)


def applied_one_way_and_now_the_other(p: Panggung) -> None:
    pair(p)
    address(p, "wlkp", "Jalan Baru 2", "2026-02-01T00:00:00Z")
    address(p, "bpjs", "Jalan Lama 1", "2026-01-01T00:00:00Z")
    assert p.run().converged
    assert p.one(bidang="alamat")["keadaan"] == "diterapkan"
    address(p, "bpjs", "Jalan Ketiga 3", "2026-03-01T00:00:00Z")


def said_to(registri: RegistriTiruan, jenis: str, himpunan: str = "pekerja") -> list[Any]:
    return [
        u for u in registri.isi_usulan.values() if (u["jenis"], u["himpunan"]) == (jenis, himpunan)
    ]


def answering(monkeypatch: pytest.MonkeyPatch, keadaan: str, jenis: str) -> None:
    """Let the simulators answer what is proposed of a kind alike, whatever it says."""
    judge = RegistriTiruan._judge

    def answer(self: RegistriTiruan, usulan: Any, raw: dict[str, Any]) -> str:
        return keadaan if raw["jenis"] == jenis else judge(self, usulan, raw)

    monkeypatch.setattr(RegistriTiruan, "_judge", answer)


def test_what_was_applied_the_other_way_hides_no_refusal(panggung: Panggung) -> None:
    p = panggung
    applied_one_way_and_now_the_other(p)
    p.wlkp.tanpa_kirim = True
    p.run()
    assert p.one(bidang="alamat")["keadaan"] == "tak_berwenang"
    p.wlkp.tanpa_kirim = False
    assert p.run().converged
    assert p.wlkp.rekaman["pekerja"]["WP1"]["isi"]["alamat"] == "Jalan Ketiga 3"


def test_what_was_applied_the_other_way_hides_no_dead_letter(panggung: Panggung) -> None:
    p = panggung
    applied_one_way_and_now_the_other(p)
    p.wlkp.jawab_usulan = (422, "KLIEN-BENTUK-001")
    p.run()
    assert p.one(bidang="alamat")["keadaan"] == "surat_mati"
    p.wlkp.jawab_usulan = None
    p.run(clock=after(31 * 24))
    assert p.wlkp.rekaman["pekerja"]["WP1"]["isi"]["alamat"] == "Jalan Ketiga 3"


@pytest.mark.parametrize("keadaan", ["ditolak", "usang"])
def test_refusal_that_may_pass_is_asked_about_a_day_later(
    panggung: Panggung, monkeypatch: pytest.MonkeyPatch, keadaan: str
) -> None:
    p = panggung
    pair(p)
    p.wlkp.put_pekerja("WP1", "W1", contoh.pekerja_wlkp(1))
    with monkeypatch.context() as context:
        answering(context, keadaan, "penambahan")
        monkeypatch.setattr(ulang, "SEMENTARA", ["DITOLAK", "USANG"])
        p.run()
        assert p.run().converged
        assert len(said_to(p.bpjs, "penambahan")) == 1  # not at every run
    assert p.run(clock=after(12)).converged
    assert len(said_to(p.bpjs, "penambahan")) == 1
    assert p.run(clock=after(25)).converged
    assert len(said_to(p.bpjs, "penambahan")) == 2
    assert p.one(jenis="hanya_wlkp")["keadaan"] == "diantre"


def test_value_refused_for_how_things_stood_is_said_again(
    panggung: Panggung, monkeypatch: pytest.MonkeyPatch
) -> None:
    p = panggung
    pair(p)
    p.run()
    p.bpjs.change("badan_usaha", "B1", telepon="+62225559999")
    for module in (ulang, butir):
        monkeypatch.setattr(module, "SEMENTARA", ["DITOLAK"])
    with monkeypatch.context() as context:
        answering(context, "ditolak", "penyelarasan")
        p.run()
    assert p.run().converged
    assert p.bpjs.rekaman["badan_usaha"]["B1"]["isi"]["telepon"] == "+62225559999"
    assert p.run(clock=after(25)).converged
    assert p.bpjs.rekaman["badan_usaha"]["B1"]["isi"]["telepon"] == "+62225550001"


def test_stewards_refusal_is_not_asked_about(panggung: Panggung) -> None:
    p = panggung
    pair(p)
    worker(p, 1, wlkp={"nama": "Contoh Lain"})
    p.run()
    for registri in (p.wlkp, p.bpjs):
        for usulan in registri.usulan.values():
            if usulan["keadaan"] == "ditahan":
                usulan |= {"keadaan": "ditolak", "kode": "USULAN-PUTUSAN-PETUGAS"}
    p.run()
    said = len(p.wlkp.usulan) + len(p.bpjs.usulan)
    assert p.one(bidang="nama")["keadaan"] == "ditolak"
    assert p.run(clock=after(25)).converged
    assert len(p.wlkp.usulan) + len(p.bpjs.usulan) == said


def test_registered_and_gone_before_it_was_read_is_proposed_anew(panggung: Panggung) -> None:
    p = panggung
    pair(p)
    p.wlkp.put_pekerja("WP1", "W1", contoh.pekerja_wlkp(1))
    p.run()
    (usulan,) = (
        u for k, u in p.bpjs.usulan.items() if p.bpjs.isi_usulan[k]["jenis"] == "penambahan"
    )
    p.bpjs.put_pekerja("BP1", "B1", contoh.pekerja_wlkp(1) | contoh.pekerja_bpjs(1))
    usulan |= {"keadaan": "diterapkan", "kode": "TIRUAN"}
    p.bpjs.delete("pekerja", "BP1")
    assert p.run().converged
    assert len(said_to(p.bpjs, "penambahan")) == 1
    assert p.run(clock=after(25)).converged
    assert len(said_to(p.bpjs, "penambahan")) == 2


def test_waiting_addition_follows_its_link_and_its_source(panggung: Panggung) -> None:
    p = panggung
    pair(p)
    p.bpjs.put_badan_usaha("B2", contoh.badan_usaha(2), status_pendaftaran="TERDAFTAR")
    p.wlkp.put_pekerja("WP1", "W1", contoh.pekerja_wlkp(1))
    assert p.run().converged
    decide(p.engine, ("W1", "B1"), Pendapat.BERBEDA, by="petugas", why="contoh")
    decide(p.engine, ("W1", "B2"), Pendapat.SAMA, by="petugas", why="contoh")
    p.run()
    assert p.run().converged
    assert [u["id_badan_usaha"] for u in said_to(p.bpjs, "penambahan")] == ["B1", "B2"]
    p.wlkp.change("pekerja", "WP1", nama="Contoh Yang Betul")
    p.run()
    assert said_to(p.bpjs, "penambahan")[-1]["isi"]["nama"] == "Contoh Yang Betul"
    assert p.run().converged
    assert len(said_to(p.bpjs, "penambahan")) == 3


def test_some_registered_workers_do_not_end_what_others_wait_for(panggung: Panggung) -> None:
    p = panggung
    pair(p)
    for n in (1, 2, 3):
        p.wlkp.put_pekerja(f"WP{n}", "W1", contoh.pekerja_wlkp(n))
    assert p.run().converged
    first = next(k for k, u in p.bpjs.isi_usulan.items() if u.get("id_asal") == "WP1")
    p.bpjs.put_pekerja("BP1", "B1", contoh.pekerja_wlkp(1) | contoh.pekerja_bpjs(1))
    p.bpjs.usulan[first] |= {"keadaan": "diterapkan", "kode": "TIRUAN"}
    p.run()
    assert p.one(jenis="PDS-TK")["keadaan"] == "diantre"


def test_what_was_withdrawn_is_not_asked_for_for_ever(panggung: Panggung) -> None:
    p = panggung
    pair(p)
    for n in range(1, 8):
        worker(p, n, bpjs={"jabatan": "Mandor"})
    p.bpjs.tanpa_kirim = True
    p.run()
    for n in range(1, 8):
        p.bpjs.change("pekerja", f"BP{n}", jabatan="Operator")
    p.bpjs.tanpa_kirim = False

    def asked(**options: Any) -> int:
        before = p.bpjs.permintaan.copy()
        p.run(**options)
        return sum(
            n
            for path, n in (p.bpjs.permintaan - before).items()
            if path.startswith("GET /v1/usulan")
        )

    p.run()
    assert asked()  # a sending whose answer was lost may still arrive
    assert asked(clock=after(25))
    assert asked(clock=after(25)) == 0


def notices(p: Panggung) -> list[tuple[str, int | None]]:
    return [
        (u["status"], u["jumlah_pekerja"])
        for u in said_to(p.wlkp, "status_pendaftaran", "badan_usaha")
    ]


@pytest.mark.parametrize("how", ["deleted", "unlinked"])
def test_company_that_lost_its_counterpart_is_told_so_once(panggung: Panggung, how: str) -> None:
    p = panggung
    pair(p)
    p.run()
    assert notices(p) == [("TERDAFTAR", 0)]
    if how == "deleted":
        p.bpjs.delete("badan_usaha", "B1")
    else:
        decide(p.engine, ("W1", "B1"), Pendapat.BERBEDA, by="petugas", why="contoh")
    for _ in range(2):
        p.run()
    assert notices(p) == [("TERDAFTAR", 0), ("TIDAK_TERDAFTAR", None)]


def test_company_that_was_gone_is_told_again(panggung: Panggung) -> None:
    p = panggung
    pair(p)
    p.run()
    p.wlkp.delete("badan_usaha", "W1")
    p.run()
    p.wlkp.put_badan_usaha("W1", contoh.badan_usaha(1))
    p.run()
    assert notices(p) == [("TERDAFTAR", 0)] * 2


@pytest.mark.parametrize("keadaan", ["ditolak", "usang"])
def test_notice_that_was_not_taken_is_told_again_a_day_later(
    panggung: Panggung, monkeypatch: pytest.MonkeyPatch, keadaan: str
) -> None:
    p = panggung
    pair(p)
    with monkeypatch.context() as context:
        answering(context, keadaan, "status_pendaftaran")
        p.run()
    assert p.run().converged
    assert len(notices(p)) == 1
    p.run(clock=after(25))
    assert p.run(clock=after(25)).converged
    assert len(notices(p)) == 2


def test_notice_of_a_company_that_was_gone_unseen_is_told_once_it_is_there(
    panggung: Panggung, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Deleted and named again between two readings: only the refusal says that it was gone."""
    p = panggung
    pair(p)
    with monkeypatch.context() as context:
        answering(context, "ditolak", "status_pendaftaran")
        p.run()
        p.wlkp.put_badan_usaha("W1", contoh.badan_usaha(1))
        assert p.run().converged  # refused again: told once for each change, and no more
        assert p.run().converged
    assert len(notices(p)) == 2
    p.wlkp.delete("badan_usaha", "W1")
    p.wlkp.put_badan_usaha("W1", contoh.badan_usaha(1))
    assert p.run().converged
    assert p.run().converged
    assert notices(p) == [("TERDAFTAR", 0)] * 3


def test_notice_that_comes_late_is_followed_by_what_holds(panggung: Panggung) -> None:
    p = panggung
    pair(p)
    worker(p, 1)
    p.wlkp.jawab_usulan = (422, "KLIEN-BENTUK-001")
    p.run()
    p.wlkp.jawab_usulan = None
    worker(p, 2)
    p.run()
    assert surat_mati.resend(p.engine, None, "petugas", system_clock()).jumlah == 1
    p.run()
    assert p.run().converged
    assert [jumlah for _, jumlah in notices(p)] == [2, 1, 2]


def test_what_was_ever_applied_is_not_read_for_what_to_ask_again(panggung: Panggung) -> None:
    panggung.run()
    with transaction(panggung.engine) as tx:
        tx.raw(
            "INSERT INTO temuan (id, jenis, himpunan, bidang, sidik_wlkp, sidik_bpjs, keadaan,"
            " ditemukan_pada, diubah_pada, berlaku) SELECT gen_random_uuid(), 'hanya_wlkp',"
            " 'pekerja', '', '1', '1', 'diterapkan', now(), '2020-01-01', mod(n, 5000) = 0"
            " FROM generate_series(1, 20000) n"
        )
        tx.raw("ANALYZE temuan")
        known = {"now": system_clock(), "sebelum": system_clock(), "sementara": butir.SEMENTARA}
        rows = tx.raw(f"EXPLAIN ANALYZE {ulang._ULANG}", known | {"paling_banyak": 9}).fetchall()
    plan = "\n".join(row[0] for row in rows)
    assert "ix_temuan_ulang" in plan, plan
    assert panggung.fetch("SELECT count(*) FROM temuan WHERE ulang = 1") == [(4,)]
