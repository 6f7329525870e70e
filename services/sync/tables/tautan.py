"""Links: which record of one side is which of the other, and what a steward decides."""

from __future__ import annotations

import sqlalchemy as sa

from services.sync.tables.dasar import METADATA, WAKTU

tautan_badan_usaha = sa.Table(
    "tautan_badan_usaha",
    METADATA,
    sa.Column("id_wlkp", sa.Text, primary_key=True),
    sa.Column("id_bpjs", sa.Text, nullable=False, index=True),
    sa.Column("dasar", sa.Text, nullable=False),
    sa.Column("cabang", sa.Boolean, nullable=False),
    sa.Column("skor", sa.Double),
    sa.Column("alasan", sa.Text),
)

# One person under two NIK within a link group.
tautan_pekerja = sa.Table(
    "tautan_pekerja",
    METADATA,
    sa.Column("id_wlkp", sa.Text, primary_key=True),
    sa.Column("id_bpjs", sa.Text, nullable=False, index=True),
    sa.Column("dasar", sa.Text, nullable=False),
    sa.Column("skor", sa.Double),
    sa.Column("alasan", sa.Text, nullable=False),
)

# Workers whose NIK nobody of their link group (`grup`) bears on the other side. `calon`: may be
# somebody there under another NIK; `terjawab`: is, or waits for a steward, and is no addition.
sisa_pekerja = sa.Table(
    "sisa_pekerja",
    METADATA,
    sa.Column("sisi", sa.Text, primary_key=True),
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("nik", sa.Text, nullable=False),
    sa.Column("bu", sa.Text, nullable=False),
    sa.Column("grup", sa.Text, nullable=False, index=True),
    sa.Column("henti", sa.Boolean, nullable=False),
    sa.Column("calon", sa.Boolean, nullable=False),
    sa.Column("terjawab", sa.Boolean, nullable=False),
)

tak_tertaut = sa.Table(
    "tak_tertaut",
    METADATA,
    sa.Column("sisi", sa.Text, primary_key=True),
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("kandidat", sa.Integer, nullable=False),
    sa.Column("alasan", sa.Text, nullable=False),
)

# Pairs that a steward could decide and the program does not.
tinjauan_taut = sa.Table(
    "tinjauan_taut",
    METADATA,
    sa.Column("id_wlkp", sa.Text, primary_key=True),
    sa.Column("id_bpjs", sa.Text, primary_key=True),
    sa.Column("skor", sa.Double, nullable=False),
    sa.Column("alasan", sa.Text, nullable=False),
    sa.Column("himpunan", sa.Text, primary_key=True, server_default="badan_usaha"),
)

# Only ever added to: the latest line of a pair counts, the former ones are its history.
keputusan_taut = sa.Table(
    "keputusan_taut",
    METADATA,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("id_wlkp", sa.Text, nullable=False),
    sa.Column("id_bpjs", sa.Text, nullable=False),
    sa.Column("putusan", sa.Text, nullable=False),
    sa.Column("oleh", sa.Text, nullable=False),
    sa.Column("pada", WAKTU, nullable=False),
    sa.Column("alasan", sa.Text, nullable=False),
    sa.Column("himpunan", sa.Text, nullable=False, server_default="badan_usaha"),
)

# Companies whose content changed since they were last linked; a trigger of the mirror writes it.
ubahan_taut = sa.Table(
    "ubahan_taut",
    METADATA,
    sa.Column("sisi", sa.Text, primary_key=True),
    sa.Column("id", sa.Text, primary_key=True),
)
