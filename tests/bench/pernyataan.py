"""The statement of the look-up, taken from the product and not copied."""

from __future__ import annotations

from services.audit.record import INSERT_AKSES
from services.registry.read import record_json
from services.registry.write import fields_of
from shared_schemas.rujukan import Himpunan

_FIELDS = fields_of(Himpunan.PEKERJA)
BACA = (
    f"SELECT nik, {record_json(Himpunan.PEKERJA, _FIELDS)} FROM pekerja"
    " WHERE nik = ANY(%s::text[]) AND dihapus_pada IS NULL ORDER BY id"
)
"""The look-up alone."""

BACA_DAN_CATAT = f"WITH akses AS ({INSERT_AKSES}) {BACA}"
"""The look-up with its entry in the ledger, as `Reader.look_up_nik` sends it."""
