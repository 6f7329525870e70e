"""Linking measured on registers it has not seen: precision, recall, queue, time, memory, peers.

python -m tests.bench.taut                  # three held-out sets, and the peers installed
python -m tests.bench.taut --besar          # 1,000,000 × 400,000 companies, and workers
python -m tests.bench.taut --ubah           # a change followed, 8, 100 and 400 thousand a side
python -m tests.bench.taut --febrl FOLDER   # FEBRL 4 as two CSV files, a.csv and b.csv
"""

from __future__ import annotations

import argparse
import csv
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pyarrow as pa

from services.taut.aturan import rules_badan_usaha, rules_pekerja
from services.taut.blok import find_candidates
from services.taut.siapkan import prepare_badan_usaha, prepare_pekerja
from services.taut.tautkan import tautkan
from shared_schemas.rujukan import Himpunan
from tests.bench import taut_ubah
from tests.bench.pelomba import forget_peak, peak_mib
from tests.bench.taut_besar import large_companies, large_workers
from tests.bench.taut_pesaing import peers
from tests.bench.ukur import require
from tests.taut.dunia import Uji, make_companies, make_workers

Pasangan = set[tuple[str, str]]


def main() -> None:
    """Measure what was asked for and print a line a set."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.taut", description=__doc__)
    parser.add_argument("--rekaman", type=int, default=20_000)
    parser.add_argument("--benih", type=int, default=7)
    parser.add_argument("--besar", action="store_true")
    parser.add_argument("--ubah", type=int, nargs="*", help="rekaman sesisi")
    parser.add_argument("--febrl", type=Path)
    options = parser.parse_args()
    if options.ubah is not None:
        taut_ubah.measure(tuple(options.ubah) or (8_000, 100_000, 400_000))
        return
    print("set | kita | presisi | recall | recall blok | tinjau | detik | GiB puncak")
    if options.besar:
        _measure_large()
        return
    if options.febrl:
        _measure("FEBRL 4 tanpa NIK", Himpunan.PEKERJA, read_febrl(options.febrl), alone=True)
        return
    for name, himpunan, make in sets(options.rekaman, options.benih):
        _measure(name, himpunan, make())


def sets(count: int, seed: int) -> Iterable[tuple[str, Himpunan, Callable[[], Uji]]]:
    yield "badan usaha", Himpunan.BADAN_USAHA, lambda: make_companies(count, seed)
    yield "NIK salah", Himpunan.PEKERJA, lambda: make_workers(count, seed + 1, nik="salah")
    yield "NIK kosong", Himpunan.PEKERJA, lambda: make_workers(count, seed + 2, nik="kosong")


def _measure(name: str, himpunan: Himpunan, uji: Uji, *, alone: bool = False) -> None:
    """Print a line for us, and unless we are alone one for each peer."""
    a, b = uji.tables()
    print(measure_ours(name, himpunan, uji, a, b))
    for peer, link in [] if alone else peers(himpunan):
        forget_peak()
        start = time.perf_counter()
        pairs = link(a, b)
        print(_line(name, peer, pairs, uji.benar, "– | –", time.perf_counter() - start))


def measure_ours(name: str, himpunan: Himpunan, uji: Uji, a: pa.Table, b: pa.Table) -> str:
    """Return our line. Raises AssertionError when nobody was linked rightly."""
    tautkan(himpunan, a.slice(0, 50), b.slice(0, 50))  # compiled code is read once
    forget_peak()
    start = time.perf_counter()
    found = tautkan(himpunan, a, b)
    seconds = time.perf_counter() - start
    linked = {
        (r["kunci_a"], r["kunci_b"]) for r in found.tabel.to_pylist() if r["putusan"] == "tertaut"
    }
    review = found.laporan.tinjau_rekaman / (a.num_rows + b.num_rows)
    peak = peak_mib()
    blocks = block_recall(himpunan, a, b, uji.benar)
    return _line(name, "hub", linked, uji.benar, f"{blocks:.4f} | {review:.2%}", seconds, peak)


def _line(
    name: str, who: str, linked: Pasangan, true: Pasangan, more: str, seconds: float, peak: int = 0
) -> str:
    right = len(linked & true)
    require(right > 0, f"{name}, {who}: {len(linked)} pasangan, tidak satu pun benar")
    peak = peak or peak_mib()
    return (
        f"{name} | {who} | {right / max(len(linked), 1):.5f} | {right / len(true):.4f} | {more} | "
        f"{seconds:.1f} | {peak / 1024:.2f}"
    )


def block_recall(himpunan: Himpunan, a: pa.Table, b: pa.Table, true: Pasangan) -> float:
    """Return the share of the true pairs that some block brings together."""
    keys = a.column("kunci").to_pylist() + b.column("kunci").to_pylist()
    free = np.ones(len(keys), np.bool_)
    if himpunan is Himpunan.BADAN_USAHA:
        rules = rules_badan_usaha(prepare_badan_usaha(a, b, keys))
    else:
        rules = rules_pekerja(prepare_pekerja(a, b, keys))
    (i, j), _ = find_candidates(rules, a.num_rows, free)
    met = {(keys[x], keys[y]) for x, y in zip(i.tolist(), j.tolist(), strict=True)}
    return len(true & met) / len(true)


def _measure_large() -> None:
    for name, himpunan, (a, b, both) in (
        ("1 juta × 400 ribu", Himpunan.BADAN_USAHA, large_companies(1_000_000, 400_000, 5)),
        ("700 ribu × 700 ribu", Himpunan.PEKERJA, large_workers(700_000, 6)),
    ):
        forget_peak()
        start = time.perf_counter()
        found = tautkan(himpunan, a, b)
        seconds = time.perf_counter() - start
        answers = found.tabel.select(["kunci_a", "kunci_b", "putusan"]).to_pylist()
        linked = {(r["kunci_a"], r["kunci_b"]) for r in answers if r["putusan"] == "tertaut"}
        true = {(f"W{k}", f"B{k}") for k in range(both)}
        review = found.laporan.tinjau_rekaman / (a.num_rows + b.num_rows)
        print(_line(name, "hub", linked, true, f"– | {review:.2%}", seconds), flush=True)


def read_febrl(folder: Path) -> Uji:
    """Return FEBRL 4 mapped onto a worker's fields, without its social security number."""
    uji = Uji()
    for side, file in enumerate(("a.csv", "b.csv")):
        with (folder / file).open() as lines:
            uji.sisi[side].extend(_febrl_row(r) for r in csv.DictReader(lines))
    there = {r["kunci"] for r in uji.sisi[1]}
    for row in uji.sisi[0]:
        other = row["kunci"].replace("-org", "-dup-0")
        if other in there:
            uji.benar.add((row["kunci"], other))
    return uji


def _febrl_row(r: dict[str, str]) -> dict[str, str]:
    born = r["date_of_birth"].strip()
    street = f"{r['street_number']} {r['address_1']} {r['address_2']}"
    return {
        "kunci": r["rec_id"],
        "nama": f"{r['given_name']} {r['surname']}".strip(),
        "tanggal_lahir": f"{born[:4]}-{born[4:6]}-{born[6:]}" if len(born) == 8 else "",
        "alamat": f"{street}, Kel. {r['suburb']} Provinsi {r['state']} {r['postcode']}",
    }


if __name__ == "__main__":
    main()
