"""What must be seen of a reconciliation stays on the terminal; elsewhere all of it are lines."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from rich.console import Console

from services.perintah import kemajuan
from services.sync.konteks import Kemajuan

MATI = Kemajuan(7, "deliver", "Kelompok 3 ke bpjs menjadi surat mati. [penting]", penting=True)
BIASA = Kemajuan(7, "compare", "pekerja: 9 temuan")


def shown(
    monkeypatch: pytest.MonkeyPatch, *, terminal: bool, signs: list[Kemajuan]
) -> tuple[str, str]:
    """Return what a console received, and what still stands on its screen when it is over."""
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=terminal, width=100)
    monkeypatch.setattr(kemajuan, "err", console)

    def work(tell: Callable[[Kemajuan], None]) -> None:
        for sign in signs:
            tell(sign)

    kemajuan.run_with_progress(work)
    text = stream.getvalue()
    lines = [line.rpartition("\r")[2].rpartition("\x1b[2K")[2] for line in text.split("\n")]
    return text, "\n".join(lines)


def test_warning_stays_above_the_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    _, left = shown(monkeypatch, terminal=True, signs=[MATI, BIASA])
    (line,) = (each for each in left.split("\n") if "surat mati" in each)
    assert line.endswith(f"Z  deliver   {MATI.pesan}")


def test_same_warning_is_not_printed_again_within_the_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    _, left = shown(monkeypatch, terminal=True, signs=[MATI, BIASA, MATI, BIASA])
    assert left.count("Z  deliver") == 1
    monkeypatch.setattr(kemajuan, "_SAMA_DETIK", 0.0)
    _, left = shown(monkeypatch, terminal=True, signs=[MATI, BIASA, MATI, BIASA])
    assert left.count("Z  deliver") == 2


def test_without_a_terminal_each_sign_is_one_plain_line(monkeypatch: pytest.MonkeyPatch) -> None:
    text, _ = shown(monkeypatch, terminal=False, signs=[MATI, BIASA])
    assert text.splitlines() == [f"putaran 7  {k.tahap:8}  {k.pesan}" for k in (MATI, BIASA)]
