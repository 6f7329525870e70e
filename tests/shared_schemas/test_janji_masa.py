"""The term, its warnings, purposes and D fields, told by dated scenarios a lawyer can read."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from shared_schemas.perjanjian import (
    CONTOH,
    FIELD_SETS,
    Izin,
    Keadaan,
    Ketepatan,
    Larangan,
    Pengakhiran,
    load,
    shift_months,
    warnings,
)
from shared_schemas.rujukan import Himpunan, Pihak
from tests.shared_schemas.test_perjanjian import EXTENSION, kahar, made, raw, wib

KESATU, KEDUA = Pihak.KESATU, Pihak.KEDUA


@pytest.mark.parametrize(
    ("hari", "bulan", "hasil"),
    [
        ("2023-11-02", -3, "2023-08-02"),
        ("2023-05-31", -3, "2023-02-28"),  # no 31 February: the last day stands in
        ("2024-05-31", -3, "2024-02-29"),
        ("2024-02-29", 12, "2025-02-28"),
        ("2024-01-15", -1, "2023-12-15"),
        ("2023-12-31", 2, "2024-02-29"),
        ("2024-03-30", 0, "2024-03-30"),
    ],
)
def test_calendar_months_keep_the_day_or_take_the_months_last(
    hari: str, bulan: int, hasil: str
) -> None:
    assert shift_months(dt.date.fromisoformat(hari), bulan) == dt.date.fromisoformat(hasil)


@pytest.mark.parametrize(
    ("disepakati", "ketepatan", "hari_terakhir"),
    [
        ("2023-08-02", Ketepatan.TEPAT_WAKTU, "2025-11-02"),
        ("2023-08-03", Ketepatan.TERLAMBAT, "2025-11-02"),  # late, yet agreed in writing
        ("2023-11-02", Ketepatan.TERLAMBAT, "2025-11-02"),
        ("2023-11-03", Ketepatan.TANPA_AKIBAT, "2023-11-02"),
    ],
)
def test_extension_is_timely_until_three_months_before_the_end(
    disepakati: str, ketepatan: Ketepatan, hari_terakhir: str
) -> None:
    agreement = made(perpanjangan=[EXTENSION | {"disepakati": disepakati}])
    assert [k for _, k in agreement.ends()] == [ketepatan]
    assert agreement.last_day() == dt.date.fromisoformat(hari_terakhir)


@pytest.mark.parametrize(
    ("disepakati", "ketepatan"),
    [
        ("2022-01-30", Ketepatan.TEPAT_WAKTU),
        ("2022-01-31", Ketepatan.TERLAMBAT),
        ("2022-05-01", Ketepatan.TANPA_AKIBAT),
    ],
)
def test_ending_is_timely_three_months_before_the_day_it_names(
    disepakati: str, ketepatan: Ketepatan
) -> None:
    ended = {"nomor": "UJI/A", "disepakati": disepakati, "hari_terakhir": "2022-04-30"}
    assert Pengakhiran.model_validate(ended).ketepatan is ketepatan


@pytest.mark.parametrize(
    ("saat", "kode"),
    [
        ("2023-05-01T23:59:59", []),
        ("2023-05-02T00:00:00", ["akhir_6_bulan"]),
        ("2023-07-01T23:59:59", ["akhir_6_bulan"]),
        ("2023-07-02T00:00:00", ["akhir_4_bulan"]),
        ("2023-08-02T00:00:00", ["akhir_3_bulan"]),
        ("2023-11-02T23:59:59", ["akhir_3_bulan"]),
        ("2023-11-03T00:00:00", []),  # over: nothing to agree on any more
    ],
)
def test_end_is_warned_of_at_six_four_and_three_months(saat: str, kode: list[str]) -> None:
    found = warnings(made(perpanjangan=[]), wib(saat))
    assert [w.kode for w in found] == kode
    assert all(w.tenggat == dt.date(2023, 8, 2) for w in found)
    assert all("2023-11-02" in w.pesan and w.pasal == "Pasal 8 ayat (3)" for w in found)


def test_warning_says_whether_its_day_has_passed() -> None:
    def said(saat: str) -> str:
        return warnings(made(perpanjangan=[]), wib(saat))[0].pesan

    assert "batas menyepakatinya" in said("2023-08-02T23:59:59")
    assert "sudah lewat" in said("2023-08-03T00:00:00")


@pytest.mark.parametrize(
    ("saat", "kode"),
    [
        ("2023-06-23T23:59:59", []),  # nothing is to be agreed on
        ("2023-06-24T00:00:00", ["akhir_disepakati"]),
        ("2023-06-30T23:59:59", ["akhir_disepakati"]),
        ("2023-07-01T00:00:00", []),
    ],
)
def test_agreed_end_is_announced_in_its_last_week(saat: str, kode: list[str]) -> None:
    ended = {"nomor": "UJI/A", "disepakati": "2023-01-01", "hari_terakhir": "2023-06-30"}
    found = warnings(made(pengakhiran=ended), wib(saat))
    assert [w.kode for w in found] == kode
    assert all("2023-06-30" in w.pesan and "UJI/A" in w.pesan for w in found)


@pytest.mark.parametrize(
    ("monitoring", "saat", "terlambat"),
    [
        ([], "2021-11-03T23:59:59", False),  # twelve months from the first day
        ([], "2021-11-04T00:00:00", True),
        (["2021-10-15"], "2022-10-15T23:59:59", False),
        (["2021-10-15"], "2022-10-16T00:00:00", True),
        (["2022-10-17"], "2022-10-16T00:00:00", True),  # what is still to come does not count
    ],
)
def test_twelve_months_without_monitoring_are_warned_of(
    monitoring: list[str], saat: str, terlambat: bool
) -> None:
    records = [{"nomor": "UJI/M", "dilaksanakan": d, "hasil": "Contoh"} for d in monitoring]
    found = warnings(made(monitoring=records), wib(saat))
    assert [w.pasal for w in found] == (["Pasal 9"] if terlambat else [])


def test_state_of_a_direction_is_held_alone() -> None:
    agreement, at = made(kahar=[kahar()]), wib("2026-01-10T12:00:00")
    states = {(h.penerima, h.cakupan): agreement.keadaan_hak(h, at) for h in agreement.hak}
    assert states.pop((KESATU, "pekerja:baca")) is Keadaan.DITANGGUHKAN
    assert set(states.values()) == {Keadaan.AKTIF}
    assert agreement.keadaan(at) is Keadaan.AKTIF


AT = wib("2026-01-10T12:00:00")
TUJUAN = {
    "tujuan": "pengawasan",
    "uraian": "Contoh",
    "penerima": "pihak_kesatu",
    "cakupan": "pekerja:baca",
}
ADENDUM = {
    "nomor": "UJI/2",
    "berlaku": "2026-01-01",
    "perihal": "uji",
    "dasar": "Pasal 11",
}


@pytest.mark.parametrize(
    ("tujuan", "boleh"),
    [("wajib_lapor", True), ("perluasan_kepesertaan", False), ("dagang", False), ("", False)],
)
def test_purpose_must_be_one_of_the_right(tujuan: str, boleh: bool) -> None:
    answer = load(CONTOH).decide(KESATU, KEDUA, "pekerja:baca", AT, tujuan)
    assert isinstance(answer, Izin) is boleh
    if isinstance(answer, Larangan):
        assert (answer.alasan, answer.pasal) == ("tujuan", "Pasal 6 ayat (2)")
        assert "wajib_lapor" in answer.penjelasan


def test_addendum_gives_a_purpose_to_one_right_from_its_day() -> None:
    agreement = made(adendum=[*raw()["adendum"], ADENDUM | {"tujuan_tambahan": [TUJUAN]}])
    for saat, penerima, boleh in (
        ("2025-12-31T23:59:59", KESATU, False),
        ("2026-01-01T00:00:00", KESATU, True),
        ("2026-01-01T00:00:00", KEDUA, False),
    ):
        answer = agreement.decide(penerima, penerima.lawan, "pekerja:baca", wib(saat), "pengawasan")
        assert isinstance(answer, Izin) is boleh


SAKELAR = "data_pekerja_untuk_pihak_kesatu"


def test_addendum_turns_a_switch_from_its_day_and_a_later_one_turns_it_back() -> None:
    off = ADENDUM | {"sakelar": {SAKELAR: False}}
    on = ADENDUM | {"nomor": "UJI/3", "berlaku": "2026-02-01", "sakelar": {SAKELAR: True}}
    agreement = made(adendum=[*raw()["adendum"], on, off])
    for saat, boleh in (
        ("2025-12-31T23:59:59", True),
        ("2026-01-01T00:00:00", False),
        ("2026-01-31T23:59:59", False),
        ("2026-02-01T00:00:00", True),
    ):
        answer = agreement.decide(KESATU, KEDUA, "pekerja:baca", wib(saat))
        assert isinstance(answer, Izin) is boleh
        assert boleh or (isinstance(answer, Larangan) and answer.alasan == "sakelar")
        scopes = agreement.scopes(KESATU, KEDUA, wib(saat))
        assert ("perjanjian:pekerja:baca" in scopes) is boleh


def test_addendum_takes_back_a_d_field_from_its_day_and_another_gives_it_again() -> None:
    gone = ADENDUM | {"bidang_dicabut": ["nitku"]}
    again = ADENDUM | {"nomor": "UJI/3", "berlaku": "2026-02-01", "bidang_tambahan": ["nitku"]}
    agreement = made(adendum=[*raw()["adendum"], gone, again])
    every = {"nitku", "tahun_kbli", "kd_daerah", "hubungan_kerja"}
    assert agreement.bidang_tambahan(wib("2025-12-31T23:59:59")) == every
    assert agreement.bidang_tambahan(wib("2026-01-01T00:00:00")) == every - {"nitku"}
    names = {b.nama for b in agreement.bidang(Himpunan.BADAN_USAHA, wib("2026-01-01T00:00:00"))}
    assert names & every == {"tahun_kbli", "kd_daerah"}
    assert agreement.bidang_tambahan(wib("2026-02-01T00:00:00")) == every


def _hak(**changes: Any) -> list[dict[str, Any]]:
    first, *rest = raw()["hak"]
    return [first | changes, *rest]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"hak": _hak(tujuan=["dagang"])}, r"tujuan \['dagang'\] perlu adendum"),
        ({"hak": _hak(bidang=["Z1"])}, r"nomor Lampiran \['Z1'\]"),
        (
            {"hak": _hak(bidang=["A1", "A3"])},
            r"hak badan_usaha:baca pihak_kedua: bidang \['A1', 'A3'\], .* menjalankan \[\]",
        ),
        ({"hak": _hak(himpunan=[])}, r"himpunan \[\], .* menjalankan \['badan_usaha'\]"),
        ({"hak": _hak(himpunan=["badan_usaha", "pekerja"])}, r"himpunan \['badan_usaha', 'pek"),
        ({"hak": _hak(cakupan="gaji:baca")}, "hak gaji:baca: tidak ada rutenya"),
        (
            {"adendum": [ADENDUM | {"tujuan_tambahan": [TUJUAN | {"cakupan": "gaji:baca"}]}]},
            "tujuan pengawasan tanpa hak",
        ),
        ({"adendum": [ADENDUM | {"bidang_tambahan": ["gaji"]}]}, "shared_schemas/v1"),
        ({"adendum": [ADENDUM | {"sakelar": {"lain": True}}]}, r"sakelar \['lain'\] tidak ada"),
        ({"adendum": [ADENDUM | {"bidang_dicabut": ["nama"]}]}, r"\['nama'\] bukan bidang D"),
        (
            {"adendum": [ADENDUM | {"bidang_dicabut": ["nitku"], "bidang_tambahan": ["nitku"]}]},
            "ditambahkan dan dicabut sekaligus",
        ),
        (
            {"adendum": [ADENDUM | {"skema_bidang": {"nitku": {
                "nomor": "D1", "himpunan": "badan_usaha", "jenis": "teks"}}}]},
            "skema nitku tanpa bidang_tambahan",
        ),
    ],
)  # fmt: skip
def test_agreement_that_contradicts_itself_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        made(**changes)


@pytest.mark.parametrize(
    "changes",
    [{"himpunan": "pekerja"}, {"jenis": "kode"}, {"pola": "^20$"}, {"nilai": ["2020"]}],
    ids=lambda c: next(iter(c)),
)
def test_schema_of_a_d_field_must_be_the_declared_one(changes: dict[str, Any]) -> None:
    adendum = raw()["adendum"][0]
    agreed = adendum["skema_bidang"]
    with pytest.raises(ValueError, match="skema tahun_kbli lain dari yang dikenal layanan"):
        made(
            adendum=[
                adendum | {"skema_bidang": agreed | {"tahun_kbli": agreed["tahun_kbli"] | changes}}
            ]
        )


def test_number_of_a_d_field_is_used_once() -> None:
    adendum = raw()["adendum"][0]
    agreed = adendum["skema_bidang"]
    twice = agreed | {"nitku": agreed["nitku"] | {"nomor": "D2"}}
    with pytest.raises(ValueError, match="nomor bidang D dipakai dua kali"):
        made(adendum=[adendum | {"skema_bidang": twice}])


def test_sample_gives_a_schema_to_every_d_field() -> None:
    declared = {b.nama for m in FIELD_SETS.values() for b in m.daftar_bidang() if b.tambahan}
    assert set(load(CONTOH).adendum[0].skema_bidang) == declared
