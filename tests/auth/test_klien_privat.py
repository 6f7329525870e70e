"""What is no public key has no place in `klien.yaml`, also when somebody writes it by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from services import persiapan
from services.auth.clients import load_clients
from services.auth.jws import new_private_pem, public_jwk
from services.auth.kunci_pesan import KunciPesan, new_message_pem
from services.kit import logging
from services.kit.errors import ConfigurationError
from tests.conftest import MakeDatabase, open_registri

MITRA = "mitra-contoh"
Kunci = dict[str, object]
RAHASIA = "cmFoYXNpYS1yYWhhc2lhLXJhaGFzaWE"


def ec(**changes: object) -> Kunci:
    return public_jwk(new_private_pem()) | {"kid": "kunci-mitra"} | changes


def okp(**changes: object) -> Kunci:
    return KunciPesan(new_message_pem()).public[0] | {"kid": "kunci-mitra"} | changes


BUKAN_PUBLIK: dict[str, tuple[str, Kunci]] = {
    "EC": ("kunci", ec(d=RAHASIA)),
    "OKP": ("kunci_pesan", okp(d=RAHASIA)),
    "RSA": ("kunci", {"kty": "RSA", "n": "AQAB", "e": "AQAB", "p": RAHASIA, "kid": "kunci-mitra"}),
    "oct": ("kunci", {"kty": "oct", "k": RAHASIA, "kid": "kunci-mitra"}),
    "oct untuk pesan": ("kunci_pesan", {"kty": "oct", "k": RAHASIA, "kid": "kunci-mitra"}),
    "bertingkat": ("kunci", ec(lampiran={"pasangan": [{"d": RAHASIA}]})),
    "PEM dalam larik": ("kunci_pesan", okp(x5c=[f"-----BEGIN PRIVATE KEY-----\n{RAHASIA}\n"])),
    "PEM": ("kunci", ec(pem=f"-----BEGIN PRIVATE KEY-----\n{RAHASIA}\n")),
}
BUKAN_KUNCI: dict[str, tuple[str, Kunci]] = {
    "P-384": ("kunci", ec(crv="P-384")),
    "RSA publik": ("kunci", {"kty": "RSA", "n": "AQAB", "e": "AQAB", "kid": "kunci-mitra"}),
    "bukan titik": ("kunci", ec(y=ec()["y"])),
    "x Ed25519 terpotong": ("kunci_pesan", okp(x="AAAA")),
    "kunci pesan untuk token": ("kunci", okp()),
    "kunci token untuk pesan": ("kunci_pesan", ec()),
}


def write(path: Path, tempat: str, jwk: Kunci) -> None:
    """Register a partner by hand, with one key more than its good one."""
    entry: dict[str, Any] = {"client_id": MITRA, "pihak": "pihak_kedua", "kunci": [ec(kid="baik")]}
    entry.setdefault(tempat, []).append(jwk)
    # JSON is YAML: another way than that of the commands, and the values as they are.
    others = yaml.safe_load(path.read_text())
    path.write_text(json.dumps([*others, entry]))


@pytest.mark.parametrize("nama", BUKAN_PUBLIK)
def test_key_that_is_not_public_is_refused_with_client_key_and_remedy(
    tmp_path: Path, nama: str
) -> None:
    persiapan.prepare(tmp_path)
    path = tmp_path / "wlkp" / "klien.yaml"
    write(path, *BUKAN_PUBLIK[nama])
    with pytest.raises(ConfigurationError) as refused:
        load_clients(path)
    said = refused.value.detail
    assert f"klien.yaml: klien {MITRA}, {BUKAN_PUBLIK[nama][0]} kunci-mitra" in said
    assert "PRIVAT" in said
    assert "bocor" in said
    assert "pasangan kunci baru" in said
    assert RAHASIA not in said


@pytest.mark.parametrize("nama", BUKAN_KUNCI)
def test_key_that_cannot_be_used_where_it_stands_is_refused(tmp_path: Path, nama: str) -> None:
    persiapan.prepare(tmp_path)
    path = tmp_path / "wlkp" / "klien.yaml"
    write(path, *BUKAN_KUNCI[nama])
    with pytest.raises(ConfigurationError, match=f"klien {MITRA}, .*kunci-mitra") as refused:
        load_clients(path)
    assert "bocor" not in refused.value.detail


@pytest.mark.parametrize("kid", [None, 7, f"-----BEGIN PRIVATE KEY-----\n{RAHASIA}\n", RAHASIA * 3])
def test_key_without_an_id_that_may_be_shown_is_named_by_its_place(
    tmp_path: Path, kid: object
) -> None:
    persiapan.prepare(tmp_path)
    path = tmp_path / "wlkp" / "klien.yaml"
    write(path, "kunci", {"kty": "oct", "k": RAHASIA, "kid": kid})
    with pytest.raises(ConfigurationError, match=f"klien {MITRA}, kunci ke-2") as refused:
        load_clients(path)
    assert RAHASIA not in refused.value.detail


@pytest.mark.parametrize("nama", ["EC", "OKP", "oct"])
def test_service_does_not_start_with_a_private_key(
    make_database: MakeDatabase, tmp_path: Path, nama: str
) -> None:
    persiapan.prepare(tmp_path)
    write(tmp_path / "wlkp" / "klien.yaml", *BUKAN_PUBLIK[nama])
    with (
        pytest.raises(ConfigurationError, match="PRIVAT"),
        open_registri("wlkp", make_database("wlkp"), tmp_path),
    ):
        pass


@pytest.mark.usefixtures("log_sendiri")
@pytest.mark.parametrize("nama", ["EC", "oct"])
def test_running_service_keeps_its_registrations_and_says_why(
    make_database: MakeDatabase, tmp_path: Path, nama: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with open_registri("wlkp", make_database("wlkp"), tmp_path) as registri:
        path = tmp_path / "wlkp" / "klien.yaml"
        good = path.read_text()
        write(path, *BUKAN_PUBLIK[nama])
        logging.configure("uji", "INFO")
        assert registri.klien.get("/v1/badan-usaha").status_code == 200
        issuer = registri.app.state.service.issuer
        assert MITRA not in issuer.clients
        lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
        (said, *_) = [li for li in lines if li["event"] == "berkas tidak terpakai"]
        assert f"klien {MITRA}, kunci kunci-mitra memuat kunci PRIVAT" in said["sebab"]
        assert RAHASIA not in json.dumps(lines)
        path.write_text(good.replace(persiapan.SISTEM_KEMNAKER.client_id, "loket-baru"))
        assert registri.klien.get("/v1/badan-usaha").status_code == 200
        assert "loket-baru" in issuer.clients  # and takes up the next good one
