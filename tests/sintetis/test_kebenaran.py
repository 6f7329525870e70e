"""The truth is what an independent reading finds."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest

from services.sintetis import Opsi, generate
from tests.sintetis.baca import (
    BADAN_USAHA,
    PEKERJA,
    Baris,
    Daerah,
    distance,
    find_badan_usaha,
    find_pekerja,
)


def test_kebenaran_is_what_a_naive_reading_finds(daerah: Daerah) -> None:
    found = Counter([*find_badan_usaha(daerah), *find_pekerja(daerah)])
    assert found == daerah.truth()


@pytest.mark.parametrize(
    "jenis",
    [
        ("badan_usaha", "hanya_wlkp"), ("badan_usaha", "hanya_bpjs"), ("badan_usaha", "PWBD"),
        ("badan_usaha", "PDS-TK"), ("badan_usaha", "tak_tertaut"), ("badan_usaha", "berbeda"),
        ("pekerja", "hanya_wlkp"), ("pekerja", "hanya_bpjs"), ("pekerja", "berbeda"),
        ("pekerja", "beda_perusahaan"), ("pekerja", "kunci_ganda"),
    ],
)  # fmt: skip
def test_kebenaran_has_every_kind(daerah: Daerah, jenis: tuple[str, str]) -> None:
    assert jenis in {(t["himpunan"], t["jenis"]) for t in daerah.kebenaran}


def test_values_of_berbeda_are_those_of_the_files(daerah: Daerah) -> None:
    wlkp = {f"{r['id_badan_usaha']}/{r['nik']}": r for r in daerah.wlkp_pekerja}
    wlkp |= {r["id_badan_usaha"]: r for r in daerah.wlkp}
    nilai_bpjs: dict[tuple[str, str], set[str]] = defaultdict(set)
    for r in daerah.bpjs_pekerja:
        for f in PEKERJA:
            nilai_bpjs[r["nik"], f].add(r[f])
    dengan_nik = {t["kunci"]: t["nilai_bpjs"] for t in daerah.kebenaran if t["field"] == "nik"}
    for t in daerah.kebenaran:
        if t["jenis"] != "berbeda":
            continue
        assert t["nilai_wlkp"] == wlkp[t["kunci"]][t["field"]]
        assert t["nilai_wlkp"] != t["nilai_bpjs"]
        if t["field"] == "nik":
            assert t["nilai_wlkp"] == t["kunci"].split("/")[1]
            assert nilai_bpjs[t["nilai_bpjs"], "nama"]
        elif t["himpunan"] == "pekerja":
            nik = dengan_nik.get(t["kunci"], t["kunci"].split("/")[1])
            assert t["nilai_bpjs"] in nilai_bpjs[nik, t["field"]]
        else:
            assert t["nilai_bpjs"] == daerah.pasangan[t["kunci"]][t["field"]]


def test_empty_values_are_findings_only_against_the_side_without_authority(daerah: Daerah) -> None:
    kosong = {
        (t["himpunan"], t["field"], "wlkp" if t["nilai_wlkp"] == "" else "bpjs")
        for t in daerah.kebenaran
        if t["jenis"] == "berbeda" and "" in (t["nilai_wlkp"], t["nilai_bpjs"])
    }
    wewenang_bpjs = {
        "nomor_kepesertaan_jkn", "tmt_jkn", "jumlah_anggota_keluarga", "status_kepesertaan",
    }  # fmt: skip
    assert {f for h, f, sisi in kosong if h == "pekerja" and sisi == "wlkp"} == {
        *wewenang_bpjs,
        "nomor_hp",
    }
    assert {f for h, f, sisi in kosong if h == "pekerja" and sisi == "bpjs"} <= {
        "jabatan", "status_pekerjaan", "nomor_hp",
    }  # fmt: skip
    assert {sisi for h, _, sisi in kosong if h == "badan_usaha"} == {"bpjs"}


def test_mistyped_nik_is_nobody_else_s_and_one_slip_away(daerah: Daerah) -> None:
    slips = [t for t in daerah.kebenaran if t["field"] == "nik"]
    assert len(slips) > 10
    wlkp, bpjs = ({r["nik"] for r in rows} for rows in (daerah.wlkp_pekerja, daerah.bpjs_pekerja))
    for t in slips:
        here, there = t["nilai_wlkp"], t["nilai_bpjs"]
        assert here not in bpjs
        assert there not in wlkp
        apart = [n for n in range(16) if here[n] != there[n]]
        assert len(apart) == 1 or sorted(here) == sorted(there)


def test_record_has_at_most_one_kind(daerah: Daerah) -> None:
    per_kunci: dict[str, set[str]] = defaultdict(set)
    for t in daerah.kebenaran:
        if t["jenis"] not in ("PWBD", "PDS-TK"):  # these two follow from others
            per_kunci[t["kunci"]].add(t["jenis"])
    assert all(len(jenis) == 1 for jenis in per_kunci.values())


def test_only_tak_tertaut_lacks_an_exact_key_and_its_workers_raise_nothing(daerah: Daerah) -> None:
    tak_tertaut = [t for t in daerah.kebenaran if t["kunci_eksak"] == "tidak"]
    assert {t["jenis"] for t in tak_tertaut} == {"tak_tertaut"}
    nik_bpjs: dict[str, set[str]] = defaultdict(set)
    for r in daerah.bpjs_pekerja:
        nik_bpjs[r["id_badan_usaha"]].add(r["nik"])
    for t in tak_tertaut:
        nik = {r["nik"] for r in daerah.wlkp_pekerja if r["id_badan_usaha"] == t["nilai_wlkp"]}
        assert nik == nik_bpjs[t["nilai_bpjs"]]
        assert not [k for k in daerah.kebenaran if k["kunci"].startswith(t["kunci"] + "/")]


def test_beda_perusahaan_names_both_companies(daerah: Daerah) -> None:
    for t in daerah.kebenaran:
        if t["jenis"] == "beda_perusahaan":
            nik = t["kunci"].split("/")[1]
            assert [r["id_badan_usaha"] for r in daerah.wlkp_pekerja if r["nik"] == nik] == [
                t["nilai_wlkp"]
            ]
            assert [r["id_badan_usaha"] for r in daerah.bpjs_pekerja if r["nik"] == nik] == [
                t["nilai_bpjs"]
            ]


def test_two_employments_are_on_both_sides_and_no_difference(daerah: Daerah) -> None:
    def companies(rows: list[Baris]) -> dict[str, set[str]]:
        hasil: dict[str, set[str]] = defaultdict(set)
        for r in rows:
            hasil[r["nik"]].add(r["id_badan_usaha"])
        return {nik: usaha for nik, usaha in hasil.items() if len(usaha) > 1}

    wlkp, bpjs = companies(daerah.wlkp_pekerja), companies(daerah.bpjs_pekerja)
    assert wlkp
    assert wlkp.keys() == bpjs.keys()
    assert not wlkp.keys() & {t["kunci"].rpartition("/")[2] for t in daerah.kebenaran}


def test_coordinates_are_near_or_far_never_between(daerah: Daerah) -> None:
    jarak = [
        distance(daerah.kepala[kunci]["titik_koordinat"], b["titik_koordinat"])
        for kunci, b in daerah.pasangan.items()
        if daerah.kepala[kunci]["titik_koordinat"] and b["titik_koordinat"]
    ]
    assert all(j < 30 or j > 1_000 for j in jarak)


def test_without_differences_the_truth_is_empty_whatever_the_spelling(tmp_path: Path) -> None:
    tanpa: dict[str, Any] = {
        f: 0.0 for f in Opsi.__dataclass_fields__ if f.startswith(("badan_usaha_", "pekerja_"))
    }
    ringkasan = generate(Opsi(perusahaan=80, pekerja=800, ejaan=1.0, **tanpa), tmp_path)
    d = Daerah.read(tmp_path)
    assert ringkasan.perbedaan == {}
    assert not [*find_badan_usaha(d), *find_pekerja(d)]
    assert any(
        p[f] != d.pasangan[p["id_badan_usaha"]][f]
        for p in d.wlkp
        if p["id_badan_usaha"] in d.pasangan
        for f in BADAN_USAHA
    )


def test_shares_are_respected_roughly(tmp_path: Path) -> None:
    opsi = Opsi(perusahaan=1_000, pekerja=20_000, provinsi="33")
    jumlah = generate(opsi, tmp_path).perbedaan
    assert jumlah["badan_usaha/berbeda/npwp"] == pytest.approx(110, rel=0.35)
    assert jumlah["badan_usaha/hanya_wlkp"] == pytest.approx(20, rel=0.7)
    # Companies of one side and unlinked ones have no workers with differences: 4 %.
    assert jumlah["pekerja/hanya_wlkp"] == pytest.approx(0.03 * 19_200, rel=0.2)
    assert jumlah["pekerja/hanya_bpjs"] == pytest.approx(0.02 * 19_200, rel=0.2)
    assert jumlah["pekerja/berbeda/nama"] == pytest.approx(0.004 * 19_200, rel=0.4)
    # A changed value or an empty one.
    assert jumlah["pekerja/berbeda/jabatan"] == pytest.approx(0.008 * 19_200, rel=0.4)
