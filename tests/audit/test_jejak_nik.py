"""One person's right of access: every look at his data, and nobody else's."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from services import persiapan
from services.audit.record import list_number
from services.audit.tables import SALINAN, SALINAN_BADAN_USAHA
from services.kit.database import transaction
from services.kit.errors import InvalidInputError
from tests import contoh
from tests.conftest import TUJUAN, Registri
from tests.perintah import app
from tests.registry.ekspor_alat import make


def hub(registri: Registri, nik: str, *options: str) -> Result:
    place = ["--data", str(registri.data), "--database-url", registri.url]
    return CliRunner().invoke(app, ["jejak-nik", registri.nama, *options, *place], input=nik)


def accesses(registri: Registri, n: int, *options: str) -> list[dict[str, Any]]:
    done = hub(registri, f"{contoh.nik(n)}\n", "--json", *options)
    assert done.exit_code == 0, done.output
    assert contoh.nik(n) not in done.output
    found: list[dict[str, Any]] = json.loads(done.stdout)["akses"]
    return found


@pytest.fixture(scope="module")
def isi(wlkp: Registri) -> Registri:
    """A registry with two workers, each seen once alone and once with the other."""
    workers = [contoh.pekerja_wlkp(n) for n in (1, 2)]
    wlkp.internal.post("/v1/laporan", json=contoh.laporan("NIK-1", workers))
    for n in (1, 2, 99):
        wlkp.klien.post("/v1/pekerja/cari", json={"nik": [contoh.nik(n)]})
    wlkp.klien.get("/v1/perubahan/pekerja")
    return wlkp


def test_person_is_told_who_saw_what_when_by_which_article(isi: Registri) -> None:
    found = accesses(isi, 1)
    assert [a["rute"] for a in found] == ["cari pekerja", "perubahan pekerja"]
    for entry in found:
        assert (entry["pelaku"], entry["pihak"]) == (persiapan.SYNC_WLKP.client_id, "pihak_kedua")
        assert entry["pasal"] == "Pasal 5 ayat (2) huruf b"
        assert {"nik", "nama", "tanggal_lahir", "alamat"} <= set(entry["bidang"])
        assert entry["id_permintaan"]
        assert entry["waktu"].endswith("+07:00")
        assert "sidik_nik" not in entry  # the others on the page are not his to see


def test_asking_about_a_person_nobody_knows_is_in_the_ledger_too(isi: Registri) -> None:
    assert [a["rute"] for a in accesses(isi, 99)] == ["cari pekerja"]
    assert accesses(isi, 98) == []


def test_search_is_itself_an_access(isi: Registri) -> None:
    assert accesses(isi, 97) == []
    (again,) = accesses(isi, 97)
    assert (again["rute"], again["pelaku"], again["pasal"]) == (
        "jejak nik",
        "pemeriksa-wlkp",
        "internal",
    )


def test_period_is_of_jakarta_days_both_included(isi: Registri) -> None:
    auditor = isi.app.state.service.auditor
    moments = ("2026-02-28T16:59:59Z", "2026-02-28T17:00:00Z", "2026-03-02T16:59:59.9Z")
    for at, moment in enumerate(moments):
        isi.execute(
            "INSERT INTO audit_akses (waktu, pelaku, pasal, rute, jumlah, sidik_nik)"
            " VALUES (CAST(:w AS timestamptz), 'uji', 'internal', :r, 1, ARRAY[:s])",
            w=moment,
            r=str(at),
            s=auditor.person(contoh.nik(50)),
        )
    found = accesses(isi, 50, "--sejak", "2026-03-01", "--sampai", "2026-03-02")
    assert [a["rute"] for a in found] == ["1", "2"]
    assert [a["bidang"] for a in found] == [None, None]  # entered before lists were kept


@pytest.mark.parametrize("masukan", ["", "3273\n", f"{contoh.nik(1)}9\n", "bukan nik\n"])
def test_anything_but_a_nik_is_refused_and_not_repeated(isi: Registri, masukan: str) -> None:
    done = hub(isi, masukan)
    assert isinstance(done.exception, InvalidInputError)
    assert not masukan.strip() or masukan.strip() not in f"{done.exception}{done.output}"


def test_nik_is_no_argument(isi: Registri) -> None:
    assert hub(isi, "", contoh.nik(1)).exit_code == 2


def test_list_of_fields_survives_a_transaction_that_fails(isi: Registri) -> None:
    """A list that counted as known after a rollback would leave entries with a bare number."""
    auditor, bidang = isi.app.state.service.auditor, ("uji_satu", "uji_dua")
    known = "SELECT bidang FROM audit_bidang WHERE nomor = :n"
    with suppress(RuntimeError), transaction(isi.engine) as tx:
        auditor.list_fields(tx, bidang)
        raise RuntimeError
    assert isi.fetch(known, n=list_number(bidang)) == []
    for _ in range(3):
        with transaction(isi.engine) as tx:
            assert auditor.list_fields(tx, bidang) == list_number(bidang)
    assert isi.fetch(known, n=list_number(bidang))[0].bidang == list(bidang)


def test_person_is_found_by_the_index_and_in_the_list_that_waits_for_it(isi: Registri) -> None:
    before = accesses(isi, 2)
    isi.fetch("SELECT gin_clean_pending_list('audit_akses_nik')")
    after = accesses(isi, 2)
    assert after[:-1] == before
    with isi.engine.begin() as connection:
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        plan = connection.exec_driver_sql(
            "EXPLAIN SELECT id FROM audit_akses WHERE sidik_nik @> ARRAY[1]::bigint[]"
        ).scalars()
        assert "audit_akses_nik" in "\n".join(plan)


def test_bulk_copies_are_told_apart(isi: Registri) -> None:
    companies = make(isi, himpunan="badan-usaha")
    made = make(isi)
    answer = json.loads(hub(isi, f"{contoh.nik(2)}\n", "--json").stdout)
    of_companies, copy = answer["salinan_massal"]
    assert of_companies["rute"] == f"ekspor badan_usaha {companies['id']}"
    assert "npwp" in of_companies["bidang"], "which is the NIK of whoever is a company himself"
    assert copy["rute"] == f"ekspor pekerja {made['id']}"
    assert (copy["pihak"], copy["jumlah"]) == ("pihak_kedua", 2)
    assert {"nik", "nama"} <= set(copy["bidang"])
    assert (copy["cakupan"], copy["tujuan"]) == ("pekerja:baca", TUJUAN["wlkp"])
    assert (of_companies["cakupan"], of_companies["tujuan"]) == ("badan_usaha:baca", TUJUAN["wlkp"])
    assert not any(a["rute"].startswith("ekspor") for a in answer["akses"])
    assert "2 salinan massal" in hub(isi, f"{contoh.nik(2)}\n").stdout
    earlier = hub(isi, f"{contoh.nik(2)}\n", "--json", "--sampai", "2026-01-01")
    assert json.loads(earlier.stdout)["salinan_massal"] == []
    with isi.engine.begin() as connection:
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        plan = connection.exec_driver_sql(
            f"EXPLAIN SELECT id FROM audit_akses WHERE ({SALINAN} OR {SALINAN_BADAN_USAHA})"
            " AND waktu > now()"
        ).scalars()
        told = "\n".join(plan)
        assert "audit_akses_salinan_badan_usaha" in told
        assert "audit_akses_salinan " in told


def test_period_that_ends_before_it_begins_is_refused(isi: Registri) -> None:
    """Else the answer would be that nobody saw anything."""
    done = hub(isi, f"{contoh.nik(1)}\n", "--sejak", "2026-03-02", "--sampai", "2026-03-01")
    assert isinstance(done.exception, InvalidInputError)
