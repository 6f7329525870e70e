"""Why, in words: which fields agreed and how much each weighed. No value of a record is in it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from services.taut.bidang import Bidang

DASAR = {
    "npwp": "NPWP badan sama, satu lawan satu",
    "nib": "NIB/TDP sama, satu lawan satu",
    "nik": "NIK sama, satu lawan satu",
    "jkn": "nomor JKN sama, satu lawan satu",
    "keputusan": "keputusan petugas",
}


def bits(value: float) -> str:
    """Return a weight with its sign and a decimal comma."""
    return f"{value:+.1f}".replace(".", ",").replace("-", "−")


def explain(
    fields: tuple[Bidang, ...],
    answers: npt.NDArray[np.int8],
    weights: npt.NDArray[np.float32],
    basis: str = "",
    note: str = "",
) -> str:
    """Return the reasons of one pair, the heaviest first; empty fields say nothing."""
    known = [k for k in range(len(fields)) if answers[k] > 0]
    known.sort(key=lambda k: (-abs(float(weights[k])), k))
    parts = [
        f"{fields[k].sebutan} {fields[k].tingkat[answers[k]]} ({bits(weights[k])})" for k in known
    ]
    if basis in DASAR:
        parts.insert(0, DASAR[basis])
    if note:
        parts.append(note)
    return "; ".join(parts)
