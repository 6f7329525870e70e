"""A report finds the open cases that it answers by their numbers, not by reading all of them.

Revision: 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

_INDEKS = {"npwp": "badan_usaha", "nomor_tdp_atau_nib": "badan_usaha", "nik": "pekerja"}


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for bidang, himpunan in _INDEKS.items():
        op.create_index(
            f"belum_lapor_{bidang}",
            "belum_lapor",
            [sa.text(f"(isi ->> '{bidang}')")],
            postgresql_where=sa.text(f"keadaan = 'terbuka' AND himpunan = '{himpunan}'"),
        )


def downgrade() -> None:
    """Read all open cases for each report, as before."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    for bidang in _INDEKS:
        op.drop_index(f"belum_lapor_{bidang}", "belum_lapor")
