"""Tables of evidence, the same in both registries' databases."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg


def define(metadata: sa.MetaData) -> None:
    """Add the audit tables to a database's metadata."""
    sa.Table(
        "audit_peristiwa",
        metadata,
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("waktu", sa.DateTime(timezone=True), nullable=False),
        sa.Column("peristiwa", sa.Text, nullable=False),
        sa.Column("pelaku", sa.Text, nullable=False),
        sa.Column("pihak", sa.Text),
        sa.Column("pasal", sa.Text),
        sa.Column("id_permintaan", sa.Text),
        sa.Column("rincian", pg.JSONB, nullable=False),
    )
    sa.Table(
        "audit_akses",
        metadata,
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("waktu", sa.DateTime(timezone=True), nullable=False),
        sa.Column("pelaku", sa.Text, nullable=False),
        sa.Column("pihak", sa.Text),
        sa.Column("pasal", sa.Text, nullable=False),
        sa.Column("rute", sa.Text, nullable=False),
        sa.Column("id_permintaan", sa.Text),
        sa.Column("jumlah", sa.Integer, nullable=False),
        # Of a call of the exchange: the right it used and what for (Pasal 2 ayat (1)).
        sa.Column("cakupan", sa.Text),
        sa.Column("tujuan", sa.Text),
        # Keyed hashes of the NIKs seen: who was seen can be asked, never read off.
        sa.Column("sidik_nik", pg.ARRAY(sa.LargeBinary), nullable=False),
    )
