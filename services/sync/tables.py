"""Tables of the hub: mirrors of both registries, links, findings, outbox, rounds.

No column is a single field of the Lampiran except the keys that linking needs: values live
in `isi` and their normal forms in `banding`, so an addendum needs no migration.
"""

from __future__ import annotations

from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID

from services.audit.bukti import tables as evidence
from services.kit.pohon import SIMPUL
from services.sync.kelompok import KeadaanButir, KeadaanKelompok
from shared_schemas.v1.kode import KeadaanUsulan

METADATA = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

evidence.define(METADATA)

_WAKTU = sa.DateTime(timezone=True)


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


def _one_of(table: str, *states: type[StrEnum]) -> sa.CheckConstraint:
    """Return the constraint that closes a table's column `keadaan` to these states."""
    listed = ", ".join(f"'{s.value}'" for kind in states for s in kind)
    return sa.CheckConstraint(f"keadaan IN ({listed})", name=f"ck_{table}_keadaan")


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

# Workers whose NIK nobody of their link group (`grup`) bears on the other side. `calon`: may be
# somebody there under another NIK; `terjawab`: is, or waits for a steward, and is no addition.
sisa_pekerja = sa.Table(
    "sisa_pekerja",
    METADATA,
    sa.Column("sisi", sa.Text, primary_key=True),
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("nik", sa.Text, nullable=False),
    sa.Column("bu", sa.Text, nullable=False),
    sa.Column("grup", sa.Text, nullable=False, index=True),
    sa.Column("henti", sa.Boolean, nullable=False),
    sa.Column("calon", sa.Boolean, nullable=False),
    sa.Column("terjawab", sa.Boolean, nullable=False),
)

# One person under two NIK within a link group.
tautan_pekerja = sa.Table(
    "tautan_pekerja",
    METADATA,
    sa.Column("id_wlkp", sa.Text, primary_key=True),
    sa.Column("id_bpjs", sa.Text, nullable=False, index=True),
    sa.Column("dasar", sa.Text, nullable=False),
    sa.Column("skor", sa.Double),
    sa.Column("alasan", sa.Text, nullable=False),
)

# Pairs that a steward could decide and the program does not.
tinjauan_taut = sa.Table(
    "tinjauan_taut",
    METADATA,
    sa.Column("id_wlkp", sa.Text, primary_key=True),
    sa.Column("id_bpjs", sa.Text, primary_key=True),
    sa.Column("skor", sa.Double, nullable=False),
    sa.Column("alasan", sa.Text, nullable=False),
    sa.Column("himpunan", sa.Text, primary_key=True, server_default="badan_usaha"),
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
    sa.Column("himpunan", sa.Text, nullable=False, server_default="badan_usaha"),
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
    sa.Column("ditemukan_pada", _WAKTU, nullable=False),
    sa.Column("diubah_pada", _WAKTU, nullable=False),
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
    sa.Column("dibuat_pada", _WAKTU, nullable=False),
    sa.Column("dikirim_pada", _WAKTU),
    sa.Column("dijawab_pada", _WAKTU),
    sa.Index("ix_kotak_keluar_siap", "tujuan", "id", postgresql_where=sa.text("keadaan = 'siap'")),
    _one_of("kotak_keluar", KeadaanKelompok),
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
    sa.Column("pada", _WAKTU, nullable=False),
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
    sa.Column("dibuat_pada", _WAKTU, nullable=False),
    sa.Column("diterima_pada", _WAKTU),
    sa.Column("dijawab_pada", _WAKTU),
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
    _one_of("usulan", KeadaanButir, KeadaanUsulan),
)

# Waiting proposals about which something has changed: whether they are taken back is looked at.
usulan_goyah = sa.Table(
    "usulan_goyah", METADATA, sa.Column("id", UUID(as_uuid=True), primary_key=True)
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
    sa.Column("pada", _WAKTU, nullable=False),
    sa.Index(None, "tujuan", "tanggal", "id"),
)

usulan_temuan = sa.Table(
    "usulan_temuan",
    METADATA,
    sa.Column("id_usulan", UUID(as_uuid=True), primary_key=True),
    sa.Column("id_temuan", UUID(as_uuid=True), primary_key=True, index=True),
    sa.Column("sidik_asal", sa.Text, nullable=False),
)

# Who leads, until when, and the token that each of its transactions must show (0017).
sewa = sa.Table(
    "sewa",
    METADATA,
    sa.Column("nama", sa.Text, primary_key=True),
    sa.Column("token", sa.BigInteger, nullable=False),
    sa.Column("pemegang", sa.Text),
    sa.Column("sampai", _WAKTU),
    sa.Index(None, "nama", "token", unique=True),
)

# What workers share of a round; who does a job holds the lease of its name (0017).
tugas = sa.Table(
    "tugas",
    METADATA,
    sa.Column("nama", sa.Text, primary_key=True),
    sa.Column("putaran", sa.BigInteger, nullable=False),
    sa.Column("keadaan", sa.Text, nullable=False),
    sa.Column("hitungan", JSONB),
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
