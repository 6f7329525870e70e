"""What the reconciler finds and proposes, on small registries whose answer is known."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner, Result

from services.kit.database import transaction
from services.sync.propose import misleads
from tests import contoh
from tests.perintah import app
from tests.sync.conftest import Panggung


def pair(p: Panggung, n: int = 1) -> None:
    """One company known to both, under the ids W<n> and B<n>."""
    isi = contoh.badan_usaha(n)
    p.wlkp.put_badan_usaha(f"W{n}", isi)
    p.bpjs.put_badan_usaha(f"B{n}", isi, status_pendaftaran="TERDAFTAR")


def worker(p: Panggung, n: int, bu: int = 1, *, wlkp: object = None, bpjs: object = None) -> None:
    """One worker known to both, equal but for what is said."""
    ours = contoh.pekerja_wlkp(n) | contoh.pekerja_bpjs(n)
    p.wlkp.put_pekerja(f"WP{n}", f"W{bu}", ours | dict(wlkp or {}))  # type: ignore[call-overload]
    p.bpjs.put_pekerja(f"BP{n}", f"B{bu}", ours | dict(bpjs or {}))  # type: ignore[call-overload]


def test_equal_registries_need_one_round_of_notices(panggung: Panggung) -> None:
    pair(panggung)
    worker(panggung, 1)
    hasil = panggung.run()
    assert hasil.converged
    assert hasil.rounds == 2
    assert panggung.temuan() == []
    assert [u["jenis"] for u in panggung.wlkp.usulan.values()] == ["status_pendaftaran"]
    assert panggung.run().counts.get("terkirim", 0) == 0


def test_wlkp_value_wins_for_jabatan_and_bpjs_value_for_tmt(panggung: Panggung) -> None:
    pair(panggung)
    worker(panggung, 1, wlkp={"jabatan": "Mandor"}, bpjs={"tmt_jkn": "2021-02-03"})
    assert panggung.run().converged
    assert panggung.bpjs.rekaman["pekerja"]["BP1"]["isi"]["jabatan"] == "Mandor"
    assert panggung.wlkp.rekaman["pekerja"]["WP1"]["isi"]["tmt_jkn"] == "2021-02-03"
    assert {t["keadaan"] for t in panggung.temuan()} == {"diterapkan"}


def test_an_empty_value_never_wins(panggung: Panggung) -> None:
    isi = contoh.badan_usaha()
    panggung.wlkp.put_badan_usaha("W1", isi)
    panggung.bpjs.put_badan_usaha("B1", isi | {"titik_koordinat": "-6.9,107.6", "kbli": None})
    assert panggung.run().converged
    assert panggung.kinds() == {("badan_usaha", "berbeda", "kbli")}
    assert "titik_koordinat" in panggung.bpjs.rekaman["badan_usaha"]["B1"]["isi"]


def test_the_later_report_wins_for_address_and_without_date_it_waits(panggung: Panggung) -> None:
    pair(panggung)
    for n, (pada_w, pada_b) in enumerate(
        [
            ("2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z"),
            ("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"),
            ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
            (None, "2026-01-01T00:00:00Z"),
        ],
        1,
    ):
        isi = contoh.pekerja_wlkp(n) | contoh.pekerja_bpjs(n)
        panggung.wlkp.put_pekerja(
            f"WP{n}", "W1", isi | {"alamat": "Jalan Wlkp"}, dilaporkan_pada=pada_w
        )
        panggung.bpjs.put_pekerja(
            f"BP{n}", "B1", isi | {"alamat": "Jalan Bpjs"}, dilaporkan_pada=pada_b
        )
    assert panggung.run().converged
    found = {t["id_wlkp"]: (t["keadaan"], t["arah"]) for t in panggung.temuan(bidang="alamat")}
    assert found == {
        "WP1": ("diterapkan", "bpjs"),
        "WP2": ("diterapkan", "wlkp"),
        "WP3": ("tertahan", None),
        "WP4": ("tertahan", None),
    }
    assert panggung.wlkp.rekaman["pekerja"]["WP2"]["isi"]["alamat"] == "Jalan Bpjs"


def test_a_one_sided_phone_is_proposed_whatever_the_dates(panggung: Panggung) -> None:
    pair(panggung)
    worker(panggung, 1, bpjs={"nomor_hp": "+6281200000009"})
    assert panggung.run().converged
    assert panggung.wlkp.rekaman["pekerja"]["WP1"]["isi"]["nomor_hp"] == "+6281200000009"


def test_name_and_birth_date_wait_for_stewards_of_both_sides(panggung: Panggung) -> None:
    pair(panggung)
    worker(panggung, 1, wlkp={"nama": "Contoh Lain", "jabatan": "Mandor"})
    hasil = panggung.run()
    assert hasil.converged
    temuan = panggung.one(bidang="nama")
    assert (temuan["keadaan"], temuan["arah"]) == ("tertahan", "keduanya")
    for registri in (panggung.wlkp, panggung.bpjs):
        held = [u for u in registri.usulan.values() if u["keadaan"] == "ditahan"]
        assert len(held) == 1
    assert panggung.one(bidang="jabatan")["keadaan"] == "diterapkan"


def test_a_held_proposal_that_a_steward_applies_settles_the_finding(panggung: Panggung) -> None:
    pair(panggung)
    worker(panggung, 1, wlkp={"nama": "Contoh Lain"})
    panggung.run()
    (held,) = [k for k, u in panggung.bpjs.usulan.items() if u["keadaan"] == "ditahan"]
    panggung.bpjs.decide(held, "diterapkan")
    assert panggung.run().converged
    assert panggung.one(bidang="nama")["keadaan"] == "diterapkan"


def test_what_waits_costs_what_waits_and_not_what_was_ever_sent(panggung: Panggung) -> None:
    panggung.settings = panggung.settings.model_copy(update={"batas_halaman": 10})
    pair(panggung)
    for n in range(1, 41):
        worker(panggung, n, wlkp={"jabatan": "Mandor"})
    worker(panggung, 41, wlkp={"nama": "Contoh Lain"})
    panggung.wlkp.put_pekerja("WP42", "W1", contoh.pekerja_wlkp(42))
    assert panggung.run().converged
    waiting = {
        k for k, u in panggung.bpjs.usulan.items() if u["keadaan"] in {"ditahan", "diterima"}
    }
    assert (len(waiting), len(panggung.bpjs.usulan)) == (2, 42)
    panggung.bpjs.permintaan.clear()
    panggung.run()
    assert panggung.bpjs.permintaan["GET /v1/usulan"] == 2  # one a state in which they wait
    (held,) = [k for k in waiting if panggung.bpjs.usulan[k]["keadaan"] == "ditahan"]
    panggung.bpjs.decide(held, "diterapkan")
    panggung.bpjs.permintaan.clear()
    panggung.run()
    assert panggung.one(bidang="nama")["keadaan"] == "diterapkan"
    asked = {k: n for k, n in panggung.bpjs.permintaan.items() if "/v1/usulan" in k}
    assert asked["GET /v1/usulan"] == 2
    assert asked[f"GET /v1/usulan/{held}"] == 1


def test_a_refused_proposal_is_repeated_only_when_its_source_changes(panggung: Panggung) -> None:
    pair(panggung)
    worker(panggung, 1, wlkp={"jabatan": "Mandor"})
    panggung.bpjs.tolak = {"jabatan"}
    assert panggung.run().converged
    assert panggung.one(bidang="jabatan")["keadaan"] == "ditolak"
    before = len(panggung.bpjs.usulan)
    panggung.bpjs.change("pekerja", "BP1", alamat="Jalan Baru")
    panggung.run()
    assert len([u for u in panggung.bpjs.usulan.values() if u["keadaan"] == "ditolak"]) == 1
    panggung.bpjs.tolak = set()
    panggung.wlkp.change("pekerja", "WP1", jabatan="Kepala")
    assert panggung.run().converged
    assert len(panggung.bpjs.usulan) > before
    assert panggung.bpjs.rekaman["pekerja"]["BP1"]["isi"]["jabatan"] == "Kepala"


def test_a_stale_proposal_is_computed_anew(panggung: Panggung) -> None:
    pair(panggung)
    worker(panggung, 1, wlkp={"jabatan": "Mandor"})
    original = panggung.bpjs.receive

    def change_first(kunci: str, isi: bytes) -> bytes:
        panggung.bpjs.receive = original  # type: ignore[method-assign]
        panggung.bpjs.change("pekerja", "BP1", nomor_hp="+6281200000009")
        return original(kunci, isi)

    panggung.bpjs.receive = change_first  # type: ignore[method-assign]
    assert panggung.run().converged
    states = sorted(u["keadaan"] for u in panggung.bpjs.usulan.values())
    assert states == ["diterapkan", "usang"]
    assert panggung.bpjs.rekaman["pekerja"]["BP1"]["isi"]["jabatan"] == "Mandor"
    assert panggung.bpjs.rekaman["pekerja"]["BP1"]["isi"]["nomor_hp"] == "+6281200000009"


def test_one_sided_workers_and_companies_enter_the_queues(panggung: Panggung) -> None:
    pair(panggung)
    panggung.wlkp.put_pekerja("WP1", "W1", contoh.pekerja_wlkp(1))
    panggung.wlkp.put_pekerja("WP2", "W1", contoh.pekerja_wlkp(2, hubungan_kerja="BERHENTI"))
    other = {"nik": "3204114302889003", "nama": "Ratna Kenanga", "tanggal_lahir": "1988-02-03"}
    panggung.bpjs.put_pekerja("BP3", "B1", contoh.pekerja_bpjs(3, **other))
    panggung.wlkp.put_badan_usaha("W2", contoh.badan_usaha(2))
    panggung.wlkp.put_pekerja("WP4", "W2", contoh.pekerja_wlkp(4))
    elsewhere = contoh.badan_usaha(
        3, nama="CV Seruni Abadi", alamat="Jalan Lain No. 7, Kota Cimahi", kd_daerah="3277",
        telepon="+62227770003", email="kontak@seruni.example", nama_pengurus_atau_pic="Contoh Lima",
        nama_pemilik_atau_pimpinan="Contoh Enam", nomor_tdp_atau_nib="8120999000777",
    )  # fmt: skip
    panggung.bpjs.put_badan_usaha("B3", elsewhere)
    assert panggung.run().converged
    assert panggung.kinds() == {
        ("pekerja", "hanya_wlkp", ""),
        ("pekerja", "hanya_bpjs", ""),
        ("badan_usaha", "PDS-TK", ""),
        ("badan_usaha", "hanya_wlkp", ""),
        ("badan_usaha", "hanya_bpjs", ""),
        ("badan_usaha", "PWBD", ""),
    }
    assert {t["keadaan"] for t in panggung.temuan()} == {"diantre"}
    assert panggung.one(himpunan="pekerja", jenis="hanya_wlkp")["id_wlkp"] == "WP1"
    to_bpjs = [u for u in panggung.bpjs.isi_usulan.values() if u["jenis"] == "penambahan"]
    company, person = sorted(to_bpjs, key=lambda u: u["himpunan"])
    assert company["jumlah_pekerja"] == 1
    assert person["id_badan_usaha"] == "B1"


@pytest.mark.parametrize("keadaan", ["diterapkan", "usang"])
def test_who_was_registered_and_is_gone_again_is_proposed_anew(
    panggung: Panggung, keadaan: str
) -> None:
    pair(panggung)
    isi = contoh.pekerja_wlkp(1) | contoh.pekerja_bpjs(1)
    panggung.wlkp.put_pekerja("WP1", "W1", isi)
    panggung.run()
    (first,) = panggung.bpjs.usulan
    panggung.bpjs.put_pekerja("BP1", "B1", isi)
    panggung.bpjs.usulan[first] |= {"keadaan": keadaan, "kode": "PUTUSAN", "alasan": "Petugas."}
    panggung.run()
    assert len(panggung.bpjs.usulan) == 1
    for told in (2, 3):
        panggung.bpjs.delete("pekerja", "BP1")
        panggung.run()
        panggung.run()
        kinds = [u["jenis"] for u in panggung.bpjs.isi_usulan.values()]
        assert kinds.count("penambahan") == told
        assert panggung.one(jenis="hanya_wlkp")["keadaan"] == "diantre"
        panggung.bpjs.put_pekerja("BP1", "B1", isi)
        panggung.run()
    said = panggung.bpjs.isi_usulan.values()
    assert {u["versi_asal"] for u in said if u["jenis"] == "penambahan"} == {1}


def test_a_nik_twice_in_one_company_is_held_and_not_compared(panggung: Panggung) -> None:
    pair(panggung)
    worker(panggung, 1, bpjs={"jabatan": "Lain"})
    panggung.wlkp.put_pekerja("WP9", "W1", contoh.pekerja_wlkp(1))
    panggung.bpjs.put_pekerja("BP8", "B1", contoh.pekerja_bpjs(8))
    panggung.bpjs.put_pekerja("BP9", "B1", contoh.pekerja_bpjs(8))
    assert panggung.run().converged
    assert panggung.kinds() == {
        ("pekerja", "kunci_ganda", "wlkp"),
        ("pekerja", "kunci_ganda", "bpjs"),
    }
    assert {t["keadaan"] for t in panggung.temuan()} == {"tertahan"}


def test_one_person_at_different_companies_is_held_and_compared_as_a_person(
    panggung: Panggung,
) -> None:
    pair(panggung, 1)
    pair(panggung, 2)
    isi = contoh.pekerja_wlkp(1) | contoh.pekerja_bpjs(1)
    panggung.wlkp.put_pekerja("WP1", "W1", isi | {"jabatan": "Mandor", "tmt_jkn": "2024-01-01"})
    panggung.bpjs.put_pekerja("BP1", "B2", isi)
    assert panggung.run().converged
    assert panggung.kinds() == {
        ("pekerja", "beda_perusahaan", ""),
        ("pekerja", "berbeda", "tmt_jkn"),
    }
    assert panggung.one(jenis="beda_perusahaan")["keadaan"] == "tertahan"
    assert not [u for u in panggung.bpjs.usulan.values() if u["jenis"] == "penambahan"]


def test_without_the_right_to_workers_companies_go_on(panggung: Panggung) -> None:
    pair(panggung)
    worker(panggung, 1, wlkp={"jabatan": "Mandor"})
    panggung.bpjs.change("badan_usaha", "B1", kbli="99999")
    panggung.bpjs.tanpa_pekerja = True
    said: list[str] = []
    assert panggung.run(on_progress=lambda k: said.append(k.pesan)).converged
    assert panggung.kinds() == {("badan_usaha", "berbeda", "kbli")}
    assert any("tidak berwenang" in s for s in said)
    (status,) = panggung.wlkp.isi_usulan.values()
    assert status["jumlah_pekerja"] is None
    panggung.bpjs.tanpa_pekerja = False
    assert panggung.run().converged
    assert ("pekerja", "berbeda", "jabatan") in panggung.kinds()


def test_forbidden_proposals_are_marked_and_sent_when_allowed(panggung: Panggung) -> None:
    pair(panggung)
    worker(panggung, 1, wlkp={"jabatan": "Mandor"})
    panggung.bpjs.tanpa_kirim = True
    assert panggung.run().converged
    assert panggung.one(bidang="jabatan")["keadaan"] == "tak_berwenang"
    panggung.bpjs.tanpa_kirim = False
    assert panggung.run().converged
    assert panggung.one(bidang="jabatan")["keadaan"] == "diterapkan"


def test_deleted_records_and_a_lost_cursor_leave_no_ghost(panggung: Panggung) -> None:
    pair(panggung)
    worker(panggung, 1)
    worker(panggung, 2)
    panggung.run()
    panggung.wlkp.delete("pekerja", "WP1")
    panggung.run()
    assert panggung.one(jenis="hanya_bpjs")["id_bpjs"] == "BP1"
    panggung.bpjs.delete("pekerja", "BP1")
    panggung.bpjs.forget_history()
    panggung.run()
    assert panggung.one(jenis="hanya_bpjs")["keadaan"] == "selesai"
    assert panggung.fetch("SELECT count(*) FROM cermin_pekerja") == [(2,)]


def test_a_changed_status_is_told_again(panggung: Panggung) -> None:
    pair(panggung)
    panggung.run()
    record = panggung.bpjs.rekaman["badan_usaha"]["B1"]
    panggung.bpjs.put("badan_usaha", record | {"status_pendaftaran": "DITOLAK"})
    panggung.run()
    panggung.bpjs.put("badan_usaha", record)
    panggung.run()
    told = [u["status"] for u in panggung.wlkp.isi_usulan.values()]
    assert told == ["TERDAFTAR", "DITOLAK", "TERDAFTAR"]


def test_number_that_returns_is_told_again_though_its_notice_was_taken_back(
    panggung: Panggung,
) -> None:
    """The status and the company's version are those of a notice that was told before."""
    pair(panggung)
    worker(panggung, 1)
    panggung.run()
    worker(panggung, 2)
    panggung.run()
    panggung.bpjs.delete("pekerja", "BP2")
    panggung.wlkp.tanpa_kirim = True
    panggung.run()
    panggung.wlkp.tanpa_kirim = False
    panggung.run()
    told = [
        (u["status"], u["jumlah_pekerja"])
        for u in panggung.wlkp.isi_usulan.values()
        if u["jenis"] == "status_pendaftaran"
    ]
    assert told == [("TERDAFTAR", 1), ("TERDAFTAR", 2), ("TERDAFTAR", 1)]


