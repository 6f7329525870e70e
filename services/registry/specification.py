"""What the published specification says beyond what FastAPI reads off the routes.

Headers that edge, signatures and quota put on answers, the purposes of a right, the forms inside
signatures: no route declares them, and whoever has only the document needs them.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from fastapi import FastAPI
from pydantic.json_schema import models_json_schema

from services.audit.quota import KEBIJAKAN
from services.registry.contoh_permintaan import ID, request_examples
from shared_schemas.perjanjian import CONTOH, Perjanjian, load
from shared_schemas.rujukan import Pihak
from shared_schemas.v1.klaim import KLAIM

_PERJANJIAN = "perjanjian:"
_TEKS = {"type": "string"}
_BILA_TANDA = "bila permintaan bertanda tangan sah"
_KUOTA = "bila permintaan mengurangi kuota orang (draft-ietf-httpapi-ratelimit-headers)"

HEADERS: dict[str, dict[str, Any]] = {
    "X-Request-Id": {
        "description": "Id permintaan; sebutkan bila bertanya kepada operator.",
        "schema": _TEKS,
    },
    "WWW-Authenticate": {
        "description": "Tantangan (RFC 6750); `error` menyebut bila token baru menolong.",
        "schema": _TEKS,
        "example": 'Bearer realm="hub", error="invalid_token"',
    },
    "Retry-After": {"description": "Detik sampai boleh diulang.", "schema": {"type": "string"}},
    "Signature": {
        "description": f"Tanda tangan layanan (RFC 9421), {_BILA_TANDA}.",
        "schema": _TEKS,
    },
    "Signature-Input": {
        "description": f"Komponen dan parameter tanda tangan layanan (RFC 9421), {_BILA_TANDA}.",
        "schema": _TEKS,
    },
    "Content-Digest": {
        "description": f"Sidik isi yang dikirim (RFC 9530), {_BILA_TANDA}.",
        "schema": _TEKS,
    },
    "RateLimit": {
        "description": f"Sisa hari ini, {_KUOTA}.",
        "schema": _TEKS,
        "example": f'"{KEBIJAKAN}:perluasan_kepesertaan";r=99000;t=36000',
    },
    "RateLimit-Policy": {
        "description": f"Kuota sehari, {_KUOTA}.",
        "schema": _TEKS,
        "example": f'"{KEBIJAKAN}:perluasan_kepesertaan";q=100000;w=86400',
    },
    "Link": {
        "description": 'Halaman berikutnya (RFC 8288, rel="next"), bila ada.',
        "schema": _TEKS,
        "example": '<?batas=1000&kursor=abc>; rel="next"',
    },
    "Content-Range": {
        "description": "Letak rentang; pada 416 panjang seluruh bagian.",
        "schema": _TEKS,
        "example": "bytes */1048576",
    },
}
"""The headers of answers that several routes share."""

_TANDA = "Wajib bila klien mendaftarkan kunci pesan; aturannya di GET /.well-known/tanda-tangan."
PARAMETERS: dict[str, dict[str, Any]] = {
    "Perjanjian": {
        "description": "Nomor perjanjian (`nomor_perjanjian` di GET /.well-known/tanda-tangan),"
        f" komponen yang ditandatangani. {_TANDA}",
        "schema": _TEKS,
        "example": "CONTOH/PKS/2020",
    },
    "Content-Digest": {
        "description": f"Sidik badan (RFC 9530): `sha-256=:…:`. {_TANDA}",
        "schema": _TEKS,
        "example": "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:",
    },
    "Signature-Input": {
        "description": f"Komponen dan parameter tanda tangan (RFC 9421). {_TANDA}",
        "schema": _TEKS,
        "example": 'hub=("@method" "@target-uri" "perjanjian" "tujuan" "content-digest")'
        ';created=1764547200;expires=1764547260;keyid="…";nonce="…";tag="hub-permintaan"',
    },
    "Signature": {
        "description": f"Tanda tangan Ed25519 (RFC 9421): `hub=:…:`. {_TANDA}",
        "schema": _TEKS,
    },
}
"""The headers by which a request is signed."""

_SERTIFIKAT = {
    "type": "mutualTLS",
    "description": "Sertifikat klien (RFC 8705); token hanya berlaku bersama sertifikat yang"
    " dipakai memintanya. Diperiksa di sini atau di proksi tempat TLS berakhir.",
}
_JWT = {"contentMediaType": "application/jwt"}
_ID = {Pihak.KESATU: "WLKP-0000001", Pihak.KEDUA: "BU-0000001"}


def complete(app: FastAPI, pemilik: Pihak) -> None:
    """Let an application's specification say these things, too."""
    made: Callable[[], dict[str, Any]] = app.openapi

    @cache
    def openapi() -> dict[str, Any]:
        document = copy.deepcopy(made())  # parts of it are the routes' own
        _describe_answers(document)
        _describe_requests(document, load(CONTOH), pemilik)
        _show_bodies(document, pemilik)
        _describe_signed(document)
        lawan = next(p for p in _ID if p is not pemilik)
        _name_ids(document, _ID[pemilik], _ID[lawan])
        return document

    app.openapi = openapi  # type: ignore[method-assign]


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for operation in item.values():
            yield path, operation


