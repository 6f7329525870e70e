"""Operators register a partner's client with commands; what they wrote by hand stays."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from typer.testing import CliRunner

from services import persiapan
from services.auth.clients import Klien, load_clients
from services.auth.jws import SigningKey, new_private_pem, public_jwk
from services.auth.klien import make_assertion
from services.auth.kunci_pesan import KunciPesan, new_message_pem
from services.auth.tokens import ASSERTION_TYPE
from services.kit.errors import ConfigurationError
from tests.conftest import MakeDatabase, Registri, open_registri
from tests.perintah import app

MITRA = "mitra-contoh"
UMUM = ("--pihak", "pihak_kedua")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A prepared folder."""
    persiapan.prepare(tmp_path)
    return tmp_path


@pytest.fixture
def registri(make_database: MakeDatabase, tmp_path: Path) -> Iterator[Registri]:
    """Kemnaker's service, which runs while its clients change."""
    with open_registri("wlkp", make_database("wlkp"), tmp_path) as found:
        yield found


def hub(data: Path, *arguments: object) -> Any:
    words = ["klien", *map(str, arguments), "--data", str(data)]
    return CliRunner().invoke(app, words)


@pytest.fixture(scope="module")
def database_url(make_database: MakeDatabase) -> str:
    """Where the tests of the file leave their evidence; what it says is tested elsewhere."""
    return make_database("wlkp")


@pytest.fixture(autouse=True)
def known_database(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Say it as operators do."""
    monkeypatch.setenv("HUB_DATABASE_URL", database_url)


def daftar(data: Path) -> dict[str, Klien]:
    return load_clients(data / "wlkp" / "klien.yaml")


def jwk_file(folder: Path, name: str, jwk: object) -> Path:
    path = folder / name
    path.write_text(json.dumps(jwk))
    return path


def new_jwk(folder: Path, name: str = "baru.jwk") -> tuple[Path, bytes]:
    pem = new_private_pem()
    return jwk_file(folder, name, public_jwk(pem)), pem


def reason(result: Any) -> str:
    assert isinstance(result.exception, ConfigurationError), result.output
    return result.exception.detail


def test_added_client_gets_a_token_from_the_running_service_and_removed_none(
    registri: Registri, tmp_path: Path
) -> None:
    path, pem = new_jwk(tmp_path)
    assert status(registri, pem) == 401
    assert hub(registri.data, "tambah", "wlkp", MITRA, *UMUM, "--kunci", path).exit_code == 0
    assert status(registri, pem) == 200
    assert hub(registri.data, "cabut", "wlkp", MITRA).exit_code == 0
    assert status(registri, pem) == 401


def test_key_is_replaced_without_a_gap(registri: Registri, tmp_path: Path) -> None:
    (path, old), (other, new) = new_jwk(tmp_path), new_jwk(tmp_path, "kedua.jwk")
    hub(registri.data, "tambah", "wlkp", MITRA, *UMUM, "--kunci", path)
    assert hub(registri.data, "kunci", "wlkp", MITRA, "--tambah", other).exit_code == 0
    assert (status(registri, old), status(registri, new)) == (200, 200)
    kid = SigningKey(old).kid
    assert hub(registri.data, "kunci", "wlkp", MITRA, "--buang", kid).exit_code == 0
    assert (status(registri, old), status(registri, new)) == (401, 200)


def status(registri: Registri, pem: bytes) -> int:
    """Return how the service answers to an assertion of the partner's."""
    url = str(registri.klien.base_url.join("/oauth2/token"))
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": make_assertion(SigningKey(pem), MITRA, url),
    }
    answer: httpx.Response = registri.klien.post("/oauth2/token", data=form, auth=None)
    return answer.status_code


def test_same_registration_again_changes_nothing(data: Path, tmp_path: Path) -> None:
    path, _ = new_jwk(tmp_path)
    words = ("tambah", "wlkp", MITRA, *UMUM, "--kunci", path)
    hub(data, *words)
    before = (data / "wlkp" / "klien.yaml").stat()
    again = hub(data, *words)
    assert (again.exit_code, "tidak ada yang diubah" in again.output) == (0, True)
    after = (data / "wlkp" / "klien.yaml").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_other_content_of_a_known_id_is_refused_unless_told(data: Path, tmp_path: Path) -> None:
    (path, _), (other, pem) = new_jwk(tmp_path), new_jwk(tmp_path, "lain.jwk")
    hub(data, "tambah", "wlkp", MITRA, *UMUM, "--kunci", path)
    words = ("tambah", "wlkp", MITRA, *UMUM, "--kunci", other)
    assert "kunci lain" in reason(hub(data, *words))
    assert hub(data, *words, "--ganti").exit_code == 0
    assert daftar(data)[MITRA].kunci == (public_jwk(pem),)


