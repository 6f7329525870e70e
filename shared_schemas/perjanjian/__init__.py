"""The agreement as data: parties, term, rights by article, addenda, force majeure, its history.

A right that the data does not name does not exist. Everything is asked "as of" a moment,
because an agreement that ended in the night refuses from that night on (Pasal 8).
"""

from shared_schemas.perjanjian.baca import CONTOH, PerjanjianError, load, parse
from shared_schemas.perjanjian.hari import WIB, hari, shift_months
from shared_schemas.perjanjian.keadaan import BERTAHAN, Acuan, Izin, Keadaan, Larangan
from shared_schemas.perjanjian.naskah import Perjanjian
from shared_schemas.perjanjian.peringatan import Peringatan, warnings
from shared_schemas.perjanjian.skema_bidang import FIELD_SETS
from shared_schemas.perjanjian.unsur import (
    HARI_PEMBERITAHUAN_KAHAR,
    Adendum,
    DataPihak,
    Hak,
    JangkaWaktu,
    JenisKahar,
    Kahar,
    Ketepatan,
    Monitoring,
    Pengakhiran,
    Perpanjangan,
    SkemaBidang,
    TujuanTambahan,
)

__all__ = [
    "BERTAHAN", "CONTOH", "FIELD_SETS", "HARI_PEMBERITAHUAN_KAHAR", "WIB", "Acuan", "Adendum",
    "DataPihak", "Hak", "Izin", "JangkaWaktu", "JenisKahar", "Kahar", "Keadaan", "Ketepatan",
    "Larangan", "Monitoring", "Pengakhiran", "Peringatan", "Perjanjian", "PerjanjianError",
    "Perpanjangan", "SkemaBidang", "TujuanTambahan", "hari", "load", "parse", "shift_months",
    "warnings",
]  # fmt: skip
