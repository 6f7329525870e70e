"""`hub` whose services keep no evidence: what the evidence costs is measured against it.

The product has no such switch: what cannot be recorded does not leave.
"""

from __future__ import annotations

from typing import Any

from services import cli
from services.auth.saksi import SaksiLayanan


def _nothing(*_: Any) -> None:
    """Record nothing."""


if __name__ == "__main__":
    for name in ("received", "leaving"):
        setattr(SaksiLayanan, name, _nothing)
    cli.main()