def test_message_key_is_known_by_its_kind(data: Path, tmp_path: Path) -> None:
    message = KunciPesan(new_message_pem()).public[0]
    both = {"keys": [public_jwk(new_private_pem()), message]}
    path = jwk_file(tmp_path, "dua.jwks", both)
    assert hub(data, "tambah", "wlkp", MITRA, *UMUM, "--kunci", path).exit_code == 0
    assert daftar(data)[MITRA].message_keys.keys() == {message["kid"]}


def public_pem(pem: bytes) -> bytes:
    return (
        serialization.load_pem_private_key(pem, None)
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )


def test_public_pem_is_a_key_as_well(data: Path, tmp_path: Path) -> None:
    token, message = new_private_pem(), new_message_pem()
    for name, pem in (("token.pub", token), ("pesan.pub", message)):
        (tmp_path / name).write_bytes(public_pem(pem))
    both = ("--kunci", tmp_path / "token.pub", "--kunci", tmp_path / "pesan.pub")
    assert hub(data, "tambah", "wlkp", MITRA, *UMUM, *both).exit_code == 0
    assert daftar(data)[MITRA].kunci == (dict(public_jwk(token)),)
    assert daftar(data)[MITRA].kunci_pesan == tuple(KunciPesan(message).public)


def test_pem_that_is_no_such_key_is_refused(data: Path, tmp_path: Path) -> None:
    path, pem = tmp_path / "kunci.pub", public_pem(new_private_pem())
    p384 = ec.generate_private_key(ec.SECP384R1()).public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )  # fmt: skip
    for content, sebab in ((pem * 2, "satu berkas"), (pem[:60], "terpotong"), (p384, "P-256")):
        path.write_bytes(content)
        said = reason(hub(data, "tambah", "wlkp", MITRA, *UMUM, "--kunci", path))
        assert sebab in said
        assert "kunci.pub" in said


@pytest.mark.parametrize("bentuk", ["jwk", "jwks", "pem", "pesan"])
def test_private_key_is_refused_and_not_stored(data: Path, tmp_path: Path, bentuk: str) -> None:
    pem, path = new_private_pem(), tmp_path / "kunci"
    jwk = public_jwk(pem) | {"d": "cmFoYXNpYQ"}
    message = KunciPesan(new_message_pem()).public[0] | {"d": "cmFoYXNpYQ"}
    contents = {"jwk": jwk, "jwks": {"keys": [jwk]}, "pesan": message}
    path.write_bytes(pem if bentuk == "pem" else json.dumps(contents[bentuk]).encode())
    before = (data / "wlkp" / "klien.yaml").read_bytes()
    said = reason(hub(data, "tambah", "wlkp", MITRA, *UMUM, "--kunci", path))
    assert "PRIVAT" in said
    assert "cmFoYXNpYQ" not in said
    assert (data / "wlkp" / "klien.yaml").read_bytes() == before


@pytest.mark.parametrize(
    "ubah",
    [
        {"crv": "P-384"},
        {"kty": "RSA"},
        {"x": "AAAA"},
        {"y": public_jwk(new_private_pem())["y"]},
        {"x": 5},
    ],
)
def test_key_that_is_none_is_refused(data: Path, tmp_path: Path, ubah: dict[str, object]) -> None:
    path = jwk_file(tmp_path, "salah.jwk", public_jwk(new_private_pem()) | ubah)
    assert "P-256" in reason(hub(data, "tambah", "wlkp", MITRA, *UMUM, "--kunci", path))


@pytest.mark.parametrize(
    "isi",
    [b"", b"[]", b"{}", b'{"keys": []}', b'{"keys": 5}', b"\xff", b"5", b"[" * 50_000],
    ids=range(8),
)
def test_file_without_a_key_is_named(data: Path, tmp_path: Path, isi: bytes) -> None:
    path = tmp_path / "kosong.jwk"
    path.write_bytes(isi)
    assert "kosong.jwk" in reason(hub(data, "tambah", "wlkp", MITRA, *UMUM, "--kunci", path))


