"""The reconciler warns of the agreement's end once a day, not once a round."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any, cast

import yaml

from services.auth.riwayat import BerkasPerjanjian
from services.sync.konteks import Kemajuan, Konteks
from services.sync.peringatan import tell_warnings
from shared_schemas.perjanjian import CONTOH
from tests.conftest import Jam


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
    assert [k.tahap for k in told] == ["perjanjian"]
    assert "2023-08-02" in told[0].pesan
    jam.sekarang += dt.timedelta(hours=2)
    tell_warnings(ctx)
    assert len(told) == 2
