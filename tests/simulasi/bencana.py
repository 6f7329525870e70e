"""What goes wrong: every place where a program can be hit asks here, and one seed answers.

Places are numbered as they are met, so a run can be replayed with some of its faults alone.
"""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass, field


class Padam(BaseException):
    """A program dies here. Not an `Exception`: no code of a dead program runs."""

    def __init__(self, program: str) -> None:
        super().__init__(program)
        self.program = program


@dataclass
class Jejak:
    """What happened, a line each: ids and routes of the invented world, no bodies."""

    baris: list[str] = field(default_factory=list)

    def catat(self, *kata: object) -> None:
        self.baris.append(" ".join(str(k) for k in kata))

    def sidik(self) -> str:
        """Return the digest by which two runs are known to be the same."""
        return hashlib.sha256("\n".join(self.baris).encode()).hexdigest()[:16]


# kind → (seldom, often): chance at each place of its kind.
PELUANG: dict[str, tuple[float, float]] = {
    "minta_hilang": (0.02, 0.15),
    "jawab_hilang": (0.02, 0.15),
    "minta_ganda": (0.03, 0.2),
    "minta_terlambat": (0.02, 0.15),
    "salinan": (0.03, 0.25),
    "kirim_lagi": (0.03, 0.2),
    "sibuk": (0.02, 0.15),
    "tujuan_salah": (0.01, 0.08),
    "mulai_gagal": (0.002, 0.01),
    "perintah_gagal": (0.0007, 0.004),
    "catat_gagal": (0.003, 0.02),
    "catat_ragu": (0.003, 0.02),
    "putus": (0.0005, 0.003),
    "penuh": (0.0005, 0.003),
    "catatan_penuh": (0.004, 0.02),  # the evidence record's own, beside those of any statement
    "catatan_putus": (0.004, 0.02),
    "catatan_gagal": (0.004, 0.02),
    "padam_hub": (0.002, 0.012),
    "padam_layanan": (0.002, 0.012),
    "padam_langkah": (0.01, 0.06),
    "jeda": (0.02, 0.1),
}
PALING_BANYAK = 24  # faults in one run: after so many it has to settle


@dataclass
class Bencana:
    """The faults of one run. `hanya` lets only those at the named places happen, for replay."""

    acak: random.Random
    jejak: Jejak
    hanya: frozenset[int] | None = None
    aktif: bool = False
    kadar: float = 1.0  # how much of their chance the faults have now
    ke: int = 0
    terpakai: list[int] = field(default_factory=list)
    peluang: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for jenis, (jarang, sering) in PELUANG.items():
            self.peluang[jenis] = self.acak.choice((0.0, jarang, jarang, sering))

    def terjadi(self, jenis: str, tempat: str) -> bool:
        """Say whether a fault of this kind happens at this place."""
        self.ke += 1
        kena = self.acak.random() < self.peluang[jenis] * self.kadar
        if not (kena and self.aktif and len(self.terpakai) < PALING_BANYAK):
            return False
        if self.hanya is not None and self.ke not in self.hanya:
            return False
        self.terpakai.append(self.ke)
        self.jejak.catat("!", self.ke, jenis, tempat)
        return True
