"""Tables of evidence, the same in both registries' databases."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from services.audit.bukti import tables as evidence

SALINAN = "starts_with(rute, 'ekspor pekerja ')"
"""What tells a bulk copy of workers among the ledger's entries; it names no person."""

SALINAN_BADAN_USAHA = "starts_with(rute, 'ekspor badan_usaha ')"
"""As `SALINAN`, of companies: the NPWP of a person who is one is his NIK."""

KLIEN = "starts_with(peristiwa, 'klien_')"
"""What tells the events about clients among all."""


def define(metadata: sa.MetaData) -> None:
    """Add the audit tables to a database's metadata."""
    evidence.define(metadata)
    sa.Table(
        "audit_peristiwa",
        metadata,
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("waktu", sa.DateTime(timezone=True), nullable=False),
        sa.Column("peristiwa", sa.Text, nullable=False),
        sa.Column("pelaku", sa.Text, nullable=False),
        sa.Column("pihak", sa.Text),
        sa.Column("pasal", sa.Text),
        sa.Column("id_permintaan", sa.Text),
        sa.Column("rincian", pg.JSONB, nullable=False),
        # Few among many: what a service compares its registrations with.
        sa.Index("audit_peristiwa_klien", "id", postgresql_where=sa.text(KLIEN)),
    )
    sa.Table(
        "audit_akses",
        metadata,
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("waktu", sa.DateTime(timezone=True), nullable=False),
        sa.Column("pelaku", sa.Text, nullable=False),
        sa.Column("pihak", sa.Text),
        sa.Column("pasal", sa.Text, nullable=False),
        sa.Column("rute", sa.Text, nullable=False),
        sa.Column("id_permintaan", sa.Text),
        sa.Column("jumlah", sa.Integer, nullable=False),
        # Of a call of the exchange: the right it used and what for (Pasal 2 ayat (1)).
        sa.Column("cakupan", sa.Text),
        sa.Column("tujuan", sa.Text),
        sa.Column("bidang", sa.Integer, comment="bidang yang diberikan: audit_bidang.nomor"),
        # Keyed hashes of the NIKs seen: who was seen can be asked, never read off.
        sa.Column("sidik_nik", pg.ARRAY(sa.BigInteger), nullable=False),
        # Entries wait in a list that autovacuum takes into the index: a page of a thousand is
        # written at once and sorted later (docs/keputusan/0012).
        sa.Index("audit_akses_nik", "sidik_nik", postgresql_using="gin"),
        sa.Index("audit_akses_waktu", "waktu", postgresql_using="brin"),
        sa.Index("audit_akses_salinan", "waktu", postgresql_where=sa.text(SALINAN)),
        sa.Index(
            "audit_akses_salinan_badan_usaha",
            "waktu",
            postgresql_where=sa.text(SALINAN_BADAN_USAHA),
        ),
    )
    sa.Table(
        "audit_bidang",
        metadata,
        sa.Column("nomor", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("bidang", pg.ARRAY(sa.Text), nullable=False),
    )
    sa.Table(
        "kuota",
        metadata,
        sa.Column("pelaku", sa.Text),
        sa.Column("perihal", sa.Text),
        sa.Column("hari", sa.Date, comment="hari Jakarta"),
        sa.Column("terpakai", sa.BigInteger, nullable=False, comment="orang ditanya atau diberi"),
        # In one row, so that guessing is counted over all purposes and each limit is exact.
        sa.Column(
            "menurut_tujuan",
            pg.JSONB,
            nullable=False,
            server_default="{}",
            comment="terpakai menurut tujuan",
        ),
        sa.Column("tak_dikenal", sa.BigInteger, nullable=False, comment="NIK yang tidak ada"),
        sa.Column("diduga", sa.Boolean, nullable=False, server_default=sa.false()),
        # Guessing is counted over a client's day, whichever right it uses.
        sa.PrimaryKeyConstraint("pelaku", "hari", "perihal"),
    )
