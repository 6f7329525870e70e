"""The code broken on purpose: each way of breaking it has to be seen by the simulation.

`python -m tests.simulasi.mutan` lives through seeds with one mutant at a time until it is caught.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

from services.audit.errors import EvidenceError
from services.kit.database import transaction
from services.sync import bukti, deliver, samakan
from services.sync.jelajah import JenisBeda
from services.sync.settings import NamaSisi
from shared_schemas.perjanjian import Izin
from shared_schemas.v1.kode import AlasanUsulan, JenisPerubahan, KeadaanUsulan
from tests.simulasi.panggung import Panggung, end_on_sigterm, open_panggung, stay_on
from tests.simulasi.ulang import live_once

PALING_BANYAK = 100
"""Seeds after which a mutant counts as not caught."""

Pembuat = Callable[[Any], Any]
"""From what stands at a place to what stands there in the mutant."""


@dataclass(frozen=True, slots=True)
class Mutan:
    """One way of breaking the code. `nomor_umpan` also breaks the trigger in the databases."""

    nama: str
    merusak: str
    tambalan: tuple[tuple[str, Pembuat], ...] = ()
    pemicu: tuple[str, str] | None = None


def _text(old: str, new: str) -> Pembuat:
    def make(text: str) -> str:
        assert old in text, f"teks yang dirusak tidak ada lagi: {old}"
        return text.replace(old, new)

    return make


def _instead(value: Any) -> Pembuat:
    return lambda _original: lambda *_args, **_options: value


_USANG = "'usang' THEN 'terbuka'"

# The ways


def _fail_open(original: Callable[..., Any]) -> Callable[..., Any]:
    @contextmanager
    def go_on(buku: Any) -> Iterator[Any]:
        begun = False
        try:
            with original(buku) as tx:
                begun = True
                yield tx
        except EvidenceError:
            if not begun:
                raise

    return go_on


def _cursor_first(store: Any) -> Any:
    def early(ctx: Any, sisi: Any, himpunan: Any, page: Any, letak: Any) -> int:
        with transaction(ctx.engine) as tx:
            tx.raw(
                "UPDATE kursor_tarik SET kursor = %s WHERE sisi = %s AND himpunan = %s",
                [page.kursor, sisi.value, himpunan.value],
            )
        return int(store(ctx, sisi, himpunan, page, letak))

    return early


def _no_tombstones(write_page: Any) -> Any:
    def write(tx: Any, sisi: Any, himpunan: Any, items: Any, bacaan: int, **options: Any) -> None:
        kept = [i for i in items if i.jenis is JenisPerubahan.UBAH]
        write_page(tx, sisi, himpunan, kept, bacaan, **options)

    return write


def _any_version(align: Any) -> Any:
    def apply(self: Any, tx: Any, who: Any, butir: Any, targets: Any) -> Any:
        sasaran = targets.get(f"{butir.himpunan}:{butir.id_sasaran}")
        if sasaran is not None:
            butir = butir.model_copy(update={"versi_sasaran": sasaran.versi})
        return align(self, tx, who, butir, targets)

    return apply


def _asking(rewrite: Callable[[str], str]) -> Callable[[Any], Any]:
    """Damage a function whose first argument is a transaction; an empty query is not run."""

    class Sadapan:
        def __init__(self, tx: Any) -> None:
            self._tx = tx

        def raw(self, query: str, parameters: Any = ()) -> Any:
            other = rewrite(query)
            return self._tx.raw(other, parameters) if other else self._tx.raw("SELECT 1")

    def damage(work: Any) -> Any:
        def damaged(tx: Any, *args: Any, **options: Any) -> Any:
            return work(Sadapan(tx), *args, **options)

        return damaged

    return damage


def _without(start: str) -> Callable[[Any], Any]:
    return _asking(lambda query: "" if query.startswith(start) else query)


def _nothing_superfluous(repair: Any) -> Any:
    def blind(ctx: Any, sisi: Any, himpunan: Any, beda: Any) -> int:
        kept = [b for b in beda if b.jenis is not JenisBeda.LEBIH]
        return int(repair(ctx, sisi, himpunan, kept)) + len(beda) - len(kept)

    return blind


def _only_said(_repair: Any) -> Any:
    return lambda _ctx, _sisi, _himpunan, beda: len(beda)


def _cursor_last(catch_up: Any) -> Any:
    def late(ctx: Any, sisi: Any, himpunan: Any, **options: Any) -> Any:
        done = catch_up(ctx, sisi, himpunan, **options)
        akar = samakan.fetch_root(ctx, sisi, himpunan)
        with transaction(ctx.engine) as tx:
            tx.raw(
                "UPDATE kursor_tarik SET kursor = %s, nomor = %s WHERE sisi = %s AND himpunan = %s",
                [akar.kursor, akar.nomor, sisi.value, himpunan.value],
            )
        return done

    return late


def _nothing_held(policy: Any) -> Any:
    def judge(*args: Any) -> Any:
        verdict = policy(*args)
        held = verdict is not None and verdict.keadaan is KeadaanUsulan.DITAHAN
        return None if held else verdict

    return judge


def _blind_steward(apply: Any) -> Any:
    def blind(self: Any, tx: Any, who: Any, id_usulan: Any, row: Any) -> Any:
        return apply(self, tx, who, id_usulan, (*row[:3], 2**60, *row[4:]))

    return blind


def _closed_before_sent(_original: Any) -> Any:
    def early(ctx: Any) -> dict[str, int]:
        with transaction(ctx.engine) as tx:
            row = tx.raw(
                "SELECT id, tujuan, kunci, isi, jumlah FROM kotak_keluar"
                " WHERE keadaan = 'siap' ORDER BY id LIMIT 1"
            ).fetchone()
            if row is None:
                return {"terkirim": 0, "sisa": 0}
            tx.raw(
                "UPDATE kotak_keluar SET keadaan = 'terkirim', isi = NULL WHERE id = %s", row[:1]
            )
        batch, tujuan, kunci, isi, jumlah = row
        answer = ctx.klien[NamaSisi(tujuan)].send_usulan(bytes(isi), kunci)
        signed = bukti.verify_receipt(ctx, NamaSisi(tujuan), kunci, bytes(isi), answer)
        counts = deliver._keep_receipts(ctx, batch, tujuan, jumlah, answer, signed)
        return counts | {"terkirim": jumlah, "sisa": 1}

    return early


def _do_again(_original: Any) -> Any:
    def again(_tx: Any, _pelaku: str, _kunci: str, _isi: bytes, work: Callable[[], bytes]) -> bytes:
        return work()

    return again


def _last_receipt_wins(store: Any) -> Any:
    def forgetful(self: Any, tx: Any, who: Any, new: Any) -> None:
        ids = [b.id_usulan for b, _ in new]
        tx.raw("DELETE FROM usulan WHERE id_usulan = ANY(%s)", (ids,))
        store(self, tx, who, new)

    return forgetful


def _any_purpose(permitted: Any) -> Any:
    def careless(self: Any, request: Any, agreement: Any, who: Any) -> Any:
        cakupan = self.cakupan.removeprefix("perjanjian:")
        allowed = agreement.permit(agreement.pemilik.lawan, cakupan).tujuan
        named = SimpleNamespace(headers={"tujuan": allowed[0]}, state=request.state)
        return permitted(self, named, agreement, who)

    return careless


def _never_refused(_original: Any) -> Any:
    async def check(_self: Any, _client_id: str) -> None:
        return None

    return check


def _one_signature(_original: Any) -> Any:
    return property(lambda self: frozenset({self.oleh}))


def _once_a_run(converge: Any) -> Any:
    """Take a resumed round for the first of its run, as if it had asked what is asked once."""

    def run(ctx: Any, pelaksana: Any) -> Any:
        class Lanjut:
            left_over, resume = pelaksana.left_over, pelaksana.resume
            dilanjutkan = bool(pelaksana.left_over())

            def start(self, ctx: Any, nomor: int, *, pertama: bool) -> Any:
                return pelaksana.start(ctx, nomor, pertama=pertama and not self.dilanjutkan)

        return converge(ctx, Lanjut())

    return run


MUTAN = (
    Mutan(
        "lupa-yang-sudah", "kiriman yang sama dikerjakan lagi",
        (("services.registry.inbox.once", _do_again),
         ("services.registry.inbox.Inbox._known", _instead({})),
         ("services.registry.inbox.Inbox._store", _last_receipt_wins)),
    ),
    Mutan("kursor-dahulu", "kursor disimpan sebelum halamannya",
          (("services.sync.pull._store", _cursor_first),)),
    Mutan("tanpa-nisan", "penghapusan di umpan diabaikan",
          (("services.sync.cermin.write_page", _no_tombstones),)),
    Mutan("adendum-diabaikan", "cermin tidak mengikuti bidang tambahan yang disepakati kemudian",
          (("services.sync.pull._follow_addendum", _instead(False)),)),
    Mutan("tanpa-sapuan", "yang hilang selama kursor usang tidak dibuang",
          (("services.sync.cermin.drop_unseen", _instead(0)),)),
    Mutan("pangkas-tanpa-batas", "kursor yang lebih tua dari yang dipangkas tidak dijawab 410",
          (("services.registry.write.prune_tombstones", _without("INSERT INTO umpan_batas")),)),
    Mutan("pulih-tanpa-hapus", "perbaikan menurut pohon membiarkan yang sudah dihapus",
          (("services.sync.samakan.repair", _nothing_superfluous),)),
    Mutan("kursor-sesudah", "kursor diambil sesudah pohon ditelusuri, bukan sebelumnya",
          (("services.sync.samakan.catch_up", _cursor_last),)),
    Mutan("versi-dari-satu", "rekaman yang dilupakan lalu disebut lagi mulai dari versi 1",
          (("services.registry.write._insert_new", _asking(
              lambda query: query.replace("SELECT versi_terlupa", "SELECT 0"))),)),
    Mutan("versi-apa-saja", "usulan diterapkan pada versi yang sudah berubah",
          (("services.registry.penilaian.Penilai._align", _any_version),)),
    Mutan("tanpa-riwayat", "nilai lama tidak disimpan",
          (("services.registry.write.correct", _without("INSERT INTO riwayat")),)),
    Mutan("tanpa-petugas", "bidang catatan sipil langsung diterapkan",
          (("services.registry.penilaian.Penilai._policy", _nothing_held),)),
    Mutan("petugas-buta", "putusan petugas menimpa perubahan yang lebih baru",
          (("services.registry.proposals.Proposals._apply", _blind_steward),)),
    Mutan("tanpa-perjanjian", "semua pertukaran diizinkan",
          (("services.auth.agreement.AgreementStore.ask", _instead(Izin("Pasal 5"))),)),
    Mutan("ditolak-selamanya", "yang pernah tidak diizinkan tidak diusulkan lagi",
          (("services.sync.pipeline.reopen_not_authorised", _instead({})),)),
    Mutan("ditunda-selamanya", "kelompok yang ditunda tidak dilepas lagi",
          (("services.sync.pipeline.release_postponed", _instead({})),)),
    Mutan("ditutup-dahulu", "kelompok dianggap terkirim sebelum dikirim",
          (("services.sync.pipeline.deliver_batch", _closed_before_sent),)),
    Mutan("temuan-abadi", "temuan yang tidak berlaku lagi tidak ditutup",
          (("services.sync.temuan._SELESAIKAN", _text("WHERE", "WHERE false AND")),)),
    Mutan("tidak-bertanya", "nasib usulan yang ditahan tidak ditanyakan",
          (("services.sync.pipeline.refresh_states", _instead({})),)),
    Mutan("laporan-separuh", "pekerja yang tidak lagi dilaporkan tetap aktif",
          (("wlkp_gateway.laporan.service.write.stop_unnamed", _instead(0)),)),
    Mutan("laporan-lama-menang", "laporan yang lebih tua diterima",
          (("wlkp_gateway.laporan.service._lock_and_require_newest", _instead(None)),)),
    Mutan("laporan-lupa", "laporan yang datang lagi dikenali dari keadaan yang ditinggalkannya",
          (("wlkp_gateway.laporan.service._original_answer", _instead(None)),)),
    Mutan("antrean-bocor", "penambahan dijawab tercatat tanpa kasus",
          (("services.registry.queue.CaseQueue.open_case", _instead(AlasanUsulan.TERCATAT)),)),
    Mutan("usang-ditolak", "usulan usang dianggap ditolak, tidak dihitung ulang",
          (("services.sync.keadaan._IKUTI", _text(_USANG, _USANG.replace("terbuka", "ditolak"))),)),
    Mutan("tujuan-apa-saja", "permintaan tanpa tujuan yang sah dijawab",
          (("services.auth.guard.Guard._permitted", _any_purpose),)),
    Mutan("tahan-diabaikan", "kredensial yang ditahan tetap dilayani",
          (("services.auth.penahanan.HeldCredentials.check", _never_refused),
           ("services.auth.routes.refuse_held", _instead(None)))),
    Mutan("tanda-tangan-sebelah", "catatan perjanjian berlaku dengan satu tanda tangan",
          (("shared_schemas.perjanjian.catatan._Catatan.penanda_tangan", _one_signature),)),
    Mutan("audit-tanpa-perbaikan", "yang berbeda dikatakan diperbaiki, tetapi tidak diambil",
          (("services.sync.samakan.repair", _only_said),)),
    Mutan("putaran-lanjutan", "sesudah putaran yang dilanjutkan, yang ditunda tidak dilepas",
          (("tests.simulasi.jalan.until_converged", _once_a_run),)),
    Mutan("jawaban-tanpa-catatan", "layanan menjawab tanpa catatan bukti",
          (("services.auth.saksi.SaksiLayanan.leaving", _instead(None)),)),
    Mutan("hub-tanpa-catatan", "penyelaras mengirim tanpa catatan bukti",
          (("services.auth.saksi.SaksiKlien.leaving", _instead("")),)),
    Mutan("dipakai-tanpa-catatan", "jawaban yang tidak dicatat tetap dipakai",
          (("services.auth.saksi.SaksiKlien.arrived", _instead(None)),)),
    Mutan("catatan-tak-wajib", "yang tidak dapat dicatat tetap dikirim",
          (("services.audit.bukti.buku.BukuBukti.transaction", _fail_open),
           ("services.audit.bukti.buku.BukuBukti.statements", _fail_open))),
    Mutan("tak-pernah-dicabut", "yang menunggu tanpa dasar tidak dicabut",
          (("services.sync.butir.pencabutan", _instead(())),)),
    Mutan("dicabut-di-mulut", "pencabutan dijawab diterapkan, kasusnya tetap terbuka",
          (("services.registry.queue.CaseQueue.end_withdrawn", _instead(None)),)),
    Mutan("tanpa-nomor", "perubahan tidak bernomor baru di umpan",
          pemicu=("NEW.nomor := nextval('urutan_perubahan')",
                  "NEW.nomor := coalesce(nullif(NEW.nomor, 0), nextval('urutan_perubahan'))")),
)  # fmt: skip


@contextmanager
def broken(panggung: Panggung, mutan: Mutan) -> Iterator[None]:
    """Break the code in one way while it lasts. A place that is gone fails."""
    with ExitStack() as stack:
        for tempat, make in mutan.tambalan:
            owner, name = _find(tempat)
            stack.enter_context(mock.patch.object(owner, name, make(getattr(owner, name))))
        if mutan.pemicu is not None:
            stack.enter_context(_broken_trigger(panggung, *mutan.pemicu))
        yield


def _find(tempat: str) -> tuple[Any, str]:
    parts = tempat.split(".")
    for split in range(len(parts) - 1, 0, -1):
        try:
            owner: Any = importlib.import_module(".".join(parts[:split]))
        except ModuleNotFoundError:
            continue
        for name in parts[split:-1]:
            owner = getattr(owner, name)
        return owner, parts[-1]
    raise LookupError(tempat)


@contextmanager
def _broken_trigger(panggung: Panggung, old: str, new: str) -> Iterator[None]:
    query = "SELECT pg_get_functiondef('beri_nomor'::regproc)"
    whole = {nama: panggung.fetch(nama, query)[0][0] for nama in ("wlkp", "bpjs")}
    for nama, text in whole.items():
        panggung.admin[nama].execute(_text(old, new)(text).encode())
    try:
        yield
    finally:
        for nama, text in whole.items():
            panggung.admin[nama].execute(text.encode())


def catch(panggung: Panggung, mutan: Mutan, most: int = PALING_BANYAK) -> tuple[int, str] | None:
    """Return how many seeds it took to see a mutant and what was seen, None when it was not."""
    with broken(panggung, mutan):
        for benih in range(1, most + 1):
            hasil = live_once(panggung, benih)
            if hasil.pelanggaran:
                # A mutant that trips over a changed signature proves nothing.
                assert not hasil.pelanggaran[0].startswith("TypeError"), hasil.pelanggaran[0]
                return benih, hasil.pelanggaran[0]
    return None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("nama", nargs="*", help="hanya mutan ini")
    parser.add_argument("--ronde", type=int, default=PALING_BANYAK, help="benih paling banyak")
    parser.add_argument("--folder", type=Path, help="tempat basis data sementara")
    options = parser.parse_args()
    told = end_on_sigterm()
    stay_on()
    missed = 0
    with (
        tempfile.TemporaryDirectory(dir=options.folder) as folder,
        open_panggung(Path(folder)) as p,
    ):
        for mutan in MUTAN:
            if told() or (options.nama and mutan.nama not in options.nama):
                continue
            found = catch(p, mutan, options.ronde)
            missed += found is None
            benih, what = found or ("-", "TIDAK TERTANGKAP")
            print(f"| `{mutan.nama}` | {mutan.merusak} | {benih} | {what} |", flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
