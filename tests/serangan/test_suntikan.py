"""SQL, templates, terminals and spreadsheets, through every text that the wire forms declare.

The fields come from the specification that the declarations make: a new one is attacked by being
declared. Each is stored as it was written, or refused by its name.
"""

from __future__ import annotations

import copy
import json
import logging
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from services.kit.settings import ServiceSettings
from services.layanan import APPS
from shared_schemas.perjanjian import FIELD_SETS
from tests.conftest import Registri
from tests.serangan.alat import log_lines, parsed

TANDA = "sisipan"
"""Stands in every payload, so that a log line which holds one is found."""

MUATAN: dict[str, str] = {
    "kutip": f"{TANDA}'; DROP TABLE pekerja; --",
    "kutip-ganda": f'{TANDA}" OR "1"="1',
    "dolar": f"{TANDA}$$; SELECT pg_sleep(9); $$",
    "persen": f"{TANDA} %s %(nik)s %n %x",
    "titik-dua": f"{TANDA} :id :1 ::text",
    "kurung-kurawal": f"{TANDA} {{0}} {{nik}} {{{{7*7}}}} {{%x%}} ${{jndi:ldap://x}}",
    "garis-miring": f"{TANDA}\\'; \\x00 \\n",
    "baris-baru": f'{TANDA}\n{{"event": "palsu"}}',
    "kereta-balik": f"{TANDA}\rpalsu",
    "pemisah-baris": f"{TANDA}\u2028palsu\u2029palsu",
    "baris-c1": f"{TANDA}\u0085palsu",
    "terminal": f"{TANDA}\x1b[2J\x1b]0;palsu\x07",
    "nul": f"{TANDA}\0palsu",
    "arah": f"{TANDA}\u202epalsu\u2066",
    "surogat": f"{TANDA}\ud800",
    "rumus": f"=cmd|'/c calc'!{TANDA}",
    "html": f"<script>{TANDA}</script>",
}


@dataclass(frozen=True)
class Bidang:
    """One text of one request body: where it stands, and a body that is good without it."""

    layanan: str
    jalur: str
    dalam: bool
    tempat: tuple[str | int, ...]
    contoh: Any

    @property
    def nama(self) -> str:
        return f"{self.layanan} {self.jalur} {'.'.join(map(str, self.tempat))}"


