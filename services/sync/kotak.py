"""The outbox: items become batches, stored before anything is sent.

Ids and idempotency keys are derived from what is said and what it rests on, so a repeated step
writes the same bytes, and a repeated sending is recognised by the receiver.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field

from services.kit.database import Transaction
from services.sync.butir import Butir
from services.sync.settings import NamaSisi
from services.sync.temuan import derive_id
from shared_schemas.neraca import digest_of
from shared_schemas.v1.amplop import BATAS_LARIK
from shared_schemas.v1.kode import JenisUsulan
from shared_schemas.v1.usulan import KumpulanUsulan

_KABARI = """
INSERT INTO pemberitahuan (id_wlkp, status, jumlah_pekerja, id_usulan, pada)
SELECT k.*, %s FROM unnest(%s::text[], %s::text[], %s::int[], %s::uuid[]) k
ON CONFLICT (id_wlkp) DO UPDATE SET status = excluded.status,
    jumlah_pekerja = excluded.jumlah_pekerja, id_usulan = excluded.id_usulan, pada = excluded.pada
"""


@dataclass
class Kotak:
    """Collects items for one receiver and writes them as batches."""

    tx: Transaction
    tujuan: NamaSisi
    now: dt.datetime
    waiting: list[Butir] = field(default_factory=list)
    written: int = 0

    def add_all(self, items: Iterable[Butir]) -> None:
        """Take items in, and write a batch whenever one is full."""
        for item in items:
            self.waiting.append(item)
            if len(self.waiting) == BATAS_LARIK:
                self.flush()

    def flush(self) -> int:
        """Write what waits and has not been said before; returns how many were written so far."""
        known = {
            row[0]
            for row in self.tx.raw(
                "SELECT id FROM usulan WHERE id = ANY(%s) AND keadaan <> 'ditarik'"
                # Learned from the receiver's list alone (`pulih`): not joined to any finding.
                " AND (id_asal IS NOT NULL OR id_dicabut IS NOT NULL)",
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
            "versi_asal, id_dicabut, keadaan, sidik, dibuat_pada"
        )
        with self.tx.copy(f"COPY usulan ({columns}) FROM STDIN") as copy:
            for posisi, b in enumerate(items):
                i = b.isi
                copy.write_row(
                    (
                        b.id, batch, posisi, self.tujuan.value, i["jenis"], i["himpunan"],
                        i.get("id_sasaran"), i.get("versi_sasaran"), i.get("id_asal"),
                        i.get("versi_asal"), i.get("id_dicabut"), "disiapkan", digest_of(i),
                        self.now,
                    )
                )  # fmt: skip
        links = "usulan_temuan (id_usulan, id_temuan, sidik_asal)"
        with self.tx.copy(f"COPY {links} FROM STDIN") as copy:
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
