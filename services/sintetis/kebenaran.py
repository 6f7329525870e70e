"""The truth: every difference that was put in, and nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

KOLOM_KEBENARAN = (
    "jenis", "himpunan", "kunci", "field", "nilai_wlkp", "nilai_bpjs", "kunci_eksak",
)  # fmt: skip

BADAN_USAHA = "badan_usaha"
PEKERJA = "pekerja"


@dataclass(slots=True)
class Temuan:
    """One row of kebenaran.csv: what a perfect comparison finds.

    `kunci` is the WLKP id of the company (the BPJS id when only BPJS has it), for workers
    followed by `/` and the NIK. Values of `berbeda` are filled in while the files are written,
    as they are spelled there.
    """

    jenis: str
    himpunan: str
    kunci: str
    field: str = ""
    nilai_wlkp: str = ""
    nilai_bpjs: str = ""
    kunci_eksak: str = "ya"

    def row(self) -> tuple[str, ...]:
        """Return the values in the order of `KOLOM_KEBENARAN`."""
        return (
            self.jenis, self.himpunan, self.kunci, self.field,
            self.nilai_wlkp, self.nilai_bpjs, self.kunci_eksak,
        )  # fmt: skip


def sort_temuan(temuan: Iterable[Temuan]) -> list[Temuan]:
    """Return the findings in the order of the file, which does not tell how they were made."""
    return sorted(temuan, key=lambda t: (t.himpunan, t.jenis, t.kunci, t.field))


def count_temuan(temuan: Iterable[Temuan]) -> dict[str, int]:
    """Return how many findings of each `himpunan/jenis[/field]` there are."""
    jumlah = Counter("/".join(filter(None, (t.himpunan, t.jenis, t.field))) for t in temuan)
    return dict(sorted(jumlah.items()))
