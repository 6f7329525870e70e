"""The bare handler: FastAPI, the driver's pool, one statement; no token, agreement or checks.

`/catat` runs the product's own statement, which enters the read in the ledger; `/baca` runs
its SELECT alone. Both answer with the product's JSON.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from psycopg_pool import ConnectionPool
from pydantic import BaseModel
from starlette.responses import Response

from tests.bench.pernyataan import BACA, BACA_DAN_CATAT

SIDIK = 1_234_567_890_123_456_789


def array(items: Iterable[str]) -> str:
    """Return an array literal, which the driver need not build item by item."""
    return f"{{{','.join(items)}}}"


class Pencarian(BaseModel):
    """The NIKs asked for, unchecked."""

    nik: list[str]


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Keep a pool as large as the product's."""
    with ConnectionPool(
        os.environ["BENCH_URL"], min_size=10, max_size=10, kwargs={"autocommit": True}
    ) as pool:
        app.state.pool = pool
        yield


app = FastAPI(lifespan=lifespan)


def _answer(nik: list[str], rows: list[tuple[Any, ...]]) -> Response:
    found: dict[str, list[str]] = {}
    for key, text in rows:
        found.setdefault(key, []).append(text)
    answers = (
        f'{{"posisi":{at},"ditemukan":{json.dumps(n in found)},'
        f'"pekerja":[{",".join(found.get(n, ()))}]}}'
        for at, n in enumerate(nik)
    )
    return Response(f'{{"jawaban":[{",".join(answers)}]}}', media_type="application/json")


@app.post("/baca")
def baca(request: Request, cari: Pencarian) -> Response:
    """Look up."""
    with request.app.state.pool.connection() as db:
        return _answer(cari.nik, db.execute(BACA, {"nik": array(cari.nik)}).fetchall())


@app.post("/catat")
def catat(request: Request, cari: Pencarian) -> Response:
    """Look up and enter in the ledger."""
    n, nik = len(cari.nik), array(cari.nik)
    entry = {
        "waktu": dt.datetime.now(dt.UTC), "pelaku": "bench", "pihak": None, "pasal": "bench",
        "cakupan": None, "tujuan": None, "rute": "bench", "id_permintaan": None,
        "jumlah": n, "daftar": 1,
        "sidik": array([str(SIDIK)] * n), "nik": nik, "kuota_pelaku": "bench",
        "kuota_perihal": "bench", "kuota_tujuan": "bench",
        "kuota_hari": dt.datetime.now(dt.UTC).date(), "kuota_n": n,
        "kuota_batas": 10**9, "kuota_ambang": 10**9, "kuota_bagian": 1.0,
    }  # fmt: skip
    with request.app.state.pool.connection() as db:
        rows = db.execute(BACA_DAN_CATAT, entry).fetchall()
        return _answer(cari.nik, [r[2:] for r in rows])


if __name__ == "__main__":
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=int(sys.argv[1]),
        http="httptools",
        loop="uvloop",
        access_log=False,
        log_config=None,
        server_header=False,
    )
