"""Tables of the hub: mirrors, links, findings, outbox, rounds.

Revision: 0001
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, UUID

revision = "0001"
down_revision = None

_WAKTU = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    _create_mirrors()
    _create_links()
    _create_findings()
    _create_outbox()
    _create_rounds()


def _create_mirrors() -> None:
    op.create_table(
        "cermin_badan_usaha",
        sa.Column("sisi", sa.Text, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("versi", sa.BigInteger, nullable=False),
        sa.Column("nomor", sa.BigInteger, nullable=False),
        sa.Column("npwp", sa.Text),
        sa.Column("npwp_induk", sa.Text),
        sa.Column("nib", sa.Text),
        sa.Column("nitku", sa.Text),
        sa.Column("nama_inti", sa.Text, nullable=False),
        sa.Column("bentuk_hukum", sa.Text, nullable=False),
        sa.Column("kd_kabkota", sa.Text),
        sa.Column("dilaporkan_pada", _WAKTU),
        sa.Column("status_pendaftaran", sa.Text),
        sa.Column("isi", JSONB, nullable=False),
        sa.Column("banding", JSONB, nullable=False),
        sa.Column("bacaan", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("sisi", "id", name="pk_cermin_badan_usaha"),
    )
    op.create_table(
        "cermin_pekerja",
        sa.Column("sisi", sa.Text, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("versi", sa.BigInteger, nullable=False),
        sa.Column("nomor", sa.BigInteger, nullable=False),
        sa.Column("id_badan_usaha", sa.Text, nullable=False),
        sa.Column("nik", sa.Text, nullable=False),
        sa.Column("dilaporkan_pada", _WAKTU),
        sa.Column("isi", JSONB, nullable=False),
        sa.Column("banding", JSONB, nullable=False),
        sa.Column("bacaan", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("sisi", "id", name="pk_cermin_pekerja"),
    )
    op.create_index(
        "ix_cermin_pekerja_sisi_id_badan_usaha", "cermin_pekerja", ["sisi", "id_badan_usaha"]
    )
    op.create_index("ix_cermin_pekerja_nik", "cermin_pekerja", ["nik"])
    op.create_table(
        "kursor_tarik",
        sa.Column("sisi", sa.Text, nullable=False),
        sa.Column("himpunan", sa.Text, nullable=False),
        sa.Column("kursor", sa.Text),
        sa.Column("nomor", sa.BigInteger, nullable=False),
        sa.Column("bacaan", sa.Integer, nullable=False),
        sa.Column("penuh", sa.Boolean, nullable=False),
        sa.Column("tidak_berwenang", sa.Text),
        sa.Column("dibaca_pada", _WAKTU),
        sa.Column("habis_pada", _WAKTU),
        sa.PrimaryKeyConstraint("sisi", "himpunan", name="pk_kursor_tarik"),
    )


def _create_links() -> None:
    op.create_table(
        "tautan_badan_usaha",
        sa.Column("id_wlkp", sa.Text, nullable=False),
        sa.Column("id_bpjs", sa.Text, nullable=False),
        sa.Column("dasar", sa.Text, nullable=False),
        sa.Column("cabang", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("id_wlkp", name="pk_tautan_badan_usaha"),
    )
    op.create_index("ix_tautan_badan_usaha_id_bpjs", "tautan_badan_usaha", ["id_bpjs"])
    op.create_table(
        "tak_tertaut",
        sa.Column("sisi", sa.Text, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("kandidat", sa.Integer, nullable=False),
        sa.Column("alasan", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("sisi", "id", name="pk_tak_tertaut"),
    )


def _create_findings() -> None:
    op.create_table(
        "temuan",
        sa.Column("id", UUID(as_uuid=True), nullable=False),
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
        sa.Column("ditemukan_pada", _WAKTU, nullable=False),
        sa.Column("diubah_pada", _WAKTU, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_temuan"),
    )
    op.create_index("ix_temuan_keadaan_jenis", "temuan", ["keadaan", "jenis"])
    op.create_index("ix_temuan_himpunan_jenis_bidang", "temuan", ["himpunan", "jenis", "bidang"])


def _create_outbox() -> None:
    op.create_table(
        "kotak_keluar",
        sa.Column("id", sa.BigInteger, sa.Identity(), nullable=False),
        sa.Column("tujuan", sa.Text, nullable=False),
        sa.Column("kunci", sa.Text, nullable=False),
        sa.Column("isi", sa.LargeBinary),
        sa.Column("sidik_isi", sa.Text, nullable=False),
        sa.Column("jumlah", sa.Integer, nullable=False),
        sa.Column("keadaan", sa.Text, nullable=False),
        sa.Column("jawaban_status", sa.Integer),
        sa.Column("jawaban_kode", sa.Text),
        sa.Column("percobaan", sa.Integer, nullable=False),
        sa.Column("dibuat_pada", _WAKTU, nullable=False),
        sa.Column("dijawab_pada", _WAKTU),
        sa.PrimaryKeyConstraint("id", name="pk_kotak_keluar"),
    )
    op.create_index(
        "ix_kotak_keluar_siap", "kotak_keluar", ["tujuan", "id"],
        postgresql_where=sa.text("keadaan = 'siap'"),
    )  # fmt: skip
    op.create_table(
        "usulan",
        sa.Column("id", UUID(as_uuid=True), nullable=False),
        sa.Column("batch", sa.BigInteger, nullable=False),
        sa.Column("posisi", sa.Integer, nullable=False),
        sa.Column("tujuan", sa.Text, nullable=False),
        sa.Column("jenis", sa.Text, nullable=False),
        sa.Column("himpunan", sa.Text, nullable=False),
        sa.Column("id_sasaran", sa.Text),
        sa.Column("versi_sasaran", sa.BigInteger),
        sa.Column("id_asal", sa.Text),
        sa.Column("versi_asal", sa.BigInteger),
        sa.Column("keadaan", sa.Text, nullable=False),
        sa.Column("kode", sa.Text),
        sa.Column("alasan", sa.Text),
        sa.Column("versi_hasil", sa.BigInteger),
        sa.Column("dibuat_pada", _WAKTU, nullable=False),
        sa.Column("dijawab_pada", _WAKTU),
        sa.PrimaryKeyConstraint("id", name="pk_usulan"),
    )
    op.create_index("ix_usulan_batch", "usulan", ["batch"])
    op.create_index("ix_usulan_tujuan_keadaan", "usulan", ["tujuan", "keadaan"])
    op.create_table(
        "usulan_temuan",
        sa.Column("id_usulan", UUID(as_uuid=True), nullable=False),
        sa.Column("id_temuan", UUID(as_uuid=True), nullable=False),
        sa.Column("sidik_asal", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id_usulan", "id_temuan", name="pk_usulan_temuan"),
    )
    op.create_index("ix_usulan_temuan_id_temuan", "usulan_temuan", ["id_temuan"])


def _create_rounds() -> None:
    op.create_table(
        "putaran",
        sa.Column("id", sa.BigInteger, sa.Identity(), nullable=False),
        sa.Column("tahap", sa.Text, nullable=False),
        sa.Column("hitungan", JSONB, nullable=False),
        sa.Column("diusulkan", sa.Integer),
        sa.Column("mulai", _WAKTU, nullable=False),
        sa.Column("selesai", _WAKTU),
        sa.Column("kegagalan", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_putaran"),
    )
    op.create_table(
        "pemberitahuan",
        sa.Column("id_wlkp", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("jumlah_pekerja", sa.Integer),
        sa.Column("id_usulan", UUID(as_uuid=True), nullable=False),
        sa.Column("pada", _WAKTU, nullable=False),
        sa.PrimaryKeyConstraint("id_wlkp", name="pk_pemberitahuan"),
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table in (
        "pemberitahuan", "putaran", "usulan_temuan", "usulan", "kotak_keluar", "temuan",
        "tak_tertaut", "tautan_badan_usaha", "kursor_tarik", "cermin_pekerja",
        "cermin_badan_usaha",
    ):  # fmt: skip
        op.drop_table(table)
