"""What the three Alembic environments share: connect, lock, migrate in one transaction."""

from __future__ import annotations

from alembic import context
from sqlalchemy import MetaData, text

from services.kit import kunci_basisdata
from services.kit.database import make_engine


def _metadata(history: str) -> MetaData:
    # Only for `alembic check`; the revisions themselves import no live code.
    if history == "wlkp":
        from wlkp_gateway.tables import METADATA
    elif history == "bpjs":
        from bpjs_kepesertaan.tables import METADATA
    else:
        from services.sync.tables import METADATA
    return METADATA


def run(history: str) -> None:
    """Run the requested revisions on the database of the configuration."""
    attributes = context.config.attributes
    engine = make_engine(attributes["url"], 1)
    try:
        with engine.begin() as connection:
            connection.execute(
                text("SELECT pg_advisory_xact_lock(:k)"), {"k": kunci_basisdata.MIGRASI}
            )
            if attributes.get("role"):  # what is made must be the owner's, whoever connects
                connection.execute(text(f'SET LOCAL ROLE "{attributes["role"]}"'))
            context.configure(
                connection=connection,
                target_metadata=_metadata(history),
                compare_type=True,
                compare_server_default=False,
            )
            with context.begin_transaction():
                context.run_migrations()
    finally:
        engine.dispose()