def test_findings_are_analysed_again_only_after_proposals_that_are_a_tenth_of_them(
    panggung: Panggung,
) -> None:
    believed = "UPDATE pg_class SET reltuples = %s WHERE oid = 'temuan'::regclass"
    with transaction(panggung.engine) as tx:
        for rows, enough in ((-1, 5_000), (10_000, 5_000), (1_000_000, 100_000)):
            tx.raw(believed, [rows])
            assert [misleads(tx, n) for n in (enough - 1, enough)] == [False, True]


def test_a_word_that_no_finding_bears_is_told_with_those_there_are(panggung: Panggung) -> None:
    pair(panggung)
    panggung.wlkp.put_pekerja("WP1", "W1", contoh.pekerja_wlkp(1))
    panggung.run()
    url = panggung.engine.url.render_as_string(hide_password=False)

    def ask(*arguments: str) -> Result:
        return CliRunner().invoke(app, ["temuan", "--database-url", url, *arguments])

    slip = ask("--jenis", "ngawur")
    assert slip.exit_code == 0
    assert "Yang ada" in slip.stderr
    assert "Yang ada" not in ask("--jenis", "hanya_wlkp").stderr
    assert ask("--himpunan", "ngawur").exit_code == 2
    assert ask("--himpunan", "badan-usaha").exit_code == 0


def test_held_findings_are_listed_whole_with_both_sides_and_the_reason(panggung: Panggung) -> None:
    pair(panggung)
    worker(panggung, 1, bpjs={"tanggal_lahir": "1980-01-02"})
    panggung.run()
    url = panggung.engine.url.render_as_string(hide_password=False)
    held = panggung.one(keadaan="tertahan")
    listed = CliRunner().invoke(app, ["sync", "tertahan", "--database-url", url]).output
    assert "…" not in listed
    for told in (held["id"], held["nik"], "wlkp WP1 di W1", "bpjs BP1 di B1", held["alasan"]):
        assert str(told) in listed
    for more in (["status"], ["jejak", str(held["id"])]):
        done = CliRunner().invoke(app, ["sync", *more, "--database-url", url])
        assert (done.exit_code, "…" in done.output) == (0, False)
