"""Look-ups at a fixed rate with everything on, against plain ones at the same rate, and bulk.

Everything on: mutual TLS, token, signatures both ways and demanded, agreement, ledger, evidence;
a process a core, as an operator of this machine would have it. Plain: HTTP, no signature, no
evidence, one process; token, agreement and ledger are the product itself.
"""

from __future__ import annotations

import os
import statistics
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import httpx

from services.proses import base_url
from tests.bench import pemanggil
from tests.bench.bukti import UMPAN, slice_of
from tests.bench.panggung import Panggung, Proses, auth_of, service
from tests.bench.pemanggil import CARI, TUJUAN, Catatan, Tugas
from tests.bench.prosesor import Kecepatan, Panggil, Pihak, records, require_recorded, served
from tests.bench.segel import signed
from tests.bench.ukur import require, tell

TAMBAHAN_MILIDETIK = 25.0
SISA_KUMPULAN = 0.7
_PROSES = str(len(os.sched_getaffinity(0)))
_PASANG = 3
_LANGKAH, _LANGKAH_DETIK = 20, 10.0
_LANGKAH_PALING_BANYAK = 40
_JENUH_DETIK = 0.25  # at p95
_TUNGGAKAN_DETIK = 0.5  # of arrivals, unanswered at the end of a step: the queue grows


@dataclass(frozen=True, slots=True)
class Ujian:
    """How much to measure."""

    laju: float
    detik: float
    ulangan: int


@dataclass(frozen=True, slots=True)
class Ukuran:
    """What one run at a rate showed; times in milliseconds."""

    laju: float
    catatan: Catatan
    detik: float
    dilayani: float  # processor seconds of service and PostgreSQL

    @property
    def galat(self) -> int:
        """How many calls got no answer that holds."""
        return sum(self.catatan.galat.values())

    @property
    def jenuh(self) -> bool:
        """Whether the service does not keep up with this rate."""
        slow = quantile(self.catatan.lama, 95) > _JENUH_DETIK * 1_000
        return slow or self.catatan.tertunggak > self.laju * _TUNGGAKAN_DETIK

    def line(self) -> str:
        """Return it in one line."""
        lama = self.catatan.lama
        p50, p95, p99 = (quantile(lama, p) for p in (50, 95, 99))
        errors = ", ".join(f"{k} {v}×" for k, v in self.catatan.galat.items()) or "tanpa galat"
        inti = f"layanan dan PostgreSQL {self.dilayani / self.detik:.2f} inti"
        own = f"pemanggil {self.catatan.prosesor / self.detik:.2f}"
        return (
            f"{self.laju:.0f}/s, {len(lama):,} panggilan: p50 {p50:.1f} p95 {p95:.1f} p99 {p99:.1f}"
            f" terlama {max(lama) * 1_000:.0f} ms; {errors}; {inti}, {own}"
        )


def quantile(lama: Sequence[float], percent: int) -> float:
    """Return a percentile of seconds, in milliseconds."""
    return statistics.quantiles(lama, n=100, method="inclusive")[percent - 1] * 1_000


def laju(panggung: Panggung, ujian: Ujian) -> list[str]:
    """Return what was measured, line by line."""
    with (
        service(panggung, tls=True, HUB_TANDA_TANGAN="1", HUB_PROSES=_PROSES) as lengkap,
        # On the same database: only one of the two may seal.
        service(panggung, bukti=False, HUB_BUKTI_SEGEL_DETIK="0") as polos,
    ):
        run = _Penguji(panggung, lengkap, polos)
        lines = [f"beban mesin sebelum mulai {os.getloadavg()[0]:.1f}"]
        lines += run.pairs(ujian)
        lines += run.hold(ujian)
        lines += run.saturation(ujian)
        lines += run.bulk(ujian)
        return lines


