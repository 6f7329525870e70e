"""Client credentials with a signed assertion (RFC 7523): what is refused, and how."""

from __future__ import annotations

import base64
import datetime as dt
import json
import re
import subprocess
import sys
import time
from typing import Any

import pytest
from starlette.testclient import TestClient

from services import persiapan
from services.auth.clients import load_clients, save_clients
from services.auth.jws import SigningKey, new_private_pem, public_jwk
from services.auth.tokens import ASSERTION_TYPE
from services.kit.settings import ServiceSettings
from shared_schemas.rujukan import Pihak
from tests.conftest import BASE, DEKAT, TUJUAN, Jam, MakeDatabase, Registri
from wlkp_gateway.app import create_app

CLIENT = persiapan.SYNC_WLKP
AUD = f"{BASE}/oauth2/token"


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    made = {
        "iss": CLIENT.client_id,
        "sub": CLIENT.client_id,
        "aud": AUD,
        "iat": now,
        "exp": now + 60,
        "jti": f"uji-{time.monotonic_ns()}",
    }
    return {k: v for k, v in {**made, **changes}.items() if v is not None}


def key(registri: Registri) -> SigningKey:
    return SigningKey(CLIENT.key_path(registri.data).read_bytes())


def ask(registri: Registri, assertion: str, **form: str) -> Any:
    fields = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": assertion,
        **form,
    }
    return registri.anonim.post("/oauth2/token", data=fields)


def part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def test_token_lives_at_most_five_minutes_with_the_scopes_of_the_articles(wlkp: Registri) -> None:
    answer = ask(wlkp, key(wlkp).sign(claims()))
    assert answer.status_code == 200
    content = answer.json()
    assert content["expires_in"] <= 300
    assert set(content["scope"].split()) == {
        "perjanjian:badan_usaha:baca",
        "perjanjian:potensi_pekerja:baca",
        "perjanjian:pekerja:baca",
        "perjanjian:usulan:kirim",
    }
    assert answer.headers["cache-control"] == "no-store"
    event = wlkp.fetch("SELECT pelaku FROM audit_peristiwa WHERE peristiwa = 'token_diberikan'")
    assert event[-1].pelaku == CLIENT.client_id


def test_bpjs_scopes_follow_pasal_5(bpjs: Registri) -> None:
    auth = bpjs.klien.auth
    assert auth is not None
    assert bpjs.klien.get("/v1/badan-usaha").status_code == 200
    scopes = bpjs.app.state.service.agreement.scopes_of(Pihak.KESATU)
    assert {s.removeprefix("perjanjian:") for s in scopes} == {
        "badan_usaha:baca",
        "status_pendaftaran:baca",
        "pekerja:baca",
        "status_kepesertaan:baca",
        "usulan:kirim",
    }


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "https://lain.example/oauth2/token"},
        {"exp": int(time.time()) - 60},
        {"exp": int(time.time()) + 3_600},
        {"iss": "tidak-terdaftar", "sub": "tidak-terdaftar"},
        {"sub": "rekonsiliasi-pihak-kesatu"},
        {"jti": None},
        {"exp": None},
        {"iat": int(time.time()) + 600},
    ],
    ids=[
        "aud",
        "kedaluwarsa",
        "terlalu-lama",
        "asing",
        "sub-lain",
        "tanpa-jti",
        "tanpa-exp",
        "iat",
    ],
)
def test_wrong_assertion_is_refused(wlkp: Registri, changes: dict[str, Any]) -> None:
    answer = ask(wlkp, key(wlkp).sign(claims(**changes)))
    assert answer.status_code == 401
    assert answer.json()["error"] == "invalid_client"
    assert "access_token" not in answer.json()


def test_assertion_is_accepted_once(wlkp: Registri) -> None:
    assertion = key(wlkp).sign(claims())
    assert ask(wlkp, assertion).status_code == 200
    again = ask(wlkp, assertion)
    assert (again.status_code, again.json()["error"]) == (401, "invalid_client")


