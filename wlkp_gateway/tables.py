"""Tables of the database `wlkp`: the registry's own and Kemnaker's queue."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from services.registry import tables
from services.registry.queue_tables import define_queue

METADATA = sa.MetaData()
tables.define(METADATA)
define_queue(
    METADATA,
    "belum_lapor",
    "keadaan = 'terbuka'",
    sa.Column(
        "npwp_badan_usaha", sa.Text, comment="waktu diusulkan; rekaman terhapus tidak memuatnya"
    ),
    sa.Index("belum_lapor_badan_usaha", "id_badan_usaha"),
)

sa.Table(
    "status_jkn",
    METADATA,
    sa.Column(
        "id_badan_usaha",
        sa.Text,
        sa.ForeignKey("badan_usaha.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("jumlah_pekerja", sa.BigInteger),
    sa.Column("id_asal", sa.Text),
    sa.Column("versi_asal", sa.BigInteger),
    sa.Column("diterima_pada", sa.DateTime(timezone=True), nullable=False),
)

# The last report of each establishment, by which one that comes again is known.
sa.Table(
    "laporan",
    METADATA,
    sa.Column(
        "id_badan_usaha",
        sa.Text,
        sa.ForeignKey("badan_usaha.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    sa.Column("dilaporkan_pada", sa.DateTime(timezone=True), nullable=False),
    sa.Column("sidik", sa.LargeBinary, nullable=False, comment="SHA-256 bentuk kanonik"),
    sa.Column("jawaban", pg.JSONB, nullable=False, comment="jawaban semula"),
)
