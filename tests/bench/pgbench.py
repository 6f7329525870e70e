"""pgbench over the same statement, prepared: what the database alone can do."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import psycopg
import sqlalchemy as sa

from services.kit.database import libpq_url
from services.kit.postgres import PostgresServer
from services.kit.postgres_tempat import find_binaries
from tests.bench.pernyataan import BACA_DAN_CATAT
from tests.bench.polos import SIDIK
from tests.bench.ukur import KONEKSI, require

_ENTRY = {
    "waktu": "now()",
    "pelaku": "'bench'",
    "pihak": "NULL",
    "pasal": "'bench'",
    "cakupan": "NULL",
    "tujuan": "NULL",
    "rute": "'bench'",
    "id_permintaan": "NULL",
    "jumlah": ":n",
    "daftar": "1",
    "sidik": ":sidik",
    "nik": ":nik",
    "kuota_pelaku": "'bench'",
    "kuota_perihal": "'bench'",
    "kuota_tujuan": "'bench'",
    "kuota_hari": "current_date",
    "kuota_n": ":n",
    "kuota_batas": "1000000000",
    "kuota_ambang": "1000000000",
    "kuota_bagian": "1",
}


def _script() -> str:
    query = " ".join(BACA_DAN_CATAT.split())
    return re.sub(r"%\((\w+)\)s", lambda m: _ENTRY[m[1]], query) + ";\n"


def _program(server: PostgresServer) -> Path:
    near = server.binaries / "pgbench"
    if near.exists():
        return near
    found = find_binaries() / "pgbench"
    if found.exists():
        return found
    return Path(shutil.which("pgbench") or "pgbench")


def rate(server: PostgresServer, url: str, nik: list[str], seconds: float) -> float:
    """Return look-ups a second, each of all these NIKs with its entry in the ledger.

    Raises AssertionError unless persons were found and entered.
    """
    before = _given(url)
    sidik = ",".join([str(SIDIK)] * len(nik))
    variables = {"n": str(len(nik)), "nik": f"{{{','.join(nik)}}}", "sidik": f"{{{sidik}}}"}
    tps = run(server, url, _script(), seconds, variables)
    asked, known = (now - then for now, then in zip(_given(url), before, strict=True))
    require(asked == known >= len(nik), f"pgbench: {known} dari {asked} orang ditemukan")
    return tps


def _given(url: str) -> tuple[int, int]:
    """Return how many persons were asked for under the quota of this benchmark, and were known."""
    query = (
        "SELECT coalesce(sum(terpakai), 0), coalesce(sum(terpakai - tak_dikenal), 0)"
        " FROM kuota WHERE pelaku = 'bench'"
    )
    with psycopg.connect(libpq_url(url)) as db:
        asked, known = db.execute(query).fetchone() or (0, 0)
    return int(asked), int(known)


def run(
    server: PostgresServer, url: str, script: str, seconds: float, variables: dict[str, str]
) -> float:
    """Return transactions a second with as many connections as the load has."""
    parts = sa.make_url(url)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "pernyataan.sql"
        file.write_text(script)
        done = subprocess.run(
            [
                *(_program(server), "-n", "-M", "prepared", "-f", file),
                *("-c", str(KONEKSI), "-j", "1", "-T", str(max(round(seconds), 1))),
                *(part for k, v in variables.items() for part in ("-D", f"{k}={v}")),
                *("-h", str(parts.query["host"]), "-p", str(parts.query["port"])),
                *("-U", str(parts.username), parts.database or ""),
            ],
            env={"PGPASSWORD": str(parts.password), "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
            capture_output=True,
            text=True,
            check=False,
        )
    found = re.search(r"tps = ([0-9.]+)", done.stdout)
    if found is None or done.returncode:
        raise RuntimeError(f"pgbench: {done.stderr[-500:]}")
    return float(found[1])
