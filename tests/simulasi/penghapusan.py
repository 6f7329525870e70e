"""What operators do to the feeds: they delete records, and let old tombstones be forgotten.

What was deleted is kept here, apart from the registries, which forget it themselves.
"""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from dataclasses import dataclass, field

from services.audit.catalogue import Peristiwa
from services.audit.record import Bukti, Pelaku
from services.kit.database import Transaction
from services.perintah.umpan import forget_tombstones
from services.registry import write
from shared_schemas.rujukan import Himpunan
from tests.simulasi.pelaporan import Pelaporan

_UMUR = (0, 0, 0, 60, 3600)  # seconds; an operator counts days, and a run lasts some hours
_SEHARI = 86_400
_PALING_BANYAK = 6  # times in one run that records go so that a reader has to be told to start over


@dataclass
class Pemangkas:
    """When the operators of one run prune: never, now and then, while a lost cursor is repaired."""

    acak: random.Random
    sisa: int = _PALING_BANYAK
    usang: int = 0  # lost cursors seen so far
    dekat: int = 0  # moments left in which a cursor counts as just lost

    def __post_init__(self) -> None:
        self.antara = self.acak.choice((0.0, 0.3, 0.8))  # before the hub works again
        self.sedang = self.acak.choice((0.0, 0.003, 0.02))  # at any moment of its work
        self.mengejar = self.acak.choice((0.0, 0.15, 0.4))  # while it walks the tree after a 410

    def between(self) -> bool:
        """Say whether records are deleted and forgotten while the hub does not work."""
        return self._due(self.antara)

    def now(self, usang: int, tempat: str, *, tenang: bool) -> bool:
        """Say whether they are now; `usang` is how many cursors the hub has lost so far.

        When all is quiet only where the hub reads the feed on afterwards: between the root and the
        last answer of a walk.
        """
        if usang > self.usang:
            self.usang, self.dekat = usang, 15
        self.dekat -= self.dekat > 0
        if self.dekat and "/v1/digest/" in tempat:
            return self._due(self.mengejar)
        return not tenang and self._due(self.sedang)

    def calm_down(self) -> None:
        """Leave the hub some strength: what is lost again and again makes it give up."""
        self.sisa = min(self.sisa, 2)

    def _due(self, peluang: float) -> bool:
        if self.sisa <= 0 or self.acak.random() >= peluang:
            return False
        self.sisa -= 1
        return True


@dataclass
class Penghapusan(Pelaporan, ABC):
    """Deletions and prunings in one run."""

    dihapus: set[tuple[str, Himpunan, str]] = field(default_factory=set)

    def delete(self) -> None:
        """An operator deletes a worker's record, at times one whom a case has registered."""
        nama = self.acak.choice(("wlkp", "bpjs"))
        id_ = self._registered() if self.acak.random() < 0.4 else None
        if id_ is not None:
            self._delete("bpjs", id_)
        elif (id_ := self.any_id(nama, "pekerja")) is not None:
            self._delete(nama, id_)

    def delete_company(self) -> None:
        """An operator deletes a company after its workers; its source names it again at times.

        Of what was reported before, nothing comes again.
        """
        nama = self.acak.choice(("wlkp", "bpjs"))
        changed = "SELECT id FROM badan_usaha WHERE dihapus_pada IS NULL AND versi > 1 ORDER BY id"
        found = self.pick(nama, changed)
        id_ = found[0] if found else self.any_id(nama, "badan_usaha")
        if id_ is None:
            return
        query = "SELECT id FROM pekerja WHERE id_badan_usaha = %s AND dihapus_pada IS NULL"
        workers = [r[0] for r in self.panggung.fetch(nama, f"{query} ORDER BY id", id_)]
        gone = [(Himpunan.PEKERJA, worker) for worker in workers]
        self._take_away(nama, *gone, (Himpunan.BADAN_USAHA, id_))
        self.laporan = [body for body in self.laporan if body["id_badan_usaha"] != id_]
        self.terlapor.pop(id_, None)
        self.terakhir.pop(id_, None)
        if self.acak.random() < 0.8:
            self._prune(nama)
        if self.acak.random() < 0.7:
            # In the same second it could be the report of before, which is known and does nothing.
            self.panggung.jam.lewat(1)
            self.name_again(nama, id_)

    @abstractmethod
    def name_again(self, nama: str, id_: str) -> None:
        """A company that was deleted is in a source again."""

    def register_and_delete(self) -> None:
        """A case is decided and its record deleted before anybody has read of either."""
        self.decide_case()
        if (id_ := self._registered()) is not None:
            self._delete("bpjs", id_)

    @abstractmethod
    def decide_case(self) -> None:
        """A body decides a case of its queue."""

    def delete_proposed(self) -> None:
        """A record is deleted that waits as a case of the other body."""
        nama, other = self.acak.sample(("wlkp", "bpjs"), 2)
        query = (
            "SELECT isi->>'id_asal' FROM usulan"
            " WHERE keadaan = 'diterima' AND jenis = 'penambahan' AND himpunan = 'pekerja'"
        )
        waiting = [r[0] for r in self.panggung.fetch(other, query)]
        query = "SELECT id FROM pekerja WHERE id = ANY(%s) AND dihapus_pada IS NULL ORDER BY 1"
        if (found := self.pick(nama, query, waiting)) is not None:
            self._delete(nama, found[0])

    def prune(self) -> None:
        """An operator lets tombstones be forgotten: older cursors are then refused."""
        self._prune(self.acak.choice(("wlkp", "bpjs")))

    def delete_and_forget(self) -> None:
        """A record goes, and so does its tombstone, at times before anybody has read of it."""
        if self.acak.random() < 0.5:
            self.delete_company()
        else:
            self.delete()
        for nama in self.acak.choice((("wlkp",), ("bpjs",), ("wlkp", "bpjs"))):
            self._prune(nama)

    def _delete(self, nama: str, id_: str) -> None:
        self._take_away(nama, (Himpunan.PEKERJA, id_))
        if self.acak.random() < 0.6:
            self._prune(nama)

    def _take_away(self, nama: str, *gone: tuple[Himpunan, str]) -> None:
        auditor = self.panggung.apps[nama].state.service.auditor
        who = Pelaku(f"operator-{nama}")

        def work(tx: Transaction) -> None:
            for himpunan, id_ in gone:
                rincian = {"himpunan": himpunan.value, "id": id_}
                bukti = Bukti(Peristiwa.REKAMAN_DIHAPUS, who, rincian)
                write.delete(tx, auditor, bukti, himpunan, id_)

        self.persist(nama, work)
        self.dihapus.update((nama, *one) for one in gone)

    def _prune(self, nama: str) -> None:
        """Do as `hub umpan pangkas` does, with a bound of this moment's choice."""
        self.panggung.jam.lewat(1)
        auditor = self.panggung.apps[nama].state.service.auditor
        hari = self.acak.choice(_UMUR) / _SEHARI
        gone: list[int] = []

        def work(tx: Transaction) -> None:
            gone.append(forget_tombstones(tx, auditor, nama, hari))

        self.persist(nama, work)
        self.jejak.catat("pangkas", nama, f"{hari * _SEHARI:.0f}", gone[-1])

    def _registered(self) -> str | None:
        """Return the id of a member whom a decided case has brought in."""
        found = self.pick(
            "bpjs",
            "SELECT p.id FROM pekerja p JOIN pendaftaran k ON k.id_rekaman = p.id"
            " WHERE p.dihapus_pada IS NULL ORDER BY 1",
        )
        return None if found is None else str(found[0])
