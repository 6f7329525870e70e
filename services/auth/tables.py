"""Tables of authentication, the same in both registries' databases."""

from __future__ import annotations

import sqlalchemy as sa


def define(metadata: sa.MetaData) -> None:
    """Add the table of what was used already: assertion ids (RFC 7523, `jti`), nonces."""
    sa.Table(
        "auth_jti",
        metadata,
        sa.Column("klien", sa.Text, primary_key=True),
        sa.Column("jti", sa.Text, primary_key=True),
        sa.Column("kedaluwarsa", sa.DateTime(timezone=True), nullable=False, index=True),
    )
