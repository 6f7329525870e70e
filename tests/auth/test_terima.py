"""Records that come from the other party: all that hold together are taken in, or none."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from services import persiapan
from services.auth import letak_catatan, riwayat, terima
from services.auth.errors import RecordConflictError, RecordInvalidError
from services.auth.jws import new_private_pem, public_jwk
from shared_schemas.rujukan import Pihak
from tests.auth.meja import EXTENSION, KEDUA, KESATU, Meja
from tests.perintah import app


@pytest.fixture
def kita(tmp_path: Path) -> Meja:
    return Meja(tmp_path / "kita")


@pytest.fixture
def mereka(kita: Meja, tmp_path: Path) -> Meja:
    """The other party's copy: the same text and keys, and a folder of its own."""
    shutil.copytree(kita.data, tmp_path / "mereka")
    return Meja(tmp_path / "mereka")


def sent(meja: Meja, *suffixes: str) -> list[Path]:
    files = letak_catatan.folder_of(meja.path).iterdir()
    return [f for f in files if f.name.endswith(suffixes or terima.AKHIRAN)]


def bytes_of(meja: Meja) -> dict[str, bytes]:
    folder = letak_catatan.folder_of(meja.path)
    return {f.name: f.read_bytes() for f in folder.iterdir()} if folder.is_dir() else {}


def test_record_and_signature_travel_and_come_back(kita: Meja, mereka: Meja) -> None:
    mereka.record("perpanjangan", **EXTENSION, disepakati="2026-06-01")
    assert terima.receive(kita.path, sent(mereka)) == [
        "P%2F1.catatan.json",
        "P%2F1.pihak_kedua.jws",
    ]
    assert kita.sign("P/1").kurang == frozenset()
    assert terima.receive(mereka.path, sent(kita)) == ["P%2F1.pihak_kesatu.jws"]
    assert riwayat.read(mereka.path) == riwayat.read(kita.path)
    before = bytes_of(mereka)
    assert terima.receive(mereka.path, sent(kita)) == []
    assert bytes_of(mereka) == before


def test_two_records_under_one_number_never_meet_in_a_folder(kita: Meja, mereka: Meja) -> None:
    kita.kahar(nomor="K/1", peristiwa="Contoh banjir")
    mereka.kahar(nomor="K/1", peristiwa="Contoh gempa")
    before = bytes_of(kita)
    with pytest.raises(RecordConflictError, match="nomor lain") as refused:
        terima.receive(kita.path, sent(mereka))
    assert "K%2F1.catatan.json" in str(refused.value)
    assert bytes_of(kita) == before
    riwayat.read(kita.path)


def forged(mereka: Meja) -> list[Path]:
    mereka.kahar()
    (file,) = sent(mereka, letak_catatan.AKHIRAN)
    file.write_bytes(file.read_bytes().replace(b"Contoh", b"Palsu!"))
    return sent(mereka)


def signature_alone(mereka: Meja) -> list[Path]:
    mereka.kahar()
    return sent(mereka, ".jws")


def other_file(mereka: Meja) -> list[Path]:
    (mereka.data / "catatan.txt").write_text("contoh")
    return [mereka.data / "catatan.txt"]


def far_too_large(mereka: Meja) -> list[Path]:
    file = mereka.data / "A.jws"
    file.write_bytes(b"a" * (terima.TERBESAR + 1))
    return [file]


def missing(mereka: Meja) -> list[Path]:
    return [mereka.data / "tiada.jws"]


def empty_folder(mereka: Meja) -> list[Path]:
    (mereka.data / "kosong").mkdir()
    return [mereka.data / "kosong"]


@pytest.mark.parametrize(
    "make",
    [forged, signature_alone, other_file, far_too_large, missing, empty_folder],
)
def test_what_does_not_fit_is_refused_whole(kita: Meja, mereka: Meja, make: Any) -> None:
    kita.record("monitoring", nomor="M/1", dilaksanakan="2026-06-01", hasil="Contoh")
    before = bytes_of(kita)
    with pytest.raises(RecordInvalidError):
        terima.receive(kita.path, [*sent(kita), *make(mereka)])
    assert bytes_of(kita) == before


def test_key_that_introduces_itself_is_refused(kita: Meja, mereka: Meja) -> None:
    pem = new_private_pem()
    riwayat.introduce(mereka.path, KEDUA, mereka.key(KESATU), public_jwk(pem), mereka.jam())
    with pytest.raises(RecordInvalidError, match="kunci"):
        terima.receive(kita.path, sent(mereka))
    assert bytes_of(kita).keys() == {"kunci.json"}


def test_next_key_and_what_it_signed_come_in_one_folder(kita: Meja, mereka: Meja) -> None:
    pem = new_private_pem()
    riwayat.introduce(mereka.path, KEDUA, mereka.key(KEDUA), public_jwk(pem), mereka.jam())
    persiapan.signing_key_path(mereka.data, KEDUA).write_bytes(pem)
    mereka.kahar()
    (key,) = (n for n in bytes_of(mereka) if n.endswith(".kunci"))
    assert terima.receive(kita.path, [letak_catatan.folder_of(mereka.path)])[0] == key
    assert riwayat.read(kita.path).asing == frozenset()


def test_command_tells_what_came(kita: Meja, mereka: Meja) -> None:
    mereka.kahar()
    folder = str(letak_catatan.folder_of(mereka.path))
    arguments = ["perjanjian", "terima", folder, "--data", str(kita.data)]
    told = CliRunner().invoke(app, [*arguments, "--json"])
    answer = json.loads(told.stdout)
    assert answer["baru"] == ["K%2F1.catatan.json", "K%2F1.pihak_kedua.jws"]
    assert [r["nomor"] for r in answer["catatan"]] == ["K/1"]
    assert "sudah ada" in CliRunner().invoke(app, arguments).stdout
    assert Pihak.KEDUA in riwayat.read(kita.path).catatan[0].tanda_tangan
