"""What operators see of the agreement: warnings, metrics, and whether a past call was lawful."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from services import persiapan
from services.auth import letak_catatan, riwayat
from services.auth.agreement import AgreementStore
from services.auth.errors import SwitchedOffError
from services.auth.jws import SigningKey, new_private_pem, public_jwk
from services.kit import clock
from services.perintah.perjanjian import ADA_PERINGATAN
from services.perintah.perjanjian_sah import TIDAK_SAH
from shared_schemas.perjanjian import Keadaan, hari, shift_months
from shared_schemas.rujukan import Pihak
from tests import contoh
from tests.conftest import MakeDatabase, Registri, open_registri
from tests.perintah import app

NOON = dt.datetime(2026, 6, 1, 5, tzinfo=dt.UTC)
TODAY = hari(NOON)


@pytest.fixture(autouse=True)
def _one_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep every program of a test at one noon: none runs over Jakarta's midnight."""
    stopped = SimpleNamespace(now=NOON.astimezone)
    monkeypatch.setattr(clock, "dt", SimpleNamespace(datetime=stopped, UTC=dt.UTC))


@pytest.fixture
def bebas(make_database: MakeDatabase, tmp_path: Path) -> Iterator[Registri]:
    """Kemnaker's service with an agreement of the test's own."""
    with open_registri("wlkp", make_database("wlkp"), tmp_path) as registri:
        change(tmp_path, monitoring=[monitoring(TODAY)])
        yield registri


def monitoring(day: dt.date) -> dict[str, str]:
    return {"nomor": "UJI/M", "dilaksanakan": str(day), "hasil": "Contoh"}


def change(data: Path, **changes: Any) -> None:
    path = data / "perjanjian.yaml"
    path.write_text(yaml.safe_dump({**yaml.safe_load(path.read_text()), **changes}))


def end_on(data: Path, day: dt.date) -> None:
    """Let the term itself end on a day, without extension."""
    term = {"mulai": "2020-11-03", "berakhir": str(day), "dasar": "uji"}
    change(data, jangka_waktu=term, perpanjangan=[])


def hub(data: Path, *arguments: str) -> Any:
    return CliRunner().invoke(app, ["perjanjian", *arguments, "--data", str(data)])


@pytest.mark.parametrize(
    ("bulan", "kode"), [(2, "akhir_3_bulan"), (4, "akhir_4_bulan"), (5, "akhir_6_bulan"), (8, "")]
)
def test_check_exits_with_its_own_code_when_something_must_be_done(
    tmp_path: Path, bulan: int, kode: str
) -> None:
    persiapan.prepare(tmp_path)
    change(tmp_path, monitoring=[monitoring(TODAY)])
    end_on(tmp_path, shift_months(TODAY, bulan))
    done = hub(tmp_path, "periksa", "--json")
    assert [w["kode"] for w in json.loads(done.stdout)["peringatan"]] == ([kode] if kode else [])
    assert done.exit_code == (ADA_PERINGATAN if kode else 0)


def test_check_says_that_monitoring_is_overdue_until_both_recorded_it(tmp_path: Path) -> None:
    persiapan.prepare(tmp_path)
    change(tmp_path, monitoring=[])
    record = ("monitoring", "UJI/M/9", "--dilaksanakan", str(TODAY), "--hasil", "Contoh")
    for act in (
        (*record, "--sebagai", "pihak_kesatu"),
        ("tandatangani", "UJI/M/9", "--sebagai", "pihak_kedua"),
    ):
        assert hub(tmp_path, "periksa").exit_code == ADA_PERINGATAN
        assert hub(tmp_path, *act).exit_code == 0
    assert hub(tmp_path, "periksa").exit_code == 0


def test_check_of_an_ended_agreement_fails(tmp_path: Path) -> None:
    persiapan.prepare(tmp_path)
    end_on(tmp_path, TODAY - dt.timedelta(days=1))
    assert hub(tmp_path, "periksa").exit_code == 1


def test_late_notice_is_said_in_words(tmp_path: Path) -> None:
    persiapan.prepare(tmp_path)
    done = hub(
        tmp_path, "kahar", "UJI/K", "--sebagai", "pihak_kesatu", "--kewajiban",
        "Pasal 5 ayat (3) huruf c", "--jenis", "banjir", "--peristiwa", "Contoh", "--akibat",
        "Contoh", "--bukti", "Contoh", "--mulai", str(TODAY - dt.timedelta(days=8)),
        "--diberitahukan", str(TODAY),
    )  # fmt: skip
    assert done.exit_code == 0
    assert "hak gugur" in done.stdout
    assert "kewajiban tetap berlaku" in done.stdout
    (row,) = json.loads(hub(tmp_path, "riwayat", "--json").stdout)
    assert (row["nomor"], row["ditandatangani"]) == ("UJI/K", "pihak_kesatu")


def _kahar(nomor: str, mulai: dt.date) -> tuple[str, ...]:
    return (
        "kahar", nomor, "--sebagai", "pihak_kesatu", "--kewajiban", "Pasal 5 ayat (3) huruf c",
        "--jenis", "banjir", "--peristiwa", "Contoh", "--akibat", "Contoh", "--bukti", "Contoh",
        "--mulai", str(mulai), "--diberitahukan", str(TODAY),
    )  # fmt: skip


