"""Time stamps from a simulated authority: verified when taken and offline, missed in silence."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.audit.bukti import periksa
from services.audit.bukti.cap import Pencap, load_roots
from services.audit.bukti.temuan import Perkara, Temuan
from services.audit.errors import StampError
from services.kit.errors import ConfigurationError
from tests.bukti.buku import BukuUji, open_book
from tests.bukti.otoritas_tiruan import OtoritasTiruan
from tests.conftest import MakeDatabase

if shutil.which("openssl") is None:
    pytest.skip("simulator memerlukan openssl", allow_module_level=True)


@pytest.fixture
def otoritas(tmp_path: Path) -> OtoritasTiruan:
    return OtoritasTiruan(tmp_path / "tsa")


@pytest.fixture
def buku(make_database: MakeDatabase) -> Iterator[BukuUji]:
    with open_book(make_database("wlkp")) as opened:
        yield opened


def pencap(buku: BukuUji, otoritas: OtoritasTiruan, roots: Path | None = None) -> Pencap:
    trusted = load_roots(roots or otoritas.sertifikat)
    return Pencap(buku.engine, "http://simulator.invalid/tsa", trusted, otoritas)


def seal(buku: BukuUji, nonce: str) -> None:
    buku.record(nonce)
    buku.penyegel.seal()


def test_newest_seal_is_stamped_once_and_stands_for_those_before(
    buku: BukuUji, otoritas: OtoritasTiruan
) -> None:
    stamper = pencap(buku, otoritas)
    assert stamper.stamp() is None, "nothing is sealed yet"
    seal(buku, "satu")
    seal(buku, "dua")
    assert (stamper.stamp(), stamper.stamp()) == (2, None)
    assert otoritas.ditanya == 1
    archive = buku.export()
    result = periksa.check(archive, buku.public)
    periksa.check_stamps(archive, load_roots(otoritas.sertifikat), result)
    assert result.utuh
    assert list(result.dicap) == [2]


def test_outage_of_the_authority_stops_no_seal_and_is_made_up_for(
    buku: BukuUji, otoritas: OtoritasTiruan
) -> None:
    stamper = pencap(buku, otoritas)
    otoritas.mati = True
    seal(buku, "satu")
    with pytest.raises(StampError, match="ConnectError"):
        stamper.stamp()
    seal(buku, "dua")
    otoritas.mati = False
    assert stamper.stamp() == 2
    assert periksa.check(buku.export(), buku.public).utuh


def test_stamp_of_another_authority_or_another_seal_is_not_taken(
    buku: BukuUji, otoritas: OtoritasTiruan, tmp_path: Path
) -> None:
    seal(buku, "satu")
    stranger = OtoritasTiruan(tmp_path / "lain", "SIMULATOR lain")
    with pytest.raises(StampError, match="tidak sah"):
        pencap(buku, otoritas, stranger.sertifikat).stamp()
    for answer in (b"", b"bukan cap waktu", b"\x30\x03\x02\x01\x00"):
        otoritas.ganti = answer or b"\x00"
        with pytest.raises(StampError):
            pencap(buku, otoritas).stamp()
    with buku.engine.connect() as connection:
        count = connection.exec_driver_sql("SELECT count(*) FROM audit_cap_waktu").scalar_one()
    assert count == 0


def test_stamp_that_was_moved_to_another_seal_is_named(
    buku: BukuUji, otoritas: OtoritasTiruan
) -> None:
    seal(buku, "satu")
    seal(buku, "dua")
    pencap(buku, otoritas).stamp()
    with buku.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE audit_cap_waktu SET segel = 1")
    archive = buku.export()
    result = periksa.check(archive, buku.public)
    periksa.check_stamps(archive, load_roots(otoritas.sertifikat), result)
    assert result.temuan == [Temuan(1, Perkara.CAP_PALSU)]


def test_file_without_certificates_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("bukan sertifikat")
    with pytest.raises(ConfigurationError, match=r"ca\.pem"):
        load_roots(tmp_path / "ca.pem")
