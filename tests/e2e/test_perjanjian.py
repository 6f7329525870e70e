"""The reconciler under the agreement as it stands: switch, force majeure, end."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from services.sync.errors import AgreementOverError
from services.sync.imbang import KeadaanNeraca
from services.sync.lihat_neraca import balances
from services.sync.run import Kemajuan
from services.sync.settings import NamaSisi
from shared_schemas.perjanjian import CONTOH, hari
from tests.conftest import MakeDatabase
from tests.e2e.conftest import Pasangan, open_pasangan
from tests.e2e.test_konvergensi import edit, seed
from tests.perintah import app


@pytest.fixture
def segar(
    make_database: MakeDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pasangan]:
    """A pair of registries of the test's own, with a difference to find."""
    with open_pasangan(make_database, tmp_path_factory.mktemp("perjanjian")) as found:
        seed(found)
        edit(found, "bpjs", 1, "jabatan", 1)
        edit(found, "wlkp", 2, "status_kepesertaan", 1)
        yield found


def change_agreement(pasangan: Pasangan, **changes: Any) -> None:
    path = pasangan.data / "perjanjian.yaml"
    content = yaml.safe_load(path.read_text())
    content.update(changes)
    path.write_text(yaml.safe_dump(content))


def test_switch_off_reports_workers_as_tidak_berwenang(segar: Pasangan) -> None:
    change_agreement(segar, sakelar={"data_pekerja_untuk_pihak_kesatu": False})
    assert segar.reconcile().converged
    rows = segar.fetch("hub", "SELECT sisi FROM kursor_tarik WHERE tidak_berwenang IS NOT NULL")
    assert [r.sisi for r in rows] == ["bpjs"]
    assert segar.fetch("hub", "SELECT 1 FROM temuan WHERE himpunan = 'pekerja'") == []
    assert segar.fetch("hub", "SELECT count(*) FROM tautan_badan_usaha")[0][0] == 3
    change_agreement(segar, sakelar={"data_pekerja_untuk_pihak_kesatu": True})
    assert segar.reconcile().converged
    assert (
        segar.fetch("bpjs", "SELECT jabatan FROM pekerja WHERE id = 'bpjs-tk-1'")[0][0]
        == "Operator"
    )


def test_force_majeure_holds_only_the_duty_it_names_and_it_resumes(segar: Pasangan) -> None:
    kahar = {
        "pihak": "pihak_kedua",
        "kewajiban": ["Pasal 5 ayat (4) huruf c"],
        "jenis": "banjir",
        "peristiwa": "Contoh banjir",
        "mulai": "2026-01-01",
        "diberitahukan": "2026-01-05",
        "bukti": "Contoh surat",
    }
    change_agreement(segar, kahar=[kahar])
    segar.reconcile()
    assert segar.fetch("bpjs", "SELECT count(*) FROM usulan")[0][0] == 0  # receiving is held
    assert segar.fetch("wlkp", "SELECT count(*) FROM usulan")[0][0] > 0  # the other duty goes on
    change_agreement(segar, kahar=[])
    assert segar.reconcile().converged
    assert (
        segar.fetch("bpjs", "SELECT jabatan FROM pekerja WHERE id = 'bpjs-tk-1'")[0][0]
        == "Operator"
    )


def test_ended_agreement_stops_and_writes_nothing(segar: Pasangan) -> None:
    ended = {"nomor": "CONTOH", "disepakati": "2026-01-01", "hari_terakhir": "2026-02-01"}
    change_agreement(segar, pengakhiran=ended)
    with pytest.raises(AgreementOverError, match="berakhir"):
        segar.reconcile()
    for nama in ("wlkp", "bpjs"):
        assert segar.fetch(nama, "SELECT count(*) FROM usulan")[0][0] == 0


ENDED = {"nomor": "CONTOH", "disepakati": "2026-01-01", "hari_terakhir": "2026-02-01"}


def _jabatan(pasangan: Pasangan) -> str:
    found = pasangan.fetch("bpjs", "SELECT jabatan FROM pekerja WHERE id = 'bpjs-tk-1'")
    return str(found[0][0])


def _status(pasangan: Pasangan) -> list[str]:
    query = "SELECT status_kepesertaan FROM pekerja ORDER BY id"
    return [str(row[0]) for row in pasangan.fetch("wlkp", query)]


def _outbox(pasangan: Pasangan) -> list[tuple[str, str, bool]]:
    query = "SELECT tujuan, keadaan, isi IS NOT NULL FROM kotak_keluar ORDER BY id"
    return [tuple(r) for r in pasangan.fetch("hub", query)]


def _at_stage(tahap: str, act: Callable[[], None]) -> Callable[[Kemajuan], None]:
    """Return a listener that acts once, when a round first tells of a stage."""
    todo = [act]

    def listen(kemajuan: Kemajuan) -> None:
        if kemajuan.tahap == tahap and todo:
            todo.pop()()

    return listen


