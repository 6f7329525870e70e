"""Warned of the agreement's end once a day, and told that the hub's database is waited for."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any, cast

import pytest
import sqlalchemy as sa
import yaml

from services.auth.riwayat import BerkasPerjanjian
from services.sync.errors import AgreementOverError
from services.sync.konteks import Kemajuan, Konteks
from services.sync.peringatan import tell_warnings
from services.sync.settings import NamaSisi
from shared_schemas.perjanjian import CONTOH
from tests.conftest import Jam
from tests.sync.conftest import Panggung


def test_warning_is_told_once_a_day_of_jakarta(tmp_path: Path) -> None:
    path, told = tmp_path / "perjanjian.yaml", list[Kemajuan]()
    path.write_text(yaml.safe_dump(yaml.safe_load(CONTOH.read_text()) | {"perpanjangan": []}))
    jam = Jam(dt.datetime(2023, 6, 1, 16, tzinfo=dt.UTC))  # 23:00 in Jakarta
    nothing = cast("Any", None)
    ctx = Konteks(
        nothing, nothing, {}, BerkasPerjanjian(path), jam, told.append, lambda: None
    )  # fmt: skip
    tell_warnings(ctx)
    tell_warnings(ctx)
    assert [(k.tahap, k.penting) for k in told] == [("perjanjian", True)]
    assert "2023-08-02" in told[0].pesan
    jam.sekarang += dt.timedelta(hours=2)
    tell_warnings(ctx)
    assert len(told) == 2


def test_warning_that_arises_in_the_day_is_told_at_once(tmp_path: Path) -> None:
    path, told = tmp_path / "perjanjian.yaml", list[Kemajuan]()
    content = yaml.safe_load(CONTOH.read_text()) | {"perpanjangan": []}
    path.write_text(yaml.safe_dump(content))
    jam, nothing = Jam(dt.datetime(2023, 6, 1, 3, tzinfo=dt.UTC)), cast("Any", None)
    ctx = Konteks(nothing, nothing, {}, BerkasPerjanjian(path), jam, told.append, lambda: None)
    tell_warnings(ctx)
    ended = {"nomor": "UJI/A", "disepakati": "2023-05-31", "hari_terakhir": "2023-06-02"}
    path.write_text(yaml.safe_dump(content | {"pengakhiran": ended}))
    jam.sekarang += dt.timedelta(minutes=5)
    tell_warnings(ctx)
    tell_warnings(ctx)
    assert len(told) == 2
    assert "UJI/A" in told[1].pesan


def test_end_of_the_agreement_says_what_becomes_of_what_waits(tmp_path: Path) -> None:
    path = tmp_path / "perjanjian.yaml"
    path.write_text(yaml.safe_dump(yaml.safe_load(CONTOH.read_text()) | {"perpanjangan": []}))
    jam, nothing = Jam(dt.datetime(2026, 6, 1, tzinfo=dt.UTC)), cast("Any", None)
    ctx = Konteks(nothing, nothing, {}, BerkasPerjanjian(path), jam, None, lambda: None)
    with pytest.raises(
        AgreementOverError, match=r"2023-11-02\. Yang belum terkirim tetap tersimpan"
    ):
        ctx.permit(NamaSisi.WLKP, "badan_usaha:baca")


_PENUH_SEKALI = """
CREATE SEQUENCE uji_penuh;
CREATE FUNCTION uji_penuh() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF nextval('uji_penuh') = 1 THEN
    RAISE EXCEPTION 'rahasia-uji' USING ERRCODE = 'disk_full';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER uji_penuh BEFORE INSERT ON dbos.operation_outputs
  FOR EACH ROW EXECUTE FUNCTION uji_penuh();
"""


def test_wait_for_room_between_two_stages_is_told_without_the_driver_s_words(
    panggung: Panggung, capfd: pytest.CaptureFixture[str]
) -> None:
    assert panggung.run().converged  # makes the tables of DBOS
    with panggung.engine.begin() as connection:
        connection.execute(sa.text(_PENUH_SEKALI))
    told = list[Kemajuan]()
    assert panggung.run(on_progress=told.append).converged
    assert [k.pesan for k in told if k.tahap == "tunggu" and k.penting] == [
        "Disk database penuh. Dicoba lagi dengan sendirinya."
    ]
    assert "rahasia-uji" not in "".join(capfd.readouterr())
