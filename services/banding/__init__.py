"""Compare two registries of any size: digests in side-cars, one join, values of what differs.

The face for other programs is `bandingkan`; it takes Parquet or CSV paths, Arrow tables or record
batch readers, writes every difference to a file and returns the counts.
"""

from __future__ import annotations

from services.banding.jalan import Pilihan, bandingkan
from services.banding.ringkasan import Ringkasan

__all__ = ["Pilihan", "Ringkasan", "bandingkan"]