@pytest.mark.parametrize("ujung", ["layanan", "rekonsiliasi"])
def test_agreement_that_ends_under_a_round_stops_it_at_the_next_call(
    segar: Pasangan, tmp_path: Path, ujung: str
) -> None:
    own = tmp_path / "perjanjian.yaml"
    own.write_bytes(CONTOH.read_bytes())
    segar.sync = segar.sync.model_copy(update={"perjanjian_path": own})
    path = segar.data / "perjanjian.yaml" if ujung == "layanan" else own
    whole = path.read_bytes()

    def end() -> None:
        path.write_text(yaml.safe_dump(yaml.safe_load(whole) | {"pengakhiran": ENDED}))

    with pytest.raises(AgreementOverError, match="berakhir"):
        segar.reconcile(on_progress=_at_stage("propose", end))
    waiting = _outbox(segar)
    assert {keadaan for _, keadaan, _ in waiting} == {"siap"}
    assert all(kept for *_, kept in waiting)
    for nama in ("wlkp", "bpjs"):
        assert segar.fetch(nama, "SELECT count(*) FROM usulan")[0][0] == 0
    path.write_bytes(whole)
    assert segar.reconcile().converged
    assert {keadaan for _, keadaan, _ in _outbox(segar)} == {"terkirim"}
    assert _jabatan(segar) == "Operator"


def test_switch_that_is_turned_off_under_a_round_holds_what_was_to_be_sent(
    segar: Pasangan, tmp_path: Path
) -> None:
    """Only the service knows of it yet: what it refuses is proposed again when it may be."""
    own = tmp_path / "perjanjian.yaml"
    own.write_bytes(CONTOH.read_bytes())
    segar.sync = segar.sync.model_copy(update={"perjanjian_path": own})

    def turn(*, on: bool) -> None:
        change_agreement(segar, sakelar={"data_pekerja_untuk_pihak_kesatu": on})

    before = _jabatan(segar), _status(segar)
    segar.reconcile(on_progress=_at_stage("propose", lambda: turn(on=False)))
    states = {(tujuan, keadaan) for tujuan, keadaan, _ in _outbox(segar)}
    for nama in ("wlkp", "bpjs"):
        assert (nama, "tak_berwenang") in states
        assert segar.fetch(nama, "SELECT 1 FROM usulan WHERE himpunan = 'pekerja'") == []
    assert (_jabatan(segar), _status(segar)) == before
    turn(on=True)
    assert segar.reconcile().converged
    assert _jabatan(segar) == "Operator"
    assert _status(segar) != before[1]


def _hub(pasangan: Pasangan, *arguments: str) -> None:
    done = CliRunner().invoke(app, ["perjanjian", *arguments, "--data", str(pasangan.data)])
    assert done.exit_code == 0, done.output


def test_force_majeure_recorded_under_a_round_holds_its_queue_until_it_is_over(
    segar: Pasangan,
) -> None:
    today = hari(dt.datetime.now(dt.UTC))
    start, last = str(today - dt.timedelta(days=3)), str(today - dt.timedelta(days=1))
    record = (
        "kahar", "UJI/K/1", "--sebagai", "pihak_kedua", "--kewajiban",
        "Pasal 5 ayat (4) huruf c", "--jenis", "banjir", "--peristiwa", "Contoh", "--akibat",
        "Contoh", "--bukti", "Contoh", "--mulai", start, "--diberitahukan", str(today),
    )  # fmt: skip
    segar.reconcile(on_progress=_at_stage("propose", lambda: _hub(segar, *record)))
    states = {(tujuan, keadaan) for tujuan, keadaan, _ in _outbox(segar)}
    assert states == {("bpjs", "ditunda"), ("wlkp", "terkirim")}
    assert all(kept for _, keadaan, kept in _outbox(segar) if keadaan == "ditunda")
    assert segar.fetch("bpjs", "SELECT count(*) FROM usulan")[0][0] == 0
    segar.reconcile()  # still held: asked again, kept again
    assert ("bpjs", "ditunda", True) in _outbox(segar)
    over = ("kahar-selesai", "UJI/K/1/S", "--kahar", "UJI/K/1", "--berakhir", last)
    _hub(segar, *over, "--sebagai", "pihak_kedua")
    assert segar.reconcile().converged
    assert {keadaan for _, keadaan, _ in _outbox(segar)} == {"terkirim"}
    assert _jabatan(segar) == "Operator"


def test_balance_is_answered_after_the_end_by_what_was_signed_last(segar: Pasangan) -> None:
    assert segar.reconcile().converged
    change_agreement(segar, pengakhiran=ENDED)
    kept = segar.fetch("hub", "SELECT count(*) FROM neraca")
    for hasil in balances(segar.sync, None):
        assert hasil.cocok
        assert hasil.sebab is not None
        assert "berakhir" in hasil.sebab
        assert "hub sync jalan" not in hasil.sebab  # it would answer nothing
        assert hasil.penerima is not None
        assert hasil.penerima.jumlah == hasil.pengirim.jumlah > 0
        assert hasil.tanda_penerima
        assert not hasil.dinyatakan
    assert segar.fetch("hub", "SELECT count(*) FROM neraca") == kept
    before = hari(dt.datetime.now(dt.UTC)) - dt.timedelta(days=30)
    for hasil in balances(segar.sync, before):  # of a day of which nobody signed anything
        assert (hasil.keadaan, hasil.penerima) == (KeadaanNeraca.TIDAK_BERLAKU, None)
    bases = [f"--{s}-url={segar.sync.sisi(s).base_url}" for s in NamaSisi]
    place = ["--data", str(segar.data), "--database-url", segar.sync.database_url]
    told = CliRunner().invoke(app, ["neraca", *bases, *place])
    assert told.exit_code == 0, told.output
    assert "ditandatanganinya terakhir 20" in told.output
    with pytest.raises(AgreementOverError):
        segar.reconcile()  # a round still ends with the agreement
