"""One Alembic history for each of the three databases."""
