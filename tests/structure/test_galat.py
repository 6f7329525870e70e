"""Every error has a code of its own, and the published documents are those of the source."""

from __future__ import annotations

import pickle
import re
from collections import Counter
from pathlib import Path

import pytest

from services import dokumen
from services.kit.errors import HubError, PermanentError, leaves

CLASSES = sorted({e for e in leaves(HubError) if "kode" in vars(e)}, key=lambda e: e.__qualname__)
EACH = pytest.mark.parametrize("error", CLASSES, ids=lambda e: e.__qualname__)


def test_error_codes_are_unique() -> None:
    assert len(CLASSES) > 30
    assert {k: n for k, n in Counter(e.kode for e in CLASSES).items() if n > 1} == {}


@EACH
def test_error_has_code_status_title_and_advice(error: type[HubError]) -> None:
    assert re.fullmatch(r"(KLIEN|HUB|WLKP|BPJS)-[A-Z]+-\d{3}", error.kode)
    assert 400 <= error.status <= 599
    assert error.judul
    assert error.saran.endswith(".")


@EACH
def test_error_stands_in_the_published_list(error: type[HubError]) -> None:
    text = (dokumen.FOLDER / "galat.md").read_text(encoding="utf-8")
    assert f"| `{error.kode}` | {error.status} | {error.judul} | {error.saran} |" in text


@EACH
def test_error_reaches_another_process_as_it_was_raised(error: type[HubError]) -> None:
    raised = error.__new__(error)
    HubError.__init__(raised, "Bidang isi.nik kosong.", pasal="Pasal 3", headers={"X-Uji": "1"})
    found = pickle.loads(pickle.dumps(raised))
    assert type(found) is error
    assert (str(found), vars(found)) == (f"{error.kode}: Bidang isi.nik kosong.", vars(raised))


def test_advice_does_not_say_to_repeat_what_repeating_does_not_help() -> None:
    permanent = [e for e in CLASSES if issubclass(e, PermanentError)]
    assert [e.kode for e in permanent if e.saran.startswith(("Coba lagi", "Tunggu sebentar"))] == []
    # A partner's program is told what to do, not whom to ask.
    assert [e.kode for e in permanent if e.kode[:5] == "KLIEN" and "saran" not in vars(e)] == []


def test_errors_of_the_caller_are_4xx_and_of_the_hub_say_so() -> None:
    assert [e for e in CLASSES if e.kode.startswith("KLIEN") and e.status >= 500] == []


def test_every_401_comes_with_a_challenge_and_no_400_does() -> None:
    challenged = {e.__qualname__ for e in CLASSES if "WWW-Authenticate" in e.headers}
    assert {e.__qualname__ for e in CLASSES if e.status == 401} <= challenged
    assert {e.status for e in CLASSES if e.__qualname__ in challenged} == {401, 403}


def test_generated_documents_are_fresh() -> None:
    assert dokumen.check() == []


def test_stale_document_is_noticed(tmp_path: Path) -> None:
    assert dokumen.write(tmp_path) == list(dokumen.generate())
    (tmp_path / "galat.md").write_text("lama", encoding="utf-8")
    assert dokumen.check(tmp_path) == ["galat.md"]
