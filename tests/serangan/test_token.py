"""Forged, stolen, old and reused tokens and assertions."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jose import jwt

from services import kunci, persiapan
from services.auth.jws import SigningKey, new_private_pem
from services.auth.tokens import ASSERTION_TYPE
from tests.conftest import BASE, TUJUAN, MakeDatabase, Registri, open_registri
from tests.serangan.alat import Serangan, each, nothing_written, refused

KLIEN = persiapan.SYNC_WLKP
LAIN = persiapan.SISTEM_KEMNAKER
AUD = f"{BASE}/oauth2/token"
KLIEN_SALAH, TOKEN_SALAH, LEWAT, TERIKAT = (f"KLIEN-OTENTIKASI-00{n}" for n in (4, 2, 3, 9))


def key(registri: Registri, of: persiapan.Registrasi = KLIEN) -> SigningKey:
    return SigningKey(of.key_path(registri.data).read_bytes())


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    made = {
        "iss": KLIEN.client_id, "sub": KLIEN.client_id, "aud": AUD, "iat": now, "exp": now + 60,
        "jti": f"uji-{time.monotonic_ns()}",
    }  # fmt: skip
    return {**made, **changes}


def token_claims(**changes: Any) -> dict[str, Any]:
    return claims(iss=BASE, aud=BASE, scope="perjanjian:badan_usaha:baca", pihak="pihak_kedua") | (
        changes
    )


def part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def unsigned(alg: str) -> Callable[..., str]:
    return lambda _r, c: f"{part({'alg': alg, 'typ': 'JWT'})}.{part(c)}."


def hmac_with_public_key(registri: Registri, made: dict[str, Any]) -> str:
    """Key confusion: the public key's text as the secret of HS256."""
    secret = json.dumps(key(registri).public).encode()
    signed = f"{part({'alg': 'HS256', 'typ': 'JWT', 'kid': key(registri).kid})}.{part(made)}"
    mac = hmac.digest(secret, signed.encode(), hashlib.sha256)
    return f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def own_key_in_the_head(registri: Registri, made: dict[str, Any]) -> str:
    own = SigningKey(new_private_pem())
    head = {"kid": key(registri).kid, "jwk": own.public, "jku": "https://penyerang.example/jwks"}
    return str(jwt.encode(made, own._key, algorithm="ES256", headers=head))


def changed(**changes: Any) -> Callable[..., str]:
    return lambda r, c: key(r).sign(c | changes)


def far(seconds: int, *names: str) -> Callable[..., str]:
    return lambda r, c: key(r).sign(c | {n: int(time.time()) + seconds for n in names})


def of_another(registri: Registri, made: dict[str, Any]) -> str:
    return key(registri, LAIN).sign(made)


def cut(registri: Registri, made: dict[str, Any]) -> str:
    return key(registri).sign(made)[:-4]


def without(name: str) -> Callable[..., str]:
    return lambda r, c: key(r).sign({k: v for k, v in c.items() if k != name})


PERNYATAAN = tuple(
    Serangan(nama, buat, 401, KLIEN_SALAH)
    for nama, buat in (
        ("alg-none", unsigned("none")),
        ("alg-None", unsigned("None")),
        ("tanpa-tanda", unsigned("ES256")),
        ("kunci-publik-sebagai-rahasia", hmac_with_public_key),
        ("kunci-sendiri-di-kepala", own_key_in_the_head),
        ("kunci-klien-lain", of_another),
        ("tanda-terpotong", cut),
        ("aud-layanan-lain", changed(aud="https://lain.example/oauth2/token")),
        ("aud-tanpa-jalur", changed(aud=BASE)),
        ("aud-beberapa", changed(aud=[AUD, "https://lain.example/oauth2/token"])),
        ("sub-klien-lain", changed(sub=LAIN.client_id)),
        ("iss-asing", changed(iss="tidak-terdaftar", sub="tidak-terdaftar")),
        ("kedaluwarsa", far(-60, "exp")),
        ("berumur-sejam", far(3_600, "exp")),
        ("iat-masa-depan", far(600, "iat")),
        ("nbf-masa-depan", far(600, "nbf")),
        ("exp-teks", changed(exp=str(int(time.time()) + 3_600))),
        ("exp-tak-hingga", changed(exp=float("inf"))),
        ("exp-raksasa", changed(exp=10**400)),
        ("iat-nan", changed(iat=float("nan"))),
        ("exp-benar", changed(exp=True)),
        ("tanpa-exp", without("exp")),
        ("tanpa-jti", without("jti")),
        ("jti-kosong", changed(jti="")),
        ("jti-nul", changed(jti="a\0b")),
        ("jti-surogat", changed(jti="a\ud800b")),
        ("jti-baris-baru", changed(jti="a\nb")),
        ("jti-raksasa", changed(jti="a" * 4_000)),
        ("jti-bilangan", changed(jti=7)),
        ("bukan-jwt", lambda *_: "bukan.sebuah.jwt"),
        ("kepala-bukan-objek", lambda _r, c: f"{part([])}.{part(c)}.AAAA"),
    )
)


def ask(registri: Registri, assertion: str) -> Any:
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": assertion,
    }
    return registri.anonim.post("/oauth2/token", data=form)


@each(PERNYATAAN)
def test_forged_assertion_gets_no_token(wlkp: Registri, serangan: Serangan) -> None:
    used = wlkp.fetch("SELECT count(*) FROM auth_jti")
    with nothing_written(wlkp):
        answer = ask(wlkp, serangan.buat(wlkp, claims()))
    refused(answer, serangan.status, serangan.kode)
    assert answer.json()["error"] == "invalid_client"
    assert wlkp.fetch("SELECT count(*) FROM auth_jti") == used


