"""Tables of a registry, made from the field sets, and the numbering of changes.

A change is numbered by a trigger that first takes one advisory lock and keeps it until
the commit, so numbers become visible in their order and a reader who keeps a cursor misses
nothing (docs/keputusan/0002). The rule for writers: lock the rows, then write.
"""

from __future__ import annotations

import datetime as dt
from enum import EnumType
from typing import Any, get_args

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from services.audit import tables as audit_tables
from services.auth import tables as auth_tables
from shared_schemas.rujukan import Himpunan
from shared_schemas.v1.badan_usaha import BadanUsaha
from shared_schemas.v1.bidang import Bidang, FieldSet
from shared_schemas.v1.pekerja import Pekerja


def _column(bidang: Bidang) -> sa.Column[Any]:
    inner = [a for a in get_args(bidang.info.annotation) if a is not type(None)]
    plain = inner[0] if inner else bidang.info.annotation
    while get_args(plain) and not isinstance(plain, EnumType):
        plain = get_args(plain)[0]
    kind: sa.types.TypeEngine[Any] = sa.Text()
    if plain is dt.date:
        kind = sa.Date()
    elif plain is int:
        kind = sa.Integer()
    return sa.Column(bidang.nama, kind, comment=f"{bidang.rujukan.nomor} {bidang.rujukan.uraian}")


