"""What was sent and what was received of each proposal, and the balance that both sides sign.

Revision: 0007
"""

import hashlib
import json

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0007"
down_revision = "0006"

_WAKTU = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("kotak_keluar", sa.Column("dikirim_pada", _WAKTU))
    op.execute("UPDATE kotak_keluar SET dikirim_pada = dibuat_pada WHERE percobaan > 0")
    op.add_column("usulan", sa.Column("sidik", sa.LargeBinary()))
    op.add_column("usulan", sa.Column("diterima_pada", _WAKTU))
    op.create_index("ix_usulan_tujuan_diterima_pada", "usulan", ["tujuan", "diterima_pada"])
    op.create_table(
        "neraca",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("tujuan", sa.Text(), nullable=False),
        sa.Column("tanggal", sa.Date(), nullable=False),
        sa.Column("cocok", sa.Boolean(), nullable=False),
        sa.Column("isi", JSONB(), nullable=False),
        sa.Column("tanda_pengirim", sa.Text(), nullable=False),
        sa.Column("tanda_penerima", sa.Text(), nullable=False),
        sa.Column("kunci_penerima", JSONB(), nullable=False),
        sa.Column("pada", _WAKTU, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_neraca"),
    )
    op.create_index("ix_neraca_tujuan_tanggal_id", "neraca", ["tujuan", "tanggal", "id"])
    _digest_what_waits()


def _digest_what_waits() -> None:
    """Give what is still in the outbox its digests: the receiver will count it."""
    db = op.get_bind()
    update = sa.text("UPDATE usulan SET sidik = :sidik WHERE id = CAST(:id AS uuid)")
    for (isi,) in db.execute(sa.text("SELECT isi FROM kotak_keluar WHERE isi IS NOT NULL")):
        for butir in json.loads(isi)["usulan"]:
            text = json.dumps(butir, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
            sidik = hashlib.sha256(text.encode()).digest()
            db.execute(update, {"sidik": sidik, "id": butir["id_usulan"]})


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_table("neraca")
    op.drop_index("ix_usulan_tujuan_diterima_pada", "usulan")
    op.drop_column("usulan", "diterima_pada")
    op.drop_column("usulan", "sidik")
    op.drop_column("kotak_keluar", "dikirim_pada")
