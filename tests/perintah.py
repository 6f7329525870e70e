"""The whole command line, for tests that call it in their own process."""

from services.cli import make_app

app = make_app()