def _record_columns(model: type[FieldSet]) -> list[sa.Column[Any]]:
    return [
        *(_column(b) for b in model.daftar_bidang()),
        sa.Column("versi", sa.BigInteger, nullable=False, server_default="1"),
        sa.Column("nomor", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("dilaporkan_pada", sa.DateTime(timezone=True)),
        sa.Column(
            "diubah_pada", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()
        ),
        sa.Column("dihapus_pada", sa.DateTime(timezone=True)),
        sa.Column("sidik_sumber", sa.BigInteger, comment="sidik baris sumber terakhir"),
        # Set by a trigger, in the transaction of the change (docs/keputusan/0007).
        sa.Column("jalur", sa.BigInteger),
        sa.Column("daun", sa.BigInteger),
        sa.Column("daun_tambahan", sa.BigInteger),
    ]


def _tree_index(table: str) -> sa.Index:
    return sa.Index(
        f"{table}_jalur",
        "jalur",
        postgresql_include=["daun", "daun_tambahan"],
        postgresql_where=sa.text("daun IS NOT NULL"),
    )


def define(metadata: sa.MetaData) -> None:
    """Add to a database's metadata all tables that both registries have."""
    _define_records(metadata)
    _define_inbox(metadata)
    _define_exports(metadata)
    _define_balance(metadata)
    audit_tables.define(metadata)
    auth_tables.define(metadata)


def _define_records(metadata: sa.MetaData) -> None:
    sa.Table(
        "badan_usaha",
        metadata,
        sa.Column("id", sa.Text, primary_key=True),
        *_record_columns(BadanUsaha),
        sa.Column("status_pendaftaran", sa.Text),
        # Not unique: a unique index would make every update of a company wait for, and hold up,
        # the foreign-key checks of its workers.
        sa.Index("badan_usaha_nomor", "nomor"),
        sa.Index("badan_usaha_npwp", "npwp"),
        sa.Index("badan_usaha_nib", "nomor_tdp_atau_nib"),
        _tree_index("badan_usaha"),
    )
    sa.Table(
        "pekerja",
        metadata,
        sa.Column(
            "id", sa.Text, primary_key=True, server_default=sa.text("gen_random_uuid()::text")
        ),
        sa.Column("id_badan_usaha", sa.Text, sa.ForeignKey("badan_usaha.id"), nullable=False),
        # The same NIK twice in one company is a finding, so it must be storable.
        sa.Column("urutan", sa.SmallInteger, nullable=False, server_default="1"),
        *_record_columns(Pekerja),
        # Kept for the registry's own stewards; not a field of the Lampiran, so never exchanged.
        sa.Column(
            "kode_asli", pg.JSONB, comment="C9, C11 sebagaimana tertulis, bila tak terdaftar"
        ),
        sa.UniqueConstraint("id_badan_usaha", "nik", "urutan", name="pekerja_kunci"),
        sa.Index("pekerja_nomor", "nomor"),
        sa.Index("pekerja_nik", "nik"),
        _tree_index("pekerja"),
    )
    sa.Table(
        "riwayat",
        metadata,
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("himpunan", sa.Text, nullable=False),
        sa.Column("id_rekaman", sa.Text, nullable=False),
        sa.Column("versi", sa.BigInteger, nullable=False, comment="versi sebelum perubahan"),
        sa.Column("bidang", sa.Text, nullable=False),
        sa.Column("nilai_lama", sa.Text),
        sa.Column("dasar", sa.Text, nullable=False, comment="usulan, laporan atau impor"),
        sa.Column("pelaku", sa.Text, nullable=False),
        sa.Column("pasal", sa.Text),
        sa.Column(
            "waktu", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()
        ),
        sa.Index("riwayat_rekaman", "id_rekaman", "versi"),
    )
    sa.Table(
        "karantina",
        metadata,
        sa.Column(
            "sidik",
            sa.LargeBinary,
            primary_key=True,
            comment="sidik isi: impor ulang tidak menggandakan",
        ),
        sa.Column("himpunan", sa.Text, nullable=False),
        sa.Column("isi", pg.JSONB, nullable=False),
        sa.Column("alasan", pg.ARRAY(sa.Text), nullable=False),
        sa.Column(
            "sejak", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()
        ),
    )
    sa.Table(
        "umpan_batas",
        metadata,
        sa.Column("himpunan", sa.Text, primary_key=True),
        sa.Column(
            "terlama", sa.BigInteger, nullable=False, comment="kursor di bawah ini dijawab 410"
        ),
        sa.Column(
            "versi_terlupa",
            sa.BigInteger,
            nullable=False,
            server_default="0",
            comment="versi tertinggi yang dipangkas; yang baru mulai di atasnya",
        ),
    )
    sa.Table(
        "kunci_sidik",
        metadata,
        sa.Column("bagian", sa.Text, primary_key=True),
        sa.Column("kunci", sa.LargeBinary, nullable=False),
        sa.Column("sampai", sa.Text, nullable=False, server_default=""),
        sa.Column("lengkap", sa.Boolean, nullable=False, server_default=sa.false()),
    )


def _define_inbox(metadata: sa.MetaData) -> None:
    sa.Table(
        "idempotensi",
        metadata,
        sa.Column("pelaku", sa.Text, primary_key=True),
        sa.Column("kunci", sa.Text, primary_key=True),
        sa.Column("sidik", sa.LargeBinary, nullable=False),
        sa.Column("jawaban", sa.Text),
        sa.Column(
            "waktu", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()
        ),
    )
    sa.Table(
        "usulan",
        metadata,
        sa.Column("pelaku", sa.Text, primary_key=True),
        sa.Column("id_usulan", pg.UUID(as_uuid=True), primary_key=True),
        sa.Column("nomor", sa.BigInteger, sa.Identity(always=True), nullable=False, unique=True),
        sa.Column("jenis", sa.Text, nullable=False),
        sa.Column("himpunan", sa.Text, nullable=False),
        sa.Column("id_sasaran", sa.Text),
        sa.Column("versi_sasaran", sa.BigInteger),
        sa.Column("bidang", pg.ARRAY(sa.Text), nullable=False),
        sa.Column("isi", pg.JSONB, nullable=False),
        sa.Column("sidik", sa.LargeBinary, comment="SHA-256 butir sebagaimana diterima"),
        sa.Column("pasal", sa.Text),
        sa.Column("keadaan", sa.Text, nullable=False),
        sa.Column("kode", sa.Text, nullable=False),
        sa.Column("alasan", sa.Text, nullable=False),
        sa.Column("versi_hasil", sa.BigInteger),
        sa.Column("diterima_pada", sa.DateTime(timezone=True), nullable=False),
        sa.Column("diputuskan_pada", sa.DateTime(timezone=True)),
        sa.Column("sidik_putusan", sa.LargeBinary, comment="sidik berkunci putusan yang berlaku"),
        sa.Index("usulan_sasaran", "id_sasaran"),
        sa.Index("usulan_hari", "pelaku", "diterima_pada"),
        # By which the end of a case finds the proposals behind it.
        sa.Index(
            "usulan_antre",
            sa.text("(isi ->> 'id_asal')"),
            postgresql_where=sa.text("keadaan = 'diterima'"),
        ),
    )


def _define_balance(metadata: sa.MetaData) -> None:
    """Add what senders stated of a day; by its name it is only ever added to."""
    sa.Table(
        "audit_neraca",
        metadata,
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("pelaku", sa.Text, nullable=False),
        sa.Column("tanggal", sa.Date, nullable=False),
        sa.Column("hasil", sa.Text, nullable=False),
        sa.Column("isi", pg.JSONB, nullable=False, comment="kedua separuh"),
        sa.Column(
            "sidik", sa.LargeBinary, nullable=False, unique=True, comment="SHA-256 tanda_pengirim"
        ),
        sa.Column("tanda_pengirim", sa.Text, nullable=False, comment="JWS"),
        sa.Column("kunci_pengirim", pg.JSONB, nullable=False, comment="JWK waktu itu"),
        sa.Column("tanda_penerima", sa.Text, nullable=False, comment="JWS"),
        sa.Column("dinyatakan_pada", sa.DateTime(timezone=True), nullable=False, comment="iat"),
        sa.Column("pada", sa.DateTime(timezone=True), nullable=False, comment="diterima"),
        sa.Index("audit_neraca_hari", "pelaku", "tanggal", "id"),
    )


def _define_exports(metadata: sa.MetaData) -> None:
    sa.Table(
        "ekspor",
        metadata,
        sa.Column("id", pg.UUID(as_uuid=True), primary_key=True),
        sa.Column("urutan", sa.BigInteger, sa.Identity(always=True), nullable=False, unique=True),
        sa.Column("pelaku", sa.Text, nullable=False),
        sa.Column("pihak", sa.Text),
        sa.Column("pasal", sa.Text, nullable=False),
        sa.Column("id_permintaan", sa.Text),
        sa.Column("cakupan", sa.Text),
        sa.Column("tujuan", sa.Text),
        sa.Column("himpunan", sa.Text, nullable=False),
        sa.Column("bentuk", sa.Text, nullable=False),
        sa.Column("keadaan", sa.Text, nullable=False),
        sa.Column("alasan", sa.Text),
        sa.Column("bidang", pg.ARRAY(sa.Text)),
        sa.Column("nomor", sa.BigInteger, comment="perubahan terakhir di dalam cuplikan"),
        sa.Column("perkiraan", sa.BigInteger, comment="rekaman seluruhnya, selagi disiapkan"),
        sa.Column("manifes", sa.Text, comment="JWS"),
        sa.Column("dibuat_pada", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kedaluwarsa_pada", sa.DateTime(timezone=True)),
        sa.Index("ekspor_keadaan", "keadaan", "urutan"),
    )
    sa.Table(
        "ekspor_bagian",
        metadata,
        sa.Column(
            "id_ekspor",
            pg.UUID(as_uuid=True),
            sa.ForeignKey("ekspor.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("nama", sa.Text, primary_key=True),
        sa.Column("baris", sa.BigInteger, nullable=False),
        sa.Column("ukuran", sa.BigInteger, nullable=False),
        sa.Column("sidik", sa.Text, nullable=False),
        sa.Column(
            "orang", sa.BigInteger,
            comment="orang di dalamnya, menurut NIK; tanpa isi: dari versi sebelumnya",
        ),
    )  # fmt: skip


_POHON = {"jalur", "daun", "daun_tambahan"}

TANPA_NOMOR = frozenset(
    {"id", "urutan", "versi", "nomor", "diubah_pada", "sidik_sumber", "kode_asli", *_POHON}
)
"""Columns whose change is no change of the record: the trigger does not fire for them."""

TABLE_OF = {Himpunan.BADAN_USAHA: "badan_usaha", Himpunan.PEKERJA: "pekerja"}