@pytest.mark.parametrize(
    ("pilihan", "sebab"),
    [
        (("--cakupan", "internal:pendaftaran"), "internal:belum_lapor, internal:laporan"),
        (("--cakupan", "pekerja:baca"), "--pihak"),
        (("--pihak", "pihak_kesatu"), "pilih pihak_kedua"),
        ((), "salah satu"),
        ((*UMUM, "--cakupan", "internal:laporan"), "salah satu"),
    ],
)
def test_wrong_scope_is_named_with_the_possible_ones(
    data: Path, tmp_path: Path, pilihan: tuple[str, ...], sebab: str
) -> None:
    path, _ = new_jwk(tmp_path)
    assert sebab in reason(hub(data, "tambah", "wlkp", MITRA, *pilihan, "--kunci", path))


def test_key_of_another_client_is_refused(data: Path, tmp_path: Path) -> None:
    path, _ = new_jwk(tmp_path)
    hub(data, "tambah", "wlkp", MITRA, *UMUM, "--kunci", path)
    said = reason(hub(data, "tambah", "wlkp", "mitra-lain", *UMUM, "--kunci", path))
    assert MITRA in said


def test_last_key_of_a_kind_and_a_key_kept_here_stay(data: Path, tmp_path: Path) -> None:
    path, pem = new_jwk(tmp_path)
    hub(data, "tambah", "wlkp", MITRA, *UMUM, "--kunci", path)
    kid = SigningKey(pem).kid
    assert "terakhir" in reason(hub(data, "kunci", "wlkp", MITRA, "--buang", kid))
    own = persiapan.SYNC_WLKP.client_id
    assert "hub kunci putar" in reason(hub(data, "kunci", "wlkp", own, "--tambah", path))
    assert MITRA in reason(hub(data, "cabut", "wlkp", "mitra-cotoh"))


def test_comments_and_rights_of_the_file_stay(data: Path, tmp_path: Path) -> None:
    path = data / "wlkp" / "klien.yaml"
    own = persiapan.SISTEM_KEMNAKER.client_id
    text = path.read_text().replace(f"- client_id: {own}", f"# loket\n- client_id: {own}  # lama")
    path.write_text(f"# daftar ini milik pusat data\n{text}# akhir\n")
    path.chmod(0o640)
    jwk, _ = new_jwk(tmp_path)
    hub(data, "tambah", "wlkp", MITRA, *UMUM, "--kunci", jwk)
    added = path.read_text()
    assert added.startswith("# daftar ini milik pusat data\n" + text + "# akhir\n")
    other, _ = new_jwk(tmp_path, "kedua.jwk")
    hub(data, "kunci", "wlkp", MITRA, "--tambah", other)
    hub(data, "cabut", "wlkp", MITRA)
    assert path.read_text() == f"# daftar ini milik pusat data\n{text}# akhir\n"
    assert path.stat().st_mode & 0o777 == 0o640
    assert not list(path.parent.glob(".klien*"))


@pytest.mark.parametrize(
    "bentuk", ["[] # belum ada\n", "# belum ada\n[\n]", "--- # belum ada\n[]\n..."]
)
def test_file_laid_out_otherwise_keeps_its_comments(
    data: Path, tmp_path: Path, bentuk: str
) -> None:
    path = data / "wlkp" / "klien.yaml"
    path.write_text(bentuk)
    jwk, _ = new_jwk(tmp_path)
    assert hub(data, "tambah", "wlkp", MITRA, *UMUM, "--kunci", jwk).exit_code == 0
    assert list(daftar(data)) == [MITRA]
    assert "# belum ada" in path.read_text()


def test_rotation_of_our_own_keys_keeps_the_comments(data: Path) -> None:
    path = data / "wlkp" / "klien.yaml"
    path.write_text(path.read_text().replace("  kunci:\n", "  kunci:  # dari mitra\n", 1))
    assert CliRunner().invoke(app, ["kunci", "putar", "--data", str(data)]).exit_code == 0
    assert path.read_text().startswith("# dari mitra\n- client_id")
    assert {len(k.kunci) for k in daftar(data).values()} == {2}


def test_id_registered_twice_is_an_error(data: Path) -> None:
    path = data / "wlkp" / "klien.yaml"
    path.write_text(path.read_text() * 2)
    with pytest.raises(ConfigurationError, match="dua kali"):
        load_clients(path)
