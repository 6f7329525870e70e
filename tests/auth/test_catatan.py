"""Records of the agreement: signed, never changed, counted from when both had signed."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from services import kunci, persiapan
from services.auth import catat, letak_catatan, riwayat
from services.auth.agreement import AgreementStore
from services.auth.errors import (
    AgreementEndedError,
    AgreementUnreadableError,
    PostponedError,
    RecordConflictError,
    RecordInvalidError,
)
from services.auth.jws import SigningKey, new_private_pem, public_jwk
from shared_schemas.perjanjian import Izin, Keadaan, Ketepatan, Larangan, PerjanjianError
from shared_schemas.rujukan import Pihak
from tests.auth.meja import ADENDUM, DUTY, END, EXTENSION, KEDUA, KESATU, Dua, Meja, at


@pytest.fixture
def meja(tmp_path: Path) -> Meja:
    return Meja(tmp_path)


def test_extension_counts_once_both_have_signed(meja: Meja) -> None:
    waiting = meja.record("perpanjangan", disepakati="2026-05-01", **EXTENSION)
    assert waiting.kurang == {KESATU}
    assert meja.store.current().last_day() == dt.date(2028, 11, 2)
    meja.jam.sekarang = at("2026-06-03T10:00")
    assert meja.sign("P/1").sah_sejak == at("2026-06-03T10:00")
    assert meja.store.current().last_day() == dt.date(2031, 11, 2)


def test_extension_signed_after_the_end_does_not_revive_whatever_day_it_claims(
    meja: Meja,
) -> None:
    meja.record("perpanjangan", disepakati="2026-05-01", **EXTENSION)
    meja.jam.sekarang = at("2028-11-03T00:01")
    meja.sign("P/1")
    assert meja.store.current().keadaan(meja.jam()) is Keadaan.BERAKHIR
    assert meja.store.current().ends()[-1][1] is Ketepatan.TANPA_AKIBAT
    with pytest.raises(AgreementEndedError):
        meja.ask()


def test_late_extension_holds_and_is_flagged(meja: Meja) -> None:
    meja.jam.sekarang = at("2028-08-03T09:00")
    meja.record("perpanjangan", disepakati="2028-08-03", **EXTENSION)
    meja.sign("P/1")
    assert meja.store.current().last_day() == dt.date(2031, 11, 2)
    assert meja.store.current().ends()[-1][1] is Ketepatan.TERLAMBAT


def test_termination_ends_with_its_day_and_was_unknown_before(meja: Meja) -> None:
    meja.record("pengakhiran", nomor="E/1", disepakati="2026-06-01", hari_terakhir="2026-09-30")
    meja.sign("E/1")
    known = riwayat.read(meja.path)
    assert known.kini.last_day() == dt.date(2026, 9, 30)
    assert known.dikenal(at("2026-05-31T23:59")).last_day() == dt.date(2028, 11, 2)
    assert known.dikenal(at("2026-06-01T09:00")).last_day() == dt.date(2026, 9, 30)
    with pytest.raises(RecordInvalidError, match="sudah disepakati"):
        meja.record("perpanjangan", disepakati="2026-06-01", **EXTENSION)


def test_record_that_came_too_late_has_no_effect_and_all_else_stays_readable(
    tmp_path: Path,
) -> None:
    meja = Dua(tmp_path)
    meja.dua.record("perpanjangan", disepakati="2026-05-01", **EXTENSION)
    meja.satu.record("pengakhiran", hari_terakhir="2026-09-30", **END)
    meja.exchange()
    meja.satu.jam.sekarang = at("2026-06-02T10:00")
    meja.dua.sign("E/1")
    meja.satu.jam.sekarang = at("2026-06-02T10:05")
    meja.satu.sign("P/1")  # does not know yet that E/1 counts
    assert riwayat.read(meja.satu.path).kini.last_day() == dt.date(2031, 11, 2)
    meja.exchange()
    for each in (meja.satu, meja.dua):
        known = riwayat.read(each.path)
        assert known.kini.last_day() == dt.date(2026, 9, 30)
        assert known.tanpa_akibat == {"P/1": "pengakhiran sudah disepakati"}


def test_records_of_one_second_are_checked_as_they_are_read(meja: Meja) -> None:
    start = at("2026-06-01T09:00")
    meja.jam.sekarang = start + dt.timedelta(milliseconds=100)
    meja.kahar(nomor="K/2")
    meja.jam.sekarang = start + dt.timedelta(milliseconds=900)
    ended = meja.record("kahar_selesai", nomor="A/S", kahar="K/2", berakhir="2026-06-03")
    (read,) = (t for t in riwayat.read(meja.path).catatan if t.nomor == "A/S")
    assert read == ended
    assert riwayat.read(meja.path).kini.kahar[0].berakhir == dt.date(2026, 6, 3)
    meja.record("perpanjangan", disepakati="2026-05-01", **EXTENSION)
    meja.record("pengakhiran", hari_terakhir="2026-09-30", **END)
    meja.jam.sekarang = start + dt.timedelta(seconds=5, milliseconds=100)
    meja.sign("P/1")
    meja.jam.sekarang = start + dt.timedelta(seconds=5, milliseconds=800)
    meja.sign("E/1")
    assert riwayat.read(meja.path).kini.last_day() == dt.date(2026, 9, 30)


def test_end_of_a_postponement_that_is_not_there_yet_has_no_effect(tmp_path: Path) -> None:
    meja = Dua(tmp_path)
    meja.satu.kahar()
    meja.satu.jam.sekarang = at("2026-06-04T08:00")
    meja.satu.record("kahar_selesai", nomor="K/1/S", kahar="K/1", berakhir="2026-06-03")
    for file in letak_catatan.folder_of(meja.satu.path).glob("K%2F1%2FS.*"):
        shutil.copy(file, letak_catatan.folder_of(meja.dua.path))
    assert list(riwayat.read(meja.dua.path).tanpa_akibat) == ["K/1/S"]
    meja.exchange()
    assert riwayat.read(meja.dua.path).kini.kahar[0].berakhir == dt.date(2026, 6, 3)


BADAN_USAHA = "Pasal 5 ayat (4) huruf b angka 1"


def _postponed(meja: Meja) -> set[str]:
    found = set()
    for cakupan in ("badan_usaha:baca", "pekerja:baca"):
        try:
            meja.store.permit(KESATU, cakupan)
        except PostponedError:
            found.add(cakupan)
    return found


def test_duties_of_one_postponement_are_taken_up_again_one_by_one(meja: Meja) -> None:
    meja.kahar(kewajiban=[BADAN_USAHA, DUTY])
    assert _postponed(meja) == {"badan_usaha:baca", "pekerja:baca"}
    meja.jam.sekarang = at("2026-06-03T09:00")
    over: dict[str, Any] = {"kahar": "K/1", "berakhir": "2026-06-02"}
    with pytest.raises(RecordInvalidError, match=r"tidak menunda Pasal 5 ayat \(4\) huruf c"):
        meja.record("kahar_selesai", nomor="S/0", kewajiban=["Pasal 5 ayat (4) huruf c"], **over)
    meja.record("kahar_selesai", nomor="S/1", kewajiban=[BADAN_USAHA], **over)
    assert _postponed(meja) == {"pekerja:baca"}
    with pytest.raises(RecordInvalidError, match="tidak ada kahar K/1"):
        meja.record("kahar_selesai", nomor="S/2", kewajiban=[BADAN_USAHA], **over)
    meja.jam.sekarang = at("2026-06-05T09:00")
    meja.record("kahar_selesai", nomor="S/3", kahar="K/1", berakhir="2026-06-04")
    assert _postponed(meja) == set()
    ends = {d: k.berakhir for k in riwayat.read(meja.path).kini.kahar for d in k.kewajiban}
    assert ends == {BADAN_USAHA: dt.date(2026, 6, 2), DUTY: dt.date(2026, 6, 4)}


def test_termination_is_not_countersigned_after_the_day_it_names(meja: Meja) -> None:
    meja.record("pengakhiran", hari_terakhir="2026-06-30", **END)
    meja.jam.sekarang = at("2026-07-01T00:00")
    with pytest.raises(RecordInvalidError, match="2026-06-30 sudah lewat"):
        meja.sign("E/1")
    assert meja.ask().pasal == DUTY


def test_termination_signed_late_makes_no_past_exchange_unlawful(
    meja: Meja, monkeypatch: pytest.MonkeyPatch
) -> None:
    meja.record("pengakhiran", hari_terakhir="2026-06-30", **END)
    monkeypatch.setattr(catat, "_check_last_day", lambda *_: None)  # the other body's older program
    meja.jam.sekarang = at("2026-08-01T10:00")
    meja.sign("E/1")
    known = riwayat.read(meja.path).kini
    question = (KESATU, KEDUA, "pekerja:baca")
    assert isinstance(known.decide(*question, at("2026-07-15T10:00")), Izin)
    assert isinstance(known.decide(*question, at("2026-08-01T23:59")), Izin)
    assert known.keadaan(at("2026-08-02T00:00")) is Keadaan.DIAKHIRI


def test_termination_signed_after_the_agreements_own_end_has_no_effect(
    meja: Meja, monkeypatch: pytest.MonkeyPatch
) -> None:
    meja.record("pengakhiran", hari_terakhir="2026-06-30", **END)
    monkeypatch.setattr(catat, "_check_last_day", lambda *_: None)
    monkeypatch.setattr(catat, "_check_together", lambda *_: None)
    meja.jam.sekarang = at("2028-11-03T10:00")
    meja.sign("E/1")
    known = riwayat.read(meja.path)
    assert known.tanpa_akibat == {"E/1": "perjanjian sudah berakhir 2028-11-02"}
    assert known.kini.keadaan(meja.jam()) is Keadaan.BERAKHIR


def test_service_decides_as_a_judge_of_that_moment_will(meja: Meja) -> None:
    tujuan = {
        "tujuan": "pengawasan", "uraian": "uji", "penerima": "pihak_kesatu",
        "cakupan": "pekerja:baca",
    }  # fmt: skip
    meja.jam.sekarang = at("2026-06-01T09:10")  # the signers' clocks are ten minutes ahead
    meja.record("adendum", **ADENDUM, tujuan_tambahan=[tujuan])
    meja.sign("A/1")
    meja.kahar()
    signed = meja.jam.sekarang
    served = []
    for seconds in (-600, -1, -0.2, 0, 0.2, 600):
        meja.jam.sekarang = signed + dt.timedelta(seconds=seconds)
        try:
            said = "pengawasan" in meja.ask().tujuan
        except PostponedError:
            said = None
        answer = riwayat.read(meja.path).dikenal(meja.jam()).decide(
            KESATU, KEDUA, "pekerja:baca", meja.jam()
        )  # fmt: skip
        judged = None if isinstance(answer, Larangan) else "pengawasan" in answer.tujuan
        served.append((said, judged))
    assert served == [(False, False)] * 3 + [(None, None)] * 3


def test_call_within_the_second_of_a_signature_is_judged_without_it(meja: Meja) -> None:
    start = at("2026-06-01T09:00")
    meja.jam.sekarang = asked = start + dt.timedelta(milliseconds=200)
    assert meja.ask().pasal == DUTY
    meja.jam.sekarang = start + dt.timedelta(milliseconds=900)
    meja.kahar()
    assert meja.ask().pasal == DUTY  # from the next second on, also for the service
    known = riwayat.read(meja.path)
    assert isinstance(known.dikenal(asked).decide(KESATU, KEDUA, "pekerja:baca", asked), Izin)
    meja.jam.sekarang = start + dt.timedelta(seconds=1)
    with pytest.raises(PostponedError):
        meja.ask()


def test_what_was_reckoned_for_a_moment_is_reckoned_once(meja: Meja) -> None:
    meja.kahar()
    known = riwayat.read(meja.path)
    first = known.dikenal(at("2026-06-02T09:00"))
    assert known.dikenal(at("2026-06-09T09:00")) is first
    assert known.dikenal(at("2026-10-15T09:00")) is not first  # the text's own monitoring


def test_force_majeure_holds_at_once_by_one_signature_and_ends_by_another_record(
    meja: Meja,
) -> None:
    assert meja.ask().pasal == DUTY
    meja.kahar()
    with pytest.raises(PostponedError):
        meja.ask()
    assert meja.store.permit(KESATU, "badan_usaha:baca").pasal
    meja.jam.sekarang = at("2026-06-04T08:00")
    meja.record("kahar_selesai", nomor="K/1/S", kahar="K/1", berakhir="2026-06-03")
    assert meja.ask().pasal == DUTY


def test_past_moment_is_judged_by_what_was_known_and_by_what_is_known_now(meja: Meja) -> None:
    meja.kahar()  # known since 1 June, in force since 30 May
    known, then = riwayat.read(meja.path), at("2026-05-31T12:00")
    question = (KESATU, KEDUA, "pekerja:baca", then)
    assert isinstance(known.dikenal(then).decide(*question), Izin)
    assert isinstance(known.kini.decide(*question), Larangan)


def test_late_notice_is_recorded_and_postpones_nothing(meja: Meja) -> None:
    meja.kahar(mulai="2026-05-24", diberitahukan="2026-06-01")  # day 8
    assert riwayat.read(meja.path).kini.kahar[0].gugur
    assert meja.ask().pasal == DUTY


def test_kind_beyond_the_thirteen_holds_when_the_other_party_signs(meja: Meja) -> None:
    assert meja.kahar(jenis="lainnya").kurang == {KESATU}
    assert meja.ask().pasal == DUTY
    meja.sign("K/1")
    with pytest.raises(PostponedError):
        meja.ask()


def test_addendum_brings_a_purpose_once_both_have_signed(meja: Meja) -> None:
    tujuan = {
        "tujuan": "pengawasan", "uraian": "uji", "penerima": "pihak_kesatu",
        "cakupan": "pekerja:baca",
    }  # fmt: skip
    meja.record("adendum", **ADENDUM, tujuan_tambahan=[tujuan])
    assert meja.ask().tujuan == ("wajib_lapor",)
    meja.sign("A/1")
    assert meja.ask().tujuan == ("wajib_lapor", "pengawasan")


def test_addendum_with_a_field_the_code_does_not_know_is_refused_with_the_remedy(
    meja: Meja,
) -> None:
    with pytest.raises(RecordInvalidError, match="shared_schemas/v1"):
        meja.record("adendum", **ADENDUM, bidang_tambahan=["gaji"])
    assert riwayat.read(meja.path).catatan == ()


def test_same_record_again_changes_nothing_and_another_under_its_number_is_refused(
    meja: Meja,
) -> None:
    first = meja.kahar()
    before = {p: p.read_bytes() for p in letak_catatan.folder_of(meja.path).iterdir()}
    meja.jam.sekarang = at("2026-06-02T09:00")
    assert meja.kahar() == first
    with pytest.raises(RecordConflictError):
        meja.kahar(peristiwa="Lain")
    assert {p: p.read_bytes() for p in letak_catatan.folder_of(meja.path).iterdir()} == before


def test_number_in_the_text_is_taken(meja: Meja) -> None:
    with pytest.raises(RecordInvalidError, match="dipakai dua kali"):
        meja.record("adendum", **(ADENDUM | {"nomor": "CONTOH/ADENDUM/1"}))


@pytest.mark.parametrize(
    ("jenis", "isi"),
    [
        ("perpanjangan", EXTENSION | {"disepakati": "2026-06-02"}),
        ("perpanjangan", EXTENSION | {"disepakati": "2026-06-01", "berakhir": "2028-11-02"}),
        ("pengakhiran", END | {"hari_terakhir": "2026-05-31"}),
        ("pengakhiran", END | {"hari_terakhir": "2028-11-03"}),
        ("monitoring", {"nomor": "M/1", "dilaksanakan": "2026-06-02", "hasil": "x"}),
        ("kahar_selesai", {"nomor": "S/1", "kahar": "K/9", "berakhir": "2026-06-01"}),
    ],
    ids=["kelak", "tidak-lebih-lama", "surut", "melampaui", "monitoring-kelak", "kahar-lain"],
)  # fmt: skip
def test_day_that_the_articles_do_not_allow_writes_nothing(
    meja: Meja, jenis: str, isi: dict[str, Any]
) -> None:
    with pytest.raises(RecordInvalidError):
        meja.record(jenis, **isi)
    assert [p.name for p in letak_catatan.folder_of(meja.path).iterdir()] == ["kunci.json"]


@pytest.mark.parametrize(
    "changes",
    [
        {"diberitahukan": "2026-06-02"},
        {"diberitahukan": "2026-05-29"},
        {"pihak": "pihak_kesatu", "kewajiban": ["Pasal 5 ayat (3) huruf c"]},
        {"disetujui_lawan": True},
        {"kewajiban": ["Pasal 5 ayat (3) huruf c"]},
    ],
    ids=["kelak", "sebelum-kejadian", "kewajiban-lawan", "menyetujui-sendiri", "bukan-kewajiban"],
)
def test_party_postpones_only_its_own_duty_with_a_notice_that_was_given(
    meja: Meja, changes: dict[str, Any]
) -> None:
    with pytest.raises(RecordInvalidError):
        meja.kahar(**changes)


def test_signature_of_another_key_is_refused(meja: Meja) -> None:
    meja.record("perpanjangan", disepakati="2026-05-01", **EXTENSION)
    strange = SigningKey(new_private_pem())
    with pytest.raises(RecordInvalidError, match="tidak terdaftar"):
        catat.sign(meja.path, "P/1", KESATU, strange, meja.jam())
    with pytest.raises(RecordInvalidError, match="tidak terdaftar"):
        catat.sign(meja.path, "P/1", KESATU, meja.key(KEDUA), meja.jam())


def test_record_that_was_changed_or_signed_by_another_permits_nothing(meja: Meja) -> None:
    meja.kahar(mulai="2026-05-24")
    file = letak_catatan.record_path(meja.path, "K/1")
    whole = file.read_bytes()
    for content in (whole.replace(b"2026-05-24", b"2026-05-30"), b"{}", whole + b" "):
        file.unlink()
        file.write_bytes(content)
        with pytest.raises(AgreementUnreadableError):
            meja.ask()
    file.unlink()
    file.write_bytes(whole)
    assert meja.ask().pasal == DUTY
    other = letak_catatan.signature_path(meja.path, "K/1", KESATU)
    other.write_bytes(letak_catatan.signature_path(meja.path, "K/1", KEDUA).read_bytes())
    with pytest.raises(AgreementUnreadableError):
        meja.ask()


def test_record_changed_in_place_is_noticed_by_a_running_service(
    meja: Meja, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder's time tells of files that come and go, not of what is written into one."""
    meja.record("adendum", **ADENDUM)
    meja.sign("A/1")
    folder = letak_catatan.folder_of(meja.path)
    old = time.time_ns() - 10**9
    for file in (meja.path, *folder.iterdir(), folder):
        os.utime(file, ns=(old, old))
    assert meja.ask().pasal == DUTY
    with monkeypatch.context() as patch:
        patch.setattr(riwayat, "read", None)  # nothing changed, nothing is read
        assert meja.ask().pasal == DUTY
    before = folder.stat().st_mtime_ns
    for name in (letak_catatan.record_path(meja.path, "A/1"), letak_catatan.keys_path(meja.path)):
        whole = name.read_bytes()
        name.write_bytes(whole.replace(b"uji", b"UJI").replace(b"P-256", b"P-521"))
        os.utime(name, ns=(old + 1, old + 1))
        assert folder.stat().st_mtime_ns == before
        monkeypatch.setattr(riwayat, "_SELANG", 0.0)
        later = time.monotonic() + 2
        monkeypatch.setattr(time, "monotonic", lambda now=later: now)
        with pytest.raises(AgreementUnreadableError):
            meja.ask()
        name.write_bytes(whole)
        os.utime(name, ns=(old + 2, old + 2))
        assert meja.ask().pasal == DUTY


