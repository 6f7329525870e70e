"""Mirrors of both registries: their records, digest trees, and how far each was read."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from services.kit.pohon import SIMPUL
from services.sync.tables.dasar import METADATA, WAKTU


def _tree(table: str) -> tuple[sa.Column[int] | sa.Index, ...]:
    """Return the columns of a record's place in the digest tree, and their index.

    No index of a mirror names what a change of values changes, neither as a key nor in INCLUDE or
    WHERE: PostgreSQL then updates in place and leaves all indexes alone (HOT). This one holds the
    node alone, not the path, because equal entries take a quarter of the room.
    """
    return (
        sa.Column("jalur", sa.BigInteger),
        sa.Column("daun", sa.BigInteger),
        sa.Column("daun_tambahan", sa.BigInteger),
        sa.Index(f"ix_{table}_simpul", "sisi", sa.text(f"({SIMPUL})")),
    )


def _nodes(mirror: sa.Table) -> sa.Table:
    """Return the upper nodes of a mirror's digest tree; triggers of the mirror keep them.

    `jalur` is the first four digits of the records' paths, the sums are modulo 2^64.
    """
    return sa.Table(
        f"simpul_{mirror.name}",
        METADATA,
        sa.Column("sisi", sa.Text, primary_key=True),
        sa.Column("jalur", sa.BigInteger, primary_key=True),
        sa.Column("jumlah", sa.BigInteger, nullable=False),
        sa.Column("daun", sa.Numeric, nullable=False),
        sa.Column("daun_tambahan", sa.Numeric, nullable=False),
    )


cermin_badan_usaha = sa.Table(
    "cermin_badan_usaha",
    METADATA,
    sa.Column("sisi", sa.Text, primary_key=True),
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("versi", sa.BigInteger, nullable=False),
    sa.Column("nomor", sa.BigInteger, nullable=False),
    sa.Column("dilaporkan_pada", WAKTU),
    sa.Column("status_pendaftaran", sa.Text),
    sa.Column("isi", JSONB, nullable=False),
    sa.Column("banding", JSONB, nullable=False),
    sa.Column("bacaan", sa.Integer, nullable=False),
    *_tree("cermin_badan_usaha"),
)

cermin_pekerja = sa.Table(
    "cermin_pekerja",
    METADATA,
    sa.Column("sisi", sa.Text, primary_key=True),
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("versi", sa.BigInteger, nullable=False),
    sa.Column("nomor", sa.BigInteger, nullable=False),
    sa.Column("id_badan_usaha", sa.Text, nullable=False),
    sa.Column("nik", sa.Text, nullable=False),
    sa.Column("dilaporkan_pada", WAKTU),
    sa.Column("isi", JSONB, nullable=False),
    sa.Column("banding", JSONB, nullable=False),
    sa.Column("bacaan", sa.Integer, nullable=False),
    sa.Index(None, "sisi", "id_badan_usaha"),
    sa.Index(None, "nik"),
    *_tree("cermin_pekerja"),
)

simpul_cermin_badan_usaha = _nodes(cermin_badan_usaha)
simpul_cermin_pekerja = _nodes(cermin_pekerja)

# The key of the agreement, and how far the leaves of a mirror have been made with it.
kunci_sidik = sa.Table(
    "kunci_sidik",
    METADATA,
    sa.Column("bagian", sa.Text, primary_key=True),
    sa.Column("kunci", sa.LargeBinary, nullable=False),
    sa.Column("sampai", sa.Text, nullable=False, server_default=""),
    sa.Column("lengkap", sa.Boolean, nullable=False, server_default=sa.false()),
)

# `bacaan` counts full reads: a record not seen in the last full read was deleted meanwhile.
kursor_tarik = sa.Table(
    "kursor_tarik",
    METADATA,
    sa.Column("sisi", sa.Text, primary_key=True),
    sa.Column("himpunan", sa.Text, primary_key=True),
    sa.Column("kursor", sa.Text),
    sa.Column("nomor", sa.BigInteger, nullable=False),
    sa.Column("bacaan", sa.Integer, nullable=False),
    sa.Column("penuh", sa.Boolean, nullable=False),
    sa.Column("tambahan", ARRAY(sa.Text), nullable=False, server_default="{}"),
    sa.Column("tidak_berwenang", sa.Text),
    sa.Column("dibaca_pada", WAKTU),
    sa.Column("habis_pada", WAKTU),
)

# A mirror that is being loaded from a snapshot: `kunci` asks for the same one again.
muatan = sa.Table(
    "muatan",
    METADATA,
    sa.Column("sisi", sa.Text, primary_key=True),
    sa.Column("himpunan", sa.Text, primary_key=True),
    sa.Column("kunci", sa.Text, nullable=False),
    sa.Column("bentuk", sa.Text, nullable=False),
    sa.Column("bacaan", sa.Integer, nullable=False),
)

# The parts whose rows are in the mirror, written with them.
muatan_bagian = sa.Table(
    "muatan_bagian",
    METADATA,
    sa.Column("sisi", sa.Text, primary_key=True),
    sa.Column("himpunan", sa.Text, primary_key=True),
    sa.Column("nama", sa.Text, primary_key=True),
    sa.Column("baris", sa.Integer, nullable=False),
    sa.Column("sidik", sa.Text, nullable=False),
)
