"""The table of a body's queue: the columns that `services.registry.queue` reads and writes."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from shared_schemas.rujukan import Himpunan

_KUNCI = (
    ("npwp", Himpunan.BADAN_USAHA),
    ("nomor_tdp_atau_nib", Himpunan.BADAN_USAHA),
    ("nik", Himpunan.PEKERJA),
)
"""By which a report or an imported file finds the open cases that it answers."""


def define_queue(
    metadata: sa.MetaData, name: str, terbuka: str, *own: sa.Column[str] | sa.Column[int] | sa.Index
) -> None:
    """Add a queue to a database's metadata, with the columns that are its `own`.

    `terbuka` says in SQL which of its cases are open.
    """
    sa.Table(
        name,
        metadata,
        sa.Column("id", pg.UUID(as_uuid=True), primary_key=True),
        sa.Column("nomor", sa.BigInteger, sa.Identity(always=True), nullable=False, unique=True),
        sa.Column("himpunan", sa.Text, nullable=False),
        sa.Column("keadaan", sa.Text, nullable=False),
        sa.Column("id_asal", sa.Text),
        sa.Column("versi_asal", sa.BigInteger, comment="versi rekaman pengusul yang ditampilkan"),
        sa.Column("pengirim", sa.Text, comment="hanya tanpa id_asal: klien yang mengusulkan"),
        sa.Column("id_usulan", pg.UUID(as_uuid=True), comment="hanya tanpa id_asal: usulannya"),
        sa.Column("id_badan_usaha", sa.Text),
        *own,
        sa.Column("isi", pg.JSONB, nullable=False),
        sa.Column("alasan", sa.Text),
        sa.Column("dibuat_pada", sa.DateTime(timezone=True), nullable=False),
        sa.Column("diputuskan_pada", sa.DateTime(timezone=True)),
        sa.Column("dicabut_pada", sa.DateTime(timezone=True)),
        sa.Column("sidik_putusan", sa.LargeBinary, comment="sidik berkunci putusan yang berlaku"),
        # One case for one thing the other body knows, however often it is proposed.
        sa.UniqueConstraint("himpunan", "id_asal", name=f"{name}_asal"),
        sa.Index(f"{name}_usulan", "id_usulan", postgresql_where=sa.text("id_usulan IS NOT NULL")),
        *(
            sa.Index(
                f"{name}_{bidang}",
                sa.text(f"(isi ->> '{bidang}')"),
                postgresql_where=sa.text(f"{terbuka} AND himpunan = '{himpunan}'"),
            )
            for bidang, himpunan in _KUNCI
        ),
    )