def _resolved(schema: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return schema


def _forms(schema: dict[str, Any], document: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the forms that a value may have, null left out."""
    schema = _resolved(schema, document)
    found = []
    for key in ("anyOf", "oneOf"):
        for inner in schema.get(key, ()):
            found += _forms({**{k: v for k, v in schema.items() if k != key}, **inner}, document)
    if found:
        return found
    return [] if schema.get("type") == "null" else [schema]


def samples(schema: dict[str, Any], document: dict[str, Any], nama: str = "") -> Iterator[Any]:
    """Yield one good value of each form that a schema has; `nama` is the member it stands in."""
    for form in _forms(schema, document):
        if "const" in form or "enum" in form:
            yield form.get("const", form.get("enum", [None])[0])
        elif form.get("type") == "object" or "properties" in form:
            yield from _objects(form, document)
        elif form.get("type") == "array":
            yield from ([item] for item in samples(form["items"], document, nama))
        else:
            yield form["examples"][0] if form.get("examples") else _plain(form, nama)


def _objects(form: dict[str, Any], document: dict[str, Any]) -> Iterator[Any]:
    """Yield an object for each form of its members, all of which are there."""
    members = {k: list(samples(s, document, k)) for k, s in form.get("properties", {}).items()}
    for at in range(max(map(len, members.values()), default=1)):
        yield {k: copy.deepcopy(v[min(at, len(v) - 1)]) for k, v in members.items() if v}


LAZIM = {
    nama: info.examples[0]
    for model in FIELD_SETS.values()
    for nama, info in model.model_fields.items()
    if info.examples
} | {"nib": "9120000000001", "keadaan": "ditolak"}
"""Examples of the field sets, for the same fields in other forms."""


def _plain(form: dict[str, Any], nama: str) -> Any:
    known = {"uuid": str(uuid.UUID(int=7)), "date": "2020-01-01",
             "date-time": "2026-05-01T08:00:00+07:00"}  # fmt: skip
    if nama in LAZIM:
        return LAZIM[nama]
    if form.get("type") == "string":
        return known.get(form.get("format", ""), "Contoh")
    return {"integer": 1, "number": 1, "boolean": True}[form["type"]]


def texts(value: Any, at: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the place of every text in a body."""
    if isinstance(value, str):
        yield at
    elif isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from texts(inner, (*at, key))


def _fields() -> Iterator[Bidang]:
    for nama, module in APPS.items():
        document = module.bare_app(ServiceSettings()).openapi()
        for path, item in document["paths"].items():
            post = item.get("post", {})
            content = post.get("requestBody", {}).get("content", {})
            if "application/json" not in content:
                continue
            own = str(post.get("x-cakupan", "")).startswith("internal:")
            for body in samples(content["application/json"]["schema"], document):
                for place in texts(body):
                    yield Bidang(nama, path, own, place, body)


def _each_once() -> list[Bidang]:
    """Return the fields, those of a form that both services take at one of them."""
    found: dict[str, Bidang] = {}
    for bidang in _fields():
        found.setdefault(f"{bidang.jalur} {bidang.tempat} {bidang.contoh}", bidang)
    return list(found.values())


BIDANG = _each_once()


def put(body: Any, place: tuple[str | int, ...], text: str) -> Any:
    changed = copy.deepcopy(body)
    inner = changed
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = text
    return changed


def send(registri: Registri, bidang: Bidang, muatan: str | None) -> Any:
    """Post a body with this text in it, as the client whose right it is, and as a new one."""
    body = bidang.contoh if muatan is None else put(bidang.contoh, bidang.tempat, muatan)
    fresh = str(uuid.uuid4())
    for place in (("id_badan_usaha",), ("usulan", 0, "id_usulan")):
        if place in texts(bidang.contoh) and place != bidang.tempat:
            body = put(body, place, fresh)
    return (registri.internal if bidang.dalam else registri.klien).post(
        bidang.jalur.replace("{id}", str(uuid.UUID(int=7))),
        content=json.dumps(body).encode(),
        headers={"Content-Type": "application/json", "Idempotency-Key": fresh},
    )


def stored(registri: Registri) -> str:
    """Return everything in the database but the evidence, as one text of JSON."""
    tables = registri.fetch(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
        " AND relkind = 'r' AND relname NOT LIKE 'audit%'"
    )
    return "".join(
        str(r[0]) for (t,) in tables for r in registri.fetch(f"SELECT to_jsonb(t)::text FROM {t} t")
    )


def test_every_kind_of_request_body_is_attacked() -> None:
    """The list is derived; that it holds what everybody knows shows that it is no empty one."""
    names = {b.nama for b in BIDANG}
    for known in (
        "wlkp /v1/laporan badan_usaha.alamat", "wlkp /v1/laporan pekerja.0.jabatan",
        "wlkp /v1/usulan usulan.0.isi.nama", "wlkp /v1/usulan usulan.0.nilai.alamat",
        "bpjs /v1/pendaftaran/{id}/keputusan alasan", "wlkp /v1/pekerja/cari nik.0",
        "wlkp /v1/badan-usaha/cari npwp.0", "wlkp /v1/belum-lapor/{id}/keputusan alasan",
        "bpjs /v1/status-kepesertaan nik.0",
    ):  # fmt: skip
        assert known in names, sorted(names)


def test_body_is_good_before_it_is_attacked(wlkp: Registri, bpjs: Registri) -> None:
    """Or a refusal would be of something else."""
    for bidang in BIDANG:
        answer = send(wlkp if bidang.layanan == "wlkp" else bpjs, bidang, None)
        assert answer.status_code in {200, 202, 404, 409, 429}, (bidang.nama, answer.text)


@pytest.mark.parametrize("muatan", MUATAN)
def test_text_is_stored_as_written_or_refused_by_its_name(
    wlkp: Registri, bpjs: Registri, muatan: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    payload, taken = MUATAN[muatan], Counter[str]()
    with log_lines(monkeypatch) as lines:
        for bidang in BIDANG:
            answer = send(wlkp if bidang.layanan == "wlkp" else bpjs, bidang, payload)
            told = (bidang.nama, answer.status_code, answer.text)
            assert TANDA not in answer.text, told
            if answer.status_code == 422:
                refused = [b["jalur"].split(".") for b in answer.json()["bidang"]]
                assert any(_names(path, bidang.tempat) for path in refused), told
            elif answer.status_code == 200:
                taken[bidang.layanan] += 1
            else:
                assert answer.status_code in {404, 409}, told  # a case that is not there, or open
    assert TANDA not in lines.getvalue()
    assert all("palsu" not in line["event"] for line in parsed(lines.getvalue()))
    for registri in (wlkp, bpjs):
        assert registri.fetch("SELECT to_regclass('pekerja')::text")[0][0] == "pekerja"
        written = json.dumps(payload, ensure_ascii=False)
        assert stored(registri).count(written) >= taken[registri.nama]
    if muatan in {"kutip", "persen", "rumus", "html"}:
        assert taken["wlkp"] > 10, "no field takes free text any more"


def _names(path: list[str], place: tuple[str | int, ...]) -> bool:
    """Say whether a refusal names this place, or the union whose tag it is."""
    wanted = ["body", *map(str, place)]
    return path == wanted or path == wanted[: len(path)]


TEMPAT = ("Tujuan", "X-Request-Id", "User-Agent", "Accept-Language", "kursor", "id")
RUTE = "/v1/badan-usaha/TIDAK-ADA"


@pytest.mark.parametrize("muatan", MUATAN)
@pytest.mark.parametrize("tempat", TEMPAT)
def test_header_query_and_path_reach_neither_log_nor_answer(
    wlkp: Registri, monkeypatch: pytest.MonkeyPatch, tempat: str, muatan: str
) -> None:
    text = MUATAN[muatan].encode("utf-8", "surrogatepass")
    with log_lines(monkeypatch) as lines:
        if tempat in {"kursor", "id"}:
            quoted = "".join(f"%{o:02x}" for o in text)
            path = f"?kursor={quoted}" if tempat == "kursor" else f"/{quoted}"
            answer = wlkp.klien.get(f"/v1/badan-usaha{path}")
        else:
            kept = [
                (k, v) for k, v in wlkp.klien.headers.raw if k.lower() != tempat.lower().encode()
            ]
            headers = [*kept, (tempat.encode(), text)]
            answer = wlkp.anonim.get(RUTE, headers=headers, auth=wlkp.klien.auth)
    assert answer.status_code in {400, 403, 404, 422}, answer.text
    assert TANDA not in answer.text
    assert TANDA not in str(answer.headers)
    assert TANDA not in lines.getvalue()
    assert parsed(lines.getvalue())


def test_library_logs_one_object_a_line_without_the_text_of_errors(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with log_lines(monkeypatch) as lines:
        try:
            raise ValueError(f"{TANDA}\n3273011508950001")
        except ValueError:
            logging.getLogger("uvicorn.error").exception("Exception in ASGI application\n")
        logging.getLogger("pustaka").warning("nomor 3273011508950001\nbaris kedua")
    first, second = parsed(lines.getvalue())
    assert (first["galat"], first["logger"]) == ("ValueError", "uvicorn.error")
    assert TANDA not in lines.getvalue()
    assert "3273011508950001" not in lines.getvalue()
    assert second["event"] == "nomor [disamarkan]\nbaris kedua"
