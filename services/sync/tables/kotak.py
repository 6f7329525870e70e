"""The outbox: batches, the proposals and notices in them, and what was balanced of them."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, UUID

from services.sync.kelompok import KeadaanButir, KeadaanKelompok
from services.sync.tables.dasar import METADATA, WAKTU, one_of
from shared_schemas.v1.kode import KeadaanUsulan

kotak_keluar = sa.Table(
    "kotak_keluar",
    METADATA,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("tujuan", sa.Text, nullable=False),
    sa.Column("kunci", sa.Text, nullable=False),
    sa.Column("isi", sa.LargeBinary),
    sa.Column("sidik_isi", sa.Text, nullable=False),
    sa.Column("jumlah", sa.Integer, nullable=False),
    sa.Column("keadaan", sa.Text, nullable=False),
    sa.Column("jawaban_status", sa.Integer),
    sa.Column("jawaban_kode", sa.Text),
    sa.Column("alasan", sa.Text),
    sa.Column("percobaan", sa.Integer, nullable=False),
    sa.Column("kegagalan", sa.Integer, nullable=False, server_default="0"),
    # What the receiver signed about this batch, and the key that verified it at that time.
    sa.Column("tanda_terima", sa.Text),
    sa.Column("kunci_penerima", JSONB),
    sa.Column("dibuat_pada", WAKTU, nullable=False),
    sa.Column("dikirim_pada", WAKTU),
    sa.Column("dijawab_pada", WAKTU),
    sa.Index("ix_kotak_keluar_siap", "tujuan", "id", postgresql_where=sa.text("keadaan = 'siap'")),
    one_of("kotak_keluar", KeadaanKelompok),
)

# Only ever added to: how a batch became a dead letter, and who did what about it.
riwayat_kotak = sa.Table(
    "riwayat_kotak",
    METADATA,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("batch", sa.BigInteger, nullable=False, index=True),
    sa.Column("dari", sa.Text, nullable=False),
    sa.Column("ke", sa.Text, nullable=False),
    sa.Column("oleh", sa.Text, nullable=False),
    sa.Column("alasan", sa.Text, nullable=False),
    sa.Column("pada", WAKTU, nullable=False),
)

# `sidik` is what was sent. Since `diterima_pada`, the receiver's word for it, the state is the
# receiver's too; before that it is the hub's own (docs/keputusan/0015).
usulan = sa.Table(
    "usulan",
    METADATA,
    sa.Column("id", UUID(as_uuid=True), primary_key=True),
    sa.Column("batch", sa.BigInteger, nullable=False, index=True),
    sa.Column("posisi", sa.Integer, nullable=False),
    sa.Column("tujuan", sa.Text, nullable=False),
    sa.Column("jenis", sa.Text, nullable=False),
    sa.Column("himpunan", sa.Text, nullable=False),
    sa.Column("id_sasaran", sa.Text),
    sa.Column("versi_sasaran", sa.BigInteger),
    sa.Column("id_asal", sa.Text),
    sa.Column("versi_asal", sa.BigInteger),
    sa.Column("id_dicabut", UUID(as_uuid=True)),
    sa.Column("keadaan", sa.Text, nullable=False),
    sa.Column("kode", sa.Text),
    sa.Column("alasan", sa.Text),
    sa.Column("versi_hasil", sa.BigInteger),
    sa.Column("sidik", sa.LargeBinary),
    sa.Column("dibuat_pada", WAKTU, nullable=False),
    sa.Column("diterima_pada", WAKTU),
    sa.Column("dijawab_pada", WAKTU),
    sa.Index(None, "tujuan", "keadaan"),
    sa.Index(None, "tujuan", "diterima_pada"),
    sa.Index(
        "ix_usulan_dicabut",
        "id_dicabut",
        postgresql_where=sa.text("id_dicabut IS NOT NULL"),
    ),
    # Withdrawals that may have to be said again: few, beside all that took something back.
    sa.Index(
        "ix_usulan_dicabut_gagal",
        "id_dicabut",
        postgresql_where=sa.text("id_dicabut IS NOT NULL AND keadaan IN ('ditolak', 'dibuang')"),
    ),
    one_of("usulan", KeadaanButir, KeadaanUsulan),
)

usulan_temuan = sa.Table(
    "usulan_temuan",
    METADATA,
    sa.Column("id_usulan", UUID(as_uuid=True), primary_key=True),
    sa.Column("id_temuan", UUID(as_uuid=True), primary_key=True, index=True),
    sa.Column("sidik_asal", sa.Text, nullable=False),
)

# Waiting proposals about which something has changed: whether they are taken back is looked at.
usulan_goyah = sa.Table(
    "usulan_goyah", METADATA, sa.Column("id", UUID(as_uuid=True), primary_key=True)
)

pemberitahuan = sa.Table(
    "pemberitahuan",
    METADATA,
    sa.Column("id_wlkp", sa.Text, primary_key=True),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("jumlah_pekerja", sa.Integer),
    sa.Column("id_usulan", UUID(as_uuid=True), nullable=False),
    sa.Column("pada", WAKTU, nullable=False),
)

# Only ever added to: what both sides signed about a day, each time it said something new.
neraca = sa.Table(
    "neraca",
    METADATA,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("tujuan", sa.Text, nullable=False),
    sa.Column("tanggal", sa.Date, nullable=False),
    sa.Column("cocok", sa.Boolean, nullable=False),
    sa.Column("isi", JSONB, nullable=False),
    sa.Column("tanda_pengirim", sa.Text, nullable=False),
    sa.Column("tanda_penerima", sa.Text, nullable=False),
    sa.Column("kunci_penerima", JSONB, nullable=False),
    sa.Column("pada", WAKTU, nullable=False),
    sa.Index(None, "tujuan", "tanggal", "id"),
)
