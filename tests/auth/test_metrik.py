"""Monitoring sees the end of a service's certificate come, before connections fail."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest

from services import persiapan
from services.auth import sertifikat
from services.registry.metrik import CertificateCollector
from tests.conftest import MakeDatabase, open_registri


def test_certificate_tells_its_days_left(make_database: MakeDatabase, tmp_path: Path) -> None:
    path = persiapan.server_certificate(tmp_path, "wlkp")
    with open_registri("wlkp", make_database("wlkp"), tmp_path) as registri:
        left = (sertifikat.expiry(path) - dt.datetime.now(dt.UTC)) / dt.timedelta(days=1)
        assert left > 20
        text = registri.anonim.get("/metrics").text
        assert "hub_sertifikat_terbaca 1.0" in text
        told = re.search(r"^hub_sertifikat_sisa_hari (\S+)$", text, re.MULTILINE)
        assert told is not None
        assert float(told[1]) == pytest.approx(left, abs=0.1)
        path.write_text("rusak")
        text = registri.anonim.get("/metrics").text
        assert "hub_sertifikat_terbaca 0.0" in text
        assert "hub_sertifikat_sisa_hari" not in text


def test_certificate_that_has_ended_is_below_zero(tmp_path: Path) -> None:
    persiapan.prepare(tmp_path)
    path = persiapan.server_certificate(tmp_path, "wlkp")
    later = sertifikat.expiry(path) + dt.timedelta(hours=12)
    gauges = {
        g.name: g.samples[0].value for g in CertificateCollector(path, lambda: later).collect()
    }
    assert gauges == {"hub_sertifikat_terbaca": 1, "hub_sertifikat_sisa_hari": -0.5}
