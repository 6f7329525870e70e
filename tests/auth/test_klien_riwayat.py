"""No registration changes without its evidence: who could call under which key, and when."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from services import persiapan
from services.auth.clients import load_clients
from services.auth.jws import new_private_pem, public_jwk
from services.auth.kunci_pesan import KunciPesan, new_message_pem
from services.kit.errors import ConfigurationError, SchemaError
from tests.conftest import MakeDatabase, Registri, absent, open_registri
from tests.perintah import app

MITRA = "mitra-contoh"
UMUM = ("--pihak", "pihak_kedua")
Jwk = dict[str, str]


@dataclass
class Tempat:
    """A service, whose database the operator names, and keys of a partner."""

    registri: Registri
    folder: Path
    satu: Jwk
    dua: Jwk
    pesan: Jwk

    @property
    def path(self) -> Path:
        """The registrations."""
        return self.registri.data / "wlkp" / "klien.yaml"

    def file(self, *keys: Jwk) -> str:
        """Return a file with keys."""
        path = self.folder / "kunci.jwks"
        path.write_text(json.dumps({"keys": keys}))
        return str(path)

    def hub(self, *words: str, url: str | None = None) -> Result:
        """Run `hub klien` as the operator of the service."""
        place = ["--data", str(self.registri.data), "--database-url", url or self.registri.url]
        return CliRunner().invoke(app, ["klien", *words, *place])

    def add(self, *keys: Jwk, rest: tuple[str, ...] = UMUM, url: str | None = None) -> Result:
        """Register the partner."""
        return self.hub("tambah", "wlkp", MITRA, "--kunci", self.file(*keys), *rest, url=url)

    def events(self) -> list[tuple[str, dict[str, Any]]]:
        """Return what is recorded about registrations, `klien` taken from the details."""
        rows = self.registri.fetch(
            "SELECT peristiwa, pelaku, rincian FROM audit_peristiwa"
            " WHERE peristiwa LIKE 'klien%' ORDER BY id"
        )
        assert {r.pelaku for r in rows} <= {"operator-wlkp"}
        assert {r.rincian.pop("klien") for r in rows} <= {MITRA}
        return [(r.peristiwa, r.rincian) for r in rows]


@pytest.fixture
def tempat(make_database: MakeDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    jwk = [public_jwk(new_private_pem()) for _ in range(2)]
    message = KunciPesan(new_message_pem()).public[0]
    data, folder = tmp_path_factory.mktemp("data"), tmp_path_factory.mktemp("mitra")
    with open_registri("wlkp", make_database("wlkp"), data) as registri:
        yield Tempat(registri, folder, jwk[0], jwk[1], message)


def test_registration_keys_and_revocation_are_events_with_thumbprints(tempat: Tempat) -> None:
    satu, dua, pesan = (k["kid"] for k in (tempat.satu, tempat.dua, tempat.pesan))
    named = tempat.satu | {"kid": "nama-sendiri"}  # a name of the partner's is no thumbprint
    assert tempat.add(named, tempat.pesan).exit_code == 0
    assert tempat.hub("kunci", "wlkp", MITRA, "--tambah", tempat.file(tempat.dua)).exit_code == 0
    assert tempat.hub("kunci", "wlkp", MITRA, "--buang", "nama-sendiri").exit_code == 0
    replaced = ("--cakupan", "internal:laporan", "--ganti")
    assert tempat.add(tempat.satu, rest=replaced).exit_code == 0
    assert tempat.hub("cabut", "wlkp", MITRA).exit_code == 0
    assert tempat.events() == [
        ("klien_didaftarkan", {"pihak": "pihak_kedua", "cakupan": [], "sidik_kunci": [satu],
                               "sidik_kunci_pesan": [pesan], "dibuang": []}),
        ("klien_kunci_diubah", {"sidik_kunci": [dua, satu], "sidik_kunci_pesan": [pesan],
                                "ditambah": [dua], "dibuang": []}),
        ("klien_kunci_diubah", {"sidik_kunci": [dua], "sidik_kunci_pesan": [pesan],
                                "ditambah": [], "dibuang": [satu]}),
        ("klien_didaftarkan", {"pihak": None, "cakupan": ["internal:laporan"],
                               "sidik_kunci": [satu], "sidik_kunci_pesan": [],
                               "dibuang": [dua, pesan]}),
        ("klien_dicabut", {"dibuang": [satu]}),
    ]  # fmt: skip
    whole = json.dumps(tempat.events())
    assert not any(k[n] in whole for k in (tempat.satu, tempat.dua) for n in ("x", "y"))


def test_what_changes_nothing_is_no_event_and_needs_no_database(tempat: Tempat) -> None:
    tempat.add(tempat.satu)
    gone = absent(tempat.registri.url)
    assert "tidak ada yang diubah" in tempat.add(tempat.satu, url=gone).output
    again = tempat.hub("kunci", "wlkp", MITRA, "--tambah", tempat.file(tempat.satu), url=gone)
    assert again.exit_code == 0
    assert tempat.hub("kunci", "wlkp", MITRA, url=gone).exit_code == 0
    assert [peristiwa for peristiwa, _ in tempat.events()] == ["klien_didaftarkan"]


def unchanged(tempat: Tempat, before: bytes) -> bool:
    return tempat.path.read_bytes() == before and not list(tempat.path.parent.glob(".klien*"))


def test_without_its_event_nothing_changes(tempat: Tempat) -> None:
    tempat.add(tempat.satu)
    before = tempat.path.read_bytes()
    tempat.registri.execute(
        "CREATE FUNCTION tolak() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'penuh' USING ERRCODE = '53100'; END $$"
    )
    # Deferred: it fails at the commit, when everything else is done.
    tempat.registri.execute(
        "CREATE CONSTRAINT TRIGGER tolak AFTER INSERT ON audit_peristiwa DEFERRABLE INITIALLY"
        " DEFERRED FOR EACH ROW EXECUTE FUNCTION tolak()"
    )
    for words in (["kunci", "wlkp", MITRA, "--tambah", tempat.file(tempat.dua)],
                  ["cabut", "wlkp", MITRA]):  # fmt: skip
        assert tempat.hub(*words).exit_code == 1
        assert unchanged(tempat, before)
    assert len(tempat.events()) == 1


def test_database_of_another_program_is_refused(
    tempat: Tempat, make_database: MakeDatabase
) -> None:
    before = tempat.path.read_bytes()
    refused = tempat.add(tempat.satu, url=make_database("bpjs"))
    assert isinstance(refused.exception, SchemaError)
    assert unchanged(tempat, before)


def test_machine_that_knows_no_database_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HUB_DATABASE_URL", raising=False)
    persiapan.prepare(tmp_path)
    path, key = tmp_path / "wlkp" / "klien.yaml", tmp_path / "mitra.jwk"
    key.write_text(json.dumps(public_jwk(new_private_pem())))
    before = path.read_bytes()
    words = ["klien", "tambah", "wlkp", MITRA, *UMUM, "--kunci", str(key), "--data", str(tmp_path)]
    refused = CliRunner().invoke(app, words)
    assert isinstance(refused.exception, ConfigurationError)
    assert "--database-url" in refused.exception.detail
    assert path.read_bytes() == before
    assert not (tmp_path / "postgres").exists()  # nobody would look for evidence there


def test_change_that_fails_after_its_event_says_so_and_can_be_repeated(
    tempat: Tempat, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tempat.path.read_bytes()

    def refuse(self: Path, target: Path) -> Path:
        raise OSError(30, "Read-only file system")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", refuse)
        failed = tempat.add(tempat.satu)
    assert isinstance(failed.exception, ConfigurationError)
    assert "sudah tercatat" in failed.exception.detail
    assert unchanged(tempat, before)
    assert tempat.add(tempat.satu).exit_code == 0
    assert MITRA in load_clients(tempat.path)
    assert [peristiwa for peristiwa, _ in tempat.events()] == ["klien_didaftarkan"] * 2


def test_file_that_cannot_be_written_leaves_no_event(
    tempat: Tempat, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        failed = tempat.add(tempat.satu)
    assert isinstance(failed.exception, ConfigurationError)
    assert "tidak ada yang tercatat" in failed.exception.detail
    assert tempat.events() == []


def test_auditor_is_told_by_command_and_in_the_evidence_of_a_breach(tempat: Tempat) -> None:
    tempat.add(tempat.satu)
    tempat.hub("tahan", "wlkp", MITRA, "--alasan", "Contoh: kunci diduga bocor.")
    tempat.hub("cabut", "wlkp", MITRA)
    other = persiapan.SYNC_WLKP.client_id
    tempat.hub("kunci", "wlkp", other)
    told = json.loads(tempat.hub("riwayat", "wlkp", MITRA, "--json").stdout)
    happened = ["klien_didaftarkan", "klien_ditahan", "klien_dicabut"]
    assert [e["peristiwa"] for e in told] == happened
    assert told[0]["rincian"]["sidik_kunci"] == [tempat.satu["kid"]]
    assert json.loads(tempat.hub("riwayat", "wlkp", other, "--json").stdout) == []
    assert MITRA in tempat.hub("riwayat", "wlkp").output
    keluar = tempat.folder / "bukti"
    words = ["jejak", "ekspor", "wlkp", "--keluar", str(keluar), "--klien", MITRA]
    words += ["--diketahui", "2030-03-02T09:30:00+07:00", "--data", str(tempat.registri.data)]
    words += ["--sejak", "2030-01-01", "--sampai", "2030-03-01"]  # years after the registration
    assert CliRunner().invoke(app, [*words, "--database-url", tempat.registri.url]).exit_code == 0
    with (keluar / "peristiwa.csv").open(newline="") as file:
        assert [r["peristiwa"] for r in csv.DictReader(file)] == happened