def test_record_signed_with_a_key_not_known_yet_waits_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    meja = Dua(tmp_path)
    meja.satu.kahar(nomor="K/0", kewajiban=["Pasal 5 ayat (4) huruf c"])
    _rotate(meja.satu, KEDUA)
    _rotate(meja.satu, KEDUA)  # the key in between signs nothing but introduces the next
    meja.satu.kahar()
    keys = {p: p.read_bytes() for p in letak_catatan.folder_of(meja.satu.path).glob("*.kunci")}
    assert len(keys) == 2
    for file in keys:
        file.unlink()
    meja.exchange()
    other = AgreementStore(meja.dua.path, KEDUA, meja.dua.jam)
    told: list[list[str]] = []
    log = SimpleNamespace(warning=lambda _, pihak: told.append(pihak))
    monkeypatch.setattr(riwayat, "get_logger", lambda: log)
    assert other.permit(KESATU, "pekerja:baca").pasal == DUTY
    assert told == [["pihak_kedua"]]
    with pytest.raises(PostponedError):
        other.permit(KESATU, "usulan:kirim")  # what the former key signed holds
    known = riwayat.read(meja.dua.path)
    assert {t.nomor: t.asing for t in known.catatan} == {"K/0": frozenset(), "K/1": {KEDUA}}
    for file, content in keys.items():
        file.write_bytes(content)
    meja.exchange()
    with pytest.raises(PostponedError):
        other.permit(KESATU, "pekerja:baca")


