"""Rows of separators alone: a spreadsheet writes them as far as it was ever filled."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from services.banding.ambil import fetch
from services.banding.sumber import Sumber

Baris = npt.NDArray[np.int64]


def without_blank(sumber: Sumber, rows: Baris) -> Baris:
    """Return those of the rows (ascending) that hold anything: the others are no records.

    Only what was a CSV is looked at, whose columns are all text; and a column only for the rows
    that the ones before it left open, so that records without a key cost next to nothing.
    """
    names = sumber.skema.names
    if sumber.parquet == sumber.asal or len({n.lower() for n in names}) < len(names):
        return rows
    if not all(pa.types.is_string(kind) for kind in sumber.skema.types):
        return rows
    blank = rows
    for name in names:
        if not len(blank):
            break
        cells = pa.concat_tables(fetch(sumber, [name], blank))[name]
        text = pc.utf8_trim_whitespace(pc.fill_null(cells, ""))
        blank = blank[pc.equal(text, "").to_numpy()]
    return np.setdiff1d(rows, blank, assume_unique=True)
