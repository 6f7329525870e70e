"""What became of a case reaches the proposals behind it, also of those decided before.

Revision: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

# A steward's own words stay where they are: they were not written for the sender.
_SELESAIKAN = """
UPDATE usulan u SET
    keadaan = CASE k.keadaan WHEN 'terdaftar' THEN 'diterapkan' ELSE 'ditolak' END,
    kode = 'USULAN-PUTUSAN-PETUGAS', alasan = 'Diputuskan petugas.',
    diputuskan_pada = k.diputuskan_pada
FROM pendaftaran k
WHERE u.keadaan = 'diterima' AND u.jenis = 'penambahan' AND k.himpunan = u.himpunan
  AND k.id_asal = u.isi->>'id_asal' AND k.keadaan IN ('terdaftar', 'ditolak')
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(_SELESAIKAN)
    op.create_index(
        "usulan_antre",
        "usulan",
        [sa.text("(isi ->> 'id_asal')")],
        postgresql_where=sa.text("keadaan = 'diterima'"),
    )


def downgrade() -> None:
    """Leave proposals as they were decided; whoever sent them knows by now."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_index("usulan_antre", "usulan")