@dataclass(frozen=True, slots=True)
class _Penguji:
    """Both services and how to ask them."""

    panggung: Panggung
    lengkap: Proses
    polos: Proses

    def at(self, laju: float, detik: float, benih: int, *, tersegel: bool) -> Ukuran:
        """Ask one of the two at a rate. Raises AssertionError unless only the full one recorded."""
        proses = self.lengkap if tersegel else self.polos
        dasar = base_url(proses.port, tls=tersegel)
        nik = list(dict.fromkeys(self.panggung.nik))
        recorded, before = records(self.panggung), served(self.panggung, proses)
        data = str(self.panggung.data)
        found = pemanggil.run(Tugas(data, dasar, nik, laju, detik, benih, tersegel))
        ukuran = Ukuran(laju, found, detik, served(self.panggung, proses) - before)
        tell(f"  {'lengkap' if tersegel else 'polos':<8} {ukuran.line()}")
        answered = len(found.lama) - ukuran.galat
        require_recorded(records(self.panggung) - recorded, answered, bukti=tersegel)
        return ukuran

    def pairs(self, ujian: Ujian) -> Iterator[str]:
        """Both in turn at the same rate and with the same arrivals: what everything adds."""
        tell(f"berselang-seling pada {ujian.laju:.0f}/s")
        both = []
        for benih in range(_PASANG + 1):  # the first pair warms up
            seconds = ujian.detik / 15
            ours = self.at(ujian.laju, seconds, benih, tersegel=True)
            both.append((ours, self.at(ujian.laju, seconds, benih, tersegel=False)))
            # What is refused is refused quickly.
            require(not any(one.galat for one in both[-1]), "panggilan berselang-seling tergagal")
        for nama, which in (("lengkap", 0), ("polos", 1)):
            lama = [t for pair in both[1:] for t in pair[which].catatan.lama]
            yield f"{nama}: " + " ".join(f"p{p} {quantile(lama, p):.1f}" for p in (50, 95, 99))
        added = [p95 - q95 for p95, q95 in ((_p95(a), _p95(b)) for a, b in both[1:])]
        more = statistics.median(added)
        goal = "tercapai" if more <= TAMBAHAN_MILIDETIK else "BELUM"
        told = ", ".join(f"{a:.1f}" for a in added)
        yield f"tambahan p95: {more:.1f} ms ({told}); sasaran {TAMBAHAN_MILIDETIK:.0f}: {goal}"

    def hold(self, ujian: Ujian) -> Iterator[str]:
        """Everything on without a break for the whole time."""
        tell(f"bertahan {ujian.detik:.0f} detik")
        ukuran = self.at(ujian.laju, ujian.detik, _PASANG + 1, tersegel=True)
        lama = ukuran.catatan.lama
        fifths = [lama[len(lama) * n // 5 : len(lama) * (n + 1) // 5] for n in range(5)]
        goal = "BELUM" if ukuran.galat else "tercapai"
        yield f"bertahan {ujian.detik:.0f} detik, lengkap: {ukuran.line()}"
        told = ", ".join(f"{quantile(f, 95):.1f}" for f in fifths)
        yield f"  p95 seperlima demi seperlima: {told}"
        yield f"  tanpa galat: {goal}"

    def saturation(self, ujian: Ujian) -> Iterator[str]:
        """Raise the rate, step by step, until the service does not keep up."""
        for tersegel, nama in ((True, "lengkap"), (False, "polos")):
            tell(f"mencari laju jenuh, {nama}")
            rate, good = ujian.laju, 0.0
            for step in range(_LANGKAH_PALING_BANYAK):
                found = self.at(rate, _LANGKAH_DETIK, step, tersegel=tersegel)
                if found.jenuh or found.galat:
                    break
                good, rate = rate, rate + _LANGKAH * (1 if tersegel else 4)
            end = f"{rate:.0f}/s" if found.laju > good else "tidak tercapai"
            yield f"jenuh, {nama}: {end} (masih terlayani {good:.0f}/s)"

    def bulk(self, ujian: Ujian) -> Iterator[str]:
        """A thousand at once, and pages of the feed: one caller that waits for each answer."""
        nik = list(dict.fromkeys(self.panggung.nik))
        calls: dict[str, Panggil] = {
            "cari 1.000 NIK": lambda c, n: c.post(CARI, json={"nik": slice_of(nik, n)}),
            "umpan 1.000": lambda c, _: c.get(UMPAN),
        }
        with (
            self._caller(self.lengkap, tersegel=True) as ours,
            self._caller(self.polos, tersegel=False) as theirs,
        ):
            for nama, call in calls.items():
                tell(f"{nama}: lengkap dan polos")
                both = [(ours.rate(call), theirs.rate(call)) for _ in range(ujian.ulangan + 1)]
                yield f"{nama}, lengkap / polos: {_ratios(both[1:])}"

    @contextmanager
    def _caller(self, proses: Proses, *, tersegel: bool) -> Iterator[Pihak]:
        base = base_url(proses.port, tls=tersegel)
        with httpx.Client(
            base_url=base,
            auth=auth_of(self.panggung, base),
            headers={"Tujuan": TUJUAN},
            transport=signed(self.panggung) if tersegel else None,
            timeout=60,
        ) as client:
            yield Pihak(self.panggung, client, proses, bukti=tersegel)


def _p95(ukuran: Ukuran) -> float:
    return quantile(ukuran.catatan.lama, 95)


def _ratios(both: Sequence[tuple[Kecepatan, Kecepatan]]) -> str:
    said = []
    for clock in Kecepatan._fields:
        each = [getattr(a, clock) / getattr(b, clock) for a, b in both]
        median = statistics.median(each)
        goal = "tercapai" if median >= SISA_KUMPULAN else "BELUM"
        span = f"{min(each):.2f}–{max(each):.2f}"
        said.append(f"menurut {clock} {median:.2f} ({span}), sasaran {SISA_KUMPULAN}: {goal}")
    return "; ".join(said)
