"""A worker's case keeps the NPWP of his company, by which a branch's report finds it.

Revision: 0019
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column(
        "belum_lapor",
        sa.Column(
            "npwp_badan_usaha",
            sa.Text(),
            comment="waktu diusulkan; rekaman terhapus tidak memuatnya",
        ),
    )
    op.execute(
        "UPDATE belum_lapor k SET npwp_badan_usaha = b.npwp FROM badan_usaha b"
        " WHERE k.keadaan = 'terbuka' AND b.id = k.id_badan_usaha"
    )


def downgrade() -> None:
    """Ask the company's record alone, as before."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_column("belum_lapor", "npwp_badan_usaha")
