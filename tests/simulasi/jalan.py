"""One run: a world from a seed, stages of work under faults, quiet, and what must then hold."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple, TypeVar

import httpx

from services.auth.errors import AnswerSignatureError
from services.auth.klien import KlienAuth
from services.auth.pesan_klien import SigningTransport
from services.auth.riwayat import BerkasPerjanjian
from services.auth.saksi import SaksiKlien
from services.kit.errors import PermanentError, TemporaryError
from services.sync import konteks, saksi
from services.sync.errors import ClientUnknownError, NotAuthorisedError, RefusedError
from services.sync.klien import KlienRegistri
from services.sync.konteks import Kemajuan, Konteks
from services.sync.run import HasilJalan, until_converged
from services.sync.sambungan import Luar
from services.sync.settings import NamaSisi
from services.sync.sidik import install_key
from tests.simulasi import bukti, invarian, naskah
from tests.simulasi.bencana import Bencana, Jejak, Padam
from tests.simulasi.daftar import SISI
from tests.simulasi.jam import Jam
from tests.simulasi.jaringan import Jaringan, Kawat, Pemakai, SeketikaExecutor, Surat
from tests.simulasi.kerusakan import damage, repair_all
from tests.simulasi.naskah import Babak
from tests.simulasi.panggung import Panggung
from tests.simulasi.pelaksana import Catatan, PelaksanaSimulasi
from tests.simulasi.penghapusan import Pemangkas
from tests.simulasi.penulis import Penulis
from tests.simulasi.suntingan import Suntingan

_T = TypeVar("_T")

_MATI_PALING_BANYAK = 60  # deaths of the hub in one call; more than there are faults
_TENANG_PALING_BANYAK = 6  # calls without faults until nothing is left to say
_SEJAM = 3600
_PULIH = {"menurut pohon": "disamakan menurut pohon", "dibaca ulang": "dibaca ulang seluruhnya"}
# Nobody forges anything here, comes with a wrong key, or says what the contract does not know.
_TAK_BERSEBAB = (AnswerSignatureError, ClientUnknownError, RefusedError)


class Ukuran(NamedTuple):
    """How much happens in a run: most defects need little, some need one thing after another."""

    tahap: int  # stages of work
    jalan: int  # calls of the hub in each, at most
    beralih: float  # chance that the next stage begins, at each moment of one
    putusan: float  # chance that stewards decide once all is quiet, and the hub works again


_LUAS = Ukuran(tahap=3, jalan=4, beralih=0.03, putusan=0.6)
_SEMPIT = Ukuran(tahap=1, jalan=2, beralih=0.1, putusan=0.2)


@dataclass
class Dunia:
    """Everything of one run."""

    panggung: Panggung
    benih: int
    hanya: frozenset[int] | None = None
    jejak: Jejak = field(default_factory=Jejak)
    catatan: dict[str, Catatan] = field(default_factory=dict)
    sibuk: bool = False
    rusak: bool = False
    tinggal_mati: float = 0.1
    putus_di: str = ""
    hub: Konteks | None = None  # the program, from one call to the next
    berikut: Babak | None = None  # the stage that begins while the hub works
    pulih: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        def stream(nama: str) -> random.Random:
            return random.Random(f"{self.benih}:{nama}")

        self.acak = stream("jalan")
        self.ukuran = _LUAS if stream("ukuran").random() < 0.15 else _SEMPIT
        # Without a key no digest tree is to be had: a lost cursor is answered by a full read.
        self.kunci = self.panggung.kunci_sidik if stream("kunci").random() < 0.6 else None
        self.jam = Jam(naskah.MULAI)
        self.jam.atur_selisih(self.acak)
        self.bencana = Bencana(stream("bencana"), self.jejak, self.hanya)
        self.panggung.open(self.jam, self.bencana)
        self.penulis = Penulis(self.panggung, self.bencana, self._witness)
        self.pemangkas = Pemangkas(stream("pangkas"))
        self.suntingan = Suntingan(stream("suntingan"), self.panggung, self.jejak)
        self.jaringan = Jaringan(
            stream("jaringan"), self.bencana, self.jejak, self.panggung.apps.__getitem__,
            self.panggung.restart, self.pause, self.may_answer, self.penulis.sign,
        )  # fmt: skip

    def may_answer(self, surat: Surat) -> bool:
        """Say whether a service may answer the hub at all, by what was done in this run.

        Its public keys it shows to everybody.
        """
        if surat.path.startswith("/.well-known/"):
            return True
        pertukaran = surat.cakupan is not None
        return self.panggung.may_answer(surat.program, pertukaran=pertukaran)

    # Time and others

    def pause(self, tempat: str) -> None:
        """Let a moment pass between two transactions: others may act in it."""
        self.jam.lewat(self.acak.uniform(0.001, 0.2))
        if self.sibuk:
            return
        if tempat == self.putus_di:
            self.putus_di = ""
            raise Padam("hub")
        if self.bencana.terjadi("jeda", tempat):
            self.jam.lewat(self.acak.uniform(1, 400))
        if self.suntingan.sisa and self.acak.random() < 0.08:
            self.edit()
        if self.berikut is not None and self.acak.random() < self.ukuran.beralih:
            self.turn()

        if self.pemangkas.now(self.jaringan.usang, tempat, tenang=not self.bencana.aktif):
            self.prune()

    def prune(self) -> None:
        """Let a record go and be forgotten while the hub waits where it is."""
        self.sibuk = True
        self.suntingan.delete_and_forget()
        self.sibuk = False
        if self.bencana.aktif and self.acak.random() < 0.5:
            self.suntingan.sisa += 1  # and let something else change a moment later

    def edit(self) -> None:
        """Let one of the bodies do something, while the hub waits where it is."""
        self.suntingan.sisa -= 1
        self.sibuk = True
        self.suntingan.once()
        self.sibuk = False

    def edit_some(self) -> None:
        """Let the bodies work while the hub does not."""
        for _ in range(self.acak.randint(0, 3)):
            self.suntingan.sisa += 1
            self.edit()
        if self.pemangkas.between():
            self.prune()

    def turn(self) -> None:
        """Let the next stage begin."""
        if self.berikut is not None:
            babak, self.berikut = self.berikut, None
            self.jejak.catat("babak")
            self.panggung.perjanjian.enter(babak, self.jam.sekarang)

    # The hub

    def reconcile(self) -> HasilJalan | None:
        """Run the reconciler until it ends, however often it dies; None when it gave up."""
        return self._run_hub("jalan", self._until_converged)

    def repair(self) -> bool:
        """Audit and repair the mirrors; return whether all are proven to be equal."""
        return bool(self._run_hub("audit", repair_all))

    def _until_converged(self, ctx: Konteks) -> HasilJalan:
        return until_converged(ctx, PelaksanaSimulasi(self.catatan, self.bencana, self.pause))

    def _run_hub(self, apa: str, work: Callable[[Konteks], _T]) -> _T | None:
        for _ in range(_MATI_PALING_BANYAK):
            self.jejak.catat(apa, self.jam.sekarang.isoformat())
            try:
                return self._run_once(work)
            except Padam as padam:
                self.end_hub()
                self.panggung.restart(padam.program)
                self.jejak.catat("hidup lagi", padam.program)
                self.jam.lewat(self.acak.uniform(1, 30))
                if self.acak.random() < self.tinggal_mati:  # until somebody starts it again
                    return None
            except (TemporaryError, PermanentError) as error:
                self.jejak.catat("berhenti", error.kode)
                if isinstance(error, PermanentError):
                    self.end_hub()
                if isinstance(error, _TAK_BERSEBAB) and not isinstance(error, NotAuthorisedError):
                    self.jaringan.pelanggaran.append(f"hub berhenti tanpa sebab: {error.detail}")
                self.jam.lewat(self.acak.uniform(1, 120))
                return None
        raise AssertionError("rekonsiliasi mati terus-menerus")

    def _run_once(self, work: Callable[[Konteks], _T]) -> _T:
        if self.hub is None or self.acak.random() < 0.2:
            self.end_hub()
            self.hub = self._context()
        konteks.bind(self.hub)
        try:
            if self.kunci is not None:
                install_key(self.hub.engine, self.kunci)
            return work(self.hub)
        finally:
            konteks.bind(None)

    def end_hub(self) -> None:
        """Let the hub's program end, with its connections and the tokens that it had."""
        hub, self.hub = self.hub, None
        for klien in [] if hub is None else hub.klien.values():
            klien.close()

    def _bare_context(self) -> Konteks:
        sync, clock = self.panggung.sync, self.jam.untuk("hub")
        return Konteks(
            sync, self.panggung.hub, {}, BerkasPerjanjian(sync.perjanjian_path), clock, self._hear,
            lambda: None, self.kunci,
        )  # fmt: skip

    def _hear(self, said: Kemajuan) -> None:
        """Count how the hub makes up for what its cursors lost."""
        for cara, kata in _PULIH.items():
            self.pulih[cara] += kata in said.pesan

    def _witness(self, nama: NamaSisi) -> SaksiKlien | None:
        return saksi.witness(self._bare_context(), nama)

    def _context(self) -> Konteks:
        ctx = self._bare_context()
        sync, clock = ctx.settings, ctx.clock
        for nama in NamaSisi:
            sisi = sync.sisi(nama)
            auth = KlienAuth(sisi.base_url, sisi.client_id, sisi.key_path, clock=clock)
            luar = Luar(
                partial(self._wire, ctx, nama), SeketikaExecutor, self.jam.detik, self.jam.lewat,
                self.acak.uniform,
            )  # fmt: skip
            ctx.klien[nama] = KlienRegistri(
                nama, sisi.base_url, auth,
                tunggu_detik=sync.tunggu_detik, batas=sync.batas_halaman, check_stop=ctx.check,
                permit=partial(ctx.permit, nama), luar=luar,
            )  # fmt: skip
        return ctx

    def _wire(self, ctx: Konteks, nama: NamaSisi) -> httpx.BaseTransport:
        """Return a wire to a service on which messages are signed as on the real one."""
        wire, key = Kawat(nama.value, self.jaringan), ctx.settings.sisi(nama).kunci_pesan
        if key is None:
            return wire
        witness = saksi.witness(ctx, nama)
        signing = SigningTransport(wire, key, lambda: ctx.perjanjian.nomor, ctx.clock, witness)
        return Pemakai(signing, nama.value, self.jaringan)

    # The run

    def live(self) -> list[str]:
        """Go through the whole run; return what did not hold."""
        try:
            return self._live()
        finally:
            self.end_hub()

    def _live(self) -> list[str]:
        self.suntingan.seed()
        first, second = naskah.choose(self.acak)
        self.panggung.perjanjian.enter(first, self.jam.sekarang)
        self.berikut = second
        for _ in range(self.ukuran.tahap):
            if self.acak.random() < 0.4:
                self.turn()
            self.work()
        if self.acak.random() < 0.35:
            self.cut_off()
        self.edit_some()
        return self.settle()

    def cut_off(self) -> None:
        """Let the hub die in the middle of a round that is resumed when other things hold."""
        self.tinggal_mati = 1.0
        self.putus_di = self.acak.choice(("sesudah pull", "sesudah compare", "sebelum neraca"))
        self.reconcile()
        self.putus_di = ""

    def work(self) -> None:
        """A stage: the bodies work, and the hub does, now and then, under faults."""
        self.edit_some()
        self.suntingan.sisa = self.acak.randint(0, 4)
        self.bencana.aktif = True
        for _ in range(self.acak.randint(1, self.ukuran.jalan)):
            # In quieter hours a round gets to its end, and what comes of it meets the next fault.
            self.bencana.kadar = self.acak.choice((0.15, 0.4, 1.0))
            self.reconcile()
            for nama in SISI:
                bukti.seal(self.panggung, nama)
        self.disturb_mirrors()
        self.bencana.aktif = False
        self.ask_carelessly()
        self.jam.lewat(self.acak.uniform(1, 900))

    def ask_carelessly(self) -> None:
        """Let a program of the hub ask again without asking the agreement, and late ones come."""
        self.jaringan.arrive_late()
        for surat in self.acak.sample(self.jaringan.terkirim, min(2, len(self.jaringan.terkirim))):
            self.jaringan.deliver(self.penulis.write(surat))

    def disturb_mirrors(self) -> None:
        """Damage the mirrors at times; an audit then repairs them now, or when all is quiet."""
        if self.kunci is None or self.acak.random() >= 0.25:
            return
        if damage(self.panggung, self.acak, self.jejak):
            self.rusak = True
            if self.acak.random() < 0.5:
                self.repair()

    def settle(self) -> list[str]:
        """Without faults: reconcile until nothing is left to say, then look at everything."""
        self.suntingan.sisa, self.berikut = 0, None
        self.pemangkas.calm_down()
        self.panggung.perjanjian.quiet(self.jam.sekarang)
        self.suntingan.release_all()
        self.jam.lewat(_SEJAM)  # what was refused for a while is asked about again
        for _ in range(2):
            self.suntingan.report_again()
        if self.acak.random() < 0.5:
            self.suntingan.decide_what_is_held()
        self.jaringan.arrive_late(all_of_them=True)
        if self.rusak and not self.repair():
            return ["audit tidak memperbaiki cermin"]
        if not self.converge():
            return ["tidak pernah konvergen"]
        found = self.look()
        decided = (
            not found
            and self.acak.random() < self.ukuran.putusan
            and self.suntingan.decide_what_is_held()
        )
        if decided and not self.converge():
            return ["tidak konvergen sesudah putusan petugas"]
        # The last round of a call that converged proposed nothing: it is the second round.
        if decided:
            found = self.look()
        return self.jaringan.pelanggaran + self.suntingan.pelanggaran + found + self.replay()

    def converge(self) -> bool:
        """Reconcile until nothing is left to say, also later; return whether it came to that."""
        if not self._until_silent():
            return False
        if not invarian.somebody_is_gone_again(self.panggung):
            return True
        self.jam.lewat(_SEJAM)
        return self._until_silent()

    def _until_silent(self) -> bool:
        for _ in range(_TENANG_PALING_BANYAK):
            before = self.pemangkas.sisa
            hasil = self.reconcile()
            # What went while a tree was walked may stand in a feed that was read before.
            if hasil is not None and hasil.converged and self.pemangkas.sisa == before:
                return True
        return False

    def look(self) -> list[str]:
        """Return the invariants that do not hold now."""
        sent = self.jaringan
        return [
            *invarian.check(self.panggung, self.suntingan, self.jam.sekarang),
            *bukti.check(self.panggung, sent),
        ]

    def replay(self) -> list[str]:
        """Send old batches once more, in any order, as a network may.

        What was accepted changes nothing. What was refused can be accepted now: that is a first
        arrival, and the hub has to hear of it.
        """
        before = invarian.state(self.panggung)
        self._come_again(self.jaringan.diterima[-4:])
        if before != invarian.state(self.panggung):
            return ["kiriman ulang mengubah registri"]
        self._come_again(self.jaringan.ditolak[-3:])
        if before == invarian.state(self.panggung):
            return []
        return self.look() if self._until_silent() else ["kiriman lama mengganggu"]

    def _come_again(self, old: list[Surat]) -> None:
        """Let batches arrive once more: as they were, and said anew by the hub."""
        self.jaringan.di_jalan += [*old, *map(self.penulis.write, old)]
        self.jaringan.arrive_late(all_of_them=True)