def _describe_answers(document: dict[str, Any]) -> None:
    document["components"]["headers"] = HEADERS
    for path, operation in _operations(document):
        for status, answer in operation["responses"].items():
            told = answer.setdefault("headers", {})
            for name in _headers_of(path, operation.get("x-cakupan", ""), status):
                told.setdefault(name, {"$ref": f"#/components/headers/{name}"})


def _headers_of(path: str, cakupan: str, status: str) -> Iterator[str]:
    """Yield the headers that an answer can bear beside those that its route declares."""
    yield "X-Request-Id"
    if status == "401" or (status == "403" and cakupan):
        yield "WWW-Authenticate"
    if status in {"429", "503"} and path != "/readyz":
        yield "Retry-After"
    if status == "416":
        yield "Content-Range"
    if cakupan and status != "413":  # refused before it is read
        yield from ("Signature", "Signature-Input", "Content-Digest")
    if cakupan.startswith(_PERJANJIAN) and status not in {"401", "403", "413"}:
        yield from ("RateLimit", "RateLimit-Policy")


def _describe_requests(document: dict[str, Any], perjanjian: Perjanjian, pemilik: Pihak) -> None:
    rights = {f"{_PERJANJIAN}{h.cakupan}": h for h in perjanjian.hak if h.pemberi is pemilik}
    components = document["components"]
    components["parameters"] = {
        n: {"name": n, "in": "header", "required": False, **p} for n, p in PARAMETERS.items()
    }
    scopes: dict[str, str] = {}
    for path, operation in _operations(document):
        cakupan = operation.get("x-cakupan")
        if cakupan is None:
            if path == "/oauth2/token":
                operation["security"] = [{"sertifikat": []}]
            continue
        hak = rights.get(cakupan)
        scopes[cakupan] = f"{hak.pasal} (perjanjian contoh)." if hak else "Pekerjaan sendiri."
        given = [*operation.get("parameters", ())]
        if hak is not None:
            given = [_with_purposes(p, hak.tujuan) for p in given]
        signing = [{"$ref": f"#/components/parameters/{n}"} for n in PARAMETERS]
        operation["parameters"] = [*given, *signing]
        operation["security"] = [{**each, "sertifikat": []} for each in operation["security"]]
    schemes = components["securitySchemes"]
    schemes["klien"]["flows"]["clientCredentials"]["scopes"] = dict(sorted(scopes.items()))
    schemes["sertifikat"] = _SERTIFIKAT


def _show_bodies(document: dict[str, Any], pemilik: Pihak) -> None:
    """Show whole bodies: the examples of single fields do not say which go together."""
    shown = request_examples(pemilik)
    for _, operation in _operations(document):
        content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
        name = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
        if name in shown:
            content["examples"] = {k: {"value": v} for k, v in shown[name].items()}


def _with_purposes(parameter: dict[str, Any], tujuan: tuple[str, ...]) -> dict[str, Any]:
    if parameter.get("name") != "Tujuan":
        return parameter
    return {**parameter, "examples": {t: {"value": t} for t in tujuan}}


def _describe_signed(document: dict[str, Any]) -> None:
    """Add the forms inside signatures, and say which signature holds which."""
    schemas = document["components"]["schemas"]
    models = sorted(set(KLAIM.values()), key=lambda m: m.__name__)
    _, made = models_json_schema(
        [(m, "serialization") for m in models], ref_template="#/components/schemas/{model}"
    )
    for name, schema in made["$defs"].items():
        schemas.setdefault(name, schema)
    for (name, field), klaim in KLAIM.items():
        inside = {**_JWT, "contentSchema": {"$ref": f"#/components/schemas/{klaim.__name__}"}}
        text = schemas[name]["properties"][field]
        next(iter(t for t in text.get("anyOf", [text]) if t.get("type") == "string")).update(inside)


def _name_ids(node: Any, own: str, other: str) -> None:
    """Put ids of the right registry into examples; `id_asal` is the caller's."""
    if isinstance(node, dict):
        for name, inner in node.items():
            mine = other if name == "id_asal" else own
            if inner == ID:
                node[name] = mine
            else:
                _name_ids(inner, mine, other)
    elif isinstance(node, list):
        node[:] = [own if inner == ID else inner for inner in node]
        for inner in node:
            _name_ids(inner, own, other)
