"""Tables of authentication, the same in both registries' databases."""

from __future__ import annotations

import sqlalchemy as sa


def define(metadata: sa.MetaData) -> None:
    """Add the table of assertion ids already used (RFC 7523 section 3, `jti`)."""
    sa.Table(
        "auth_jti",
        metadata,
        sa.Column("klien", sa.Text, primary_key=True),
        sa.Column("jti", sa.Text, primary_key=True),
        sa.Column("kedaluwarsa", sa.DateTime(timezone=True), nullable=False, index=True),
    )
