"""Findings, and what a comparison has to look at again."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import UUID

from services.sync.tables.dasar import METADATA, WAKTU

# What a comparison has to look at again: a worker's row with each NIK it had since the last one,
# and companies. Those stay until their notices are made (`dibandingkan`: only that is left).
pekerja_tersentuh = sa.Table(
    "pekerja_tersentuh",
    METADATA,
    sa.Column("sisi", sa.Text, primary_key=True),
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("nik", sa.Text, primary_key=True),
)

badan_usaha_tersentuh = sa.Table(
    "badan_usaha_tersentuh",
    METADATA,
    sa.Column("sisi", sa.Text, primary_key=True),
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("dibandingkan", sa.Boolean, nullable=False),
)

# `bu_*` are the companies of a worker's finding. `sidik_*` tell whether a side's value changed
# since the finding was last decided; they are keyed by the finding's id and say nothing alone.
# `berlaku`: the last comparison found it; what was applied keeps its state when it no longer does.
# `muncul` counts the times that it was not there and came, `ulang` those that it was said again
# because its proposal had ended and it still stood.
temuan = sa.Table(
    "temuan",
    METADATA,
    sa.Column("id", UUID(as_uuid=True), primary_key=True),
    sa.Column("jenis", sa.Text, nullable=False),
    sa.Column("himpunan", sa.Text, nullable=False),
    sa.Column("bidang", sa.Text, nullable=False),
    sa.Column("id_wlkp", sa.Text),
    sa.Column("id_bpjs", sa.Text),
    sa.Column("bu_wlkp", sa.Text),
    sa.Column("bu_bpjs", sa.Text),
    sa.Column("versi_wlkp", sa.BigInteger),
    sa.Column("versi_bpjs", sa.BigInteger),
    sa.Column("sidik_wlkp", sa.Text, nullable=False),
    sa.Column("sidik_bpjs", sa.Text, nullable=False),
    sa.Column("arah", sa.Text),
    sa.Column("keadaan", sa.Text, nullable=False),
    sa.Column("kode", sa.Text),
    sa.Column("alasan", sa.Text),
    sa.Column("id_usulan", UUID(as_uuid=True)),
    sa.Column("ditemukan_pada", WAKTU, nullable=False),
    sa.Column("diubah_pada", WAKTU, nullable=False),
    sa.Column("berlaku", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("muncul", sa.Integer, nullable=False, server_default="1"),
    sa.Column("ulang", sa.Integer, nullable=False, server_default="0"),
    sa.Index(None, "keadaan", "jenis"),
    sa.Index(None, "himpunan", "jenis", "bidang"),
    sa.Index(None, "id_wlkp"),
    sa.Index(None, "id_bpjs"),
    # What may have to be said again: few, beside all that was ever applied.
    sa.Index(
        "ix_temuan_ulang",
        "diubah_pada",
        postgresql_where=sa.text("berlaku AND keadaan IN ('ditolak', 'diterapkan')"),
    ),
    sa.Index(
        "ix_temuan_lebih",
        "bu_wlkp",
        postgresql_where=sa.text("jenis = 'hanya_wlkp' AND bu_wlkp IS NOT NULL"),
    ),
)
