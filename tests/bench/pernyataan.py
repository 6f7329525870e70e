"""The statement of the look-up, taken from the product and not copied."""

from __future__ import annotations

from services.registry.read import look_up_counted, record_json
from services.registry.write import fields_of
from shared_schemas.rujukan import Himpunan

_FIELDS = fields_of(Himpunan.PEKERJA)
_JSON = record_json(Himpunan.PEKERJA, _FIELDS)
BACA = (
    f"SELECT nik, {_JSON} FROM pekerja"
    " WHERE nik = ANY(%(nik)s::text[]) AND dihapus_pada IS NULL ORDER BY id"
)
"""The look-up alone."""

BACA_DAN_CATAT = look_up_counted(_JSON)
"""The look-up with its quota and its entry in the ledger, as `Reader.look_up_nik` sends it."""
