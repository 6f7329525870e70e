"""`hub` whose services keep no evidence: what the evidence costs is measured against it.

The product has no such switch: what cannot be recorded does not leave.
"""

from __future__ import annotations

from services import cli
from services.auth import pesan_layanan
from services.auth.saksi import SaksiLayanan

if __name__ == "__main__":
    # Nobody is a party's client: nothing is recorded, and what is not signed is not held back.
    pesan_layanan._Answer._klien = property(lambda _: None)  # type: ignore[assignment]
    SaksiLayanan.received = lambda *_: None  # type: ignore[method-assign]
    cli.main()
