"""Findings: the set computed in this round is merged with what was decided before.

A finding keeps its identity and its history: what no longer holds becomes `selesai`, what was
applied stays counted, what a steward refused opens again only when its source changes.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from services.kit.database import Transaction
from services.sync import goyah
from services.sync.settings import NamaSisi
from shared_schemas.rujukan import Himpunan

RUANG = uuid.UUID("6f1c3f0e-6c0b-5b0a-9d55-0a4f1a5f7e11")
"""Namespace of every id derived here; changing it would propose everything anew."""

_DITAHAN_DI_SINI = {
    "kunci_ganda": "NIK yang sama tercatat lebih dari sekali pada badan usaha ini.",
    "beda_perusahaan": "NIK tercatat pada badan usaha yang berbeda di kedua sisi.",
}
_ARAH = {"hanya_wlkp": "bpjs", "hanya_bpjs": "wlkp"}


class TemuanBaru(NamedTuple):
    """One finding as computed in this round, in the order of the staging table."""

    id: uuid.UUID
    jenis: str
    himpunan: str
    bidang: str
    id_wlkp: str | None
    id_bpjs: str | None
    bu_wlkp: str | None
    bu_bpjs: str | None
    versi_wlkp: int | None
    versi_bpjs: int | None
    sidik_wlkp: str
    sidik_bpjs: str
    arah: str | None
    keadaan: str
    alasan: str | None


def derive_id(*parts: object) -> uuid.UUID:
    """Return the same id for the same parts, on every machine and in every run."""
    return uuid.uuid5(RUANG, "|".join("" if p is None else str(p) for p in parts))


def fingerprint(key: uuid.UUID, value: str) -> str:
    """Return a digest that changes with the value and cannot be compared between findings."""
    return hashlib.blake2b(value.encode(), digest_size=8, key=key.bytes).hexdigest()


def whole_record(himpunan: Himpunan, row: Sequence[Any]) -> TemuanBaru:
    """Make a finding about whole records; its source is a version, not a value."""
    jenis, bidang, id_wlkp, id_bpjs, bu_wlkp, bu_bpjs, versi_wlkp, versi_bpjs = row
    held = _DITAHAN_DI_SINI.get(jenis)
    return TemuanBaru(
        derive_id(jenis, himpunan, id_wlkp, id_bpjs, bidang), jenis, himpunan, bidang, id_wlkp,
        id_bpjs, bu_wlkp, bu_bpjs, versi_wlkp, versi_bpjs, str(versi_wlkp), str(versi_bpjs),
        _ARAH.get(jenis), "tertahan" if held else "terbuka", held,
    )  # fmt: skip


def begin(tx: Transaction) -> None:
    """Prepare the staging table; `merge` drops it."""
    tx.raw(
        "CREATE TEMP TABLE temuan_baru (id uuid, jenis text, himpunan text, bidang text, "
        "id_wlkp text, id_bpjs text, bu_wlkp text, bu_bpjs text, versi_wlkp bigint, "
        "versi_bpjs bigint, sidik_wlkp text, sidik_bpjs text, arah text, keadaan text, "
        "alasan text) ON COMMIT DROP"
    )


def stage(tx: Transaction, rows: Iterable[TemuanBaru]) -> int:
    """Copy findings into the staging table; returns how many."""
    count = 0
    with tx.copy("COPY temuan_baru FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
            count += 1
    return count


# A held or refused proposal is not repeated while the value it rests on stands.
_SUMBER_BERUBAH = """
(b.arah IN ('bpjs', 'keduanya') AND t.sidik_wlkp <> b.sidik_wlkp
 OR b.arah IN ('wlkp', 'keduanya') AND t.sidik_bpjs <> b.sidik_bpjs)
"""
# Who waits in a queue, or was refused, is proposed anew for another company. From before both
# companies were kept, one of them is not known.
_TEMPAT_BERUBAH = "(t.jenis <> 'berbeda' AND (t.bu_wlkp <> b.bu_wlkp OR t.bu_bpjs <> b.bu_bpjs))"
_BUKA = f"""
(t.keadaan IN ('selesai', 'terbuka') OR b.keadaan <> 'terbuka' OR t.arah IS DISTINCT FROM b.arah
 OR t.keadaan = 'diterapkan' AND (t.versi_wlkp, t.versi_bpjs)
    IS DISTINCT FROM (b.versi_wlkp, b.versi_bpjs)
 OR t.keadaan = 'diterapkan' AND NOT t.berlaku
 OR t.keadaan IN ('ditolak', 'surat_mati') AND {_SUMBER_BERUBAH}
 OR t.keadaan IN ('ditolak', 'surat_mati', 'diantre') AND {_TEMPAT_BERUBAH}
 OR t.keadaan = 'diantre' AND {_SUMBER_BERUBAH}
 OR t.keadaan = 'tertahan' AND t.jenis = 'berbeda' AND {_SUMBER_BERUBAH})
