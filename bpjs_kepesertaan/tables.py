"""Tables of the database `bpjs`: the registry's own and the queue of registration."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from services.registry import tables

METADATA = sa.MetaData()
tables.define(METADATA)

sa.Table(
    "pendaftaran",
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
    sa.Column("id_rekaman", sa.Text),
    sa.Column("jumlah_pekerja", sa.BigInteger),
    sa.Column("isi", pg.JSONB, nullable=False),
    sa.Column("alasan", sa.Text),
    sa.Column("dibuat_pada", sa.DateTime(timezone=True), nullable=False),
    sa.Column("diputuskan_pada", sa.DateTime(timezone=True)),
    sa.Column("dicabut_pada", sa.DateTime(timezone=True)),
    sa.Column("sidik_putusan", sa.LargeBinary, comment="sidik berkunci putusan yang berlaku"),
    # One case for one thing WLKP knows, however often it is proposed.
    sa.UniqueConstraint("himpunan", "id_asal", name="pendaftaran_asal"),
    sa.Index("pendaftaran_usulan", "id_usulan", postgresql_where=sa.text("id_usulan IS NOT NULL")),
    # By which an imported file finds the open cases that it answers.
    *(
        sa.Index(
            f"pendaftaran_{bidang}",
            sa.text(f"(isi ->> '{bidang}')"),
            postgresql_where=sa.text(
                f"keadaan IN ('potensial', 'terverifikasi') AND himpunan = '{himpunan}'"
            ),
        )
        for bidang, himpunan in (
            ("npwp", "badan_usaha"),
            ("nomor_tdp_atau_nib", "badan_usaha"),
            ("nik", "pekerja"),
        )
    ),
)
