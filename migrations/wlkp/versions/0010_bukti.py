"""The evidence log: records of messages, their chain, seals and time stamps, contents apart.

Revision: 0010
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "audit_pesan",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("waktu", sa.DateTime(timezone=True), nullable=False),
        sa.Column("catatan", postgresql.JSON(), nullable=False),
        sa.Column("sidik", sa.LargeBinary(), nullable=False, comment="SHA-256 catatan"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("audit_pesan_waktu", "audit_pesan", ["waktu"], postgresql_using="brin")
    op.create_table(
        "audit_rantai",
        sa.Column("nomor", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False, comment="audit_pesan.id"),
        sa.Column("sidik", sa.LargeBinary(), nullable=False),
        sa.Column("akar_isi", sa.LargeBinary(), comment="akar Merkle bidang isi"),
        sa.Column("tautan", sa.LargeBinary(), nullable=False),
        sa.Column("tanda", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("nomor"),
        sa.UniqueConstraint("id"),
    )
    op.create_table(
        "audit_segel",
        sa.Column("nomor", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("isi", postgresql.JSON(), nullable=False),
        sa.Column("tanda", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("nomor"),
    )
    op.create_table(
        "audit_kunci",
        sa.Column("kid", sa.Text(), nullable=False),
        sa.Column("jwk", postgresql.JSON(), nullable=False),
        sa.Column("sejak", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("kid"),
    )
    op.create_table(
        "audit_cap_waktu",
        sa.Column("segel", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("waktu", sa.DateTime(timezone=True), nullable=False, comment="menurut otoritas"),
        sa.Column("token", sa.LargeBinary(), nullable=False, comment="RFC 3161"),
        sa.PrimaryKeyConstraint("segel"),
    )
    _create_contents()


def _create_contents() -> None:
    op.create_table(
        "bukti_isi",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("waktu", sa.DateTime(timezone=True), nullable=False),
        sa.Column("nomor", sa.BigInteger(), comment="audit_rantai.nomor, sejak disegel"),
        sa.Column("isi", sa.LargeBinary(), comment="terenkripsi; kosong bila tidak disimpan"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("bukti_isi_waktu", "bukti_isi", ["waktu"])
    op.create_index(
        "bukti_isi_menunggu", "bukti_isi", ["id"], postgresql_where=sa.text("nomor IS NULL")
    )
    # What is encrypted does not compress.
    op.execute("ALTER TABLE bukti_isi ALTER COLUMN isi SET STORAGE EXTERNAL")


def downgrade() -> None:
    """Give up the evidence; export it before."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table in (
        "bukti_isi",
        "audit_cap_waktu",
        "audit_kunci",
        "audit_segel",
        "audit_rantai",
        "audit_pesan",
    ):
        op.drop_table(table)
