"""`hub` whose services keep no evidence: what the evidence costs is measured against it.

The product has no such switch: what cannot be recorded does not leave.
"""

from __future__ import annotations

from typing import Any

from services import cli
from services.auth import pesan_layanan
from services.auth.clients import Klien
from services.auth.pesan import Tanda
from services.auth.saksi import SaksiLayanan
from services.auth.sekali import use_once
from services.kit.database import Statements


def _unrecorded(
    _saksi: SaksiLayanan, tx: Statements, _klien: Klien, _tanda: Tanda, sekali: dict[str, Any]
) -> bool:
    return use_once(tx, sekali)


if __name__ == "__main__":
    # Nobody is a party's client: nothing is recorded, and what is not signed is not held back.
    pesan_layanan._Answer._klien = property(lambda _: None)  # type: ignore[assignment]
    SaksiLayanan.received_once = _unrecorded  # type: ignore[assignment,method-assign]
    cli.main()