def _words(data: Path) -> dict[str, str]:
    return {r["nomor"]: r["kata"] for r in json.loads(hub(data, "riwayat", "--json").stdout)}


def test_postponement_that_another_record_ended_is_said_to_be_over(tmp_path: Path) -> None:
    persiapan.prepare(tmp_path)
    yesterday = TODAY - dt.timedelta(days=1)
    assert "ditunda" in hub(tmp_path, *_kahar("UJI/K", TODAY - dt.timedelta(days=3))).stdout
    over = ("kahar-selesai", "UJI/K/S", "--kahar", "UJI/K", "--berakhir", str(yesterday))
    assert hub(tmp_path, *over, "--sebagai", "pihak_kesatu").exit_code == 0
    assert _words(tmp_path)["UJI/K"] == "selesai"


def test_postponement_is_said_to_be_over_for_the_duties_taken_up_again(tmp_path: Path) -> None:
    persiapan.prepare(tmp_path)
    before, yesterday = (TODAY - dt.timedelta(days=d) for d in (3, 1))
    other, duty = "Pasal 5 ayat (3) huruf b angka 1", "Pasal 5 ayat (3) huruf c"
    assert hub(tmp_path, *_kahar("UJI/K", before), "--kewajiban", other).exit_code == 0
    over = ("--kahar", "UJI/K", "--berakhir", str(yesterday), "--sebagai", "pihak_kesatu")
    assert hub(tmp_path, "kahar-selesai", "UJI/S", *over, "--kewajiban", other).exit_code == 0
    assert _words(tmp_path)["UJI/K"] == f"ditunda: {duty}; yang lain selesai"
    assert hub(tmp_path, "kahar-selesai", "UJI/T", *over).exit_code == 0
    assert _words(tmp_path)["UJI/K"] == "selesai"


