"""Live through many seeds: `python -m tests.simulasi --ronde 1000 --benih 1`."""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from services.kit.interpreter import expect_records
from tests.simulasi.panggung import Panggung, end_on_sigterm, open_panggung, stay_on
from tests.simulasi.ulang import Hasil, live_once, shrink


@dataclass
class Kampanye:
    """What many seeds came to; `sidik` is the same wherever and whenever they are repeated."""

    ronde: int = 0
    bencana: int = 0
    gagal: int = 0
    sidik: str = ""
    berkursor_usang: int = 0  # rounds in which the hub was told to start over
    pulih: Counter[str] = field(default_factory=Counter)
    mulai: float = field(default_factory=time.monotonic)

    def add(self, hasil: Hasil) -> None:
        self.ronde += 1
        self.bencana += len(hasil.bencana)
        self.gagal += bool(hasil.pelanggaran)
        self.berkursor_usang += bool(hasil.pulih["410"])
        self.pulih += hasil.pulih
        self.sidik = hashlib.sha256((self.sidik + hasil.sidik).encode()).hexdigest()[:16]

    def __str__(self) -> str:
        return (
            f"{self.ronde} ronde, {self.bencana} bencana, {self.gagal} gagal, sidik {self.sidik},"
            f" {time.monotonic() - self.mulai:.0f} detik; {self.pulih['410']} kali 410 dalam"
            f" {self.berkursor_usang} ronde, {self.pulih['menurut pohon']} kali disamakan menurut"
            f" pohon, {self.pulih['dibaca ulang']} kali dibaca ulang"
        )


def main() -> int:
    options = _arguments()
    if options.dua_inti:
        return _in_two(options)
    told = end_on_sigterm()
    stay_on(options.inti)
    expect_records()
    kampanye = Kampanye()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        Path(folder).chmod(0o755)  # the server's account has to reach its folder
        with open_panggung(Path(folder)) as panggung:
            kampanye.mulai = time.monotonic()
            _live(panggung, options, kampanye, told)
    print(kampanye)
    return 1 if kampanye.gagal else 0


def _live(
    panggung: Panggung,
    options: argparse.Namespace,
    kampanye: Kampanye,
    told: Callable[[], bool],
) -> None:
    hanya = None
    if options.bencana is not None:
        hanya = frozenset(int(n) for n in options.bencana.split(",") if n)
    for benih in range(options.benih, options.benih + options.ronde):
        hasil = live_once(panggung, benih, hanya)
        kampanye.add(hasil)
        if options.jejak:
            print("\n".join(hasil.jejak))
        if hasil.pelanggaran:
            tell(hasil if hanya is not None else shrink(panggung, hasil))
        if kampanye.gagal >= options.gagal or told():
            return
        if kampanye.ronde % 100 == 0:
            print(kampanye, flush=True)


def _in_two(options: argparse.Namespace) -> int:
    """Give half of the seeds to each of two processes, which share nothing."""
    half = -(-options.ronde // 2)
    shares = ((options.benih, half), (options.benih + half, options.ronde - half))
    more = ["--folder", str(options.folder)] if options.folder else []
    command = [sys.executable, "-m", "tests.simulasi", "--gagal", str(options.gagal), *more]
    running = [
        subprocess.Popen(
            [*command, "--benih", str(first), "--ronde", str(count), "--inti", str(ke)]
        )
        for ke, (first, count) in enumerate(shares)
    ]
    return max(process.wait() for process in running)


def tell(hasil: Hasil) -> None:
    """Print what did not hold and the one command that replays it."""
    for line in hasil.pelanggaran:
        print(f"benih {hasil.benih}: {line}")
    numbers = ",".join(str(n) for n in hasil.bencana)
    again = f"--benih {hasil.benih} --ronde 1 --bencana '{numbers}' --jejak"
    print(f"  python -m tests.simulasi {again}", flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ronde", type=int, default=300, help="banyak benih")
    parser.add_argument("--benih", type=int, default=1, help="benih pertama")
    parser.add_argument("--bencana", help="hanya bencana bernomor ini, mis. 12,80")
    parser.add_argument("--jejak", action="store_true", help="cetak apa yang terjadi")
    parser.add_argument("--gagal", type=int, default=5, help="berhenti setelah sekian yang gagal")
    parser.add_argument("--dua-inti", action="store_true", help="bagi benih atas dua proses")
    parser.add_argument("--inti", type=int, default=0, help="inti mana, dihitung dari belakang")
    parser.add_argument("--folder", type=Path, help="tempat basis data sementara")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
