"""A process that belongs to another ends with it, however that one ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress

CHILD = """
import sys, time
from services.kit.process import end_with_parent
end_with_parent(int(sys.argv[1]))
print("hidup", flush=True)
time.sleep(60)
"""
PARENT = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", sys.argv[1], str(os.getpid())])
print(child.pid, flush=True)
time.sleep(60)
"""


def test_child_outlives_no_parent_that_was_killed() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, CHILD], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        try:
            assert parent.stdout.readline() == "hidup\n"
            parent.kill()
            assert parent.stdout.read() == ""  # ends when the child has closed its end, too
        finally:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)


def test_child_ends_when_the_parent_was_gone_before_it_looked() -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    late = subprocess.run([sys.executable, "-c", CHILD, str(gone.pid)], timeout=30, check=False)
    assert late.returncode == -signal.SIGTERM
