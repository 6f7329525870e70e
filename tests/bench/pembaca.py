"""A reader of the change feed in a process of its own: the reconciler's client, page by page."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Generator

import httpx

from services.kit.interpreter import expect_records
from services.sync.klien import KlienRegistri
from services.sync.settings import NamaSisi
from shared_schemas.rujukan import Himpunan
from shared_schemas.v1.amplop import BATAS_LARIK
from tests.bench.ukur import ROOT, require


def rate(base: str, authorization: str, banyak: int) -> float:
    """Return records a second over the whole feed. Raises AssertionError unless it has so many."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.pembaca", base],
        cwd=ROOT,
        input=authorization,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-500:])
    count, took = json.loads(done.stdout)
    require(count == banyak, f"umpan: {count} dari {banyak} rekaman")
    return float(count) / float(took)


class _Bearer(httpx.Auth):
    def __init__(self, authorization: str) -> None:
        self._authorization = authorization

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = self._authorization
        yield request


def read(base: str, authorization: str) -> tuple[int, float]:
    """Read the feed to its end, each page validated; return (records, seconds)."""
    expect_records()
    klien = KlienRegistri(
        NamaSisi.WLKP, base, _Bearer(authorization),
        tunggu_detik=0, batas=BATAS_LARIK, check_stop=lambda: None,
    )  # fmt: skip
    klien.fetch_perubahan(Himpunan.PEKERJA, None)  # connects, and builds the form of a page
    count, kursor, started = 0, None, time.perf_counter()
    while True:
        page = klien.fetch_perubahan(Himpunan.PEKERJA, kursor)
        count, kursor = count + len(page.data), page.kursor
        if page.habis:
            break
    took = time.perf_counter() - started
    klien.close()
    return count, took


if __name__ == "__main__":
    print(json.dumps(read(sys.argv[1], sys.stdin.read())))