def test_published_example_has_exactly_the_claims_that_are_required(wlkp: Registri) -> None:
    told = wlkp.app.openapi()["paths"]["/oauth2/token"]["post"]
    head, example = told["description"].split("```")[1].removeprefix("json\n").split("\n", 1)
    assert json.loads(head)["alg"] == "ES256"
    published = json.loads(example)
    assert published["aud"].endswith("/oauth2/token")
    assert published["iss"] == published["sub"]
    form = told["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]
    for claim in published:
        assert f"`{claim}`" in form["properties"]["client_assertion"]["description"]
        answer = ask(wlkp, key(wlkp).sign(claims(**{claim: None})))
        assert (answer.status_code, answer.json()["kode"]) == (401, "KLIEN-OTENTIKASI-004"), claim
    assert ask(wlkp, key(wlkp).sign({k: claims()[k] for k in published})).status_code == 200


@pytest.mark.parametrize("aud", [BASE, f"{BASE}/", [AUD]], ids=["alamat", "garis", "larik"])
def test_refused_audience_is_told_which_one_is_meant(wlkp: Registri, aud: Any) -> None:
    answer = ask(wlkp, key(wlkp).sign(claims(aud=aud)))
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="hub"'
    assert "aud" in answer.json()["error_description"]
    assert "satu teks" in answer.json()["error_description"]


@pytest.mark.parametrize("selisih", [-29, -10, 10, 29])
def test_clocks_may_differ_by_the_published_tolerance(wlkp: Registri, selisih: int) -> None:
    rules = wlkp.anonim.get("/.well-known/tanda-tangan").json()
    assert abs(selisih) < rules["toleransi_detik"] == 30
    now = int(time.time()) + selisih
    assert ask(wlkp, key(wlkp).sign(claims(iat=now, exp=now + 300))).status_code == 200
    ended = claims(iat=now - 60, exp=int(time.time()) + min(selisih, 0))
    assert ask(wlkp, key(wlkp).sign(ended)).status_code == 200


@pytest.mark.parametrize("selisih", [-400, -95, 40, 400])
def test_clock_that_is_wrong_is_told_the_time_of_the_service(wlkp: Registri, selisih: int) -> None:
    now = int(time.time()) + selisih
    late = claims(iat=now, exp=now + 60)
    answer = ask(wlkp, key(wlkp).sign(late))
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    told = re.search(r"Waktu layanan (\S+)\.$", answer.json()["error_description"])
    assert told is not None
    assert abs(dt.datetime.fromisoformat(told[1]).timestamp() - time.time()) < 30
    stranger = ask(wlkp, SigningKey(new_private_pem()).sign(late))
    assert "Waktu" not in stranger.json()["error_description"]


def test_assertion_within_the_tolerance_is_accepted_once(
    make_database: MakeDatabase, data: Any
) -> None:
    jam = Jam(dt.datetime.now(dt.UTC))
    settings = ServiceSettings(
        data=data, database_url=make_database("wlkp"), penerbit=BASE, tanda_tangan=False
    )
    app = create_app(settings, jam)
    client = TestClient(app, base_url=BASE, client=DEKAT)
    signer = SigningKey(CLIENT.key_path(data).read_bytes())

    def token(assertion: str) -> int:
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": assertion,
        }
        return int(client.post("/oauth2/token", data=form).status_code)

    now = int(jam().timestamp())
    first = signer.sign(claims(iat=now, exp=now + 60))
    assert token(first) == 200
    for later in (59, 85, 89, 91):
        jam.sekarang = dt.datetime.fromtimestamp(now + later, dt.UTC)
        assert token(signer.sign(claims(iat=now + later, exp=now + later + 60))) == 200
        assert token(first) == 401
    app.state.service.engine.dispose()


def test_assertion_of_another_key_is_refused(wlkp: Registri) -> None:
    assert ask(wlkp, SigningKey(new_private_pem()).sign(claims())).status_code == 401


@pytest.mark.parametrize("alg", ["none", "HS256"])
def test_algorithm_confusion_is_refused(wlkp: Registri, alg: str) -> None:
    forged = f"{part({'alg': alg, 'typ': 'JWT'})}.{part(claims())}."
    assert ask(wlkp, forged).status_code == 401
    assert (
        wlkp.anonim.get(
            "/v1/badan-usaha", headers={"Authorization": f"Bearer {forged}"}
        ).status_code
        == 401
    )


