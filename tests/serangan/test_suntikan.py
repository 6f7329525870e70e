"""SQL, templates, terminals and spreadsheets, through every text that the wire forms declare.

The fields come from the specification that the declarations make: a new one is attacked by being
declared. Each is stored as it was written, or refused by its name.
"""

from __future__ import annotations

import copy
import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from services.kit.settings import ServiceSettings
from services.layanan import APPS
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
    "pemisah-baris": f"{TANDA}\u2028palsu\u2029palsu\u0085",
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


def samples(schema: dict[str, Any], document: dict[str, Any]) -> Iterator[Any]:
    """Yield one good value of each form that a schema has."""
    for form in _forms(schema, document):
        if "const" in form or "enum" in form:
            yield form.get("const", form.get("enum", [None])[0])
        elif form.get("type") == "object" or "properties" in form:
            yield from _objects(form, document)
        elif form.get("type") == "array":
            yield from ([item] for item in samples(form["items"], document))
        elif form.get("examples"):
            yield form["examples"][0]
        else:
            yield _plain(form)


def _objects(form: dict[str, Any], document: dict[str, Any]) -> Iterator[Any]:
    """Yield an object for each form of its members, all of which are there."""
    members = {k: list(samples(s, document)) for k, s in form.get("properties", {}).items()}
    for at in range(max(map(len, members.values()), default=1)):
        yield {k: copy.deepcopy(v[min(at, len(v) - 1)]) for k, v in members.items() if v}


def _plain(form: dict[str, Any]) -> Any:
    known = {"uuid": str(uuid.UUID(int=7)), "date": "2020-01-01",
             "date-time": "2026-05-01T08:00:00+07:00"}  # fmt: skip
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
            content = item.get("post", {}).get("requestBody", {}).get("content", {})
            if "application/json" not in content:
                continue
            for body in samples(content["application/json"]["schema"], document):
                for place in texts(body):
                    yield Bidang(nama, path, place, body)


BIDANG = list(
    {b.nama + str(len(texts_)): b for b in _fields() for texts_ in [str(b.contoh)]}.values()
)


def put(body: Any, place: tuple[str | int, ...], text: str) -> Any:
    changed = copy.deepcopy(body)
    inner = changed
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = text
    return changed


def send(registri: Registri, bidang: Bidang, body: Any) -> Any:
    """Post a body as the client whose right it is, with an idempotency key of its own."""
    client = registri.internal if _is_internal(bidang) else registri.klien
    path = bidang.jalur.replace("{id}", str(uuid.UUID(int=7)))
    return client.post(
        path,
        content=json.dumps(body).encode(),
        headers={"Content-Type": "application/json", "Idempotency-Key": str(uuid.uuid4())},
    )


def _is_internal(bidang: Bidang) -> bool:
    operation = APPS[bidang.layanan].bare_app(ServiceSettings()).openapi()["paths"][bidang.jalur]
    return str(operation["post"].get("x-cakupan", "")).startswith("internal:")


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
        "wlkp /v1/usulan usulan.0.isi.nama", "bpjs /v1/usulan usulan.0.nilai.alamat",
        "bpjs /v1/pendaftaran/{id}/keputusan alasan", "wlkp /v1/pekerja/cari nik.0",
        "wlkp /v1/badan-usaha/cari npwp.0", "wlkp /v1/belum-lapor/{id}/keputusan alasan",
    ):  # fmt: skip
        assert known in names, sorted(names)
    assert len(names) > 80


@pytest.mark.parametrize("muatan", MUATAN)
@pytest.mark.parametrize("nama", APPS)
def test_text_is_stored_as_written_or_refused_by_its_name(
    nama: str, muatan: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    registri: Registri = request.getfixturevalue(nama)
    payload = MUATAN[muatan]
    taken = 0
    for bidang in (b for b in BIDANG if b.layanan == nama):
        with log_lines(monkeypatch) as lines:
            answer = send(registri, bidang, put(bidang.contoh, bidang.tempat, payload))
        told = (bidang.nama, answer.status_code, answer.text)
        assert TANDA not in answer.text, told
        assert TANDA not in lines.getvalue(), told
        assert all("palsu" not in line["event"] for line in parsed(lines.getvalue()))
        if answer.status_code == 422:
            refused = [b["jalur"].split(".") for b in answer.json()["bidang"]]
            assert any(_names(path, bidang.tempat) for path in refused), told
        elif answer.status_code == 200:
            taken += json.dumps(payload, ensure_ascii=False)[1:-1] in stored(registri)
        else:
            assert answer.status_code in {404, 409}, told  # a case or report that is not there
    if muatan in {"kutip", "persen", "rumus", "html", "arah"}:
        assert taken > 0, "no field takes free text any more"
    assert registri.fetch("SELECT to_regclass('pekerja')")[0][0] == "pekerja"


def _names(path: list[str], place: tuple[str | int, ...]) -> bool:
    """Say whether a refusal names this place, or the union whose tag it is."""
    wanted = ["body", *map(str, place)]
    return path == wanted or path == wanted[: len(path)]


KEPALA: dict[str, Callable[[str], tuple[str, dict[str, str]]]] = {
    "Tujuan": lambda t: ("/v1/badan-usaha", {"Tujuan": t}),
    "X-Request-Id": lambda t: ("/v1/badan-usaha", {"X-Request-Id": t}),
    "User-Agent": lambda t: ("/v1/badan-usaha", {"User-Agent": t}),
    "kursor": lambda t: ("/v1/badan-usaha", {"_q": t}),
    "id": lambda t: (f"/v1/badan-usaha/{t}", {}),
}


@pytest.mark.parametrize("muatan", MUATAN)
@pytest.mark.parametrize("tempat", KEPALA)
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
            headers = [*wlkp.klien.headers.raw, (tempat.encode(), text.replace(b"\n", b" "))]
            answer = wlkp.anonim.get("/v1/badan-usaha", headers=headers, auth=wlkp.klien.auth)
    assert answer.status_code in {200, 400, 403, 404, 422}, answer.text
    assert TANDA not in answer.text
    assert TANDA not in str(answer.headers)
    assert TANDA not in lines.getvalue()
    assert parsed(lines.getvalue())
