"""Tables of the database `bpjs`: the registry's own and the queue of registration."""

from __future__ import annotations

import sqlalchemy as sa

from services.registry import tables
from services.registry.queue_tables import define_queue

METADATA = sa.MetaData()
tables.define(METADATA)
define_queue(
    METADATA,
    "pendaftaran",
    "keadaan IN ('potensial', 'terverifikasi')",
    sa.Column("id_rekaman", sa.Text),
    sa.Column("jumlah_pekerja", sa.BigInteger),
)
