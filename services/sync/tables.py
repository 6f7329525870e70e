"""Tables of the hub: mirrors of both registries, links, findings, outbox, rounds.

No column is a single field of the Lampiran except the keys that linking needs: values live
in `isi` and their normal forms in `banding`, so an addendum needs no migration.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, UUID

METADATA = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

_WAKTU = sa.DateTime(timezone=True)


def _tree(table: str) -> tuple[sa.Column[int] | sa.Index, ...]:
    """Return the columns of a record's place in the digest tree, and their index."""
    return (
        sa.Column("jalur", sa.BigInteger),
        sa.Column("daun", sa.BigInteger),
        sa.Column("daun_tambahan", sa.BigInteger),
        sa.Index(
            f"ix_{table}_jalur",
            "sisi",
            "jalur",
            postgresql_include=["daun", "daun_tambahan"],
            postgresql_where=sa.text("daun IS NOT NULL"),
        ),
    )


cermin_badan_usaha = sa.Table(
    "cermin_badan_usaha",
    METADATA,
    sa.Column("sisi", sa.Text, primary_key=True),
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("versi", sa.BigInteger, nullable=False),
    sa.Column("nomor", sa.BigInteger, nullable=False),
    sa.Column("dilaporkan_pada", _WAKTU),
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
    sa.Column("dilaporkan_pada", _WAKTU),
    sa.Column("isi", JSONB, nullable=False),
    sa.Column("banding", JSONB, nullable=False),
    sa.Column("bacaan", sa.Integer, nullable=False),
    sa.Index(None, "sisi", "id_badan_usaha"),
    sa.Index(None, "nik"),
    *_tree("cermin_pekerja"),
)

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
    sa.Column("tidak_berwenang", sa.Text),
    sa.Column("dibaca_pada", _WAKTU),
    sa.Column("habis_pada", _WAKTU),
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

# Pairs that a steward could decide and the program does not.
tinjauan_taut = sa.Table(
    "tinjauan_taut",
    METADATA,
    sa.Column("id_wlkp", sa.Text, primary_key=True),
    sa.Column("id_bpjs", sa.Text, primary_key=True),
    sa.Column("skor", sa.Double, nullable=False),
    sa.Column("alasan", sa.Text, nullable=False),
)

# Companies whose content changed since they were last linked; a trigger of the mirror writes it.
ubahan_taut = sa.Table(
    "ubahan_taut",
    METADATA,
    sa.Column("sisi", sa.Text, primary_key=True),
    sa.Column("id", sa.Text, primary_key=True),
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
    sa.Column("pada", _WAKTU, nullable=False),
    sa.Column("alasan", sa.Text, nullable=False),
)

# What a stage saw when it last ran: the same again needs no second run.
tahap_terakhir = sa.Table(
    "tahap_terakhir",
    METADATA,
    sa.Column("tahap", sa.Text, primary_key=True),
    sa.Column("masukan", sa.Text, nullable=False),
    sa.Column("hitungan", JSONB, nullable=False),
)

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

tak_tertaut = sa.Table(
    "tak_tertaut",
    METADATA,
    sa.Column("sisi", sa.Text, primary_key=True),
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("kandidat", sa.Integer, nullable=False),
    sa.Column("alasan", sa.Text, nullable=False),
)

# `bu_*` are the companies of a worker's finding. `sidik_*` tell whether a side's value changed
# since the finding was last decided; they are keyed by the finding's id and say nothing alone.
# `berlaku`: the last comparison found it; what was applied keeps its state when it no longer does.
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
    sa.Column("ditemukan_pada", _WAKTU, nullable=False),
    sa.Column("diubah_pada", _WAKTU, nullable=False),
    sa.Column("berlaku", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Index(None, "keadaan", "jenis"),
    sa.Index(None, "himpunan", "jenis", "bidang"),
    sa.Index(None, "id_wlkp"),
    sa.Index(None, "id_bpjs"),
    sa.Index(
        "ix_temuan_lebih",
        "bu_wlkp",
        postgresql_where=sa.text("jenis = 'hanya_wlkp' AND bu_wlkp IS NOT NULL"),
    ),
)

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
    sa.Column("percobaan", sa.Integer, nullable=False),
    sa.Column("dibuat_pada", _WAKTU, nullable=False),
    sa.Column("dijawab_pada", _WAKTU),
    sa.Index("ix_kotak_keluar_siap", "tujuan", "id", postgresql_where=sa.text("keadaan = 'siap'")),
)

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
    sa.Column("keadaan", sa.Text, nullable=False),
    sa.Column("kode", sa.Text),
    sa.Column("alasan", sa.Text),
    sa.Column("versi_hasil", sa.BigInteger),
    sa.Column("dibuat_pada", _WAKTU, nullable=False),
    sa.Column("dijawab_pada", _WAKTU),
    sa.Index(None, "tujuan", "keadaan"),
)

usulan_temuan = sa.Table(
    "usulan_temuan",
    METADATA,
    sa.Column("id_usulan", UUID(as_uuid=True), primary_key=True),
    sa.Column("id_temuan", UUID(as_uuid=True), primary_key=True, index=True),
    sa.Column("sidik_asal", sa.Text, nullable=False),
)

putaran = sa.Table(
    "putaran",
    METADATA,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("tahap", sa.Text, nullable=False),
    sa.Column("hitungan", JSONB, nullable=False),
    sa.Column("diusulkan", sa.Integer),
    sa.Column("mulai", _WAKTU, nullable=False),
    sa.Column("selesai", _WAKTU),
    sa.Column("kegagalan", sa.Text),
)

pemberitahuan = sa.Table(
    "pemberitahuan",
    METADATA,
    sa.Column("id_wlkp", sa.Text, primary_key=True),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("jumlah_pekerja", sa.Integer),
    sa.Column("id_usulan", UUID(as_uuid=True), nullable=False),
    sa.Column("pada", _WAKTU, nullable=False),
)
