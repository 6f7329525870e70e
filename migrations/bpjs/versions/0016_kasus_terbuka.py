"""An imported file finds the open cases that it answers by their numbers.

Revision: 0016
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

_INDEKS = {"npwp": "badan_usaha", "nomor_tdp_atau_nib": "badan_usaha", "nik": "pekerja"}
_TERBUKA = "keadaan IN ('potensial', 'terverifikasi')"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for bidang, himpunan in _INDEKS.items():
        op.create_index(
            f"pendaftaran_{bidang}",
            "pendaftaran",
            [sa.text(f"(isi ->> '{bidang}')")],
            postgresql_where=sa.text(f"{_TERBUKA} AND himpunan = '{himpunan}'"),
        )


def downgrade() -> None:
    """Read all open cases for each file, as before 0016."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    for bidang in _INDEKS:
        op.drop_index(f"pendaftaran_{bidang}", "pendaftaran")
