"""Alembic environment of the database `hub`; shared by all three in migrations/environment.py."""

from migrations.environment import run

run("hub")