def test_reused_jti_gets_no_second_token(wlkp: Registri) -> None:
    """Also with another signature over other claims: the mark is used, not the text."""
    assert ask(wlkp, key(wlkp).sign(claims(jti="sekali"))).status_code == 200
    refused(ask(wlkp, key(wlkp).sign(claims(jti="sekali", tambahan=1))), 401, KLIEN_SALAH)


def real(registri: Registri) -> str:
    return str(ask(registri, key(registri).sign(claims())).json()["access_token"])


def service_key(registri: Registri) -> SigningKey:
    return SigningKey((registri.data / "wlkp" / "kunci.pem").read_bytes())


def by_service(**changes: Any) -> Callable[..., str]:
    """A token that the service's key really signed, for another end or another time."""
    return lambda r: service_key(r).sign(token_claims(**changes))


def with_wider_scope(registri: Registri) -> str:
    head, body, signature = real(registri).split(".")
    made = json.loads(base64.urlsafe_b64decode(body + "=="))
    return f"{head}.{part(made | {'scope': 'internal:laporan'})}.{signature}"


def of_the_other_service(registri: Registri) -> str:
    other = SigningKey((registri.data / "bpjs" / "kunci.pem").read_bytes())
    return other.sign(token_claims())


def far_by_service(seconds: int, *names: str) -> Callable[..., str]:
    return lambda r: service_key(r).sign(
        token_claims(**{n: int(time.time()) + seconds for n in names})
    )


PEMBAWA = (
    Serangan("alg-none", lambda _: unsigned("none")(None, token_claims()), 401, TOKEN_SALAH),
    Serangan(
        "kunci-publik-sebagai-rahasia",
        lambda r: hmac_with_public_key(r, token_claims()), 401, TOKEN_SALAH,
    ),
    Serangan("kunci-klien", lambda r: key(r).sign(token_claims()), 401, TOKEN_SALAH),
    Serangan("kunci-layanan-lain", of_the_other_service, 401, TOKEN_SALAH),
    Serangan("aud-layanan-lain", by_service(aud="https://bpjs.example"), 401, TOKEN_SALAH),
    Serangan("pernyataan-sebagai-token", lambda r: key(r).sign(claims()), 401, TOKEN_SALAH),
    Serangan("manifes-sebagai-token", by_service(aud=KLIEN.client_id), 401, TOKEN_SALAH),
    Serangan("cakupan-diperluas", with_wider_scope, 401, TOKEN_SALAH),
    Serangan("klien-dicabut", by_service(sub="sudah-dicabut"), 401, TOKEN_SALAH),
    Serangan("kedaluwarsa", far_by_service(-60, "exp"), 401, LEWAT),
    Serangan("iat-masa-depan", far_by_service(600, "iat"), 401, TOKEN_SALAH),
    Serangan("nbf-masa-depan", far_by_service(600, "nbf"), 401, TOKEN_SALAH),
    Serangan("berumur-sepuluh-tahun", far_by_service(315_360_000, "exp"), 401, TOKEN_SALAH),
    Serangan("berumur-enam-menit", far_by_service(360, "exp"), 401, TOKEN_SALAH),
    Serangan("exp-teks", by_service(exp="9999999999"), 401, TOKEN_SALAH),
    Serangan("sertifikat-lain", by_service(cnf={"x5t#S256": "A" * 43}), 401, TERIKAT),
    Serangan("raksasa", lambda _: "A" * 40_000, 401, TOKEN_SALAH),
    Serangan("bukan-ascii", lambda _: "tokén".encode().decode("latin-1"), 401, TOKEN_SALAH),
)  # fmt: skip


@each(PEMBAWA)
def test_forged_token_opens_nothing(wlkp: Registri, serangan: Serangan) -> None:
    token = serangan.buat(wlkp)
    given = wlkp.fetch("SELECT count(*) FROM audit_akses")
    head = [("authorization", f"Bearer {token}".encode("latin-1")), ("tujuan", TUJUAN["wlkp"])]
    with nothing_written(wlkp):
        answer = wlkp.anonim.get("/v1/badan-usaha", headers=head)
    refused(answer, serangan.status, serangan.kode)
    assert "WWW-Authenticate" in answer.headers
    assert wlkp.fetch("SELECT count(*) FROM audit_akses") == given


def test_token_ends_with_the_key_that_signed_it(
    make_database: MakeDatabase, tmp_path: Path
) -> None:
    """Also where it was verified before: a stolen key's tokens were kept as they had been read."""
    with open_registri("wlkp", make_database("wlkp"), tmp_path) as registri:
        head = {"Tujuan": TUJUAN["wlkp"], "Authorization": f"Bearer {real(registri)}"}
        assert registri.anonim.get("/v1/badan-usaha", headers=head).status_code == 200
        kunci.rotate(tmp_path)  # what it gave is accepted until it is pruned
        assert registri.anonim.get("/v1/badan-usaha", headers=head).status_code == 200
        kunci.prune(tmp_path)
        refused(registri.anonim.get("/v1/badan-usaha", headers=head), 401, TOKEN_SALAH)


def test_token_belongs_in_its_header_and_nowhere_else(wlkp: Registri) -> None:
    token = real(wlkp)
    for path, head in (
        (f"/v1/badan-usaha?access_token={token}", {}),
        ("/v1/badan-usaha", {"Authorization": f"Basic {token}"}),
        ("/v1/badan-usaha", {"Authorization": token}),
        ("/v1/badan-usaha", {"Cookie": f"access_token={token}"}),
    ):
        answer = wlkp.anonim.get(path, headers={"Tujuan": TUJUAN["wlkp"], **head})
        refused(answer, 401, "KLIEN-OTENTIKASI-001")
