"""Tables of authentication, the same in both registries' databases."""

from __future__ import annotations

import sqlalchemy as sa


def define(metadata: sa.MetaData) -> None:
    """Add what was used already (assertion ids of RFC 7523, nonces) and the held credentials."""
    sa.Table(
        "auth_jti",
        metadata,
        sa.Column("klien", sa.Text, primary_key=True),
        sa.Column("jti", sa.Text, primary_key=True),
        sa.Column("kedaluwarsa", sa.DateTime(timezone=True), nullable=False, index=True),
    )
    held = sa.Table(
        "auth_penahanan",
        metadata,
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("klien", sa.Text, nullable=False),
        sa.Column("alasan", sa.Text, nullable=False),
        sa.Column("sejak", sa.DateTime(timezone=True), nullable=False),
        sa.Column("dilepas", sa.DateTime(timezone=True)),
        sa.Column("alasan_lepas", sa.Text),
    )
    # A credential is held once at a time: holding it again changes nothing.
    sa.Index(
        "ix_auth_penahanan_berjalan",
        held.c.klien,
        unique=True,
        postgresql_where=held.c.dilepas.is_(None),
    )
