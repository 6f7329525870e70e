"""`python -m tests.bench.nasional --baris N`: a nation's registries compared, up to that size."""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import sys
import tempfile
from pathlib import Path

import duckdb
import pyarrow as pa

from tests.bench import banding, gambar
from tests.bench.ukur import tell

UKURAN = (1_000_000, 3_000_000, 10_000_000, 45_000_000)


def main() -> None:
    """Measure every size up to the one asked for; figures to stdout, progress to stderr."""
    options = _options()
    sizes = [n for n in UKURAN if n < options.baris] if options.semua else []
    sizes.append(options.baris)
    need = max(sizes) * banding.BYTE_SEBARIS / 1e9
    naive = [n for n in sizes if options.naif or n <= banding.NAIF_SAMPAI]
    need = max(need, max(naive, default=0) * (banding.BYTE_SEBARIS + banding.BYTE_NAIF) / 1e9)
    free = shutil.disk_usage(options.folder or tempfile.gettempdir()).free / 1e9
    tell(f"Perlu sekitar {need:.1f} GB ruang disk (ada {free:.0f} GB); semuanya dihapus di akhir.")
    if free < need:
        sys.exit("Ruang disk tidak cukup: sebut --folder di disk lain, atau --baris lebih kecil.")
    if options.pembanding is None:
        tell("Pembanding tidak diukur: pasang tests/bench/pembanding.txt, lalu sebut --pembanding.")
    made = []
    with tempfile.TemporaryDirectory(prefix="hub-nasional-", dir=options.folder) as name:
        banding.warm_up(Path(name))
        for baris in sizes:
            made += banding.measure(baris, Path(name), options.pembanding, naif=options.naif)
    print(_machine())
    print("\n".join(banding.lines(made)))
    if options.json:
        made = banding.merge(options.json, made)
        options.json.write_text(banding.as_json(made) + "\n", encoding="utf-8")
    if options.svg:
        title, unit = "Detik menurut baris sesisi", lambda rows: f"{rows / 1e6:g} jt"
        gambar.plot(banding.by_contestant(made), title, unit, options.svg)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.nasional", description=__doc__)
    parser.add_argument("--baris", type=int, default=UKURAN[-1], help="baris sesisi")
    parser.add_argument("--semua", action="store_true", help="juga ukuran yang lebih kecil")
    parser.add_argument("--naif", action="store_true", help="kueri naif juga di atas 10 juta")
    parser.add_argument("--folder", type=Path, help="tempat data sementara")
    parser.add_argument("--pembanding", type=Path, help="Python dengan pembanding.txt terpasang")
    parser.add_argument("--json", type=Path, help="berkas angka; ukuran lain di dalamnya tetap")
    parser.add_argument("--svg", type=Path, help="gambar biaya menurut ukuran")
    return parser.parse_args()


def _machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{len(os.sched_getaffinity(0))} inti {platform.machine()}, {memory:.1f} GiB, "
        f"CPython {platform.python_version()}, DuckDB {duckdb.__version__}, "
        f"pyarrow {pa.__version__}"
    )


if __name__ == "__main__":
    main()
