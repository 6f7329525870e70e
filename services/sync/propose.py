"""Propose: open findings become batches in the outbox, stored before anything is sent.

Ids and idempotency keys are derived from the findings and the versions they rest on, so a
repeated step writes the same bytes, and a repeated sending is recognised by the receiver.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from services.kit.database import Transaction, transaction
from services.sync import butir, keadaan, selisih, sentuhan
from services.sync.butir import Butir
from services.sync.compare import sides_without_workers
from services.sync.konteks import Konteks, driver
from services.sync.settings import NamaSisi
from services.sync.temuan import derive_id
from shared_schemas.neraca import digest_of
from shared_schemas.rujukan import Himpunan
from shared_schemas.v1.amplop import BATAS_LARIK
from shared_schemas.v1.kode import JenisUsulan
from shared_schemas.v1.usulan import KumpulanUsulan

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
_KABARI = """
INSERT INTO pemberitahuan (id_wlkp, status, jumlah_pekerja, id_usulan, pada)
SELECT k.*, %s FROM unnest(%s::text[], %s::text[], %s::int[], %s::uuid[]) k
ON CONFLICT (id_wlkp) DO UPDATE SET status = excluded.status,
    jumlah_pekerja = excluded.jumlah_pekerja, id_usulan = excluded.id_usulan, pada = excluded.pada
