"""What a reconciler says, and does, about what is not there when it begins."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from services.auth.kunci_pesan import new_message_pem
from services.kit.database import make_engine
from services.kit.errors import SchemaError
from services.sync.konteks import Kemajuan
from services.sync.run import run
from services.sync.settings import Bukti
from tests import contoh
from tests.sync.conftest import Panggung


class SelesaiError(Exception):
    """Enough was seen."""


def _admin(panggung: Panggung, statement: str) -> None:
    """Say something about the hub's database from another one."""
    url = sa.make_url(panggung.settings.database_url)
    other = url.set(database="postgres").render_as_string(hide_password=False)
    engine = make_engine(other, 1).execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(statement.format(url.database)))
    engine.dispose()


def test_reconciler_that_goes_on_waits_for_a_database_that_is_not_there_yet(
    panggung: Panggung,
) -> None:
    panggung.engine.dispose()
    _admin(panggung, "ALTER DATABASE {} ALLOW_CONNECTIONS false")
    told: list[Kemajuan] = []

    def hear(kemajuan: Kemajuan) -> None:
        told.append(kemajuan)
        if len(told) == 1:
            _admin(panggung, "ALTER DATABASE {} ALLOW_CONNECTIONS true")
        if kemajuan.tahap == "neraca":
            raise SelesaiError

    with pytest.raises(SelesaiError):
        panggung.run(terus=True, jeda_detik=0.1, on_progress=hear)
    assert "tidak menjawab" in told[0].pesan
    assert told[0].pesan.endswith("Dicoba lagi dalam 0.1 detik.")
    assert {k.putaran for k in told[1:]} - {0}


@pytest.mark.parametrize("tahap", ["mulai", "compare"])
def test_reconciler_that_goes_on_waits_for_an_agreement_that_is_being_edited(
    panggung: Panggung, tmp_path: Path, tahap: str
) -> None:
    path = tmp_path / "sedang-disunting" / "perjanjian.yaml"
    path.parent.mkdir()
    good = panggung.settings.perjanjian_path.read_bytes()
    path.write_bytes(b"hak: [" if tahap == "mulai" else good)
    chosen = panggung.settings.model_copy(update={"perjanjian_path": path, "tunggu_detik": 0})
    panggung.wlkp.put_badan_usaha("W-1", contoh.badan_usaha(1))
    told: list[Kemajuan] = []

    def hear(kemajuan: Kemajuan) -> None:
        if kemajuan.tahap == "tunggu":
            path.write_bytes(good)
        elif kemajuan.tahap == tahap not in {k.tahap for k in told}:
            path.write_bytes(b"hak: [")
        told.append(kemajuan)
        if kemajuan.tahap == "neraca":
            raise SelesaiError

    with pytest.raises(SelesaiError):
        run(chosen, make_auth=lambda _sisi: None, terus=True, jeda_detik=0.1, on_progress=hear)
    (waited,) = [k for k in told if k.tahap == "tunggu"]
    assert "YAML" in waited.pesan
    assert waited.pesan.endswith("Dicoba lagi dalam 0.1 detik.")


def test_reconciler_that_goes_on_refuses_another_version_s_database(panggung: Panggung) -> None:
    with panggung.engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999_besok'"))

    def hear(_: Kemajuan) -> None:
        raise SelesaiError

    with pytest.raises(SchemaError, match="lebih baru"):
        panggung.run(terus=True, jeda_detik=0.1, on_progress=hear)


def test_key_that_cannot_seal_is_named(panggung: Panggung, tmp_path: Path) -> None:
    key, secret = tmp_path / "pesan.pem", tmp_path / "rahasia"
    key.write_bytes(new_message_pem())
    secret.write_bytes(b"r" * 32)
    bukti = Bukti(kunci_segel=key, rahasia=secret)
    chosen = panggung.settings.model_copy(update={"bukti": bukti})
    told: list[Kemajuan] = []
    key.write_bytes(b"rusak")
    run(chosen, make_auth=lambda _sisi: None, on_progress=told.append)
    assert any(k.tahap == "segel" and str(key) in k.pesan for k in told)
