"""Tables of the evidence log, the same in all three databases.

What is named `audit_…` is only ever added to: the roles see to that. The content of messages is
no evidence by itself and goes at the end of its retention, so it stands apart.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg


def define(metadata: sa.MetaData) -> None:
    """Add the tables to a database's metadata."""
    sa.Table(
        "audit_pesan",
        metadata,
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("waktu", sa.DateTime(timezone=True), nullable=False),
        # `json` keeps the octets that the digest was made of; `jsonb` would not.
        sa.Column("catatan", pg.JSON, nullable=False),
        sa.Column("sidik", sa.LargeBinary, nullable=False, comment="SHA-256 catatan"),
        sa.Index("audit_pesan_waktu", "waktu", postgresql_using="brin"),
    )
    sa.Table(
        "audit_rantai",
        metadata,
        sa.Column("nomor", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("id", sa.BigInteger, nullable=False, unique=True, comment="audit_pesan.id"),
        sa.Column("sidik", sa.LargeBinary, nullable=False),
        sa.Column("akar_isi", sa.LargeBinary, comment="akar Merkle bidang isi"),
        sa.Column("tautan", sa.LargeBinary, nullable=False),
        sa.Column("tanda", sa.LargeBinary, nullable=False),
        sa.CheckConstraint("nomor > 0", name="ck_audit_rantai_nomor"),
    )
    sa.Table(
        "audit_segel",
        metadata,
        sa.Column("nomor", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("isi", pg.JSON, nullable=False),
        sa.Column("tanda", sa.LargeBinary, nullable=False),
    )
    sa.Table(
        "audit_kunci",
        metadata,
        sa.Column("kid", sa.Text, primary_key=True),
        sa.Column("jwk", pg.JSON, nullable=False),
        sa.Column("sejak", sa.DateTime(timezone=True), nullable=False),
    )
    sa.Table(
        "audit_cap_waktu",
        metadata,
        sa.Column("segel", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("waktu", sa.DateTime(timezone=True), nullable=False, comment="menurut otoritas"),
        sa.Column("token", sa.LargeBinary, nullable=False, comment="RFC 3161"),
    )
    sa.Table(
        "audit_segel_lawan",
        metadata,
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("pihak", sa.Text, nullable=False, comment="klien, atau registri"),
        sa.Column("buku", sa.Text, nullable=False),
        sa.Column("nomor", sa.BigInteger, nullable=False),
        sa.Column("sidik", sa.LargeBinary, nullable=False),
        sa.Column("tertanda", sa.Text, nullable=False, comment="JWS yang memuatnya"),
        sa.Column("kunci", pg.JSONB, nullable=False, comment="JWK waktu itu"),
        sa.Column("dinyatakan_pada", sa.DateTime(timezone=True), nullable=False, comment="iat"),
        sa.Column("pada", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint(
            "pihak", "buku", "nomor", "sidik", name="audit_segel_lawan_pihak_buku_nomor_sidik_key"
        ),
    )
    isi = sa.Table(
        "bukti_isi",
        metadata,
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("waktu", sa.DateTime(timezone=True), nullable=False),
        sa.Column("nomor", sa.BigInteger, comment="audit_rantai.nomor, sejak disegel"),
        sa.Column("isi", sa.LargeBinary, comment="terenkripsi; kosong bila tidak disimpan"),
        sa.Index("bukti_isi_waktu", "waktu"),
    )
    # What waits for the sealer; a late commit simply waits for the next batch.
    sa.Index("bukti_isi_menunggu", isi.c.id, postgresql_where=isi.c.nomor.is_(None))