"""
# Who is deleted there and comes back has been told nothing.
_LUPAKAN = """
UPDATE pemberitahuan p SET status = '' FROM sasaran_kabar s WHERE p.id_wlkp = s.id_wlkp
AND NOT EXISTS (SELECT FROM cermin_badan_usaha w WHERE w.sisi = 'wlkp' AND w.id = p.id_wlkp)
"""
# After so many, the planner would still think that most findings are open, and scan them all.
# Beside a larger number that are not, a sample of three tables costs more than it tells.
_BANYAK, _BAGIAN = 5_000, 0.1
_BERUBAH = """
SELECT %(total)s >= greatest(%(banyak)s, %(bagian)s * reltuples) FROM pg_class
WHERE oid = 'temuan'::regclass
"""
_BARU = ("p.keadaan = 'terbuka'", "p.keadaan <> 'selesai' AND u.batch > %(sebelum)s")


def propose_all(ctx: Konteks) -> dict[str, int]:
    """Write the batches of every open finding; returns `diusulkan`, 0 when all is settled."""
    with transaction(ctx.engine) as tx:
        now = ctx.now()
        blocked = sides_without_workers(tx)
        last = tx.raw("SELECT coalesce(max(id), 0) FROM kotak_keluar").fetchone()
        assert last is not None  # noqa: S101 - an aggregate
        total = 0
        for tujuan in NamaSisi:
            outbox = _Kotak(tx, tujuan, now)
            outbox.add_all(_items(ctx, tx, tujuan, blocked))
            total += outbox.flush()
            ctx.tell("propose", f"{total} usulan disiapkan", total)
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


def _items(ctx: Konteks, tx: Transaction, tujuan: NamaSisi, blocked: list[str]) -> Iterator[Butir]:
    now, perjanjian = ctx.now(), ctx.perjanjian
    himpunan_sah = [Himpunan.BADAN_USAHA] if blocked else list(Himpunan)
    for himpunan in himpunan_sah:
        held = selisih.held_fields(perjanjian, himpunan, now)
        yield from butir.penyelarasan(tx, tujuan, himpunan, held)
    for himpunan in himpunan_sah:
        names = frozenset(b.nama for b in perjanjian.bidang(himpunan, now))
        may_count = tujuan.lawan.value not in blocked
        yield from butir.penambahan(tx, tujuan, himpunan, names, berwenang=may_count)
    if tujuan is NamaSisi.WLKP:
        yield from _notices(tx, may_count=NamaSisi.BPJS.value not in blocked)


def _notices(tx: Transaction, *, may_count: bool) -> Iterator[Butir]:
    """Yield what changed of the notices; all of them when the right to count did."""
    masukan = "dengan jumlah" if may_count else "tanpa jumlah"
    semua = not sentuhan.follows(tx, sentuhan.KABAR, masukan)
    sentuhan.take_notices(tx)
    tx.raw(_LUPAKAN)
    yield from butir.pemberitahuan(tx, berwenang=may_count, semua=semua)
    sentuhan.remember(tx, sentuhan.KABAR, masukan)


@dataclass
class _Kotak:
    """Collects items for one receiver and writes them as batches."""

    tx: Transaction
    tujuan: NamaSisi
    now: dt.datetime
    waiting: list[Butir] = field(default_factory=list)
    written: int = 0

    def add_all(self, items: Iterable[Butir]) -> None:
        for item in items:
            self.waiting.append(item)
            if len(self.waiting) == BATAS_LARIK:
                self.flush()

    def flush(self) -> int:
        """Write what waits and has not been said before; returns how many were written so far."""
        known = {
            row[0]
            for row in self.tx.raw(
                "SELECT id FROM usulan WHERE id = ANY(%s) AND keadaan <> 'ditarik'",
                [[b.id for b in self.waiting]],
            )
        }
        fresh = [b for b in self.waiting if b.id not in known]
        self.waiting = []
        if fresh:
            self._write(fresh)
        self.written += len(fresh)
        return self.written

    def _write(self, items: list[Butir]) -> None:
        body = json.dumps(
            {"usulan": [b.isi for b in items]}, ensure_ascii=False, separators=(",", ":")
        ).encode()
        # Our own contract test: what would be refused for its form must not be stored.
        KumpulanUsulan.model_validate_json(body)
        digest = hashlib.sha256(body).hexdigest()
        row = self.tx.raw(
            "INSERT INTO kotak_keluar (tujuan, kunci, isi, sidik_isi, jumlah, keadaan, percobaan, "
            "dibuat_pada) VALUES (%s, %s, %s, %s, %s, 'siap', 0, %s) RETURNING id",
            [
                self.tujuan.value, str(derive_id("kunci", self.tujuan, digest)), body, digest,
                len(items), self.now,
            ],
        ).fetchone()  # fmt: skip
        assert row is not None  # noqa: S101 - RETURNING
        self._index(row[0], items)

    def _index(self, batch: int, items: list[Butir]) -> None:
        # Whatever is left of these ids was withdrawn and is now said again.
        for table, key in (("usulan_temuan", "id_usulan"), ("usulan", "id")):
            self.tx.raw(f"DELETE FROM {table} WHERE {key} = ANY(%s)", [[b.id for b in items]])
        columns = (
            "id, batch, posisi, tujuan, jenis, himpunan, id_sasaran, versi_sasaran, id_asal, "
            "versi_asal, keadaan, sidik, dibuat_pada"
        )
        with driver(self.tx).cursor().copy(f"COPY usulan ({columns}) FROM STDIN".encode()) as copy:
            for posisi, b in enumerate(items):
                i = b.isi
                copy.write_row(
                    (
                        b.id, batch, posisi, self.tujuan.value, i["jenis"], i["himpunan"],
                        i.get("id_sasaran"), i.get("versi_sasaran"), i.get("id_asal"),
                        i.get("versi_asal"), "disiapkan", digest_of(i), self.now,
                    )
                )  # fmt: skip
        with (
            driver(self.tx)
            .cursor()
            .copy("COPY usulan_temuan (id_usulan, id_temuan, sidik_asal) FROM STDIN") as copy
        ):
            for b in items:
                for id_temuan, sidik in b.temuan:
                    copy.write_row((b.id, id_temuan, sidik))
        self._note_status([b for b in items if b.isi["jenis"] == JenisUsulan.STATUS_PENDAFTARAN])

    def _note_status(self, items: list[Butir]) -> None:
        told = [
            (b.isi["id_sasaran"], b.isi["status"], b.isi["jumlah_pekerja"], b.id) for b in items
        ]
        if told:
            self.tx.raw(_KABARI, [self.now, *map(list, zip(*told, strict=True))])
