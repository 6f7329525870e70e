"""Alembic environment of the database `bpjs`; shared by all three in migrations/environment.py."""

from migrations.environment import run

run("bpjs")
