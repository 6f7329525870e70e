"""Run the measurements and print the ratios."""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
from pathlib import Path
from typing import Any

from services.kit import logging
from tests.bench import banding, jejak, nomor, ukuran
from tests.bench.panggung import Panggung, bare, open_panggung, service
from tests.bench.ukur import Hasil, Takaran, tell

BAGIAN = ("impor", "cari", "kumpulan", "umpan")
REGISTRI = "bandingkan"  # two registries of a million workers: no server, no province
LAIN = ("nomor",)  # measured for docs/keputusan/0002, when asked for by name
BUKU = "jejak"  # the ledger at ten million entries (8 GB of disk), when asked for by name


def main() -> None:
    """Measure what was asked for; the figures go to stdout, the progress to stderr."""
    options = _options()
    asked = options.bagian or [*BAGIAN, REGISTRI]
    if asked == [BUKU]:
        print("\n".join(_ledger(options)))
        return
    whole = _registries(options) if REGISTRI in asked else []
    if asked == [REGISTRI]:
        print(banding.as_json(whole) if options.json else "\n".join(banding.lines(whole)))
        return
    logging.configure("bench", "ERROR")
    takaran = Takaran(2, 1.0) if options.singkat else Takaran(7, 3.0)
    pekerja = options.pekerja or (6_000 if options.singkat else 30_000)
    with (
        tempfile.TemporaryDirectory(prefix="hub-bench-") as folder,
        open_panggung(Path(folder), pekerja) as panggung,
    ):
        machine = _machine(panggung, pekerja)
        figures = _measure(panggung, takaran, asked)
    if options.json:
        rows = [f.row() for f in figures]
        registri = json.loads(banding.as_json(whole))
        print(json.dumps({"mesin": machine, "hasil": rows, REGISTRI: registri}, indent=2))
        return
    print(", ".join(f"{k} {v}" for k, v in machine.items()))
    for figure in figures:
        print(_line(figure))
    print("\n".join(banding.lines(whole) if whole else []))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument(
        "bagian", nargs="*", choices=[*BAGIAN, REGISTRI, *LAIN, BUKU, []], help="bagian yang diukur"
    )
    parser.add_argument("--singkat", action="store_true", help="provinsi kecil, sedikit ulangan")
    parser.add_argument("--json", action="store_true", help="angka sebagai JSON")
    parser.add_argument("--pekerja", type=int, default=0, help="jumlah pekerja")
    parser.add_argument("--pembanding", type=Path, help="Python dengan pembanding.txt terpasang")
    return parser.parse_args()


def _registries(options: argparse.Namespace) -> list[banding.Catatan]:
    """Compare two registries, alone and beside what `--pembanding` has."""
    if options.pembanding is None:
        tell("Pembanding tidak diukur: pasang tests/bench/pembanding.txt, lalu sebut --pembanding.")
    with tempfile.TemporaryDirectory(prefix="hub-bench-") as folder:
        banding.warm_up(Path(folder))
        baris = 100_000 if options.singkat else 1_000_000
        return banding.measure(baris, Path(folder), options.pembanding)


def _ledger(options: argparse.Namespace) -> list[str]:
    """Search one person in a large ledger."""
    entri = 200_000 if options.singkat else 10_000_000
    with tempfile.TemporaryDirectory(prefix="hub-bench-") as folder:
        return jejak.lines(jejak.measure(Path(folder), entri))


def _measure(panggung: Panggung, takaran: Takaran, bagian: list[str]) -> list[Hasil]:
    figures: list[Hasil] = []
    if "impor" in bagian:
        figures += ukuran.impor(panggung, takaran)
    if {"cari", "kumpulan", "umpan"} & set(bagian):
        with service(panggung) as layanan, bare(panggung) as polos:
            if "cari" in bagian:
                figures += ukuran.cari(panggung, layanan, polos, takaran)
            if "kumpulan" in bagian:
                figures += ukuran.kumpulan(panggung, layanan, polos, takaran)
            if "umpan" in bagian:
                figures += ukuran.umpan(panggung, layanan, takaran)
    if "nomor" in bagian:
        figures += nomor.nomor(panggung, takaran)
    return figures


def _machine(panggung: Panggung, pekerja: int) -> dict[str, Any]:
    with panggung.connect() as db:
        row = db.execute("SHOW server_version").fetchone()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "inti": os.cpu_count(),
        "beban": round(os.getloadavg()[0], 1),
        "GiB": round(memory, 1),
        "Python": platform.python_version(),
        "PostgreSQL": row[0] if row else "?",
        "pekerja": pekerja,
    }


def _line(figure: Hasil) -> str:
    r = figure.row()
    goal = ""
    if figure.sasaran is not None:
        goal = f"  sasaran {figure.sasaran}: {'tercapai' if figure.tercapai else 'BELUM'}"
    return (
        f"{r['nama']:<26} / {r['acuan']:<27} {r['rasio']:>6} ({r['terendah']}–{r['tertinggi']},"
        f" {r['ulangan']}×)  {r['kita']:,} : {r['pembanding']:,} {r['satuan']}{goal}"
    )


if __name__ == "__main__":
    main()
