"""The agreement as data: what it permits, when, and how a wrong file is refused."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import yaml

from shared_schemas.perjanjian import (
    CONTOH,
    FIELD_SETS,
    Izin,
    Keadaan,
    Larangan,
    Perjanjian,
    PerjanjianError,
    load,
)
from shared_schemas.rujukan import Himpunan, Pihak, Wewenang

KESATU, KEDUA = Pihak.KESATU, Pihak.KEDUA
DUTY = "Pasal 5 ayat (4) huruf b angka 2"  # BPJS Kesehatan's: pekerja:baca for Kemnaker
EXTENSION = {
    "nomor": "UJI/1",
    "disepakati": dt.date(2023, 7, 31),
    "berakhir": dt.date(2025, 11, 2),
    "dasar": "Pasal 8 ayat (2)",
}


def raw() -> dict[str, Any]:
    data: dict[str, Any] = yaml.safe_load(CONTOH.read_text(encoding="utf-8"))
    return data


def made(**changes: Any) -> Perjanjian:
    return Perjanjian.model_validate(raw() | changes)


def wib(text: str) -> dt.datetime:
    """Return a moment of Jakarta, as UTC, so that a reader must convert it."""
    return dt.datetime.fromisoformat(f"{text}+07:00").astimezone(dt.UTC)


NOON = wib("2022-01-01T12:00:00")


@pytest.mark.parametrize(
    ("saat", "keadaan"),
    [
        ("2020-11-02T23:59:59", Keadaan.BELUM_BERLAKU),
        ("2020-11-03T00:00:00", Keadaan.AKTIF),
        ("2023-05-01T23:59:59", Keadaan.AKTIF),
        ("2023-05-02T00:00:00", Keadaan.AKAN_BERAKHIR),  # six calendar months before the end
        ("2023-11-02T23:59:59", Keadaan.AKAN_BERAKHIR),
        ("2023-11-03T00:00:00", Keadaan.BERAKHIR),
    ],
)
def test_real_term_ended_at_midnight_of_jakarta(saat: str, keadaan: Keadaan) -> None:
    real = made(perpanjangan=[])
    assert real.last_day() == dt.date(2023, 11, 2)
    assert real.keadaan(wib(saat)) is keadaan
    answer = real.decide(KEDUA, KESATU, "badan_usaha:baca", wib(saat))
    if keadaan.berlaku:
        assert answer == Izin("Pasal 5 ayat (2) huruf a", ("perluasan_kepesertaan",))
    else:
        assert isinstance(answer, Larangan)
        assert (answer.alasan, answer.pasal) == ("tidak_berlaku", "Pasal 8 ayat (1)")
        assert ("2023-11-02" in answer.penjelasan) is (keadaan is Keadaan.BERAKHIR)
        assert not answer.sementara


@pytest.mark.parametrize(
    ("saat", "keadaan"),
    [
        ("2023-11-03T00:00:00", Keadaan.AKTIF),
        ("2028-11-02T23:59:59", Keadaan.AKAN_BERAKHIR),
        ("2028-11-03T00:00:00", Keadaan.BERAKHIR),
    ],
)
def test_sample_is_extended_and_ends_with_its_last_day(saat: str, keadaan: Keadaan) -> None:
    assert load(CONTOH).last_day() == dt.date(2028, 11, 2)
    assert load(CONTOH).keadaan(wib(saat)) is keadaan


def test_moment_in_any_zone_is_judged_by_the_day_of_jakarta() -> None:
    end = made(perpanjangan=[])
    tokyo = dt.timezone(dt.timedelta(hours=9))
    assert end.keadaan(dt.datetime(2023, 11, 3, 1, 59, tzinfo=tokyo)) is Keadaan.AKAN_BERAKHIR
    assert end.keadaan(dt.datetime(2023, 11, 3, 2, 0, tzinfo=tokyo)) is Keadaan.BERAKHIR


@pytest.mark.parametrize(
    ("disepakati", "hari_terakhir"),
    [
        (dt.date(2023, 11, 2), dt.date(2025, 11, 2)),
        (dt.date(2023, 11, 3), dt.date(2023, 11, 2)),
        (dt.date(2024, 1, 1), dt.date(2023, 11, 2)),
    ],
)
def test_extension_agreed_after_the_end_does_not_revive(
    disepakati: dt.date, hari_terakhir: dt.date
) -> None:
    agreement = made(perpanjangan=[EXTENSION | {"disepakati": disepakati}])
    assert agreement.last_day() == hari_terakhir


def test_second_extension_continues_the_first_whatever_their_order() -> None:
    second = EXTENSION | {
        "nomor": "UJI/2",
        "disepakati": dt.date(2025, 7, 1),
        "berakhir": dt.date(2027, 11, 2),
    }
    assert made(perpanjangan=[second, EXTENSION]).last_day() == dt.date(2027, 11, 2)
    assert made(perpanjangan=[second]).last_day() == dt.date(2023, 11, 2)


def test_termination_ends_with_the_day_it_names() -> None:
    ended = made(
        pengakhiran={
            "nomor": "UJI/A",
            "disepakati": dt.date(2022, 1, 1),
            "hari_terakhir": dt.date(2022, 3, 31),
        }
    )
    assert ended.keadaan(wib("2022-03-31T23:59:59")) is Keadaan.AKAN_BERAKHIR
    assert ended.keadaan(wib("2022-04-01T00:00:00")) is Keadaan.DIAKHIRI
    answer = ended.decide(KEDUA, KESATU, "badan_usaha:baca", wib("2022-04-01T00:00:00"))
    assert isinstance(answer, Larangan)
    assert (answer.alasan, answer.pasal) == ("tidak_berlaku", "Pasal 8 ayat (2)")
    assert answer.penjelasan.endswith("telah berakhir: hari terakhirnya 2022-03-31.")


def kahar(**changes: Any) -> dict[str, Any]:
    return {
        "pihak": "pihak_kedua",
        "kewajiban": [DUTY],
        "jenis": "banjir",
        "peristiwa": "Contoh banjir",
        "mulai": dt.date(2026, 1, 1),
        "diberitahukan": dt.date(2026, 1, 5),
        "bukti": "CONTOH/1",
    } | changes


def ask(agreement: Perjanjian, saat: str = "2026-01-10T12:00:00") -> Izin | Larangan:
    return agreement.decide(KESATU, KEDUA, "pekerja:baca", wib(saat))


@pytest.mark.parametrize(
    ("diberitahukan", "ditunda"),
    [
        (dt.date(2026, 1, 1), True),
        (dt.date(2026, 1, 8), True),  # day 7
        (dt.date(2026, 1, 9), False),  # day 8: the right has lapsed
    ],
)
def test_force_majeure_needs_notice_within_seven_days(
    diberitahukan: dt.date, ditunda: bool
) -> None:
    answer = ask(made(kahar=[kahar(diberitahukan=diberitahukan)]))
    if ditunda:
        assert isinstance(answer, Larangan)
        assert (answer.alasan, answer.pasal) == ("kahar", "Pasal 10 ayat (1)")
        assert answer.sementara
        assert DUTY in answer.penjelasan
    else:
        assert answer == Izin(DUTY, ("wajib_lapor",))


@pytest.mark.parametrize(
    ("saat", "ditunda"),
    [
        ("2025-12-31T23:59:59", False),
        ("2026-01-01T00:00:00", True),
        ("2026-01-20T23:59:59", True),
        ("2026-01-21T00:00:00", False),
    ],
)
def test_force_majeure_postpones_from_its_first_to_its_last_day(saat: str, ditunda: bool) -> None:
    agreement = made(kahar=[kahar(berakhir=dt.date(2026, 1, 20))])
    assert isinstance(ask(agreement, saat), Larangan) is ditunda


@pytest.mark.parametrize("disetujui", [True, False])
def test_force_majeure_of_another_kind_needs_approval(disetujui: bool) -> None:
    agreement = made(kahar=[kahar(jenis="lainnya", disetujui_lawan=disetujui)])
    assert isinstance(ask(agreement), Larangan) is disetujui


def test_force_majeure_postpones_only_the_duties_it_names() -> None:
    agreement = made(kahar=[kahar()])
    at = wib("2026-01-10T12:00:00")
    refused = {
        (h.penerima, h.cakupan)
        for h in agreement.hak
        if isinstance(agreement.decide(h.penerima, h.pemberi, h.cakupan, at), Larangan)
    }
    assert refused == {(KESATU, "pekerja:baca")}


@pytest.mark.parametrize("hidup", [True, False])
def test_switch_gives_and_takes_the_rights_that_name_it(hidup: bool) -> None:
    agreement = made(sakelar={"data_pekerja_untuk_pihak_kesatu": hidup})
    switched = {"pekerja:baca", "status_kepesertaan:baca"}
    for cakupan in switched:
        answer = agreement.decide(KESATU, KEDUA, cakupan, NOON)
        assert isinstance(answer, Izin) is hidup
        assert hidup or (isinstance(answer, Larangan) and answer.alasan == "sakelar")
    scopes = agreement.scopes(KESATU, KEDUA, NOON)
    assert ({f"perjanjian:{c}" for c in switched} <= scopes) is hidup
    assert "perjanjian:badan_usaha:baca" in scopes
    assert isinstance(agreement.decide(KEDUA, KESATU, "pekerja:baca", NOON), Izin)


@pytest.mark.parametrize(
    ("penerima", "pemberi", "cakupan"),
    [
        (KESATU, KEDUA, "potensi_pekerja:baca"),
        (KEDUA, KESATU, "status_kepesertaan:baca"),
        (KEDUA, KESATU, "gaji:baca"),
        (KEDUA, KEDUA, "badan_usaha:baca"),
    ],
)
def test_right_that_is_not_named_does_not_exist(
    penerima: Pihak, pemberi: Pihak, cakupan: str
) -> None:
    answer = load(CONTOH).decide(penerima, pemberi, cakupan, NOON)
    assert isinstance(answer, Larangan)
    assert answer.alasan == "tanpa_hak"
    assert f"perjanjian:{cakupan}" not in load(CONTOH).scopes(penerima, pemberi, NOON)


def test_addendum_counts_from_its_day_and_the_newer_wins() -> None:
    newer = {
        "nomor": "UJI/2",
        "berlaku": dt.date(2026, 1, 1),
        "perihal": "uji",
        "dasar": "Pasal 11",
        "wewenang": {"A3": "masing_masing"},
    }
    agreement = made(adendum=[newer, *raw()["adendum"]])
    nama, npwp = (
        next(b for b in FIELD_SETS[Himpunan.BADAN_USAHA].daftar_bidang() if b.nama == n)
        for n in ("nama", "npwp")
    )
    for saat, of_nama in (
        ("2023-07-31T23:59:59", None),
        ("2023-08-01T00:00:00", Wewenang.PIHAK_KESATU),
        ("2026-01-01T00:00:00", Wewenang.MASING_MASING),
    ):
        assert agreement.wewenang(nama, wib(saat)) is of_nama
    assert agreement.wewenang(npwp, wib("2026-01-01T00:00:00")) is Wewenang.PIHAK_KESATU


def test_d_fields_exist_only_by_an_addendum_in_force() -> None:
    agreement = load(CONTOH)
    before, after = wib("2023-07-31T23:59:59"), wib("2023-08-01T00:00:00")
    assert agreement.bidang_tambahan(before) == frozenset()
    assert agreement.bidang_tambahan(after) == {
        "nitku",
        "tahun_kbli",
        "kd_daerah",
        "hubungan_kerja",
    }
    assert len(agreement.bidang(Himpunan.BADAN_USAHA, before)) == 13
    assert len(agreement.bidang(Himpunan.BADAN_USAHA, after)) == 16
    assert len(agreement.bidang(Himpunan.PEKERJA, before)) == 11
    assert len(agreement.bidang(Himpunan.PEKERJA, after)) == 12


def _edit(data: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    *parents, last = path.split(".")
    at: Any = data
    for part in parents:
        at = at[int(part)] if part.isdecimal() else at[part]
    at[last] = value
    return data


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("ngawur", 1, "ngawur: "),
        ("hak.0.ngawur", 1, "hak.0.ngawur: "),
        ("jangka_waktu.mulai", "kapan-kapan", "jangka_waktu.mulai: "),
        ("hak.2.cakupan", "pekerja:tulis", "hak.2.cakupan: "),
        ("hak.2.pemberi", "pihak_ketiga", "hak.2.pemberi: "),
        ("hak.2.pemberi", "pihak_kedua", "hak pekerja:baca: "),
        ("hak.6.sakelar", "tak_ada", "hak pekerja:baca: sakelar tak_ada"),
        ("pihak", {"pihak_kesatu": {"nama": "X", "registri": "wlkp"}}, "pihak: sebutkan"),
        (
            "adendum.0.wewenang",
            {"Z9": "pihak_kesatu"},
            "adendum CONTOH/ADENDUM/1: nomor Lampiran ['Z9']",
        ),
        ("adendum.0.wewenang", {"D": "pihak_kesatu"}, "nomor Lampiran ['D']"),
        ("adendum.0.wewenang", {"A1": "siapa_saja"}, "adendum.0.wewenang.A1: "),
        ("adendum.0.bidang_tambahan", ["gaji"], "bidang D ['gaji']"),
        (
            "kahar",
            [kahar(kewajiban=["Pasal 99"])],
            "kahar: Pasal 99 bukan kewajiban pihak_kedua, yang ada: Pasal 5 ayat (4) huruf b",
        ),
        ("kahar", [kahar(pihak="pihak_kesatu")], f"kahar: {DUTY} bukan kewajiban pihak_kesatu"),
        ("kahar", [kahar(jenis="hujan")], "kahar.0.jenis: "),
    ],
)
def test_load_error_names_the_place(tmp_path: Path, path: str, value: Any, said: str) -> None:
    file = tmp_path / "perjanjian.yaml"
    file.write_text(yaml.safe_dump(_edit(raw(), path, value)), encoding="utf-8")
    with pytest.raises(PerjanjianError) as caught:
        load(file)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"skema: 1\nhak: [\nnomor: x\n", "line 2"),
        (b"", "perjanjian: "),
        (b"- satu\n", "perjanjian: "),
        (b"mulai: 2026-02-30\n", "tidak sah"),  # YAML itself makes a date of it
        (b"nomor: \xff\xfe\n", "tidak sah"),
    ],
)
def test_file_that_is_no_agreement_is_refused_as_one(
    tmp_path: Path, content: bytes, said: str
) -> None:
    file = tmp_path / "perjanjian.yaml"
    file.write_bytes(content)
    with pytest.raises(PerjanjianError) as caught:
        load(file)
    assert said in str(caught.value)


def test_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PerjanjianError, match="tidak dapat dibaca"):
        load(tmp_path / "tidak-ada.yaml")


def test_sample_can_be_written_and_read_back(tmp_path: Path) -> None:
    file = tmp_path / "perjanjian.yaml"
    file.write_text(yaml.safe_dump(raw()), encoding="utf-8")
    assert load(file) == load(CONTOH)
