"""What the routes of each right carry: an agreement that says otherwise would not be kept.

Field sets and fields of a right are what its routes do by themselves. A text that gives less
would be shown and not enforced, so it is refused until the routes have learned it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from shared_schemas.perjanjian.unsur import Hak
from shared_schemas.rujukan import Himpunan


class Jangkauan(NamedTuple):
    """The field sets that a right reaches and the Lampiran numbers in them; none means all."""

    himpunan: frozenset[Himpunan] = frozenset()
    bidang: frozenset[str] = frozenset()


_BADAN_USAHA = frozenset({Himpunan.BADAN_USAHA})
_PEKERJA = frozenset({Himpunan.PEKERJA})

JANGKAUAN = {
    "badan_usaha:baca": Jangkauan(_BADAN_USAHA),
    "pekerja:baca": Jangkauan(_PEKERJA),
    "potensi_pekerja:baca": Jangkauan(),
    "status_kepesertaan:baca": Jangkauan(_PEKERJA, frozenset({"C1", "C2", "C8", "C11"})),
    "status_pendaftaran:baca": Jangkauan(),
    "usulan:kirim": Jangkauan(_BADAN_USAHA | _PEKERJA),
}


def check_reach(hak: Hak) -> None:
    """Raise ValueError where a right reaches more or less than its routes carry."""
    carried = JANGKAUAN.get(hak.cakupan)
    if carried is None:
        raise ValueError(f"hak {hak.cakupan}: tidak ada rutenya; yang ada {sorted(JANGKAUAN)}")
    for nama, agreed, done in (
        ("himpunan", hak.himpunan, carried.himpunan),
        ("bidang", hak.bidang, carried.bidang),
    ):
        if set(agreed) != done:
            raise ValueError(
                f"hak {hak.cakupan} {hak.penerima}: {nama} {_names(agreed)}, sedangkan layanan"
                f" menjalankan {_names(done)}; samakan, atau ubah layanan lebih dahulu"
            )


def _names(some: Iterable[str]) -> list[str]:
    return sorted(str(each) for each in some)
