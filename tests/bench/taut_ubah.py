"""A change of companies followed, against linking all of them anew: processor time in one run."""

from __future__ import annotations

import random
import tempfile
import time
from pathlib import Path

import pyarrow as pa

from services.taut import simpanan
from services.taut.lanjut import Lanjutan, link_all
from services.taut.tautkan import tautkan
from shared_schemas.rujukan import Himpunan
from tests.bench.taut_besar import large_companies
from tests.bench.ukur import require

BAGIAN = (0.0001, 0.001, 0.01)
_ULANGAN = 3


def measure(sizes: tuple[int, ...]) -> None:
    """Print a line a size and share: processor seconds in full, seconds followed, and their ratio.

    What is followed includes reading the files of the full run and writing those of the next one.
    """
    print("sesisi | berubah | rekaman | penuh (s) | menurut perubahan (s) | bagian")
    for count in sizes:
        a, b, _ = large_companies(count, count, 5)
        tautkan(Himpunan.BADAN_USAHA, a.slice(0, 50), b.slice(0, 50))
        start = time.process_time()
        linked = tautkan(Himpunan.BADAN_USAHA, a, b).laporan.jumlah
        whole = time.process_time() - start
        require(any(k.startswith("tertaut") for k in linked), f"{count} sesisi: {linked}")
        with tempfile.TemporaryDirectory(prefix="hub-taut-") as name:
            folder = Path(name)
            _, state = link_all(a, b, {})
            simpanan.write(folder / "dasar", state.dasar)
            simpanan.write(folder / "awal", state.kini)
            for share in BAGIAN:
                touched = max(int(count * share), 1)
                best = min(_follow(folder, a, b, touched, seed) for seed in range(_ULANGAN))
                print(
                    f"{count} | {share:.2%} | {2 * touched} | {whole:.2f} | {best:.3f} | "
                    f"{best / whole:.2%}",
                    flush=True,
                )


def _follow(folder: Path, a: pa.Table, b: pa.Table, touched: int, seed: int) -> float:
    r = random.Random(seed)
    changed = [_change(side, touched, r) for side in (a, b)]
    gone = (changed[0][1], changed[1][1])
    start = time.process_time()
    state = Lanjutan(simpanan.read(folder / "dasar"), simpanan.read(folder / "awal"))
    found = state.change(changed[0][0], changed[1][0], gone, {})
    simpanan.write(folder / "kini", state.kini)
    seconds = time.process_time() - start
    answered = {*found.kunci_a, *found.kunci_b}
    for rows, keys in changed:
        missing = {*rows.column("kunci").to_pylist(), *keys} - answered
        require(not missing, f"{len(missing)} perubahan tidak diikuti")
    return seconds


def _change(side: pa.Table, touched: int, r: random.Random) -> tuple[pa.Table, list[str]]:
    """Return records with another telephone, name or NPWP, new ones, and keys that go."""
    rows, gone = side.take(sorted(r.sample(range(side.num_rows), touched))).to_pylist(), []
    kept = []
    for row in rows:
        kind = r.random()
        if kind < 0.1:
            gone.append(row["kunci"])
            continue
        if kind < 0.4:
            row["telepon"] = f"021{r.randrange(10**6, 10**7)}"
        elif kind < 0.7:
            row["nama"] += f" {row['nama'].split()[1]}"
        elif kind < 0.85:
            row["npwp"] = ""
        else:
            row["kunci"] += "-baru"
        kept.append(row)
    return pa.Table.from_pylist(kept, schema=side.schema), gone
