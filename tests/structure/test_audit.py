"""The catalogue of the evidence log: complete, used, and closed."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from services.audit.catalogue import RINCIAN, Peristiwa
from services.audit.record import Auditor, Bukti, Pelaku
from services.kit.database import transaction
from tests.conftest import Registri

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("shared_schemas", "wlkp_gateway", "bpjs_kepesertaan", "services")
CATALOGUE = ROOT / "services" / "audit" / "catalogue.py"


def events_named_in_source() -> set[str]:
    found = set()
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            if path == CATALOGUE:
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if (
                    isinstance(node, ast.Attribute)
                    and isinstance(node.value, ast.Name)
                    and node.value.id == "Peristiwa"
                ):
                    found.add(node.attr)
    return found


def test_every_event_lists_its_details() -> None:
    assert set(RINCIAN) == set(Peristiwa)
    assert all(RINCIAN.values())


def test_no_detail_is_the_name_of_a_field_with_personal_data() -> None:
    from shared_schemas.perjanjian import FIELD_SETS

    personal = {
        b.nama for m in FIELD_SETS.values() for b in m.daftar_bidang() if b.rujukan.data_pribadi
    }
    assert personal.isdisjoint(frozenset().union(*RINCIAN.values()))


def test_every_event_is_written_somewhere() -> None:
    assert set(Peristiwa.__members__) - events_named_in_source() == set()


def test_surplus_detail_is_refused_and_nothing_is_written(wlkp: Registri) -> None:
    auditor, who = Auditor(b"kunci"), Pelaku("uji")
    surplus = Bukti(Peristiwa.TOKEN_DIBERIKAN, who, {"cakupan": "x", "nik": "3273011508950001"})
    with (
        pytest.raises(ValueError, match=r"di luar katalog token_diberikan: \['nik'\]"),
        transaction(wlkp.engine) as tx,
    ):
        auditor.record(tx, surplus)
    assert wlkp.fetch("SELECT 1 FROM audit_peristiwa WHERE pelaku = 'uji'") == []
    with transaction(wlkp.engine) as tx:
        auditor.record(tx, Bukti(Peristiwa.TOKEN_DIBERIKAN, who, {"cakupan": "x"}))
    rows = wlkp.fetch("SELECT peristiwa, rincian FROM audit_peristiwa WHERE pelaku = 'uji'")
    assert [tuple(r) for r in rows] == [("token_diberikan", {"cakupan": "x"})]
