"""Tables of the database `wlkp`: the registry's own and Kemnaker's queue."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from services.registry import tables

METADATA = sa.MetaData()
tables.define(METADATA)

sa.Table(
    "belum_lapor",
    METADATA,
    sa.Column("id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("nomor", sa.BigInteger, sa.Identity(always=True), nullable=False, unique=True),
    sa.Column("himpunan", sa.Text, nullable=False),
    sa.Column("keadaan", sa.Text, nullable=False),
    sa.Column("id_asal", sa.Text),
    sa.Column("versi_asal", sa.BigInteger, comment="versi rekaman pengusul yang ditampilkan"),
    sa.Column("pengirim", sa.Text, comment="hanya tanpa id_asal: klien yang mengusulkan"),
    sa.Column("id_usulan", pg.UUID(as_uuid=True), comment="hanya tanpa id_asal: usulannya"),
    sa.Column("id_badan_usaha", sa.Text),
    sa.Column(
        "npwp_badan_usaha", sa.Text, comment="waktu diusulkan; rekaman terhapus tidak memuatnya"
    ),
    sa.Column("isi", pg.JSONB, nullable=False),
    sa.Column("alasan", sa.Text),
    sa.Column("dibuat_pada", sa.DateTime(timezone=True), nullable=False),
    sa.Column("diputuskan_pada", sa.DateTime(timezone=True)),
    sa.Column("dicabut_pada", sa.DateTime(timezone=True)),
    sa.Column("sidik_putusan", sa.LargeBinary, comment="sidik berkunci putusan yang berlaku"),
    # One open case for one thing BPJS knows, however often it is proposed.
    sa.UniqueConstraint("himpunan", "id_asal", name="belum_lapor_asal"),
    sa.Index("belum_lapor_usulan", "id_usulan", postgresql_where=sa.text("id_usulan IS NOT NULL")),
    sa.Index("belum_lapor_badan_usaha", "id_badan_usaha"),
    # By which a report finds the open cases that it answers.
    *(
        sa.Index(
            f"belum_lapor_{bidang}",
            sa.text(f"(isi ->> '{bidang}')"),
            postgresql_where=sa.text(f"keadaan = 'terbuka' AND himpunan = '{himpunan}'"),
        )
        for bidang, himpunan in (
            ("npwp", "badan_usaha"),
            ("nomor_tdp_atau_nib", "badan_usaha"),
            ("nik", "pekerja"),
        )
    ),
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
