"""A reader of the change feed in a process of its own: every page is validated as a partner would.

`berurutan` asks, validates, asks again, as the reconciler does. `di_depan` asks for the next
page while it validates the present one; it finds the cursor without building the records.
"""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import msgspec
from pydantic import TypeAdapter

from shared_schemas.identitas import TERPERCAYA
from shared_schemas.rujukan import Pihak
from shared_schemas.v1.amplop import PekerjaTercatat
from shared_schemas.v1.pekerja import Pekerja
from shared_schemas.v1.perubahan import HalamanPerubahan
from tests.bench.ukur import ROOT

_PATH = "/v1/perubahan/pekerja"
_RECORD: Any = PekerjaTercatat[Pekerja.profil(Pihak.KESATU)]  # type: ignore[misc]
_FORM = TypeAdapter(HalamanPerubahan[_RECORD])


class _Ekor(msgspec.Struct):
    kursor: str
    habis: bool


def rate(base: str, authorization: str, cara: str) -> float:
    """Return records a second over the whole feed."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.pembaca", base, cara],
        cwd=ROOT,
        input=authorization,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-500:])
    count, took = json.loads(done.stdout)
    return float(count) / float(took)


def _in_turn(http: httpx.Client) -> Iterator[bytes]:
    query: dict[str, str] = {"batas": "1000"}
    while True:
        content = http.get(_PATH, params=query).raise_for_status().content
        yield content
        tail = msgspec.json.decode(content, type=_Ekor)
        if tail.habis:
            return
        query["kursor"] = tail.kursor


def _ahead(http: httpx.Client) -> Iterator[bytes]:
    pages = _in_turn(http)
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, pages, b"")
        while content := coming.result():
            coming = pool.submit(next, pages, b"")
            yield content


def read(base: str, authorization: str, cara: str) -> tuple[int, float]:
    """Read the feed to its end; return how many records in how many seconds."""
    headers = {"Authorization": authorization}
    with httpx.Client(base_url=base, headers=headers, timeout=60) as http:
        http.get(_PATH, params={"batas": 1}).raise_for_status()
        # A page makes 10,000 objects and no cycles: the collector would only walk them.
        gc.freeze()
        gc.set_threshold(100_000)
        count, started = 0, time.perf_counter()
        for content in _ahead(http) if cara == "di_depan" else _in_turn(http):
            count += len(_FORM.validate_json(content, context=TERPERCAYA).data)
        return count, time.perf_counter() - started


if __name__ == "__main__":
    print(json.dumps(read(sys.argv[1], sys.stdin.read(), sys.argv[2])))
