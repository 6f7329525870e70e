"""The truth file is compared key by key, and every disagreement is counted."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.kebenaran import BarisBanding, TruthFileError, check
from tests import contoh
from tests.sync.conftest import Panggung
from tests.sync.test_sync_salah_nik import BENAR, SALAH, mistyped

_HEADER = "jenis,himpunan,kunci,field,nilai_wlkp,nilai_bpjs,kunci_eksak\n"


def registries(p: Panggung) -> None:
    isi = contoh.badan_usaha(1)
    p.wlkp.put_badan_usaha("W1", isi)
    p.bpjs.put_badan_usaha("B1", isi | {"kbli": "99999"})
    p.bpjs.put_badan_usaha("B2", contoh.badan_usaha(2))
    worker = contoh.pekerja_wlkp(1) | contoh.pekerja_bpjs(1)
    p.wlkp.put_pekerja("WP1", "W1", worker | {"jabatan": "Mandor"})
    p.bpjs.put_pekerja("BP1", "B1", worker)


def compare(p: Panggung, tmp_path: Path, *rows: str) -> tuple[bool, dict[str, BarisBanding]]:
    file = tmp_path / "kebenaran.csv"
    file.write_text(_HEADER + "".join(f"{r}\n" for r in rows), encoding="utf-8")
    hasil = check(p.engine, file)
    return hasil.ok, {f"{r.jenis} {r.bidang}".strip(): r for r in hasil.rows}


def test_findings_that_were_applied_still_count_and_a_gap_is_seen(
    panggung: Panggung, tmp_path: Path
) -> None:
    registries(panggung)
    panggung.run()
    truth = [
        "berbeda,badan_usaha,W1,kbli,10130,99999,ya",
        "hanya_bpjs,badan_usaha,B2,,,,ya",
        f"berbeda,pekerja,W1/{contoh.nik(1)},jabatan,Mandor,Operator,ya",
    ]
    ok, rows = compare(panggung, tmp_path, *truth)
    assert ok
    assert {r.matching for r in rows.values()} == {1}
    ok, rows = compare(panggung, tmp_path, *truth[:2], "hanya_wlkp,badan_usaha,W7,,,,ya")
    assert not ok
    assert (rows["berbeda jabatan"].surplus, rows["hanya_wlkp"].missing) == (1, 1)
    ok, _ = compare(panggung, tmp_path, *truth, "hanya_wlkp,badan_usaha,W7,,,,tidak")
    assert ok


BARE = {"npwp": None, "nomor_tdp_atau_nib": None, "telepon": None, "email": None}


def test_a_parked_company_is_undecided_not_wrong(panggung: Panggung, tmp_path: Path) -> None:
    panggung.wlkp.put_badan_usaha("W1", contoh.badan_usaha(1, nama="PT Melati Indah Kencana"))
    for id_ in ("B1", "B2"):
        isi = contoh.badan_usaha(1, nama="PT Melati Indah Kencana", **BARE)
        panggung.bpjs.put_badan_usaha(id_, isi)
    panggung.run()
    truth = "tak_tertaut,badan_usaha,W1,,W1,B1,tidak", "hanya_bpjs,badan_usaha,B2,,,,ya"
    ok, rows = compare(panggung, tmp_path, *truth)
    assert ok
    assert [(r.undecided, r.missing) for r in rows.values()] == [(1, 0), (1, 0)]


def test_a_company_linked_to_another_is_wrong_although_no_key_is_exact(
    panggung: Panggung, tmp_path: Path
) -> None:
    registries(panggung)
    panggung.run()
    right = "tak_tertaut,badan_usaha,W1,,W1,B1,tidak"
    ok, rows = compare(panggung, tmp_path, right, "hanya_bpjs,badan_usaha,B2,,,,ya")
    assert rows["tak_tertaut"].matching == 1
    ok, rows = compare(panggung, tmp_path, "tak_tertaut,badan_usaha,W1,,W1,B2,tidak")
    assert not ok
    assert (rows["tak_tertaut"].matching, rows["tak_tertaut"].eksak_surplus) == (0, 1)


def test_a_file_without_its_columns_is_refused(panggung: Panggung, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a,b\n", encoding="utf-8")
    with pytest.raises(TruthFileError, match="kunci_eksak"):
        check(panggung.engine, tmp_path / "x.csv")


def test_one_person_with_two_nik_is_judged_by_both(panggung: Panggung, tmp_path: Path) -> None:
    mistyped(panggung)
    panggung.run()
    key = f"berbeda,pekerja,W1/{SALAH},nik,{SALAH}"
    jkn = f"berbeda,pekerja,W1/{SALAH},nomor_kepesertaan_jkn,,0009000000001,ya"
    ok, rows = compare(panggung, tmp_path, f"{key},{BENAR},ya", jkn)
    assert ok
    assert rows["berbeda nik"].matching == 1
    ok, rows = compare(panggung, tmp_path, f"{key},{contoh.nik(9)},ya", jkn)
    assert not ok
    assert (rows["berbeda nik"].missing, rows["berbeda nik"].surplus) == (1, 1)


def test_a_worker_who_waits_for_a_steward_is_undecided(panggung: Panggung, tmp_path: Path) -> None:
    mistyped(panggung, nama="Melati Kenanga Sara")
    panggung.run()
    key = f"berbeda,pekerja,W1/{SALAH},nik,{SALAH},{BENAR},ya"
    ok, rows = compare(panggung, tmp_path, key)
    assert ok
    assert rows["berbeda nik"].undecided == 1