"""
_PERBARUI = f"""
WITH berubah AS (
UPDATE temuan t SET bu_wlkp = b.bu_wlkp, bu_bpjs = b.bu_bpjs, versi_wlkp = b.versi_wlkp,
    versi_bpjs = b.versi_bpjs, sidik_wlkp = b.sidik_wlkp, sidik_bpjs = b.sidik_bpjs,
    arah = b.arah, diubah_pada = %(now)s,
    keadaan = CASE WHEN {_BUKA} THEN b.keadaan ELSE t.keadaan END,
    kode = CASE WHEN {_BUKA} THEN NULL ELSE t.kode END,
    alasan = CASE WHEN {_BUKA} THEN b.alasan ELSE t.alasan END, berlaku = true,
    muncul = t.muncul + (NOT t.berlaku)::int
FROM temuan_baru b WHERE b.id = t.id AND (
    NOT t.berlaku
    OR (t.versi_wlkp, t.versi_bpjs, t.sidik_wlkp, t.sidik_bpjs, t.arah, t.bu_wlkp, t.bu_bpjs)
    IS DISTINCT FROM
    (b.versi_wlkp, b.versi_bpjs, b.sidik_wlkp, b.sidik_bpjs, b.arah, b.bu_wlkp, b.bu_bpjs)
    OR ({_BUKA} AND (t.keadaan, t.alasan) IS DISTINCT FROM (b.keadaan, b.alasan)))
RETURNING t.id
)
{goyah.CATAT_TEMUAN.format(sumber="berubah")}
"""
_TAMBAH = """
INSERT INTO temuan (id, jenis, himpunan, bidang, id_wlkp, id_bpjs, bu_wlkp, bu_bpjs, versi_wlkp,
    versi_bpjs, sidik_wlkp, sidik_bpjs, arah, keadaan, alasan, ditemukan_pada, diubah_pada, berlaku)
SELECT b.*, %(now)s, %(now)s, true FROM temuan_baru b
ON CONFLICT (id) DO NOTHING
"""
# What was applied is no longer there because it was applied: it keeps its state and its time.
_SELESAIKAN = (
    """
WITH hilang AS (
    UPDATE temuan t SET berlaku = false,
        keadaan = CASE t.keadaan WHEN 'diterapkan' THEN t.keadaan ELSE 'selesai' END,
        diubah_pada = CASE t.keadaan WHEN 'diterapkan' THEN t.diubah_pada ELSE %(now)s END
    WHERE t.himpunan = %(himpunan)s AND NOT t.jenis = ANY(%(lewati)s) {sasaran}
      AND (t.berlaku OR t.keadaan NOT IN ('selesai', 'diterapkan'))
      AND NOT EXISTS (SELECT FROM temuan_baru b WHERE b.id = t.id)
    RETURNING t.id, t.keadaan
), goyah AS (
"""
    + goyah.CATAT_TEMUAN.format(sumber="hilang")
    + """
)
SELECT count(*) FROM hilang WHERE keadaan = 'selesai'
"""
)
_DARI_SASARAN = """
AND t.id IN (
    SELECT w.id FROM {sasaran} s JOIN temuan w ON w.id_wlkp = s.id WHERE s.sisi = 'wlkp'
    UNION ALL
    SELECT b.id FROM {sasaran} s JOIN temuan b ON b.id_bpjs = s.id WHERE s.sisi = 'bpjs')
"""


def merge(
    tx: Transaction,
    himpunan: Himpunan,
    now: dt.datetime,
    *,
    lewati: Iterable[str] = (),
    sasaran: str | None = None,
) -> dict[str, int]:
    """Merge the staged findings of one field set and drop the stage.

    `lewati` names kinds not judged; `sasaran` the table of the records that were judged, None for
    all. Returns counts `baru` and `selesai`.
    """
    tx.raw("ALTER TABLE temuan_baru ADD PRIMARY KEY (id)")
    tx.raw("ANALYZE temuan_baru")
    arguments: dict[str, Any] = {
        "now": now, "himpunan": himpunan.value, "lewati": list(lewati)
    }  # fmt: skip
    within = ""
    if sasaran is not None:
        within = _DARI_SASARAN.format(sasaran=sasaran)
        for sisi in NamaSisi:
            ids = f"SELECT DISTINCT id FROM {sasaran} WHERE sisi = '{sisi.value}'"
            tx.read_ahead("temuan", f"id_{sisi.value}", ids)
    closed = tx.raw(_SELESAIKAN.format(sasaran=within), arguments).fetchone()
    tx.raw(_PERBARUI, arguments)
    added = tx.raw(_TAMBAH, arguments).rowcount
    tx.raw("DROP TABLE temuan_baru")
    if sasaran is None:
        tx.raw("ANALYZE temuan")
    return {"baru": added, "selesai": closed[0] if closed else 0}
