"""Every record carries its place in the digest tree and its leaf, set where it is changed.

Revision: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

# First 64 bits of SHA-256 over key, domain and text. The path takes the first 60 of its own.
_SIDIK_64 = """
CREATE FUNCTION sidik_64(kunci bytea, isi text) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT ('x' || encode(substr(sha256(kunci || convert_to(isi, 'UTF8')), 1, 8), 'hex'))
        ::bit(64)::bigint
$$;
"""

# Without a key the leaf stays empty; a tombstone has none.
_SIDIK = """
CREATE FUNCTION sidik_{tabel}() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    k bytea;
BEGIN
    IF NEW.dihapus_pada IS NULL THEN
        SELECT kunci INTO k FROM kunci_sidik WHERE bagian = '{tabel}';
    END IF;
    NEW.jalur := (sidik_64(k, 'jalur:' || NEW.id) >> 4) & 1152921504606846975;
    NEW.daun := sidik_64(k, '{tabel}:inti:' || json_build_array(
        NEW.id, NEW.versi, NEW.{pemilik},
        (extract(epoch FROM NEW.dilaporkan_pada) * 1000000)::bigint,
        {inti})::text);
    NEW.daun_tambahan := sidik_64(k, '{tabel}:tambahan:' || json_build_array(
        NEW.id, {tambahan})::text);
    RETURN NEW;
END $$;
"""

_INTI = {
    "badan_usaha": (
        "npwp, nomor_tdp_atau_nib, nama, kbli, alamat, telepon, telepon_pengelola_atau_pic, "
        "email, titik_koordinat, nama_pengurus_atau_pic, alamat_pengurus_atau_pic, "
        "nama_pemilik_atau_pimpinan, alamat_pemilik"
    ),
    "pekerja": (
        "nik, nomor_kepesertaan_jkn, nama, tanggal_lahir, alamat, nomor_hp, jabatan, tmt_jkn, "
        "status_pekerjaan, jumlah_anggota_keluarga, status_kepesertaan"
    ),
}
_TAMBAHAN = {"badan_usaha": "nitku, tahun_kbli, kd_daerah", "pekerja": "hubungan_kerja"}
_PEMILIK = {"badan_usaha": "status_pendaftaran", "pekerja": "id_badan_usaha"}


def _of_new(columns: str) -> str:
    return ", ".join(f"NEW.{c}" for c in columns.split(", "))


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "kunci_sidik",
        sa.Column("bagian", sa.Text, nullable=False),
        sa.Column("kunci", sa.LargeBinary, nullable=False),
        sa.Column("sampai", sa.Text, server_default="", nullable=False),
        sa.Column("lengkap", sa.Boolean, server_default=sa.false(), nullable=False),
        sa.PrimaryKeyConstraint("bagian"),
    )
    op.execute("REVOKE ALL ON kunci_sidik FROM PUBLIC")
    op.execute(_SIDIK_64)
    for table, inti in _INTI.items():
        op.add_column(table, sa.Column("jalur", sa.BigInteger))
        op.add_column(table, sa.Column("daun", sa.BigInteger))
        op.add_column(table, sa.Column("daun_tambahan", sa.BigInteger))
        op.create_index(
            f"{table}_jalur",
            table,
            ["jalur"],
            postgresql_include=["daun", "daun_tambahan"],
            postgresql_where=sa.text("daun IS NOT NULL"),
        )
        op.execute(
            _SIDIK.format(
                tabel=table,
                pemilik=_PEMILIK[table],
                inti=_of_new(inti),
                tambahan=_of_new(_TAMBAHAN[table]),
            )
        )
        # Triggers of one kind fire in the order of their names: the number's and version's first.
        columns = f"{inti}, {_TAMBAHAN[table]}, {_PEMILIK[table]}, dilaporkan_pada, dihapus_pada"
        op.execute(
            f"CREATE TRIGGER {table}_sidik BEFORE INSERT OR UPDATE OF {columns}, daun ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION sidik_{table}()"
        )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table in _INTI:
        op.execute(f"DROP TRIGGER {table}_sidik ON {table}")
        op.execute(f"DROP FUNCTION sidik_{table}()")
        op.drop_index(f"{table}_jalur", table_name=table)
        for column in ("daun_tambahan", "daun", "jalur"):
            op.drop_column(table, column)
    op.execute("DROP FUNCTION sidik_64(bytea, text)")
    op.drop_table("kunci_sidik")
