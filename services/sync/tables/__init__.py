"""Tables of the hub, one module a concern: mirrors, links, findings, outbox, rounds.

No column is a single field of the Lampiran except the keys that linking needs: values live
in `isi` and their normal forms in `banding`, so an addendum needs no migration.
"""

from __future__ import annotations

from services.audit.bukti import tables as evidence
from services.sync.tables.bandingan import badan_usaha_tersentuh, pekerja_tersentuh, temuan
from services.sync.tables.cermin import (
    cermin_badan_usaha,
    cermin_pekerja,
    kunci_sidik,
    kursor_tarik,
    muatan,
    muatan_bagian,
    simpul_cermin_badan_usaha,
    simpul_cermin_pekerja,
)
from services.sync.tables.dasar import METADATA
from services.sync.tables.kerja import putaran, sewa, tahap_terakhir, tugas
from services.sync.tables.kotak import (
    kotak_keluar,
    neraca,
    pemberitahuan,
    riwayat_kotak,
    usulan,
    usulan_goyah,
    usulan_temuan,
)
from services.sync.tables.tautan import (
    keputusan_taut,
    sisa_pekerja,
    tak_tertaut,
    tautan_badan_usaha,
    tautan_pekerja,
    tinjauan_taut,
    ubahan_taut,
)

__all__ = [
    "METADATA",
    "badan_usaha_tersentuh",
    "cermin_badan_usaha",
    "cermin_pekerja",
    "keputusan_taut",
    "kotak_keluar",
    "kunci_sidik",
    "kursor_tarik",
    "muatan",
    "muatan_bagian",
    "neraca",
    "pekerja_tersentuh",
    "pemberitahuan",
    "putaran",
    "riwayat_kotak",
    "sewa",
    "simpul_cermin_badan_usaha",
    "simpul_cermin_pekerja",
    "sisa_pekerja",
    "tahap_terakhir",
    "tak_tertaut",
    "tautan_badan_usaha",
    "tautan_pekerja",
    "temuan",
    "tinjauan_taut",
    "tugas",
    "ubahan_taut",
    "usulan",
    "usulan_goyah",
    "usulan_temuan",
]

evidence.define(METADATA)
