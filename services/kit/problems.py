"""Turn errors into problem documents (RFC 9457): one place, and it repeats no value."""

from __future__ import annotations

import re
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from services.kit.errors import (
    BadRequestError,
    HubError,
    InvalidInputError,
    MediaTypeError,
    MethodError,
    RouteNotFoundError,
    TemporaryError,
)
from services.kit.logging import get_logger
from shared_schemas.v1.galat import BidangGalat, Galat

MEDIA_TYPE = "application/problem+json"
TYPE_BASE = "urn:hub-kepesertaan:galat:"
MOST_FIELDS = 100  # of a batch of a thousand bad items the first hundred say enough

_SENTENCES = {
    "missing": "Bidang ini wajib diisi.",
    "extra_forbidden": "Bidang ini tidak dikenal; hapus.",
    "json_invalid": "Badan bukan JSON yang benar.",
    "string_type": "Isi dengan teks.",
    "string_too_short": "Teks terlalu pendek: paling sedikit {min_length} karakter.",
    "string_too_long": "Teks terlalu panjang: paling banyak {max_length} karakter.",
    "string_unicode": "Teks memuat karakter yang bukan Unicode.",
    "string_pattern_mismatch": "Bentuk teks tidak sesuai; lihat dokumentasi bidang ini.",
    "int_type": "Isi dengan bilangan bulat.",
    "int_parsing": "Isi dengan bilangan bulat.",
    "int_from_float": "Isi dengan bilangan bulat.",
    "greater_than_equal": "Bilangan terlalu kecil: paling sedikit {ge}.",
    "less_than_equal": "Bilangan terlalu besar: paling banyak {le}.",
    "enum": "Pilih salah satu: {expected}.",
    "literal_error": "Pilih salah satu: {expected}.",
    "list_type": "Isi dengan larik.",
    "too_long": "Terlalu banyak butir: paling banyak {max_length}.",
    "too_short": "Butir kurang: paling sedikit {min_length}.",
    "date_from_datetime_parsing": "Isi tanggal YYYY-MM-DD.",
    "date_parsing": "Isi tanggal YYYY-MM-DD.",
    "date_type": "Isi tanggal YYYY-MM-DD.",
    "date_from_datetime_inexact": "Isi tanggal YYYY-MM-DD tanpa jam.",
    "timezone_aware": "Sertakan zona waktu, mis. +07:00.",
    "datetime_from_date_parsing": "Isi waktu RFC 3339 dengan zona.",
    "datetime_parsing": "Isi waktu RFC 3339 dengan zona.",
    "datetime_type": "Isi waktu RFC 3339 dengan zona.",
    "uuid_parsing": "Isi UUID.",
    "uuid_type": "Isi UUID.",
    "bool_parsing": "Isi true atau false.",
    "model_attributes_type": "Isi dengan objek.",
    "model_type": "Isi dengan objek.",
    "union_tag_not_found": "Sebutkan jenis dan himpunan.",
    "union_tag_invalid": "Jenis atau himpunan tidak dikenal.",
}
# What the library says of a limit is the contract's own; of the rest of its context (a length, a
# tag, the text of an error) some is the sender's.
_LIMITS = ("expected", "ge", "le", "max_length", "min_length")
_CODES = re.compile(r"'([^']*)'")
_PLAIN = re.compile(r"[a-z_]{1,40}")
_TAG = re.compile(r"[a-z_]+:[a-z_]+")


def _place(location: tuple[Any, ...]) -> str:
    """Return the field's path; a key that the sender invented could itself be a NIK."""
    return ".".join(
        str(p) if isinstance(p, int) or _PLAIN.fullmatch(str(p)) else "(bidang)"
        for p in location
        if not _TAG.fullmatch(str(p))  # the tag of a union is no place in the document
    )


def _sentence(error: Any) -> str:
    """Return the remedy, with the contract's limits and codes and never with what came in."""
    kode = error["type"]
    if kode in _SENTENCES:
        context = error.get("ctx", {})
        return _SENTENCES[kode].format_map({n: _limit(context.get(n)) for n in _LIMITS})
    # Messages of our own checks are sentences without values; the library's are not ours.
    return str(error["msg"]) if kode in _OWN_CODES or _is_own(kode) else "Nilai tidak sah."


