"""Make the published documents: specifications, data dictionary, errors, state diagrams."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import bpjs_kepesertaan.app
import services.banding.errors
import services.impor
import services.kit.postgres
import services.proses
import services.registry.errors
import services.sync.errors
import services.taut.errors
import wlkp_gateway.app
from services.kebijakan import policy
from services.kit.errors import HubError, leaves
from services.kit.settings import ServiceSettings
from services.sync.kelompok import TRANSISI_BUTIR, TRANSISI_KELOMPOK
from shared_schemas.perjanjian import CONTOH, FIELD_SETS, WIB, load
from shared_schemas.rujukan import Pihak
from shared_schemas.v1.bidang import Bidang
from shared_schemas.v1.ekspor import TRANSISI_EKSPOR
from shared_schemas.v1.kode import (
    ALASAN,
    TRANSISI_BELUM_LAPOR,
    TRANSISI_PENDAFTARAN,
    TRANSISI_USULAN,
)

FOLDER = Path(__file__).resolve().parents[1] / "openapi"
_NOTE = "<!-- Dibuat oleh `hub openapi`; jangan disunting. -->\n\n"
ERROR_MODULES = (
    services.banding.errors,
    services.impor,
    services.kit.postgres,
    services.proses,
    services.registry.errors,
    services.sync.errors,
    services.taut.errors,
)
"""Imported so that every error class exists when the list is made."""


_DICTIONARY_TITLES = (
    "| nomor | bidang | uraian | wajib Kemnaker | wajib BPJS Kesehatan | wewenang |"
    " perbandingan | data pribadi | bentuk | dasar |"
)
_ERRORS_PREFACE = (
    "Setiap galat adalah dokumen RFC 9457 (`application/problem+json`). Bagian pertama kode"
    " menyebut pihak yang harus bertindak: `KLIEN` pemanggil, `HUB` pengelola layanan.\n"
)


def generate() -> dict[str, str]:
    """Return every generated document by its file name."""
    settings = ServiceSettings()
    specs = {
        "wlkp.openapi.json": wlkp_gateway.app.bare_app(settings).openapi(),
        "bpjs.openapi.json": bpjs_kepesertaan.app.bare_app(settings).openapi(),
    }
    texts = {n: json.dumps(s, ensure_ascii=False, indent=1) + "\n" for n, s in specs.items()}
    return {
        **texts,
        "kamus-data.md": _dictionary(),
        "galat.md": _errors(),
        "keadaan.md": _states(),
        "kebijakan.md": _policy(),
    }


def write(folder: Path = FOLDER) -> list[str]:
    """Write the documents; return the names of those that changed."""
    folder.mkdir(exist_ok=True)
    stale = check(folder)
    for name, text in generate().items():
        if name in stale:
            (folder / name).write_text(text, encoding="utf-8")
    return stale


def check(folder: Path = FOLDER) -> list[str]:
    """Return the names of documents that are missing or stale."""
    return [
        name
        for name, text in generate().items()
        if not (folder / name).exists() or (folder / name).read_text(encoding="utf-8") != text
    ]


def _dictionary() -> str:
    lines = [_NOTE + "# Kamus data\n"]
    for himpunan, model in FIELD_SETS.items():
        lines += [
            f"\n## {himpunan}\n",
            _DICTIONARY_TITLES,
            "|---|---|---|---|---|---|---|---|---|---|",
            *(_dictionary_row(b) for b in model.daftar_bidang()),
        ]
    return "\n".join(lines) + "\n"


def _dictionary_row(bidang: Bidang) -> str:
    r = bidang.rujukan

    def yes(value: bool) -> str:
        return "ya" if value else "tidak"

    uraian = r.uraian if r.uraian_kedua is None else f"{r.uraian} / {r.uraian_kedua}"
    cells = (
        r.nomor,
        f"`{bidang.nama}`",
        uraian,
        yes(Pihak.KESATU in r.wajib),
        yes(Pihak.KEDUA in r.wajib),
        r.wewenang,
        r.perbandingan,
        yes(r.data_pribadi),
        bidang.info.description or "",
        r.pasal,
    )
    return "| " + " | ".join(cells) + " |"


def _errors() -> str:
    # A class without a code of its own is an inner node, not an answer.
    classes = sorted({e for e in leaves(HubError) if "kode" in vars(e)}, key=lambda e: e.kode)
    rows = [f"| `{e.kode}` | {e.status} | {e.judul} | {e.saran} |" for e in classes]
    receipts = [f"| `{k.value}` | {v} |" for k, v in ALASAN.items()]
    return "\n".join(
        [
            _NOTE + "# Galat\n",
            _ERRORS_PREFACE,
            "| kode | status | arti | yang harus dilakukan |",
            "|---|---|---|---|",
            *rows,
            "\n# Kode tanda terima usulan\n",
            "| kode | arti |",
            "|---|---|",
            *receipts,
            "",
        ]
    )


_POLICY_PREFACE = (
    "Setiap hak menurut perjanjian contoh: siapa meminta apa dari siapa, untuk tujuan apa (header"
    " `Tujuan`), menurut pasal mana, dengan bidang dan rute mana. Keadaan hari ini:"
    " `hub perjanjian kebijakan`.\n"
)


def _policy() -> str:
    perjanjian = load(CONTOH)
    at = dt.datetime.combine(perjanjian.last_day(), dt.time(), WIB)
    rows = [
        f"| {k.penerima} | {k.pemberi} | `{k.cakupan}` | {k.pasal} | {', '.join(k.tujuan)} |"
        f" {', '.join(k.bidang) or 'jumlah dan status'} | {', '.join(k.rute)} |"
        for k in policy(perjanjian, at)
    ]
    titles = "| penerima | pemberi | cakupan | pasal | tujuan | bidang | rute |"
    return "\n".join(
        [
            _NOTE + "# Kebijakan\n",
            _POLICY_PREFACE,
            titles,
            "|---|---|---|---|---|---|---|",
            *rows,
            "",
        ]
    )


def _states() -> str:
    sections = (
        ("Usulan di penerima", TRANSISI_USULAN),
        ("Pendaftaran (BPJS Kesehatan)", TRANSISI_PENDAFTARAN),
        ("Belum lapor (Kemnaker)", TRANSISI_BELUM_LAPOR),
        ("Ekspor (layanan yang memberi)", TRANSISI_EKSPOR),
        ("Kelompok di kotak keluar (penyelaras)", TRANSISI_KELOMPOK),
        ("Usulan di buku pengirim (penyelaras)", TRANSISI_BUTIR),
    )
    parts = [_NOTE + "# Diagram keadaan\n"]
    for title, moves in sections:
        parts += [f"\n## {title}\n", "```mermaid", "stateDiagram-v2", *_arrows(moves), "```"]
    return "\n".join(parts) + "\n"


def _arrows(moves: Mapping[Any, frozenset[Any]]) -> list[str]:
    return [f"    {a.value} --> {b.value}" for a, ends in moves.items() for b in sorted(ends)]
