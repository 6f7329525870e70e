"""One contestant in a process of its own: read two Parquet files, answer by field, write it down.

Run as a script by the interpreter that has the contestant, hence nothing of ours is imported at the
top. Imports are made before the clock starts, for all alike. The peers compare values as they
stand: they cannot normalise, so they do less work than the hub and the naive query.
"""

from __future__ import annotations

import contextlib
import json
import re
import sys
import tempfile
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

Jawaban = dict[str, Any] | None
Lari = Callable[[Path, Path, Path], Jawaban]
KUNCI = ["id_badan_usaha", "nik"]
BIDANG = [
    "nomor_kepesertaan_jkn", "nama", "tanggal_lahir", "alamat", "nomor_hp", "jabatan", "tmt_jkn",
    "status_pekerjaan", "jumlah_anggota_keluarga", "status_kepesertaan",
]  # fmt: skip


def hub() -> Lari:
    """Ours; the working folder stays beside the result, so a second run finds the side-cars."""
    from services.banding import jalan

    def run(a: Path, b: Path, out: Path) -> Jawaban:
        return jalan.bandingkan(a, b, out / "hub.parquet", out / "kerja").row()

    return run


def naif() -> Lari:
    """DuckDB: normalise and join in one query."""
    import duckdb

    from tests.bench.naif import statements

    def run(a: Path, b: Path, out: Path) -> Jawaban:
        with (
            tempfile.TemporaryDirectory(dir=out) as spill,
            duckdb.connect(config={"temp_directory": spill, "memory_limit": "10GB"}) as db,
        ):
            for statement in statements(a, b, out / "naif.parquet"):
                db.execute(statement)
        return None

    return run


def datacompy() -> Lari:
    """datacompy over Polars."""
    dc, pl = (import_module(m) for m in ("datacompy", "polars"))

    def run(a: Path, b: Path, out: Path) -> Jawaban:
        frames = (pl.read_parquet(p, columns=[*KUNCI, *BIDANG]) for p in (a, b))
        compared = dc.PolarsCompare(*frames, join_columns=KUNCI)
        compared.all_mismatch().write_parquet(out / "datacompy.parquet")
        compared.df1_unq_rows.write_parquet(out / "datacompy_a.parquet")
        compared.df2_unq_rows.write_parquet(out / "datacompy_b.parquet")
        return None

    return run


def rdatacompy() -> Lari:
    """rdatacompy over Arrow; it only writes a report."""
    pq, rdc = (import_module(m) for m in ("pyarrow.parquet", "rdatacompy"))

    def run(a: Path, b: Path, out: Path) -> Jawaban:
        tables = (pq.read_table(p, columns=[*KUNCI, *BIDANG]) for p in (a, b))
        (out / "rdatacompy.txt").write_text(rdc.Compare(*tables, join_columns=KUNCI).report())
        return None

    return run


def _by_join(module: str) -> Lari:
    """The join of reladiff and of its fork, over DuckDB."""
    import duckdb

    diff = import_module(module)

    def run(a: Path, b: Path, out: Path) -> Jawaban:
        file = out / f"{module}.duckdb"
        columns = ", ".join([*KUNCI, *BIDANG])
        with duckdb.connect(str(file)) as db:
            for name, path in (("a", a), ("b", b)):
                db.execute(f"CREATE TABLE {name} AS SELECT {columns} FROM '{path}'")
        sides = [
            diff.connect_to_table(f"duckdb://main:@{file}", name, tuple(KUNCI),
                                  extra_columns=tuple(BIDANG))
            for name in ("a", "b")
        ]  # fmt: skip
        found = diff.diff_tables(
            *sides, algorithm=diff.Algorithm.JOINDIFF, validate_unique_key=False
        )
        with (out / f"{module}.jsonl").open("w") as lines:
            for sign, values in found:
                lines.write(json.dumps([sign, *values], default=str) + "\n")
        return None

    return run


def reladiff() -> Lari:
    """reladiff, joining in DuckDB."""
    return _by_join("reladiff")


def namidiff() -> Lari:
    """namidiff, joining in DuckDB."""
    return _by_join("namidiff")


PELOMBA: dict[str, Callable[[], Lari]] = {
    f.__name__: f for f in (hub, naif, datacompy, rdatacompy, reladiff, namidiff)
}


def forget_peak() -> None:
    """Have `peak_mib` count from here on."""
    Path("/proc/self/clear_refs").write_text("5")


def peak_mib() -> int:
    """Return the most memory that this program had: `ru_maxrss` begins at what its parent had."""
    said = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    return int(said[1]) // 1024 if said else 0


def main() -> None:
    """Run one contestant; the last line of stdout is its time, its peak and its answer."""
    name, a, b, out = sys.argv[1], *map(Path, sys.argv[2:5])
    out.mkdir(parents=True, exist_ok=True)
    with contextlib.redirect_stdout(sys.stderr):
        run = PELOMBA[name]()
        started = time.perf_counter()
        answer = run(a, b, out)
        seconds = time.perf_counter() - started
    print(json.dumps({"detik": round(seconds, 2), "puncak_mib": peak_mib(), "jawaban": answer}))


if __name__ == "__main__":
    main()
