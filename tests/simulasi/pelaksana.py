"""Rounds carried out as DBOS does it, without its threads: steps are kept, a crash cuts off.

What DBOS keeps in its tables stands in `Catatan` here and outlives the hub's death.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from services.sync.errors import Interrupted
from services.sync.konteks import Konteks
from services.sync.pipeline import Hitungan, go_round
from tests.simulasi.bencana import Bencana, Padam


@dataclass
class Catatan:
    """One round as it is kept: its finished steps in order, whether it is over."""

    nomor: int
    pertama: bool
    langkah: list[tuple[str, Hitungan | Exception]] = field(default_factory=list)
    selesai: bool = False


@dataclass
class PelaksanaSimulasi:
    """Keeps what has to outlive a death in `catatan`, and dies at any edge of a step."""

    catatan: dict[str, Catatan]
    bencana: Bencana
    jeda: Callable[[str], None]

    def left_over(self) -> list[str]:
        """Return the rounds that a death cut off."""
        return [nama for nama, c in self.catatan.items() if not c.selesai]

    def start(self, _ctx: Konteks, nomor: int, *, pertama: bool) -> Hitungan:
        """Keep the round, then carry it out."""
        self._edge("sebelum putaran")
        nama = f"putaran-{nomor}"
        self.catatan[nama] = Catatan(nomor, pertama)
        return self.resume(_ctx, nama)

    def resume(self, _ctx: Konteks, putaran: str) -> Hitungan:
        """Carry a round on from its last finished step."""
        c = self.catatan[putaran]
        ke = iter(range(10_000))

        def langkah(tahap: str, work: Callable[[], Hitungan]) -> Hitungan:
            return self._once(c, next(ke), tahap, work)

        try:
            hasil = go_round(c.nomor, langkah, pertama=c.pertama)
        except Interrupted:
            raise
        except Exception:
            self._edge("sebelum galat tercatat")
            c.selesai = True
            raise
        self._edge("sebelum akhir tercatat")
        c.selesai = True
        return hasil

    def _once(self, c: Catatan, ke: int, tahap: str, work: Callable[[], Hitungan]) -> Hitungan:
        if ke < len(c.langkah):
            nama, kept = c.langkah[ke]
            assert nama == tahap, "putaran yang dilanjutkan menempuh langkah lain"
            if isinstance(kept, Exception):
                raise kept
            return kept
        self._edge(f"sebelum {tahap}")
        try:
            done = work()
        except Exception as error:
            self._edge(f"galat {tahap}")
            c.langkah.append((tahap, error))
            raise
        self._edge(f"sesudah {tahap}, belum tercatat")
        c.langkah.append((tahap, done))
        self._edge(f"sesudah {tahap}")
        return done

    def _edge(self, tempat: str) -> None:
        self.jeda(tempat)
        if self.bencana.terjadi("padam_langkah", tempat):
            raise Padam("hub")
