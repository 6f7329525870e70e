"""Which company of A is which company of B, as `hub tautkan` found it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from services.banding.bangun import company_key
from services.banding.buka import open_sumber
from services.banding.errors import LinkFileError
from services.banding.kerja import Kerja
from services.banding.rencana import Rencana
from services.banding.sidik import Penyidik
from services.kit.arrays import distinct

_PUTUSAN = "putusan"
_BERLAKU = ("tertaut", "cabang")  # a branch works for the body of its head
_BUKAN = np.uint64(0xA5A5A5A5A5A5A5A5)

Sidik = npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Tautan:
    """Digests of linked companies: those of A in order, and what each is in B."""

    a: Sidik
    b: Sidik

    def grup(self, usaha: Sidik) -> Sidik:
        """Return the companies of A in B's keys; an unlinked one is like none of B's."""
        if not len(self.a):
            return usaha ^ _BUKAN
        at = np.minimum(np.searchsorted(self.a, usaha), len(self.a) - 1)
        return np.where(self.a[at] == usaha, self.b[at], usaha ^ _BUKAN)


def load_tautan(path: Path, rencana: Rencana, kerja: Kerja) -> Tautan:
    """Read the links. Raises LinkFileError when a company of A has two.

    A file with verdicts may name further records of a company's body as its branches: the partner
    counts, else the first of them, as for the reconciler. Workers of the others are compared as
    those of another company.
    """
    sumber = open_sumber(path, path.name, kerja)
    if not {"kunci_a", "kunci_b"} <= sumber.kolom:
        raise LinkFileError
    names = ["kunci_a", "kunci_b", *({_PUTUSAN} & sumber.kolom)]
    sumber.require(names)
    with sumber.reading(), sumber.open(names) as file:
        table = file.read(names)
    texts = {n: sumber.text(n, table[n].combine_chunks()).cast(pa.string()) for n in names}
    table = pa.table(texts)
    if _PUTUSAN in names:
        table = _one_each(table.filter(pc.is_in(table[_PUTUSAN], pa.array(_BERLAKU))))
    company = Penyidik(rencana.cara_perusahaan, company_key(kerja.kunci))
    a, b = (company.column(table[name].combine_chunks()) for name in ("kunci_a", "kunci_b"))
    pairs = np.unique(np.column_stack((a, b)), axis=0)
    if len(distinct(pairs[:, 0])) < len(pairs):
        raise LinkFileError
    return Tautan(np.ascontiguousarray(pairs[:, 0]), np.ascontiguousarray(pairs[:, 1]))


def _one_each(table: pa.Table) -> pa.Table:
    """Leave out the branches of a company of A that has a partner, or a branch before them."""
    seen: set[str | None] = set()
    partners = table.filter(pc.equal(table[_PUTUSAN], _BERLAKU[0]))
    seen.update(partners["kunci_a"].to_pylist())
    branches = table.filter(pc.equal(table[_PUTUSAN], _BERLAKU[1]))
    fresh = []
    for key in branches["kunci_a"].to_pylist():
        fresh.append(key not in seen)
        seen.add(key)
    return pa.concat_tables([partners, branches.filter(pa.array(fresh, pa.bool_()))])
