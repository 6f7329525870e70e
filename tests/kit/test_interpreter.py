"""A program that was set up for reading records ends in silence."""

from __future__ import annotations

import subprocess
import sys

_PROGRAM = """
import duckdb
from services.kit.interpreter import expect_records
expect_records()
print(duckdb.sql("SELECT 42").fetchall()[0][0])
"""


def test_program_with_duckdb_ends_without_a_word() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("42\n", "")
