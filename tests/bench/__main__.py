"""Run the measurements and print the ratios."""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from services.kit import logging
from tests.bench import (
    banding,
    bukti,
    delta,
    ekspor,
    gambar,
    jejak,
    laju,
    nomor,
    segel,
    sidik,
    ukuran,
)
from tests.bench.panggung import Panggung, bare, open_panggung, service
from tests.bench.ukur import Hasil, Takaran, tell

BAGIAN = ("impor", "cari", "kumpulan", "umpan")
REGISTRI = "bandingkan"  # two registries of a million workers: no server, no province
LAIN = ("nomor", "segel", "bukti")  # for docs/keputusan/0002, 0013, 0019, asked for by name


def main() -> None:
    """Measure what was asked for; the figures go to stdout, the progress to stderr."""
    options = _options()
    logging.configure("bench", "ERROR")
    asked = options.bagian or [*BAGIAN, REGISTRI]
    for name in asked:
        if name in SENDIRI:
            SENDIRI[name](options)
    in_province = [name for name in asked if name not in SENDIRI]
    if in_province:
        _province(options, in_province)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument(
        "bagian", nargs="*", choices=[*BAGIAN, *LAIN, *SENDIRI, []], help="bagian yang diukur"
    )
    parser.add_argument("--singkat", action="store_true", help="provinsi kecil, sedikit ulangan")
    parser.add_argument("--json", action="store_true", help="angka sebagai JSON")
    parser.add_argument("--pekerja", type=int, help="pekerja provinsi; bawaan 30.000")
    parser.add_argument("--rekaman", type=int, help="pekerja sesisi bagi ukuran selain provinsi")
    parser.add_argument("--laju", type=float, default=100, help="panggilan sedetik (laju)")
    parser.add_argument("--detik", type=float, help="lama bertahan (laju); bawaan 300")
    parser.add_argument("--folder", type=Path, help="tempat database sementara")
    parser.add_argument("--pembanding", type=Path, help="Python dengan pembanding.txt terpasang")
    parser.add_argument("--svg", type=Path, help="gambar putaran menurut perubahan (delta)")
    return parser.parse_args()


def _province(options: argparse.Namespace, asked: Sequence[str]) -> None:
    """Measure on the services and tables of a synthetic province."""
    takaran = Takaran(2, 1.0) if options.singkat else Takaran(7, 3.0)
    pekerja = options.pekerja or (6_000 if options.singkat else 30_000)
    with (
        tempfile.TemporaryDirectory(prefix="hub-bench-", dir=options.folder) as folder,
        open_panggung(Path(folder), pekerja) as panggung,
    ):
        machine = _machine(panggung, pekerja)
        figures = _measure(panggung, takaran, asked)
    if not options.json:
        print(", ".join(f"{k} {v}" for k, v in machine.items()))
    _show(figures, as_json=options.json, mesin=machine)


def _ledger(options: argparse.Namespace) -> None:
    """Search one person in a large ledger."""
    entri = options.rekaman or (200_000 if options.singkat else 10_000_000)
    with tempfile.TemporaryDirectory(prefix="hub-bench-", dir=options.folder) as folder:
        print("\n".join(jejak.lines(jejak.measure(Path(folder), entri))))


def _open_loop(options: argparse.Namespace) -> None:
    """Ask a service with everything on at a rate that does not wait for it."""
    detik = options.detik or (45.0 if options.singkat else 300.0)
    ujian = laju.Ujian(options.laju, detik, 2 if options.singkat else 5)
    pekerja = options.pekerja or (6_000 if options.singkat else 30_000)
    with (
        tempfile.TemporaryDirectory(prefix="hub-bench-", dir=options.folder) as folder,
        open_panggung(Path(folder), pekerja) as panggung,
    ):
        machine = _machine(panggung, pekerja)
        print(", ".join(f"{k} {v}" for k, v in machine.items()))
        print("\n".join(laju.laju(panggung, ujian)))


def _measure(panggung: Panggung, takaran: Takaran, bagian: Sequence[str]) -> list[Hasil]:
    figures: list[Hasil] = []
    if "impor" in bagian:
        figures += ukuran.impor(panggung, takaran)
    if {"cari", "kumpulan", "umpan"} & set(bagian):
        # Token, agreement and ledger are measured here. What the evidence log adds is `bukti`'s to
        # say: its sealer goes on working while the next contestant has its turn.
        with service(panggung, bukti=False) as layanan, bare(panggung) as polos:
            if "cari" in bagian:
                figures += ukuran.cari(panggung, layanan, polos, takaran)
            if "kumpulan" in bagian:
                figures += ukuran.kumpulan(panggung, layanan, polos, takaran)
            if "umpan" in bagian:
                figures += ukuran.umpan(panggung, layanan, takaran)
    if "nomor" in bagian:
        figures += nomor.nomor(panggung, takaran)
    if "segel" in bagian:
        figures += segel.segel(panggung, takaran)
    if "bukti" in bagian:
        figures += bukti.bukti(panggung, takaran)
    return figures


def _registries(options: argparse.Namespace) -> None:
    """Compare two registries, alone and beside what `--pembanding` has."""
    if options.pembanding is None:
        tell("Pembanding tidak diukur: pasang tests/bench/pembanding.txt, lalu sebut --pembanding.")
    with tempfile.TemporaryDirectory(prefix="hub-bench-", dir=options.folder) as folder:
        banding.warm_up(Path(folder))
        baris = options.rekaman or (100_000 if options.singkat else 1_000_000)
        whole = banding.measure(baris, Path(folder), options.pembanding)
    print(banding.as_json(whole) if options.json else "\n".join(banding.lines(whole)))


def _rounds(options: argparse.Namespace) -> None:
    """Rounds after a change, on a hub of its own."""
    rounds = delta.measure(options.rekaman or 200_000, options.folder)
    if options.svg:
        title = "Detik menurut bagian yang berubah"
        gambar.plot(delta.by_stage(rounds), title, "{:.2%}".format, options.svg)
    print(json.dumps(rounds, indent=2) if options.json else "\n".join(delta.lines(rounds)))


def _first_load(options: argparse.Namespace) -> None:
    """Snapshots of a registry of its own."""
    figures = ekspor.ekspor(options.rekaman or 500_000, 2 if options.singkat else 3)
    _show(figures, as_json=options.json)


def _tree(options: argparse.Namespace) -> None:
    """Walk the digest trees of a registry and its mirror."""
    baris = options.rekaman or (50_000 if options.singkat else 1_000_000)
    with tempfile.TemporaryDirectory(prefix="hub-bench-", dir=options.folder) as folder:
        print("\n".join(sidik.measure(Path(folder), sidik.Banyak(baris))))


SENDIRI: dict[str, Callable[[argparse.Namespace], None]] = {
    REGISTRI: _registries,
    "delta": _rounds,
    "ekspor": _first_load,
    "jejak": _ledger,
    "laju": _open_loop,
    "sidik": _tree,
}
"""Measurements that bring their own data."""


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


def _show(figures: Sequence[Hasil], *, as_json: bool, **more: Any) -> None:
    if as_json:
        print(json.dumps({**more, "hasil": [f.row() for f in figures]}, indent=2))
        return
    for figure in figures:
        print(_line(figure))


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
