"""Compare two registries of any size: digests in side-cars, one join, values of what differs.

The face for other programs is `bandingkan`; it takes Parquet or CSV paths, Arrow tables or record
batch readers, writes every difference to a file and returns the counts. It is loaded when asked
for: numba and DuckDB take more than a second, which no other command should wait for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from services.banding.jalan import Pilihan, bandingkan
    from services.banding.ringkasan import Ringkasan

__all__ = ["Pilihan", "Ringkasan", "bandingkan"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(name)
    module = "ringkasan" if name == "Ringkasan" else "jalan"
    return getattr(import_module(f"{__name__}.{module}"), name)
