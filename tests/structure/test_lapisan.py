"""Every module lies in a layer of the import contract, so no module escapes it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PYPROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
IMPORTLINTER: dict[str, Any] = PYPROJECT["tool"]["importlinter"]
PACKAGES: list[str] = IMPORTLINTER["root_packages"]


def layers() -> set[str]:
    (contract,) = (c for c in IMPORTLINTER["contracts"] if c["type"] == "layers")
    return {name.strip(" ()") for layer in contract["layers"] for name in re.split("[:|]", layer)}


def modules() -> list[str]:
    found = []
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found.append(".".join(p for p in parts if p != "__init__"))
    return sorted(found)


def test_contract_names_the_four_packages() -> None:
    assert set(PACKAGES) == {"shared_schemas", "wlkp_gateway", "bpjs_kepesertaan", "services"}


@pytest.mark.parametrize("module", [m for m in modules() if m != "services"])
def test_module_belongs_to_a_layer(module: str) -> None:
    assert [layer for layer in layers() if module == layer or module.startswith(f"{layer}.")]


def test_package_above_the_layers_imports_nothing() -> None:
    import services

    assert [n for n in vars(services) if not n.startswith("__")] == [
        n for n in vars(services) if f"services.{n}" in modules()
    ]


@pytest.mark.parametrize("layer", sorted(layers()))
def test_layer_exists(layer: str) -> None:
    assert layer in modules()


@pytest.mark.parametrize("module", modules())
def test_module_is_named_for_its_subject(module: str) -> None:
    assert {"utils", "util", "models", "helpers", "common", "misc"}.isdisjoint(module.split("."))


def test_only_what_services_run_passes_by_the_fence_of_the_lease() -> None:
    """The reconciler's lease fences the begin of transactions, which `statements` have none of."""
    users = {
        module
        for module in modules()
        for path in [ROOT / Path(*module.split(".")).with_suffix(".py")]
        if path.exists()
        and re.search(r"\bstatements\(|\.statements\b", path.read_text(encoding="utf-8"))
    }
    assert users == {
        "services.kit.database",
        "services.audit.bukti.buku",
        "services.auth.saksi",
        "services.auth.pesan_layanan",
        "services.registry.read",
    }