def _rotate(meja: Meja, pihak: Pihak) -> None:
    pem, path = new_private_pem(), persiapan.signing_key_path(meja.data, pihak)
    riwayat.introduce(meja.path, pihak, meja.key(pihak), public_jwk(pem), meja.jam())
    path.write_bytes(pem)


def test_key_is_introduced_by_the_same_party_alone(meja: Meja) -> None:
    pem = new_private_pem()
    public = public_jwk(pem)
    riwayat.introduce(meja.path, KEDUA, meja.key(KESATU), public, meja.jam())
    with pytest.raises(PerjanjianError, match="kunci"):
        riwayat.key_ids(meja.path, KEDUA)
    file = letak_catatan.introduction_path(meja.path, KEDUA, public["kid"])
    file.unlink()
    riwayat.introduce(meja.path, KEDUA, SigningKey(pem), public, meja.jam())  # by itself
    assert public["kid"] not in riwayat.key_ids(meja.path, KEDUA)
    file.unlink()
    riwayat.introduce(meja.path, KEDUA, meja.key(KEDUA), public, meja.jam())
    assert public["kid"] in riwayat.key_ids(meja.path, KEDUA)
    file.rename(letak_catatan.introduction_path(meja.path, KESATU, public["kid"]))
    with pytest.raises(PerjanjianError, match="kunci"):
        riwayat.key_ids(meja.path, KESATU)


def test_rotation_only_adds_to_the_folder(meja: Meja) -> None:
    meja.kahar()
    before = {p: p.read_bytes() for p in letak_catatan.folder_of(meja.path).iterdir()}
    kunci.rotate(meja.data)
    meja.record("monitoring", nomor="M/1", dilaksanakan="2026-06-01", hasil="Contoh")
    assert {p: p.read_bytes() for p in before} == before
    assert meja.sign("M/1").kurang == frozenset()


def test_key_that_was_replaced_still_proves_old_signatures(meja: Meja) -> None:
    meja.kahar()
    keys = json.loads(letak_catatan.keys_path(meja.path).read_text())
    new = SigningKey(new_private_pem())
    keys["pihak_kedua"].append(new.public)
    letak_catatan.keys_path(meja.path).write_text(json.dumps(keys))
    assert riwayat.read(meja.path).kini.kahar
