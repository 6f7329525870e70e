"""Live through many seeds: `python -m tests.simulasi --ronde 1000 --benih 1`."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.simulasi.jalan import Hasil, live_once, shrink
from tests.simulasi.panggung import end_on_sigterm, open_panggung


def main() -> int:
    options = _arguments()
    end_on_sigterm()
    started, failed, faults = time.monotonic(), 0, 0
    with (
        tempfile.TemporaryDirectory(dir=options.folder) as folder,
        open_panggung(Path(folder)) as p,
    ):
        Path(folder).chmod(0o755)
        hanya = None
        if options.bencana is not None:
            hanya = frozenset(int(n) for n in options.bencana.split(",") if n)
        for benih in range(options.benih, options.benih + options.ronde):
            hasil = live_once(p, benih, hanya)
            faults += len(hasil.bencana)
            if options.jejak:
                print("\n".join(hasil.jejak))
            if hasil.pelanggaran:
                failed += 1
                tell(hasil if hanya is not None else shrink(p, hasil))
            if failed >= options.gagal:
                break
    seconds = time.monotonic() - started
    print(
        f"{benih - options.benih + 1} ronde, {faults} bencana, {failed} gagal, {seconds:.0f} detik"
    )
    return 1 if failed else 0


def tell(hasil: Hasil) -> None:
    """Print what did not hold and the one command that replays it."""
    for line in hasil.pelanggaran:
        print(f"benih {hasil.benih}: {line}", flush=True)
    numbers = ",".join(str(n) for n in hasil.bencana)
    print(
        f"  python -m tests.simulasi --benih {hasil.benih} --ronde 1 --bencana '{numbers}' --jejak"
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ronde", type=int, default=300, help="banyak benih")
    parser.add_argument("--benih", type=int, default=1, help="benih pertama")
    parser.add_argument("--bencana", help="hanya bencana bernomor ini, mis. 12,80")
    parser.add_argument("--jejak", action="store_true", help="cetak apa yang terjadi")
    parser.add_argument("--gagal", type=int, default=5, help="berhenti setelah sekian yang gagal")
    parser.add_argument("--folder", type=Path, help="tempat basis data sementara")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
