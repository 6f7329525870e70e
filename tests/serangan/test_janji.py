"""Security and reliability promise nothing without a test; no attack is without a promise."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def promises(name: str) -> str:
    """Return the promises of a document."""
    text = (ROOT / "docs" / name).read_text(encoding="utf-8")
    return text.partition("## Janji")[2].partition("\n## ")[0]


JANJI = promises("keamanan.md")
BARIS = [
    line
    for line in (JANJI + promises("keandalan.md")).splitlines()
    if line.startswith("| ") and "| janji |" not in line
]
_UJI = re.compile(r"`(tests/[a-z0-9_/]+\.py)(?:::(test_\w+))?`")

SERANGAN = {
    "token": ("alg-none", "kunci-publik-sebagai-rahasia", "aud-layanan-lain", "kedaluwarsa",
              "iat-masa-depan", "sertifikat-lain"),
    "jalur": ("naik-disandi", "garis-ganda-di-depan"),
    "tanda_tangan": ("komponen-bertukar-urutan", "digest-isi-lain"),
    "isi": ("dalam-terbuka", "nama-ganda", "nan", "surogat-disandi", "bom-zstd", "bom-gzip"),
    "lambat": ("tengah-kepala", "tengah-badan"),
    "suntikan": ("kutip", "persen", "terminal", "pemisah-baris", "nul", "kurung-kurawal", "rumus"),
    "berkas": ("xlsx-membesar", "xml-tawa-miliaran", "csv-baris-tanpa-akhir"),
    "pencacahan": ("cari-pekerja", "cari-badan-usaha", "status-kepesertaan"),
    "pihak": (),
}  # fmt: skip
"""The families, and attacks that each must hold at the least."""


def names_in(path: Path) -> set[str]:
    """Return the names of the tests in a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {
        n.name
        for n in ast.walk(tree)
        if isinstance(n, ast.FunctionDef) and n.name.startswith("test_")
    }


@pytest.mark.parametrize("baris", BARIS, ids=lambda b: b[2:50])
def test_promise_says_must_and_names_a_test_that_is_there(baris: str) -> None:
    if set(baris) <= set("|- "):
        return
    assert re.search(r"\b(HARUS|WAJIB)\b", baris)
    named = _UJI.findall(baris)
    assert len(named) == 1
    for file, test in named:
        found = names_in(ROOT / file)
        assert test in found if test else found


def test_every_attack_is_promised() -> None:
    promised = {(f, t) for f, t in _UJI.findall(JANJI)}
    here = {
        (f"tests/serangan/{p.name}", test)
        for p in Path(__file__).parent.glob("test_*.py")
        if p.name != Path(__file__).name
        for test in names_in(p)
    }
    assert here - promised == set()


@pytest.mark.parametrize("keluarga", SERANGAN)
def test_family_holds_the_attacks_that_were_asked_for(keluarga: str) -> None:
    text = (Path(__file__).parent / f"test_{keluarga}.py").read_text(encoding="utf-8")
    assert [a for a in SERANGAN[keluarga] if f'"{a}"' not in text] == []


def test_every_family_is_a_module_and_every_module_a_family() -> None:
    modules = {p.stem.removeprefix("test_") for p in Path(__file__).parent.glob("test_*.py")}
    assert modules - {"janji"} == set(SERANGAN)
