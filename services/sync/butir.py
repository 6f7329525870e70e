"""Items of a batch: from open findings to what is sent, as plain JSON values.

Values come from the mirror of the side that is right; nothing is computed, only quoted. A row that
is damaged here (`sidik.damaged`) is not quoted: it would be taken for what its source says.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from services.kit.database import Transaction
from services.sync import goyah, sidik
from services.sync.settings import NamaSisi
from services.sync.temuan import derive_id
from shared_schemas.rujukan import Himpunan
from shared_schemas.v1.kode import AlasanUsulan, JenisUsulan, StatusPendaftaran


@dataclass(frozen=True, slots=True)
class Butir:
    """One proposal: its wire form, and the findings it answers with their source's digest."""

    isi: dict[str, Any]
    temuan: tuple[tuple[uuid.UUID, str], ...]

    @property
    def id(self) -> uuid.UUID:
        """The proposal's id, derived from what it says and of which findings."""
        return uuid.UUID(self.isi["id_usulan"])


SEMENTARA = [
    alasan.value
    for alasan in (
        AlasanUsulan.TANPA_WEWENANG, AlasanUsulan.BIDANG_TAMBAHAN, AlasanUsulan.SASARAN_TIDAK_ADA,
        AlasanUsulan.TIDAK_DILAYANI, AlasanUsulan.SUDAH_ADA, AlasanUsulan.MASA_DEPAN,
        AlasanUsulan.LEBIH_LAMA,
    )
]  # fmt: skip
"""Answers that rest on how things stand at the receiver, and on no value: they may pass."""

# What was last said to this side about the finding rests on the same value and still stands.
_MASIH_BERLAKU = """
EXISTS (SELECT FROM (
    SELECT u.keadaan, u.kode, x.sidik_asal FROM usulan_temuan x JOIN usulan u ON u.id = x.id_usulan
    WHERE x.id_temuan = t.id AND u.tujuan = '{tujuan}' ORDER BY u.batch DESC LIMIT 1) s
  WHERE s.sidik_asal = t.sidik_{asal}
    AND (s.keadaan IN ('disiapkan', 'mati', 'ditahan', 'dibuang')
         OR s.keadaan = 'ditolak' AND s.kode <> ALL(%(sementara)s)))
"""
_PENYELARASAN = """
WITH g AS (
    SELECT id_wlkp, id_bpjs, min(versi_{asal}) AS versi_asal, min(versi_{tujuan}) AS versi_sasaran,
           bidang = ANY(%(ditahan)s) AS ditahan,
           array_agg(bidang ORDER BY bidang) AS bidang, array_agg(id ORDER BY bidang) AS temuan,
           array_agg(sidik_{asal} ORDER BY bidang) AS sidik, max(ulang) AS ulang
    FROM temuan t
    WHERE himpunan = %(himpunan)s AND jenis = 'berbeda' AND keadaan = 'terbuka'
      AND arah IN ('{tujuan}', 'keduanya') AND NOT {masih_berlaku}
    GROUP BY id_wlkp, id_bpjs, 5, CASE WHEN bidang = ANY(%(ditahan)s) THEN bidang END
)
SELECT g.id_{tujuan}, g.versi_sasaran, g.id_{asal}, g.versi_asal, m.dilaporkan_pada, m.isi,
       g.bidang, g.temuan, g.sidik, g.ulang, {rusak}
FROM g JOIN cermin_{himpunan} m ON m.sisi = '{asal}' AND m.id = g.id_{asal}
ORDER BY g.id_{tujuan}, NOT g.ditahan, g.bidang
"""
_TAMBAH_PEKERJA = """
SELECT t.id, m.id, m.versi, m.dilaporkan_pada, m.isi, k.{sasaran}, NULL, t.sidik_{asal},
       t.muncul + t.ulang, {rusak}
FROM temuan t
JOIN cermin_pekerja m ON m.sisi = '{asal}' AND m.id = t.id_{asal}
JOIN tautan_badan_usaha k ON k.id_{asal} = t.bu_{asal} {hanya_induk}
WHERE t.jenis = 'hanya_{asal}' AND t.himpunan = 'pekerja' AND t.keadaan = 'terbuka'
ORDER BY m.id
"""
_TAMBAH_BADAN_USAHA = """
SELECT t.id, m.id, m.versi, m.dilaporkan_pada, m.isi, NULL,
       CASE WHEN %(berwenang)s THEN (
           SELECT count(*) FROM cermin_pekerja p WHERE p.sisi = '{asal}'
             AND p.id_badan_usaha = m.id
             AND coalesce(p.isi->>'hubungan_kerja', 'AKTIF') <> 'BERHENTI') END,
       t.sidik_{asal}, t.muncul + t.ulang, {rusak}
FROM temuan t
JOIN cermin_badan_usaha m ON m.sisi = '{asal}' AND m.id = t.id_{asal}
WHERE t.jenis = 'hanya_{asal}' AND t.himpunan = 'badan_usaha' AND t.keadaan = 'terbuka'
ORDER BY m.id
"""
_STATUS = """
SELECT k.id_wlkp, b.id, b.versi, b.dilaporkan_pada, b.status_pendaftaran,
       CASE WHEN %(berwenang)s THEN n.jumlah END, p.id_usulan, {rusak}
FROM tautan_badan_usaha k {sasaran}
JOIN cermin_badan_usaha b ON b.sisi = 'bpjs' AND b.id = k.id_bpjs
CROSS JOIN LATERAL (SELECT count(*)::int AS jumlah FROM cermin_pekerja p
                    WHERE p.sisi = 'bpjs' AND p.id_badan_usaha = b.id) n
LEFT JOIN pemberitahuan p ON p.id_wlkp = k.id_wlkp
WHERE NOT k.cabang AND b.status_pendaftaran IS NOT NULL AND (
    p.status IS DISTINCT FROM b.status_pendaftaran
    OR %(berwenang)s AND p.jumlah_pekerja IS DISTINCT FROM n.jumlah)
UNION ALL
SELECT k.id_wlkp, u.id_asal, u.versi_asal, NULL, %(tidak)s, NULL, k.id_usulan, false
FROM pemberitahuan k {sasaran}
JOIN usulan u ON u.id = k.id_usulan
JOIN cermin_badan_usaha w ON w.sisi = 'wlkp' AND w.id = k.id_wlkp
WHERE k.status <> %(tidak)s AND NOT EXISTS (
    SELECT FROM tautan_badan_usaha t WHERE t.id_wlkp = k.id_wlkp AND NOT t.cabang)
ORDER BY 1
"""


