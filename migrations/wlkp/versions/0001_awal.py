"""First tables of the registry and the numbering of its changes.

Revision: 0001
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None


# Number and version every change; the lock is kept until the commit, so numbers appear in order.
_BERI_NOMOR = """
CREATE FUNCTION beri_nomor() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(7406020);
    NEW.nomor := nextval('urutan_perubahan');
    IF TG_OP = 'UPDATE' THEN
        NEW.versi := OLD.versi + 1;
        NEW.diubah_pada := now();
    END IF;
    RETURN NEW;
END $$;
"""

_UBAH_BADAN_USAHA = (
    "npwp, nomor_tdp_atau_nib, nama, kbli, alamat, telepon, "
    "telepon_pengelola_atau_pic, email, titik_koordinat, nama_pengurus_atau_pic, "
    "alamat_pengurus_atau_pic, nama_pemilik_atau_pimpinan, alamat_pemilik, nitku, "
    "tahun_kbli, kd_daerah, dilaporkan_pada, dihapus_pada, status_pendaftaran"
)

_UBAH_PEKERJA = (
    "id_badan_usaha, nik, nomor_kepesertaan_jkn, nama, tanggal_lahir, alamat, "
    "nomor_hp, jabatan, tmt_jkn, status_pekerjaan, jumlah_anggota_keluarga, "
    "status_kepesertaan, hubungan_kerja, dilaporkan_pada, dihapus_pada"
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "audit_akses",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("waktu", sa.DateTime(timezone=True), nullable=False),
        sa.Column("pelaku", sa.Text(), nullable=False),
        sa.Column("pihak", sa.Text(), nullable=True),
        sa.Column("pasal", sa.Text(), nullable=False),
        sa.Column("rute", sa.Text(), nullable=False),
        sa.Column("id_permintaan", sa.Text(), nullable=True),
        sa.Column("jumlah", sa.Integer(), nullable=False),
        sa.Column("sidik_nik", postgresql.ARRAY(sa.LargeBinary()), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "audit_peristiwa",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("waktu", sa.DateTime(timezone=True), nullable=False),
        sa.Column("peristiwa", sa.Text(), nullable=False),
        sa.Column("pelaku", sa.Text(), nullable=False),
        sa.Column("pihak", sa.Text(), nullable=True),
        sa.Column("pasal", sa.Text(), nullable=True),
        sa.Column("id_permintaan", sa.Text(), nullable=True),
        sa.Column("rincian", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "auth_jti",
        sa.Column("klien", sa.Text(), nullable=False),
        sa.Column("jti", sa.Text(), nullable=False),
        sa.Column("kedaluwarsa", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("klien", "jti"),
    )
    op.create_index(op.f("ix_auth_jti_kedaluwarsa"), "auth_jti", ["kedaluwarsa"], unique=False)
    op.create_table(
        "badan_usaha",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("npwp", sa.Text(), nullable=True, comment="A1 Nomor Pokok Wajib Pajak"),
        sa.Column(
            "nomor_tdp_atau_nib",
            sa.Text(),
            nullable=True,
            comment="A2 Nomor Tanda Daftar Perusahaan atau Kode Nomor Induk Berusaha",
        ),
        sa.Column("nama", sa.Text(), nullable=True, comment="A3 Nama Badan Usaha"),
        sa.Column(
            "kbli",
            sa.Text(),
            nullable=True,
            comment="A4 Klasifikasi Baku Lapangan Usaha Indonesia (KBLI) Sesuai Perizinan",
        ),
        sa.Column("alamat", sa.Text(), nullable=True, comment="A5 Alamat Perusahaan"),
        sa.Column("telepon", sa.Text(), nullable=True, comment="A6 No. Telpon Perusahaan"),
        sa.Column(
            "telepon_pengelola_atau_pic",
            sa.Text(),
            nullable=True,
            comment="A7 No. Telpon Pengelola Akun Perusahaan",
        ),
        sa.Column("email", sa.Text(), nullable=True, comment="A8 Alamat Email Perusahaan"),
        sa.Column(
            "titik_koordinat", sa.Text(), nullable=True, comment="A9 Titik Koordinat Perusahaan"
        ),
        sa.Column("nama_pengurus_atau_pic", sa.Text(), nullable=True, comment="B1 Nama Pengurus"),
        sa.Column(
            "alamat_pengurus_atau_pic",
            sa.Text(),
            nullable=True,
            comment="B2 Alamat Pengurus perusahaan",
        ),
        sa.Column(
            "nama_pemilik_atau_pimpinan",
            sa.Text(),
            nullable=True,
            comment="B3 Nama Pemilik Perusahaan",
        ),
        sa.Column(
            "alamat_pemilik", sa.Text(), nullable=True, comment="B4 Alamat Pemilik Perusahaan"
        ),
        sa.Column(
            "nitku", sa.Text(), nullable=True, comment="D Nomor Identitas Tempat Kegiatan Usaha"
        ),
        sa.Column("tahun_kbli", sa.Text(), nullable=True, comment="D Versi KBLI"),
        sa.Column("kd_daerah", sa.Text(), nullable=True, comment="D Kode wilayah Kemendagri"),
        sa.Column("versi", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("nomor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("dilaporkan_pada", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "diubah_pada",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("dihapus_pada", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "sidik_sumber", sa.BigInteger(), nullable=True, comment="sidik baris sumber terakhir"
        ),
        sa.Column("status_pendaftaran", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("badan_usaha_nib", "badan_usaha", ["nomor_tdp_atau_nib"], unique=False)
    op.create_index("badan_usaha_nomor", "badan_usaha", ["nomor"], unique=False)
    op.create_index("badan_usaha_npwp", "badan_usaha", ["npwp"], unique=False)
    op.create_table(
        "belum_lapor",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("nomor", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("himpunan", sa.Text(), nullable=False),
        sa.Column("keadaan", sa.Text(), nullable=False),
        sa.Column("id_asal", sa.Text(), nullable=True),
        sa.Column("id_badan_usaha", sa.Text(), nullable=True),
        sa.Column("isi", postgresql.JSONB(), nullable=False),
        sa.Column("alasan", sa.Text(), nullable=True),
        sa.Column("dibuat_pada", sa.DateTime(timezone=True), nullable=False),
        sa.Column("diputuskan_pada", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("himpunan", "id_asal", name="belum_lapor_asal"),
        sa.UniqueConstraint("nomor"),
    )
    op.create_index("belum_lapor_badan_usaha", "belum_lapor", ["id_badan_usaha"], unique=False)
    op.create_table(
        "idempotensi",
        sa.Column("pelaku", sa.Text(), nullable=False),
        sa.Column("kunci", sa.Text(), nullable=False),
        sa.Column("sidik", sa.LargeBinary(), nullable=False),
        sa.Column("jawaban", sa.Text(), nullable=True),
        sa.Column(
            "waktu", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.PrimaryKeyConstraint("pelaku", "kunci"),
    )
    op.create_table(
        "karantina",
        sa.Column(
            "sidik",
            sa.LargeBinary(),
            nullable=False,
            comment="sidik isi: impor ulang tidak menggandakan",
        ),
        sa.Column("himpunan", sa.Text(), nullable=False),
        sa.Column("isi", postgresql.JSONB(), nullable=False),
        sa.Column("alasan", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column(
            "sejak", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.PrimaryKeyConstraint("sidik"),
    )
    op.create_table(
        "riwayat",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("himpunan", sa.Text(), nullable=False),
        sa.Column("id_rekaman", sa.Text(), nullable=False),
        sa.Column("versi", sa.BigInteger(), nullable=False, comment="versi sebelum perubahan"),
        sa.Column("bidang", sa.Text(), nullable=False),
        sa.Column("nilai_lama", sa.Text(), nullable=True),
        sa.Column("dasar", sa.Text(), nullable=False, comment="usulan, laporan atau impor"),
        sa.Column("pelaku", sa.Text(), nullable=False),
        sa.Column("pasal", sa.Text(), nullable=True),
        sa.Column(
            "waktu", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("riwayat_rekaman", "riwayat", ["id_rekaman", "versi"], unique=False)
    op.create_table(
        "umpan_batas",
        sa.Column("himpunan", sa.Text(), nullable=False),
        sa.Column(
            "terlama", sa.BigInteger(), nullable=False, comment="kursor di bawah ini dijawab 410"
        ),
        sa.PrimaryKeyConstraint("himpunan"),
    )
    op.create_table(
        "usulan",
        sa.Column("pelaku", sa.Text(), nullable=False),
        sa.Column("id_usulan", sa.UUID(), nullable=False),
        sa.Column("nomor", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("jenis", sa.Text(), nullable=False),
        sa.Column("himpunan", sa.Text(), nullable=False),
        sa.Column("id_sasaran", sa.Text(), nullable=True),
        sa.Column("versi_sasaran", sa.BigInteger(), nullable=True),
        sa.Column("bidang", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("isi", postgresql.JSONB(), nullable=False),
        sa.Column("pasal", sa.Text(), nullable=True),
        sa.Column("keadaan", sa.Text(), nullable=False),
        sa.Column("kode", sa.Text(), nullable=False),
        sa.Column("alasan", sa.Text(), nullable=False),
        sa.Column("versi_hasil", sa.BigInteger(), nullable=True),
        sa.Column("diterima_pada", sa.DateTime(timezone=True), nullable=False),
        sa.Column("diputuskan_pada", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("pelaku", "id_usulan"),
        sa.UniqueConstraint("nomor"),
    )
    op.create_index("usulan_sasaran", "usulan", ["id_sasaran"], unique=False)
    op.create_table(
        "pekerja",
        sa.Column(
            "id", sa.Text(), server_default=sa.text("gen_random_uuid()::text"), nullable=False
        ),
        sa.Column("id_badan_usaha", sa.Text(), nullable=False),
        sa.Column("urutan", sa.SmallInteger(), server_default="1", nullable=False),
        sa.Column("nik", sa.Text(), nullable=True, comment="C1 No. NIK"),
        sa.Column(
            "nomor_kepesertaan_jkn", sa.Text(), nullable=True, comment="C2 Nomor Kepesertaan JKN"
        ),
        sa.Column("nama", sa.Text(), nullable=True, comment="C3 Nama"),
        sa.Column("tanggal_lahir", sa.Date(), nullable=True, comment="C4 Tanggal Lahir"),
        sa.Column("alamat", sa.Text(), nullable=True, comment="C5 Alamat Pekerja"),
        sa.Column("nomor_hp", sa.Text(), nullable=True, comment="C6 No. Hp Pekerja"),
        sa.Column("jabatan", sa.Text(), nullable=True, comment="C7 Jabatan"),
        sa.Column(
            "tmt_jkn", sa.Date(), nullable=True, comment="C8 TMT terdaftar sebagai peserta JKN"
        ),
        sa.Column("status_pekerjaan", sa.Text(), nullable=True, comment="C9 Status Pegawai"),
        sa.Column(
            "jumlah_anggota_keluarga",
            sa.Integer(),
            nullable=True,
            comment="C10 Jumlah Anggota Keluarga",
        ),
        sa.Column("status_kepesertaan", sa.Text(), nullable=True, comment="C11 Status Kepesertaan"),
        sa.Column(
            "hubungan_kerja",
            sa.Text(),
            nullable=True,
            comment="D Hubungan kerja menurut laporan terakhir (Pasal 1 angka 5)",
        ),
        sa.Column("versi", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("nomor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("dilaporkan_pada", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "diubah_pada",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("dihapus_pada", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "sidik_sumber", sa.BigInteger(), nullable=True, comment="sidik baris sumber terakhir"
        ),
        sa.ForeignKeyConstraint(
            ["id_badan_usaha"],
            ["badan_usaha.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("id_badan_usaha", "nik", "urutan", name="pekerja_kunci"),
    )
    op.create_index("pekerja_nik", "pekerja", ["nik"], unique=False)
    op.create_index("pekerja_nomor", "pekerja", ["nomor"], unique=False)
    op.create_table(
        "status_jkn",
        sa.Column("id_badan_usaha", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("jumlah_pekerja", sa.BigInteger(), nullable=True),
        sa.Column("diterima_pada", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["id_badan_usaha"],
            ["badan_usaha.id"],
        ),
        sa.PrimaryKeyConstraint("id_badan_usaha"),
    )
    op.execute("CREATE SEQUENCE urutan_perubahan")
    op.execute(_BERI_NOMOR)
    for table, columns in (("badan_usaha", _UBAH_BADAN_USAHA), ("pekerja", _UBAH_PEKERJA)):
        op.execute(
            f"CREATE TRIGGER {table}_nomor BEFORE INSERT OR UPDATE OF {columns} ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION beri_nomor()"
        )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_table("status_jkn")
    op.drop_index("pekerja_nomor", table_name="pekerja")
    op.drop_index("pekerja_nik", table_name="pekerja")
    op.drop_table("pekerja")
    op.drop_index("usulan_sasaran", table_name="usulan")
    op.drop_table("usulan")
    op.drop_table("umpan_batas")
    op.drop_index("riwayat_rekaman", table_name="riwayat")
    op.drop_table("riwayat")
    op.drop_table("karantina")
    op.drop_table("idempotensi")
    op.drop_index("belum_lapor_badan_usaha", table_name="belum_lapor")
    op.drop_table("belum_lapor")
    op.drop_index("badan_usaha_npwp", table_name="badan_usaha")
    op.drop_index("badan_usaha_nomor", table_name="badan_usaha")
    op.drop_index("badan_usaha_nib", table_name="badan_usaha")
    op.drop_table("badan_usaha")
    op.drop_index(op.f("ix_auth_jti_kedaluwarsa"), table_name="auth_jti")
    op.drop_table("auth_jti")
    op.drop_table("audit_peristiwa")
    op.drop_table("audit_akses")
    op.execute("DROP FUNCTION beri_nomor")
    op.execute("DROP SEQUENCE urutan_perubahan")
