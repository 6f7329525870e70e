"""The reconciler under the agreement as it stands: switch, force majeure, end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from services.sync.errors import AgreementOverError
from tests.conftest import MakeDatabase
from tests.e2e.conftest import Pasangan, open_pasangan
from tests.e2e.test_konvergensi import edit, seed


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
