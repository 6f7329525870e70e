"""Tests of the whole project, on a real PostgreSQL."""
