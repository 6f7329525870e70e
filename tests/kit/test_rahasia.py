"""A secret that is cut off, emptied or made by hand is refused, with what to do about it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from services import layanan, persiapan
from services.kit.errors import ConfigurationError
from services.kit.rahasia import PANJANG_TERPENDEK, read_secret
from services.kit.settings import ServiceSettings
from services.perintah.basisdata import auditor_of

TAK_TERJANGKAU = "postgresql://uji@127.0.0.1:1/uji"


@pytest.mark.parametrize("panjang", [0, 2, PANJANG_TERPENDEK - 1])
def test_short_secret_is_refused_with_its_remedy(tmp_path: Path, panjang: int) -> None:
    path = tmp_path / "rahasia"
    path.write_bytes(bytes(panjang))
    with pytest.raises(ConfigurationError) as caught:
        read_secret(path)
    assert all(said in caught.value.detail for said in (str(path), f"{panjang} oktet", "cadangan"))


def test_secret_as_it_is_made_is_taken(tmp_path: Path) -> None:
    persiapan.prepare(tmp_path)
    made = [*tmp_path.glob("*/rahasia"), tmp_path / persiapan.KUNCI_SIDIK]
    assert len(made) == 4
    assert {len(read_secret(path)) for path in made} == {PANJANG_TERPENDEK}


@pytest.mark.parametrize("isi", [b"ab", None])
@pytest.mark.parametrize("berkas", ["wlkp/rahasia", persiapan.KUNCI_SIDIK])
def test_service_names_the_secret_that_it_cannot_use(
    tmp_path: Path, berkas: str, isi: bytes | None
) -> None:
    path = _spoilt(tmp_path, berkas, isi)
    with pytest.raises(ConfigurationError, match=re.escape(str(path))):
        layanan.make("wlkp", ServiceSettings(data=tmp_path, database_url=TAK_TERJANGKAU))


@pytest.mark.parametrize("isi", [b"ab", None])
def test_command_names_the_secret_that_it_cannot_use(tmp_path: Path, isi: bytes | None) -> None:
    path = _spoilt(tmp_path, "wlkp/rahasia", isi)
    with pytest.raises(ConfigurationError, match=re.escape(str(path))):
        auditor_of("wlkp", tmp_path)


def _spoilt(data: Path, berkas: str, isi: bytes | None) -> Path:
    """Return the file of a secret that is short or, without `isi`, gone."""
    persiapan.prepare(data)
    path = data / berkas
    path.unlink()
    if isi is not None:
        path.write_bytes(isi)
    return path