def _limit(value: Any) -> str:
    if isinstance(value, int):
        return f"{value:,}".replace(",", ".")
    # The library quotes each code and joins them in English.
    return ", ".join(_CODES.findall(str(value))) or str(value)


def bidang_galat(errors: list[Any]) -> list[BidangGalat]:
    """Return place, code and remedy of pydantic's errors, without any value."""
    return [
        BidangGalat(
            jalur=_place(tuple(e["loc"])),
            kode=e["type"],
            pesan=_sentence(e),
        )
        for e in errors[:MOST_FIELDS]
    ]


_OWN_CODES = {
    "alasan_wajib",
    "bilangan_bulat",
    "jenis_usulan",
    "laporan_terlalu_besar",
    "tanggal_bentuk",
    "terlalu_panjang",
    "waktu_bentuk",
}
_OWN_PREFIXES = (
    "nik_",
    "npwp_",
    "nitku_",
    "nib_",
    "kbli_",
    "jkn_",
    "daerah_",
    "telepon_",
    "email_",
    "koordinat_",
)


def _is_own(kode: str) -> bool:
    return kode.startswith(_OWN_PREFIXES)


def problem(
    request: Request, error: HubError, bidang: list[BidangGalat] | None = None
) -> JSONResponse:
    """Return the problem document of an error."""
    document = Galat(
        type=TYPE_BASE + error.kode.lower(),
        title=error.judul,
        status=error.status,
        detail=error.detail,
        kode=error.kode,
        pasal=error.pasal,
        bidang=bidang,
        id_permintaan=getattr(request.state, "id_permintaan", None),
    )
    return JSONResponse(
        document.model_dump(exclude_none=True),
        error.status,
        headers=error.answer_headers,
        media_type=MEDIA_TYPE,
    )


def install(app: FastAPI) -> None:
    """Register the handlers; must run before the first request."""

    @app.exception_handler(HubError)
    async def _hub(request: Request, error: HubError) -> JSONResponse:
        request.app.state.metrics.refusals.labels(error.kode).inc()
        if isinstance(error, TemporaryError):
            get_logger().warning("sementara gagal", kode=error.kode)
        return problem(request, error, error.bidang)

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        return problem(request, InvalidInputError(), bidang_galat(list(error.errors())))

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> JSONResponse:
        known = {404: RouteNotFoundError, 405: MethodError, 415: MediaTypeError}
        answer = problem(request, known.get(error.status_code, BadRequestError)())
        answer.headers.update(error.headers or {})
        if error.status_code == 405:
            answer.headers["allow"] = _allowed(request) or answer.headers.get("allow", "")
        return answer


def _allowed(request: Request) -> str:
    """Return all methods that the specification declares for a path (RFC 9110, Allow).

    The router names those of the first route that fits, and a path can have several.
    """
    paths: dict[str, dict[str, Any]] = request.app.openapi()["paths"]
    path = request.url.path
    found = paths.get(path) or next(
        (m for p, m in paths.items() if re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", p), path)), {}
    )
    return ", ".join(sorted(m.upper() for m in found))


def declared(*errors: type[HubError]) -> dict[int | str, dict[str, Any]]:
    """Return the `responses` of a route for these errors, for OpenAPI to tell the truth."""
    grouped: dict[int | str, dict[str, Any]] = {}
    for error in errors:
        entry = grouped.setdefault(
            error.status,
            {"model": Galat, "content": {MEDIA_TYPE: {}}, "description": ""},
        )
        entry["description"] = (entry["description"] + f" `{error.kode}` {error.judul}.").strip()
    return grouped


def name_problem_media(document: dict[str, Any]) -> dict[str, Any]:
    """Return a specification in which problem documents stand under their own media type alone.

    FastAPI puts every declared model under `application/json`.
    """
    for item in document["paths"].values():
        for operation in item.values():
            for answer in operation["responses"].values():
                content = answer.get("content", {})
                if MEDIA_TYPE in content and "application/json" in content:
                    content[MEDIA_TYPE] = content.pop("application/json")
    return document
