"""The rehearsal on one host: every container of ours is locked down and watched."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

DOCKER = Path(__file__).resolve().parents[2] / "docker"
COMPOSE: dict[str, Any] = yaml.safe_load((DOCKER / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: s for name, s in SERVICES.items() if "build" in s}
EACH = pytest.mark.parametrize("nama", SERVICES)
DOCKERFILES = sorted(DOCKER.glob("Dockerfile.*"))


def dockerfile_of(service: dict[str, Any]) -> str:
    dockerfile: str = service["build"]["dockerfile"]
    return (DOCKER.parent / dockerfile).read_text(encoding="utf-8")


def account_of(service: dict[str, Any]) -> str:
    if "user" in service:
        return str(service["user"])
    users = re.findall(r"^USER (\S+)$", dockerfile_of(service), re.MULTILINE)
    return str(users[-1]) if users else "root"


def test_compose_has_the_three_programs_of_ours() -> None:
    assert {"wlkp", "bpjs", "sync"} <= set(OURS)
    assert {s["image"] for s in OURS.values()} == {"hub-wlkp", "hub-bpjs", "hub-sync"}


@EACH
def test_container_cannot_write_its_files_nor_gain_rights(nama: str) -> None:
    service = SERVICES[nama]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert "privileged" not in service


@EACH
def test_container_does_not_run_as_root(nama: str) -> None:
    account, _, _ = account_of(SERVICES[nama]).partition(":")
    assert account.isdecimal()
    assert int(account) > 0


@EACH
def test_container_is_watched_or_ends_by_itself(nama: str) -> None:
    service = SERVICES[nama]
    check = service.get("healthcheck")
    if check == {"disable": True}:
        assert service["restart"].startswith("on-failure")
        assert service["command"][1] in {"siapkan", "migrasi"}
    elif check is None:
        assert re.search(r"^HEALTHCHECK .*\\\n\s+CMD ", dockerfile_of(service), re.MULTILINE)
    else:
        assert check["test"]


@EACH
def test_container_waits_for_conditions_and_not_for_time(nama: str) -> None:
    waits: dict[str, dict[str, str]] = SERVICES[nama].get("depends_on", {})
    for other, how in waits.items():
        ends = SERVICES[other]["restart"].startswith("on-failure")
        wanted = "service_completed_successfully" if ends else "service_healthy"
        assert how["condition"] == wanted


@EACH
def test_container_has_no_secret_in_its_environment(nama: str) -> None:
    environment: dict[str, str] = SERVICES[nama].get("environment", {})
    secret = {k for k in environment if re.search("PASSWORD|SANDI|RAHASIA", k)}
    assert {k for k in secret if not k.endswith("_FILE")} == set()


def test_only_the_proxy_is_published_and_the_services_never_meet() -> None:
    assert [name for name, s in SERVICES.items() if "ports" in s] == ["proksi"]
    networks = {name: set(SERVICES[name]["networks"]) for name in ("wlkp", "bpjs", "sync")}
    assert networks["wlkp"].isdisjoint(networks["bpjs"])
    assert networks["sync"].isdisjoint(networks["wlkp"] | networks["bpjs"])


def test_proxy_speaks_tls_13_alone_as_the_services_do() -> None:
    named = re.findall(r"ssl_protocols (.*);", (DOCKER / "nginx.conf").read_text(encoding="utf-8"))
    assert named == ["TLSv1.3"]


def test_first_stages_are_the_same_text_in_every_dockerfile() -> None:
    stages = set()
    for path in DOCKERFILES:
        text = path.read_text(encoding="utf-8")
        stages.add(text[text.index("FROM ") : text.index("FROM dasar AS ")])
    assert len(DOCKERFILES) == 3
    assert len(stages) == 1
