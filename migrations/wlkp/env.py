"""Alembic environment of the database `wlkp`; shared by all three in migrations/environment.py."""

from migrations.environment import run

run("wlkp")
