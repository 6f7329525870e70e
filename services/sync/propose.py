"""Propose: open findings become batches in the outbox, and what rests on none is taken back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from services.kit.database import Transaction, transaction
from services.sync import butir, goyah, keadaan, selisih, sentuhan
from services.sync.butir import Butir
from services.sync.compare import sides_without_workers
from services.sync.konteks import Konteks
from services.sync.kotak import Kotak
from services.sync.settings import NamaSisi
from shared_schemas.rujukan import Himpunan

# PWBD and PDS-TK are seen in additions: they follow the proposals of what they are made of. Either
# the finding is new, or the proposal is; what was joined before is joined still.
_TUMPANGAN = """
INSERT INTO usulan_temuan (id_usulan, id_temuan, sidik_asal)
SELECT DISTINCT ON (x.id_usulan, p.id) x.id_usulan, p.id, x.sidik_asal FROM temuan p
JOIN temuan h ON h.jenis = 'hanya_wlkp' AND h.himpunan = 'badan_usaha' AND h.id_wlkp = p.id_wlkp
JOIN usulan_temuan x ON x.id_temuan = h.id
JOIN usulan u ON u.id = x.id_usulan
WHERE p.jenis = 'PWBD' AND {baru}
UNION ALL
SELECT DISTINCT ON (x.id_usulan, p.id) x.id_usulan, p.id, x.sidik_asal FROM temuan p
JOIN tautan_badan_usaha t ON t.id_bpjs = p.id_bpjs
JOIN temuan h ON h.jenis = 'hanya_wlkp' AND h.himpunan = 'pekerja' AND h.bu_wlkp = t.id_wlkp
    AND h.keadaan <> 'selesai'
JOIN usulan_temuan x ON x.id_temuan = h.id
JOIN usulan u ON u.id = x.id_usulan
WHERE p.jenis = 'PDS-TK' AND {baru}
ON CONFLICT DO NOTHING
"""
# Who is deleted there and comes back has been told nothing. Nor has one whose notice was not taken,
# and something about it has changed since: it may have been gone for a moment that we never saw.
_LUPAKAN = """
UPDATE pemberitahuan p SET status = '' FROM sasaran_kabar s WHERE p.id_wlkp = s.id_wlkp
AND (NOT EXISTS (SELECT FROM cermin_badan_usaha w WHERE w.sisi = 'wlkp' AND w.id = p.id_wlkp)
    OR EXISTS (SELECT FROM usulan u
        WHERE u.id = p.id_usulan AND u.keadaan IN ('ditolak', 'usang')))
"""
# After so many, the planner would still think that most findings are open, and scan them all.
# Beside a larger number that are not, a sample of three tables costs more than it tells.
_BANYAK, _BAGIAN = 5_000, 0.1
_BERUBAH = """
SELECT %(total)s >= greatest(%(banyak)s, %(bagian)s * reltuples) FROM pg_class
WHERE oid = 'temuan'::regclass
"""
_RUSAK = (
    "{n} usulan dari cermin {himpunan} {asal} tidak dikirim: isi barisnya di database hub bukan"
    " lagi yang diterima. Jalankan hub sync audit --hitung-ulang --perbaiki."
)
_BARU = ("p.keadaan = 'terbuka'", "p.keadaan <> 'selesai' AND u.batch > %(sebelum)s")


def propose_all(ctx: Konteks) -> dict[str, int]:
    """Write the batches of every open finding, and the withdrawals (docs/keputusan/0028).

    Returns `diusulkan`, the items of both, 0 when all is settled.
    """
    with transaction(ctx.engine) as tx:
        now = ctx.now()
        blocked = sides_without_workers(tx)
        last = tx.raw("SELECT coalesce(max(id), 0) FROM kotak_keluar").fetchone()
        assert last is not None  # noqa: S101 - an aggregate
        total = 0
        for tujuan in NamaSisi:
            outbox, rusak = Kotak(tx, tujuan, now), Counter[Himpunan]()
            outbox.add_all(_items(ctx, tx, tujuan, blocked, rusak))
            outbox.flush()
            for himpunan, count in rusak.items():
                asal = tujuan.lawan.upper()
                ctx.warn("propose", _RUSAK.format(n=count, asal=asal, himpunan=himpunan), count)
            # By themselves, and after what replaces them: a case is not ended and opened again.
            outbox.add_all(butir.pencabutan(tx, tujuan, now, ctx.settings.jeda_ulang))
            total += outbox.flush()
            ctx.tell("propose", f"{total} usulan disiapkan", total)
        goyah.forget(tx)
        for baru in _BARU:
            tx.raw(_TUMPANGAN.format(baru=baru), {"sebelum": last[0]})
        keadaan.follow_open(tx, now)
        if misleads(tx, total):
            tx.raw("ANALYZE temuan, usulan, usulan_temuan")
    return {"diusulkan": total}


def misleads(tx: Transaction, total: int) -> bool:
    """Say whether so many proposals make wrong what the planner knows of the findings."""
    known = {"total": total, "banyak": _BANYAK, "bagian": _BAGIAN}
    row = tx.raw(_BERUBAH, known).fetchone()
    return row is not None and bool(row[0])


def _items(
    ctx: Konteks, tx: Transaction, tujuan: NamaSisi, blocked: list[str], rusak: Counter[Himpunan]
) -> Iterator[Butir]:
    now, perjanjian = ctx.now(), ctx.perjanjian
    himpunan_sah = [Himpunan.BADAN_USAHA] if blocked else list(Himpunan)
    for himpunan in himpunan_sah:
        held = selisih.held_fields(perjanjian, himpunan, now)
        yield from butir.penyelarasan(tx, tujuan, himpunan, held, rusak)
    for himpunan in himpunan_sah:
        names = frozenset(b.nama for b in perjanjian.bidang(himpunan, now))
        may_count = tujuan.lawan.value not in blocked
        yield from butir.penambahan(tx, tujuan, himpunan, names, rusak, berwenang=may_count)
    if tujuan is NamaSisi.WLKP:
        yield from _notices(tx, rusak, may_count=NamaSisi.BPJS.value not in blocked)


def _notices(tx: Transaction, rusak: Counter[Himpunan], *, may_count: bool) -> Iterator[Butir]:
    """Yield what changed of the notices; all of them when the right to count did."""
    masukan = "dengan jumlah" if may_count else "tanpa jumlah"
    semua = not sentuhan.follows(tx, sentuhan.KABAR, masukan)
    sentuhan.take_notices(tx)
    tx.raw(_LUPAKAN)
    yield from butir.pemberitahuan(tx, rusak, berwenang=may_count, semua=semua)
    sentuhan.remember(tx, sentuhan.KABAR, masukan)