def test_other_grants_and_scopes_get_the_oauth_error(wlkp: Registri) -> None:
    wrong = ask(wlkp, "x", grant_type="password")
    assert (wrong.status_code, wrong.json()["error"]) == (400, "unsupported_grant_type")
    more = ask(wlkp, key(wlkp).sign(claims()), scope="internal:laporan")
    assert (more.status_code, more.json()["error"]) == (400, "invalid_scope")


def test_narrower_scope_is_given_and_kept_to(wlkp: Registri) -> None:
    narrow = ask(wlkp, key(wlkp).sign(claims()), scope="perjanjian:badan_usaha:baca").json()
    head = {"Authorization": f"Bearer {narrow['access_token']}"}
    assert wlkp.anonim.get("/v1/badan-usaha", headers=head).status_code == 200
    refused = wlkp.anonim.get("/v1/perubahan/pekerja", headers=head)
    assert (refused.status_code, refused.json()["kode"]) == (403, "KLIEN-OTORISASI-001")


def test_exchange_and_internal_identities_do_not_mix(wlkp: Registri) -> None:
    internal = wlkp.internal.get("/v1/badan-usaha")
    assert (internal.status_code, internal.json()["kode"]) == (403, "KLIEN-OTORISASI-001")
    exchange = wlkp.klien.get("/v1/belum-lapor")
    assert (exchange.status_code, exchange.json()["kode"]) == (403, "KLIEN-OTORISASI-001")


def test_expired_token_says_so(make_database: MakeDatabase, data: Any) -> None:
    jam = Jam(dt.datetime.now(dt.UTC))
    app = create_app(
        ServiceSettings(
            data=data, database_url=make_database("wlkp"), penerbit=BASE, tanda_tangan=False
        ),
        jam,
    )
    client = TestClient(app, base_url=BASE, client=DEKAT)
    signer = SigningKey(CLIENT.key_path(data).read_bytes())
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": signer.sign(claims()),
    }
    token = client.post("/oauth2/token", data=form).json()["access_token"]
    head = {"Authorization": f"Bearer {token}", "Tujuan": TUJUAN["wlkp"]}
    assert client.get("/v1/badan-usaha", headers=head).status_code == 200
    jam.sekarang += dt.timedelta(minutes=6)
    late = client.get("/v1/badan-usaha", headers=head)
    assert (late.status_code, late.json()["kode"]) == (401, "KLIEN-OTENTIKASI-003")
    app.state.service.engine.dispose()


def test_two_keys_work_during_a_rotation(make_database: MakeDatabase, tmp_path: Any) -> None:
    persiapan.prepare(tmp_path)
    new, path = new_private_pem(), tmp_path / "wlkp" / "klien.yaml"
    clients = load_clients(path)
    both = clients[CLIENT.client_id]
    keys = (*both.kunci, dict(public_jwk(new)))
    save_clients(
        path,
        [*(c for c in clients.values() if c is not both), both.model_copy(update={"kunci": keys})],
    )
    settings = ServiceSettings(
        data=tmp_path, database_url=make_database("wlkp"), penerbit=BASE, tanda_tangan=False
    )
    app = create_app(settings)
    client = TestClient(app, base_url=BASE, client=DEKAT)
    for pem in (CLIENT.key_path(tmp_path).read_bytes(), new):
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": SigningKey(pem).sign(claims()),
        }
        assert client.post("/oauth2/token", data=form).status_code == 200
    app.state.service.engine.dispose()


def test_tokens_work_with_ecdsa_and_rsa_blocked_from_import() -> None:
    """python-jose installs both; CVE-2024-23342 is in `ecdsa`, so neither may ever be used."""
    program = """
import sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("ecdsa", "rsa"):
            raise ImportError(name)
sys.meta_path.insert(0, Blocked())
import time
from services.auth.jws import SigningKey, VerifyingKey, new_private_pem
key = SigningKey(new_private_pem())
now = int(time.time())
token = key.sign({"iss": "a", "sub": "a", "aud": "b", "iat": now, "exp": now + 60})
claims = VerifyingKey(dict(key.public)).verify(token, audience="b", now=now)
assert claims["sub"] == "a"
assert not {"ecdsa", "rsa"} & set(sys.modules)
print("baik")
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "baik\n"), done.stderr
