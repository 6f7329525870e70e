"""Walk the digest trees of a mirror and its source down to the records that differ.

Both sides are asked for the sums of the same nodes; only nodes whose sums differ are asked
further. Sums travel truncated: what a short sum misses, the whole total shows afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from services.kit import pohon
from services.kit.database import transaction
from services.kit.pohon import Sumber
from services.sync.errors import TooDifferentError
from services.sync.konteks import Konteks
from services.sync.settings import NamaSisi
from shared_schemas.rujukan import Himpunan
from shared_schemas.v1.sidik import BATAS_AWALAN, BATAS_DAUN, PANJANG_AWALAN

SIMPUL_MAKS = 200_000
"""Nodes that may differ: beyond, to read everything anew is the shorter way."""

_SESIMPUL = 4  # records of a node whose list is cheaper than one more level of sums
_PERTAMA = 3  # digits of the first fold: 4,096 sums


class JenisBeda(StrEnum):
    """How a record of the mirror differs from its source."""

    KURANG = "kurang"
    LEBIH = "lebih"
    BEDA = "beda"


@dataclass(frozen=True, slots=True, order=True)
class Beda:
    """A record that is missing in the mirror, should not be there, or says something else."""

    id: str
    jenis: JenisBeda


@dataclass
class Jelajah:
    """One walk; `nomor` is the last change that any of its answers could contain."""

    ctx: Konteks
    sisi: NamaSisi
    himpunan: Himpunan
    sumber: Sumber
    oktet: int
    nomor: int = 0

    def walk(self, jumlah: int) -> list[Beda]:
        """Return what differs; `jumlah` records decide how deep the lists lie.

        Raises TooDifferentError beyond `SIMPUL_MAKS` nodes.
        """
        depth = _depth(jumlah)
        nodes = self._differing([""], min(_PERTAMA, depth))
        for _ in range(_PERTAMA, depth):
            nodes = self._differing(nodes, 1)
        return sorted(b for some in _pieces(nodes) for b in self._records(some))

    def _differing(self, nodes: Sequence[str], lipat: int) -> list[str]:
        found = []
        for some in _pieces(nodes):
            self.ctx.check()
            theirs = self.ctx.klien[self.sisi].fetch_anak(self.himpunan, some, lipat, self.oktet)
            self.nomor = max(self.nomor, theirs.nomor)
            with transaction(self.ctx.engine) as tx:
                ours = pohon.children(tx, self.sumber, some, lipat)
            flat = (s % 256**self.oktet for node in ours for s in node)
            for at, (a, b) in enumerate(zip(theirs.jumlah, flat, strict=True)):
                if a != b:
                    found.append(f"{some[at >> 4 * lipat]}{at % 16**lipat:0{lipat}x}")
            if len(found) > SIMPUL_MAKS:
                raise TooDifferentError
        return found

    def _records(self, nodes: Sequence[str]) -> Iterator[Beda]:
        self.ctx.check()
        answer = self.ctx.klien[self.sisi].fetch_daun(self.himpunan, nodes, self.oktet)
        self.nomor = max(self.nomor, answer.nomor)
        theirs = answer.daun
        with transaction(self.ctx.engine) as tx:
            rows = pohon.leaves(tx, self.sumber, nodes, BATAS_DAUN * BATAS_AWALAN)
        ours = {id_: leaf % 256**self.oktet for node in rows for id_, leaf in node}
        for id_ in theirs.keys() | ours.keys():
            if id_ not in ours:
                yield Beda(id_, JenisBeda.KURANG)
            elif id_ not in theirs:
                yield Beda(id_, JenisBeda.LEBIH)
            elif theirs[id_] != ours[id_]:
                yield Beda(id_, JenisBeda.BEDA)


def _depth(jumlah: int) -> int:
    """Return the digits after which a node holds `_SESIMPUL` records or fewer on average."""
    depth = 1
    while depth < PANJANG_AWALAN and jumlah > _SESIMPUL * 16**depth:
        depth += 1
    return depth


def _pieces(nodes: Sequence[str]) -> Iterator[Sequence[str]]:
    for at in range(0, len(nodes), BATAS_AWALAN):
        yield nodes[at : at + BATAS_AWALAN]
