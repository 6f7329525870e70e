"""Files of use to nobody: what is wrong is said where an operator looks, and named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from structlog.testing import capture_logs

from services.auth.agreement import AgreementStore
from services.auth.errors import AgreementUnreadableError
from services.auth.jws import new_private_pem
from services.auth.klien import KlienAuth
from services.kit.clock import system_clock
from services.kit.errors import ConfigurationError
from shared_schemas.perjanjian import CONTOH
from shared_schemas.rujukan import Pihak


@pytest.fixture(autouse=True)
def logs_everything() -> Iterator[None]:
    """Log as at the start of a program, whatever level a command set before in this process."""
    former = structlog.get_config()
    structlog.reset_defaults()
    yield
    structlog.configure(**former)


def test_agreement_that_cannot_be_read_is_logged_once_with_the_place(tmp_path: Path) -> None:
    path = tmp_path / "perjanjian.yaml"
    text = CONTOH.read_text(encoding="utf-8")
    path.write_text(text, encoding="utf-8")
    store = AgreementStore(path, Pihak.KESATU, system_clock)
    store.current()
    for _ in range(2):  # one that was mended and broken again is told again
        path.write_text(f"{text}a: [\n", encoding="utf-8")
        with capture_logs() as said:
            for _ in range(3):
                with pytest.raises(AgreementUnreadableError):
                    store.current()
        (line,) = said
        assert line["event"] == "berkas perjanjian tidak terpakai"
        assert f"line {len(text.splitlines()) + 2}" in line["sebab"]
        path.write_text(text, encoding="utf-8")
        store.current()


@pytest.mark.parametrize("content", [None, b"", b"bukan kunci", b"\xff\x00"])
def test_client_key_of_no_use_is_named_at_the_start_and_passed_by_later(
    tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "klien.pem"
    path.write_bytes(new_private_pem())
    auth = KlienAuth("https://x", "klien", path)
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"klien\.pem"):
        KlienAuth("https://x", "klien", path)
    with capture_logs() as said:
        assert auth._token_request().method == "POST"
    assert said[0]["berkas"] == "klien.pem"
    assert "klien.pem" in said[0]["sebab"]
