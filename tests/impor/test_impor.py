"""Files come in through the same checks as the API; nothing is lost, nothing is repeated."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from services.audit.catalogue import Peristiwa
from services.audit.record import Bukti, Pelaku
from services.impor import ImportFileError
from services.kit.database import transaction
from services.registry import write
from shared_schemas.rujukan import Himpunan
from tests import contoh
from tests.impor.alat import Impor, company, worker


def test_impor_accepts_spellings_and_stores_canonical_values(impor: Impor) -> None:
    row = company(1, telepon="(022) 555-0001", npwp=contoh.npwp(1)[1:], kd_daerah="32.73")
    assert impor(Himpunan.BADAN_USAHA, [row]).baru == 1
    stored = impor.registri.fetch("SELECT telepon, npwp, kd_daerah FROM badan_usaha WHERE id='W-1'")
    assert tuple(stored[0]) == ("+62225550001", contoh.npwp(1), "3273")


def test_impor_repeated_changes_nothing_also_after_alignment(impor: Impor) -> None:
    impor(Himpunan.BADAN_USAHA, [company(2)])
    rows = [worker(20, 2), worker(21, 2)]
    assert impor(Himpunan.PEKERJA, rows).baru == 2
    impor.registri.execute(
        "UPDATE pekerja SET jabatan = 'Selaras' WHERE nik = :n", n=contoh.nik(20)
    )
    again = impor(Himpunan.PEKERJA, rows)
    assert (again.baru, again.berubah) == (0, 0)
    kept = impor.registri.fetch("SELECT jabatan FROM pekerja WHERE nik = :n", n=contoh.nik(20))
    assert kept[0].jabatan == "Selaras"
    changed = impor(Himpunan.PEKERJA, [worker(20, 2, jabatan="Baru"), worker(21, 2)])
    assert (changed.baru, changed.berubah) == (0, 1)


def test_impor_of_an_older_file_changes_nothing_and_names_its_rows(impor: Impor) -> None:
    def files(month: int, jabatan: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        moment = {"dilaporkan_pada": f"2026-{month:02}-01T08:00:00+07:00"}
        workers = [worker(71, 7, jabatan=jabatan, **moment), worker(72, 7, **moment)]
        return [company(7, telepon=f"+6222555000{month}", **moment)], workers

    january, march = files(1, "Buruh"), files(3, "Mandor")
    march[1].append(worker(73, 7))  # no date: nothing says that it is older
    for companies, workers in (january, march):
        impor(Himpunan.BADAN_USAHA, companies)
        impor(Himpunan.PEKERJA, workers)
    stored = (
        "SELECT to_jsonb(b) - 'sidik_sumber', to_jsonb(p) - 'sidik_sumber' FROM badan_usaha b"
        " JOIN pekerja p ON p.id_badan_usaha = b.id WHERE b.id = 'W-7' ORDER BY p.nik"
    )
    before = impor.registri.fetch(stored)
    counts = impor(Himpunan.BADAN_USAHA, january[0])
    assert (counts.baru, counts.berubah, counts.ditolak, counts.lebih_lama) == (0, 0, 0, 1)
    counts = impor(Himpunan.PEKERJA, [*january[1], worker(73, 7, jabatan="Juru Las")])
    assert (counts.baru, counts.berubah, counts.ditolak, counts.lebih_lama) == (0, 1, 0, 2)
    named = [(t.baris, t.bidang, t.kode) for t in impor.tolakan]
    assert named == [(n, "dilaporkan_pada", "laporan_lebih_lama") for n in (2, 3)]
    after = impor.registri.fetch(stored)
    assert after[:2] == before[:2]
    assert after[2][1]["jabatan"] == "Juru Las"
    again = impor(Himpunan.PEKERJA, march[1][:2])
    assert (again.berubah, again.lebih_lama) == (0, 0)
    corrected = impor(Himpunan.PEKERJA, files(3, "Mandor Umum")[1])
    assert (corrected.berubah, corrected.lebih_lama) == (1, 0)


def test_impor_refuses_dates_of_the_future(impor: Impor) -> None:
    ahead = (dt.datetime.now(dt.UTC) + dt.timedelta(minutes=2)).isoformat()
    now = (dt.datetime.now(dt.UTC) + dt.timedelta(seconds=10)).isoformat()
    companies = [company(901, dilaporkan_pada=now), company(902, dilaporkan_pada=ahead)]
    assert impor(Himpunan.BADAN_USAHA, companies).baru == 1
    assert [(t.baris, t.bidang, t.kode) for t in impor.tolakan] == [
        (3, "dilaporkan_pada", "masa_depan")
    ]
    workers = [
        worker(901, 901, dilaporkan_pada="2036-05-01T08:00:00+07:00"),
        worker(902, 901, tanggal_lahir="2095-08-15"),
        worker(903, 901),
    ]
    counts = impor(Himpunan.PEKERJA, workers)
    assert (counts.baru, counts.ditolak, counts.karantina) == (1, 2, 0)
    assert [t.bidang for t in impor.tolakan] == ["dilaporkan_pada", "tanggal_lahir"]


def test_impor_brings_nobody_back_whom_a_later_report_no_longer_names(impor: Impor) -> None:
    moment = {"dilaporkan_pada": "2026-01-01T08:00:00+07:00"}
    rows = [worker(81, 8, **moment), worker(82, 8, **moment)]
    impor(Himpunan.BADAN_USAHA, [company(8, **moment)])
    impor(Himpunan.PEKERJA, rows)
    report = contoh.laporan("W-8", [contoh.pekerja_wlkp(81)], "2026-03-01T08:00:00+07:00", n=8)
    assert impor.registri.internal.post("/v1/laporan", json=report).json()["pekerja_berhenti"] == 1
    assert impor(Himpunan.PEKERJA, rows).lebih_lama == 2
    later = [{**row, "dilaporkan_pada": "2026-04-01T08:00:00+07:00"} for row in rows]
    query = "SELECT hubungan_kerja FROM pekerja WHERE nik = :n"
    assert impor.registri.fetch(query, n=contoh.nik(82))[0][0] == "BERHENTI"
    assert impor(Himpunan.PEKERJA, later).lebih_lama == 0
    assert impor.registri.fetch(query, n=contoh.nik(82))[0][0] == "AKTIF"


def test_impor_names_row_field_and_reason_and_never_the_value(impor: Impor) -> None:
    impor(Himpunan.BADAN_USAHA, [company(3)])
    rows = [
        worker(30, 3),
        worker(31, 3, nik="3273013208950001"),
        worker(32, 3, jabatan=""),
        worker(33, 99),
    ]
    result = impor(Himpunan.PEKERJA, rows)
    assert (result.dibaca, result.baru, result.ditolak, result.karantina) == (4, 1, 3, 1)
    assert [(t.baris, t.bidang, t.kode) for t in impor.tolakan] == [
        (3, "nik", "nik_birth_date"),
        (4, "jabatan", "missing"),
        (5, "id_badan_usaha", "badan_usaha_tidak_dikenal"),
    ]
    assert "32730132" not in str(impor.tolakan)


def test_impor_keeps_unusable_nik_in_quarantine_once(impor: Impor) -> None:
    impor(Himpunan.BADAN_USAHA, [company(4)])
    bad = worker(40, 4, nik="123")
    impor(Himpunan.PEKERJA, [bad])
    impor(Himpunan.PEKERJA, [bad])
    rows = impor.registri.fetch("SELECT isi->>'id_badan_usaha' AS id FROM karantina")
    assert [r.id for r in rows].count("W-4") == 1
    feed = impor.registri.klien.get("/v1/perubahan/pekerja").json()["data"]
    assert all(d["rekaman"]["id_badan_usaha"] != "W-4" for d in feed)


def test_impor_keeps_an_unlisted_code_beside_the_list_s_own_word(impor: Impor) -> None:
    impor(Himpunan.BADAN_USAHA, [company(6)])
    rows = [
        worker(60, 6, status_pekerjaan="Kontrak Musiman"),
        worker(61, 6, status_pekerjaan="harian lepas"),
    ]
    assert impor(Himpunan.PEKERJA, rows).baru == 2
    query = "SELECT status_pekerjaan, kode_asli FROM pekerja WHERE nik = :n"

    def stored(n: int) -> tuple[Any, ...]:
        return tuple(impor.registri.fetch(query, n=contoh.nik(n))[0])

    assert stored(60) == ("LAINNYA", {"status_pekerjaan": "Kontrak Musiman"})
    assert stored(61) == ("HARIAN_LEPAS", None)
    assert impor(Himpunan.PEKERJA, [worker(60, 6, status_pekerjaan="PKWT"), rows[1]]).berubah == 1
    assert stored(60) == ("PKWT", None)
    feed = impor.registri.klien.get("/v1/perubahan/pekerja").text
    assert "kode_asli" not in feed
    assert "Musiman" not in feed


def test_impor_keeps_the_same_nik_twice_in_one_company(impor: Impor) -> None:
    impor(Himpunan.BADAN_USAHA, [company(5)])
    twice = [worker(50, 5), worker(50, 5, jabatan="Mandor")]
    assert impor(Himpunan.PEKERJA, twice).baru == 2
    assert impor(Himpunan.PEKERJA, twice).baru == 0


def test_impor_brings_back_a_deleted_company_as_it_does_its_workers(impor: Impor) -> None:
    def file() -> tuple[int, int]:
        companies = impor(Himpunan.BADAN_USAHA, [company(9)])
        workers = impor(Himpunan.PEKERJA, [worker(91, 9)])
        return companies.berubah, workers.baru

    assert file() == (0, 1)
    auditor = impor.registri.app.state.service.auditor
    bukti = Bukti(Peristiwa.REKAMAN_DIHAPUS, Pelaku("uji"), {"himpunan": "-", "id": "-"})
    ((id_,),) = impor.registri.fetch("SELECT id FROM pekerja WHERE nik = :n", n=contoh.nik(91))
    with transaction(impor.registri.engine) as tx:
        assert write.delete(tx, auditor, bukti, Himpunan.PEKERJA, id_)
        assert write.delete(tx, auditor, bukti, Himpunan.BADAN_USAHA, "W-9")
    assert file() == (1, 1)
    back = impor.registri.fetch("SELECT nama, dihapus_pada FROM badan_usaha WHERE id = 'W-9'")
    assert [tuple(r) for r in back] == [(company(9)["nama"], None)]
    assert file() == (0, 0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id_badan_usaha,nik,warna\n", "warna"),
        ("id_badan_usaha,nik\n", "alamat"),
        ("nik,nik\n", "dua kali"),
        ("3273011508950001,x\n", "bukan nama"),
    ],
)
def test_impor_refuses_a_file_whose_header_is_wrong(impor: Impor, text: str, said: str) -> None:
    path = impor.folder / "salah.csv"
    path.write_text(text)
    with pytest.raises(ImportFileError, match=said) as caught:
        impor.run(Himpunan.PEKERJA, path)
    assert "3273011508950001" not in str(caught.value)


def test_impor_refuses_a_file_that_is_no_utf8(impor: Impor) -> None:
    path = impor.folder / "salah.csv"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ImportFileError, match="UTF-8"):
        impor.run(Himpunan.PEKERJA, path)
