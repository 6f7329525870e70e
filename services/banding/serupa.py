"""Who is not provably the same: the sieve alone, for a program with its own rules of pairing.

Both sides come as streams of key, company group and one text of all that is compared. A key that
stands once on each side, in one group, with equal texts, is the same; every other is returned.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from services.banding.bangun import Pencatat, checked, write_blocks
from services.banding.catatan import BAGIAN, KUNCI, TANPA_KUNCI, USAHA, Pembaca, Penulis
from services.banding.kerja import Kerja, open_kerja
from services.banding.rencana import NIK, BidangBanding, Rencana
from services.banding.saring import sieve
from services.kit.arrays import distinct
from services.kit.serentak import Serentak
from shared_schemas.rujukan import Himpunan, Perbandingan

GRUP, ISI = "grup", "isi"
"""The columns beside `nik`: the company in terms that both sides share, and what is compared."""

_RENCANA = Rencana(
    Himpunan.PEKERJA, NIK, GRUP, (BidangBanding(ISI, Perbandingan.BILANGAN, False),), ()
)
Aliran = Iterable[pa.RecordBatch]


def not_same(a: Aliran, b: Aliran, folder: Path) -> npt.NDArray[np.int64] | None:
    """Return the NIK, as numbers, that are not provably the same, in no order.

    None when a row has no NIK of sixteen digits: nothing can be said of it. `folder` holds 32
    bytes a row while this runs.
    """
    with open_kerja(folder) as kerja, Serentak() as threads:
        sides = list(threads.map(lambda s: _sidecar(*s, kerja, threads), (("a", a), ("b", b))))
        if any(side.count(TANPA_KUNCI) for side in sides):
            return None

        def one(bagian: int) -> npt.NDArray[np.int64]:
            here, there = (side.read(bagian) for side in sides)
            found = sieve(here, there, np.ascontiguousarray(here[:, USAHA]))
            repeated = (rest[:, KUNCI].view(np.int64) for rest in found.rumit)
            settled = (rows[:, 0] for rows in (found.beda, found.pindah, *found.hanya))
            return distinct(np.concatenate([*settled, *repeated]))

        return np.concatenate(list(threads.map(one, range(BAGIAN))))


def _sidecar(nama: str, batches: Aliran, kerja: Kerja, threads: Serentak) -> Pembaca:
    path = kerja.sementara / f"{nama}.sidik"
    writer = Penulis(path)
    try:
        write_blocks(Pencatat(NIK, _RENCANA, kerja.kunci), writer, checked(batches, threads), 0)
    except BaseException:
        writer.close(None)
        raise
    writer.close({})
    made = Pembaca.open(path)
    assert made is not None  # noqa: S101 - just written
    return made
