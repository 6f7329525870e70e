"""Whole registries compared: ours cold and with side-cars, the naive query, the peers installed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

from tests.bench import warga
from tests.bench.ukur import ROOT, require, tell

PEMBANDING = {
    "datacompy": 10_000_000,
    "rdatacompy": 10_000_000,
    "reladiff": 1_000_000,
    "namidiff": 1_000_000,
}
"""Peers, and the rows a side up to which there is patience for them."""
BYTE_PEMBANDING = 2_000  # of memory that a peer takes for a row of each side

NAIF_SAMPAI = 10_000_000
"""Rows a side up to which the naive query runs unasked: at 45 million it spills 35 GB."""

BYTE_SEBARIS = 250  # of disk for a row of each side: files, side-cars, result
BYTE_NAIF = 900  # more of it for the naive query, which spills its join
_SELAMA = 1800
DINGIN, SIDIK_ADA = "hub, dingin", "hub, sidik ada"
_KELAS = ("berbeda", "beda_perusahaan", "hanya_a", "hanya_b")
_TERTULIS = {".parquet", ".txt", ".jsonl"}
_SELISIH = 0.1  # the naive query joins every pair of a key that repeats


@dataclass(frozen=True, slots=True)
class Catatan:
    """One measurement; without seconds the contestant failed and `galat` says how."""

    baris: int
    pelomba: str
    detik: float | None
    puncak_mib: int | None
    galat: str | None = None
    tahap: dict[str, float] | None = None
    jumlah: dict[str, int] | None = None


def measure(baris: int, folder: Path, python: Path | None, *, naif: bool = False) -> list[Catatan]:
    """Make both registries and let everybody compare them, one after another."""
    tell(f"{baris:,} baris sesisi: membuat data …")
    started = time.perf_counter()
    a, b = warga.write_both(folder / "data", baris)
    size = sum(p.stat().st_size for p in (a, b)) / 1e9
    tell(f"  {time.perf_counter() - started:.0f} detik, {size:.2f} GB")
    out = folder / "hasil"
    us = Path(sys.executable)
    turns = [(us, DINGIN, "hub"), (us, SIDIK_ADA, "hub")]
    if naif or baris <= NAIF_SAMPAI:
        turns.append((us, "DuckDB naif", "naif"))
    if python is not None:
        turns += [(python, name, name) for name in PEMBANDING if _can_run(name, baris)]
    made = [_run(who, baris, label, name, (a, b, out)) for who, label, name in turns]
    shutil.rmtree(folder / "data")
    shutil.rmtree(out)
    require_alike(made)
    return made


def require_alike(made: Sequence[Catatan]) -> None:
    """Raise AssertionError unless all that count found much the same, and some of everything."""
    counts = [m.jumlah for m in made if m.jumlah]
    for found in counts:
        for kelas in _KELAS:
            wanted = counts[0].get(kelas, 0)
            off = abs(found.get(kelas, 0) - wanted)
            require(off <= wanted * _SELISIH and wanted > 0, f"{kelas}, {counts}")


def answered(label: str, name: str, out: Path, answer: dict[str, Any] | None) -> dict[str, int]:
    """Return how many of each class a contestant found; nothing of one that does not say.

    Raises AssertionError when it wrote nothing, or when side-cars were there that should not be
    or should have been.
    """
    wrote = [_size(p) for p in out.glob(f"{name}*") if p.suffix in _TERTULIS]
    require(bool(wrote) and all(wrote), f"{label} menulis {wrote}")
    if name == "naif":
        query = f"SELECT jenis, count(*) FROM '{out / 'naif.parquet'}' GROUP BY jenis"
        return dict(duckdb.execute(query).fetchall())
    if answer is None:
        return {}
    require(len(answer["dibangun"]) == (0 if label == SIDIK_ADA else 2), f"sidik, {label}")
    return {k: answer["kelas"][k] for k in _KELAS}


def _size(path: Path) -> int:
    """Return the rows of a Parquet file, the octets of any other."""
    parquet = path.suffix == ".parquet"
    return int(pq.read_metadata(path).num_rows if parquet else path.stat().st_size)


def _can_run(name: str, baris: int) -> bool:
    """Say whether a peer is worth its time, and fits the memory that is free now."""
    lines = Path("/proc/meminfo").read_text().splitlines()
    free = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))
    return baris <= PEMBANDING[name] and baris * BYTE_PEMBANDING <= free


def warm_up(folder: Path) -> None:
    """Compile once, before anything is measured; the first use ever pays this."""
    tell("Menyiapkan kernel …")
    paths = (*warga.write_both(folder / "awal", 20_000), folder / "awal")
    _run(Path(sys.executable), 20_000, "pemanasan", "hub", paths)
    shutil.rmtree(folder / "awal")


def _run(python: Path, baris: int, label: str, name: str, paths: tuple[Path, ...]) -> Catatan:
    # A peer's interpreter must not see our sources: their names could hide its own modules.
    ours = python == Path(sys.executable)
    environment = os.environ | {"PYTHONPATH": str(ROOT) if ours else ""}
    command = [str(python), str(Path(__file__).with_name("pelomba.py")), name, *map(str, paths)]
    try:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=_SELAMA,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Catatan(baris, label, None, None, f"lebih dari {_SELAMA} detik")
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["tanpa pesan"])[-1]
        tell(f"  {label}: gagal: {reason[:200]}")
        return Catatan(baris, label, None, None, reason[:200])
    said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    stages = (said["jawaban"] or {}).get("detik")
    counts = answered(label, name, paths[-1], said["jawaban"])
    tell(f"  {label}: {said['detik']} detik, {said['puncak_mib']} MiB {stages or ''}")
    return Catatan(baris, label, said["detik"], said["puncak_mib"], None, stages, counts)


def lines(made: Sequence[Catatan]) -> list[str]:
    """Return the measurements as a table in Markdown, with the ratio to the naive query."""
    text = [
        "| baris sesisi | pelomba | detik | terhadap naif | puncak MiB |",
        "|---|---|---|---|---|",
    ]
    naive = {m.baris: m.detik for m in made if m.pelomba == "DuckDB naif"}
    for m in made:
        base = naive.get(m.baris)
        ratio = f"{m.detik / base:.2f}" if m.detik and base else "–"
        seconds = f"{m.detik:.1f}" if m.detik is not None else f"gagal: {m.galat}"
        text.append(f"| {m.baris:,} | {m.pelomba} | {seconds} | {ratio} | {m.puncak_mib or '–'} |")
    return text


def by_contestant(made: Sequence[Catatan]) -> dict[str, list[tuple[float, float]]]:
    """Return rows a side and seconds of every measurement that has a time."""
    series: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for m in made:
        if m.detik:
            series[m.pelomba].append((m.baris, m.detik))
    return series


def as_json(made: Sequence[Catatan]) -> str:
    """Return the measurements as JSON."""
    return json.dumps([asdict(m) for m in made], indent=1)


def merge(path: Path, made: Sequence[Catatan]) -> list[Catatan]:
    """Return the measurements with those of other sizes that the file holds already."""
    sizes = {m.baris for m in made}
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    former = [Catatan(**row) for row in kept if row["baris"] not in sizes]
    return sorted([*former, *made], key=lambda m: m.baris)