def test_extension_countersigned_after_the_end_is_said_to_have_no_effect(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    persiapan.prepare(tmp_path)
    end_on(tmp_path, TODAY)
    extension = (
        "perpanjang", "UJI/P", "--disepakati", str(TODAY), "--berakhir", "2030-11-02",
        "--sebagai", "pihak_kesatu",
    )  # fmt: skip
    assert hub(tmp_path, *extension).exit_code == 0
    later = SimpleNamespace(now=(NOON + dt.timedelta(days=1)).astimezone)
    monkeypatch.setattr(clock, "dt", SimpleNamespace(datetime=later, UTC=dt.UTC))
    done = hub(tmp_path, "tandatangani", "UJI/P", "--sebagai", "pihak_kedua")
    assert done.exit_code == 0
    assert "tanpa akibat: disepakati sesudah perjanjian berakhir" in done.stdout
    assert hub(tmp_path, "periksa").exit_code == 1


def test_addendum_turns_a_switch_and_calls_before_it_stay_lawful(tmp_path: Path) -> None:
    persiapan.prepare(tmp_path)
    file = tmp_path / "adendum.yaml"
    text = {
        "nomor": "UJI/A", "berlaku": str(TODAY), "perihal": "uji", "dasar": "Pasal 11",
        "sakelar": {"data_pekerja_untuk_pihak_kesatu": False}, "bidang_dicabut": ["nitku"],
    }  # fmt: skip
    file.write_text(yaml.safe_dump(text))
    assert hub(tmp_path, "adendum", str(file), "--sebagai", "pihak_kesatu").exit_code == 0
    store = AgreementStore(tmp_path / "perjanjian.yaml", Pihak.KEDUA, clock.system_clock)
    assert store.permit(Pihak.KESATU, "pekerja:baca").pasal
    assert hub(tmp_path, "tandatangani", "UJI/A", "--sebagai", "pihak_kedua").exit_code == 0
    with pytest.raises(SwitchedOffError):
        store.permit(Pihak.KESATU, "pekerja:baca")
    assert "perjanjian:pekerja:baca" not in store.scopes_of(Pihak.KESATU)
    assert "nitku" not in store.current().bidang_tambahan(store.now())
    asked = ("sah", "--pihak", "pihak_kesatu", "--cakupan", "pekerja:baca", "--json", "--pada")
    for moment, code in ((NOON - dt.timedelta(seconds=1), 0), (NOON, TIDAK_SAH)):
        assert hub(tmp_path, *asked, moment.isoformat()).exit_code == code


def test_record_that_waits_for_a_key_is_told(tmp_path: Path) -> None:
    persiapan.prepare(tmp_path)
    change(tmp_path, monitoring=[monitoring(TODAY)])
    assert hub(tmp_path, "periksa").exit_code == 0
    path, pem = persiapan.signing_key_path(tmp_path, Pihak.KESATU), new_private_pem()
    agreement, former = tmp_path / "perjanjian.yaml", SigningKey(path.read_bytes())
    riwayat.introduce(agreement, Pihak.KESATU, former, public_jwk(pem), NOON)
    path.write_bytes(pem)
    assert hub(tmp_path, *_kahar("UJI/K", TODAY)).exit_code == 0
    (file,) = letak_catatan.folder_of(agreement).glob("*.kunci")
    file.unlink()
    assert "kunci pihak_kesatu belum dikenal" in _words(tmp_path)["UJI/K"]
    done = hub(tmp_path, "periksa", "--json")
    assert done.exit_code == ADA_PERINGATAN
    assert json.loads(done.stdout)["kunci_tak_dikenal"] == ["pihak_kesatu"]
    assert "minta berkas .kunci" in hub(tmp_path, "periksa").output.replace("\n", " ")


def test_wrong_key_leaves_no_record_and_its_number_free(tmp_path: Path) -> None:
    persiapan.prepare(tmp_path)
    record = ("monitoring", "UJI/M/1", "--dilaksanakan", str(TODAY), "--hasil", "Contoh")
    other = str(persiapan.signing_key_path(tmp_path, Pihak.KEDUA))
    done = hub(tmp_path, *record, "--sebagai", "pihak_kesatu", "--kunci", other)
    assert done.exit_code == 1
    assert _words(tmp_path) == {}
    changed = (*record[:-1], "Contoh lain", "--sebagai", "pihak_kesatu")
    assert hub(tmp_path, *changed).exit_code == 0


def test_command_returns_when_what_it_recorded_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    persiapan.prepare(tmp_path)
    monkeypatch.setattr(clock, "dt", dt)  # the machine's own time
    today = hari(clock.system_clock())
    record = ("monitoring", "UJI/M/1", "--dilaksanakan", str(today), "--hasil", "Contoh")
    assert hub(tmp_path, *record, "--sebagai", "pihak_kesatu").exit_code == 0
    (signed,) = riwayat.read(tmp_path / "perjanjian.yaml").catatan[0].tanda_tangan.values()
    assert dt.timedelta(0) <= clock.system_clock() - signed


def test_metrics_tell_state_days_left_and_warnings(bebas: Registri) -> None:
    end_on(bebas.data, shift_months(TODAY, 2))
    text = bebas.anonim.get("/metrics").text
    left = (shift_months(TODAY, 2) - TODAY).days
    assert f"hub_perjanjian_sisa_hari {float(left)}" in text
    for keadaan in Keadaan:
        on = float(keadaan is Keadaan.AKAN_BERAKHIR)
        assert f'hub_perjanjian_keadaan{{keadaan="{keadaan}"}} {on}' in text
    assert 'hub_perjanjian_peringatan{kode="akhir_3_bulan"} 1.0' in text
    assert "hub_permintaan_total" in text
    (bebas.data / "perjanjian.yaml").write_text("hak: [")
    assert "hub_perjanjian_terbaca 0.0" in bebas.anonim.get("/metrics").text


def test_past_call_is_judged_by_its_request_id(bebas: Registri) -> None:
    bebas.internal.post("/v1/laporan", json=contoh.laporan("L-1", [contoh.pekerja_wlkp(1)]))
    answer = bebas.klien.post("/v1/pekerja/cari", json={"nik": [contoh.nik(1)]})
    item = {
        "id_usulan": "6f0cbb9e-0000-4000-8000-000000000009", "jenis": "penambahan",
        "himpunan": "badan_usaha", "isi": contoh.badan_usaha(1),
    }  # fmt: skip
    sent = bebas.klien.post(
        "/v1/usulan", json={"usulan": [item]}, headers={"Idempotency-Key": "kunci-uji-9"}
    )
    where = ("--database-url", bebas.url, "--json")
    for call, cakupan in ((answer, "pekerja:baca"), (sent, "usulan:kirim")):
        done = hub(bebas.data, "sah", "--permintaan", call.headers["x-request-id"], *where)
        assert done.exit_code == 0, done.output
        (found,) = json.loads(done.stdout)
        assert (found["cakupan"], found["sah"]) == (cakupan, True)
    change(bebas.data, perpanjangan=[])  # had there been no extension
    done = hub(bebas.data, "sah", "--permintaan", answer.headers["x-request-id"], *where)
    assert done.exit_code == TIDAK_SAH
    assert json.loads(done.stdout)[0]["pasal"] == "Pasal 8 ayat (1)"
    assert hub(bebas.data, "sah", "--permintaan", "tidak-ada", *where).exit_code == 1


@pytest.mark.parametrize(
    ("pada", "sah"),
    [
        ("2020-11-02T23:59:59", False),
        ("2020-11-03T00:00:00", True),
        ("2028-11-02T16:59:59Z", True),
        ("2028-11-02T17:00:00Z", False),
    ],
)
def test_question_about_any_moment_is_answered(tmp_path: Path, pada: str, sah: bool) -> None:
    persiapan.prepare(tmp_path)
    asked = ("--pihak", "pihak_kedua", "--cakupan", "pekerja:baca", "--pada", pada)
    done = hub(tmp_path, "sah", *asked, "--json")
    assert json.loads(done.stdout)[0]["sah"] is sah
    assert done.exit_code == (0 if sah else TIDAK_SAH)
    assert hub(tmp_path, "sah", "--pihak", "pihak_kedua").exit_code == 1