def _with_id(isi: dict[str, Any], *parts: object) -> dict[str, Any]:
    """Return an item with its id: what was withdrawn is said again as it was, or as another."""
    text = json.dumps(isi, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    digest = hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
    return {"id_usulan": str(derive_id(isi["jenis"], *parts, digest)), **isi}


def _when(moment: dt.datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def penyelarasan(
    tx: Transaction,
    tujuan: NamaSisi,
    himpunan: Himpunan,
    ditahan: frozenset[str],
    rusak: Counter[Himpunan],
) -> Iterator[Butir]:
    """Yield alignments: one a record for the applied fields, one a field for the held ones.

    The held ones of a record come first, so that the version they name is still current. Those
    that would quote a damaged row are counted in `rusak` instead, here and below.
    """
    names = {
        "tujuan": tujuan.value, "asal": tujuan.lawan.value, "himpunan": himpunan.value,
        "rusak": sidik.damaged(tujuan.lawan, himpunan, "m"),
    }  # fmt: skip
    query = _PENYELARASAN.format(masih_berlaku=_MASIH_BERLAKU.format(**names), **names)
    arguments = {
        "ditahan": list(ditahan), "himpunan": himpunan.value, "sementara": SEMENTARA
    }  # fmt: skip
    for *row, damaged in tx.stream(query, arguments):
        if damaged:
            rusak[himpunan] += 1
            continue
        id_sasaran, versi_sasaran, id_asal, versi_asal, pada, isi, bidang, ids, digests, ulang = row
        item = {
            "jenis": JenisUsulan.PENYELARASAN.value, "himpunan": himpunan.value,
            "id_sasaran": id_sasaran, "versi_sasaran": versi_sasaran, "id_asal": id_asal,
            "versi_asal": versi_asal, "dilaporkan_pada_asal": _when(pada),
            "nilai": {b: isi[b] for b in bidang},
        }  # fmt: skip
        key = (tujuan, *ids, *digests, ulang)
        yield Butir(_with_id(item, *key), tuple(zip(ids, digests, strict=True)))


def penambahan(
    tx: Transaction,
    tujuan: NamaSisi,
    himpunan: Himpunan,
    bidang: frozenset[str],
    rusak: Counter[Himpunan],
    *,
    berwenang: bool,
) -> Iterator[Butir]:
    """Yield additions of what only the other side has, with the fields the agreement has."""
    asal = tujuan.lawan.value
    companies = himpunan is Himpunan.BADAN_USAHA
    query = (_TAMBAH_BADAN_USAHA if companies else _TAMBAH_PEKERJA).format(
        asal=asal,
        sasaran=f"id_{tujuan.value}",
        # A branch of WLKP hangs on the same body; a body of BPJS is reported by its head.
        hanya_induk="AND NOT k.cabang" if tujuan is NamaSisi.WLKP else "",
        rusak=sidik.damaged(tujuan.lawan, himpunan, "m"),
    )
    for *row, damaged in tx.stream(query, {"berwenang": berwenang}):
        if damaged:
            rusak[himpunan] += 1
            continue
        id_temuan, id_asal, versi, pada, isi, id_bu, jumlah, digest, muncul = row
        item = {
            "jenis": JenisUsulan.PENAMBAHAN.value, "himpunan": himpunan.value, "id_asal": id_asal,
            "versi_asal": versi, "dilaporkan_pada_asal": _when(pada),
            "isi": {nama: value for nama, value in isi.items() if nama in bidang},
        }  # fmt: skip
        item |= {"jumlah_pekerja": jumlah} if companies else {"id_badan_usaha": id_bu}
        # What was registered there and is gone again is a new matter, though nothing changed here.
        yield Butir(_with_id(item, tujuan, id_temuan, muncul), ((id_temuan, digest),))


def pemberitahuan(
    tx: Transaction, rusak: Counter[Himpunan], *, berwenang: bool, semua: bool
) -> Iterator[Butir]:
    """Yield notices of registration to WLKP where the status differs from the last one told.

    A company that lost its counterpart is told not to be registered, if it was told to be.
    Only the companies in `sasaran_kabar` are looked at, unless `semua`.
    """
    query = _STATUS.format(
        sasaran="" if semua else "JOIN sasaran_kabar USING (id_wlkp)",
        rusak=sidik.damaged(NamaSisi.BPJS, Himpunan.BADAN_USAHA, "b"),
    )
    for *row, damaged in tx.stream(
        query, {"berwenang": berwenang, "tidak": StatusPendaftaran.TIDAK_TERDAFTAR.value}
    ):
        if damaged:
            rusak[Himpunan.BADAN_USAHA] += 1
            continue
        id_wlkp, id_bpjs, versi, pada, status, jumlah, last = row
        item = {
            "jenis": JenisUsulan.STATUS_PENDAFTARAN.value, "himpunan": Himpunan.BADAN_USAHA.value,
            "id_sasaran": id_wlkp, "id_asal": id_bpjs, "versi_asal": versi,
            "dilaporkan_pada_asal": _when(pada), "status": status, "jumlah_pekerja": jumlah,
        }  # fmt: skip
        # The former notice is part of the id: a status that returns is told again.
        yield Butir(_with_id(item, last), ())


def pencabutan(
    tx: Transaction, tujuan: NamaSisi, now: dt.datetime, jeda: dt.timedelta
) -> Iterator[Butir]:
    """Yield withdrawals of what waits at the receiver and rests on nothing any more.

    That is what was found and holds no longer, what quotes another value than its record has now,
    and what a later proposal about the same field says instead; one that failed again after `jeda`.
    """
    for id_dicabut, himpunan, gagal in goyah.groundless(tx, tujuan, now, jeda):
        item = {
            "jenis": JenisUsulan.PENCABUTAN.value, "himpunan": himpunan,
            "id_dicabut": str(id_dicabut),
        }  # fmt: skip
        # The receiver answers the former id as it did, so each one after the first has its number.
        yield Butir(_with_id(item, tujuan, *([gagal] if gagal else ())), ())
