"""Rounds: what they did, what the stages saw, and who of several workers does what."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from services.sync.tables.dasar import METADATA, WAKTU

putaran = sa.Table(
    "putaran",
    METADATA,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("tahap", sa.Text, nullable=False),
    sa.Column("hitungan", JSONB, nullable=False),
    sa.Column("diusulkan", sa.Integer),
    sa.Column("mulai", WAKTU, nullable=False),
    sa.Column("selesai", WAKTU),
    sa.Column("kegagalan", sa.Text),
)

# What a stage saw when it last ran: the same again needs no second run.
tahap_terakhir = sa.Table(
    "tahap_terakhir",
    METADATA,
    sa.Column("tahap", sa.Text, primary_key=True),
    sa.Column("masukan", sa.Text, nullable=False),
    sa.Column("hitungan", JSONB, nullable=False),
)

# Who leads, until when, and the token that each of its transactions must show (0017).
sewa = sa.Table(
    "sewa",
    METADATA,
    sa.Column("nama", sa.Text, primary_key=True),
    sa.Column("token", sa.BigInteger, nullable=False),
    sa.Column("pemegang", sa.Text),
    sa.Column("sampai", WAKTU),
    sa.Index(None, "nama", "token", unique=True),
)

# What workers share of a round; who does a job holds the lease of its name (0017).
tugas = sa.Table(
    "tugas",
    METADATA,
    sa.Column("nama", sa.Text, primary_key=True),
    sa.Column("putaran", sa.BigInteger, nullable=False),
    sa.Column("keadaan", sa.Text, nullable=False),
    sa.Column("hitungan", JSONB),
)
