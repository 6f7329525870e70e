"""What a notice of failed protection must say (UU 27/2022 Pasal 46), taken from the ledger.

Which data was disclosed, when and how, of how many persons, by which credential. Persons are
keyed hashes here too: whoever holds the registry and its key can tell who they are.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from services.audit.errors import ExportFolderError
from services.audit.search import entry_list
from services.audit.tables import SALINAN, SALINAN_BADAN_USAHA
from services.kit.database import Transaction
from shared_schemas.perjanjian import WIB

TENGGAT = dt.timedelta(hours=3 * 24)
"""How long after it is known a failure must be told in writing (Pasal 46 ayat (1))."""
RINGKASAN, JUMLAH = "ringkasan.json", "SHA256SUMS"

_OF = "a.waktu >= %(sejak)s AND a.waktu < %(sampai)s AND coalesce(a.pelaku = %(klien)s, true)"
_ABOUT = (
    f"({_OF} OR starts_with(a.peristiwa, 'klien_') AND a.rincian->>'klien' = %(klien)s"
    " AND a.waktu < %(sampai)s)"
)
"""A credential's own events, and those about it: it was registered before the period."""
_TABLES = {
    "akses.csv": f"SELECT {entry_list()} FROM audit_akses a WHERE {_OF} ORDER BY a.id",
    "subjek.csv": (
        "SELECT to_hex(s) AS sidik_nik, min(a.waktu) AS pertama, max(a.waktu) AS terakhir,"
        f" count(*) AS akses FROM audit_akses a, unnest(a.sidik_nik) s WHERE {_OF}"
        " GROUP BY s ORDER BY s"
    ),
    "peristiwa.csv": f"SELECT a.* FROM audit_peristiwa a WHERE {_ABOUT} ORDER BY a.id",
}
_BY_CREDENTIAL = f"""
SELECT a.pelaku, a.pihak, a.pasal, a.rute, min(a.waktu), max(a.waktu), count(*), sum(a.jumlah),
    (SELECT count(DISTINCT s) FROM audit_akses i, unnest(i.sidik_nik) s
     WHERE i.pelaku = a.pelaku AND i.pasal = a.pasal AND i.rute = a.rute
       AND i.waktu >= %(sejak)s AND i.waktu < %(sampai)s),
    ARRAY(SELECT DISTINCT f FROM audit_bidang b, unnest(b.bidang) f
     WHERE b.nomor = ANY (array_agg(DISTINCT a.bidang)) ORDER BY f)
FROM audit_akses a WHERE {_OF} GROUP BY a.pelaku, a.pihak, a.pasal, a.rute ORDER BY 1, 3, 4
"""
_COPIES = f"""
SELECT a.waktu, a.pelaku, a.pihak, a.pasal, a.rute, a.id_permintaan, a.jumlah
FROM audit_akses a WHERE ({SALINAN} OR {SALINAN_BADAN_USAHA}) AND {_OF} ORDER BY a.id
"""
_COPY = ("waktu", "klien", "pihak", "pasal", "rute", "id_permintaan", "rekaman")
_CREDENTIAL = (
    "klien", "pihak", "pasal", "rute", "pertama", "terakhir", "akses", "rekaman", "subjek", "bidang"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Lingkup:
    """What the notice is about: a period, one credential or all, and since when it is known."""

    registri: str
    sejak: dt.datetime
    sampai: dt.datetime
    klien: str | None
    diketahui: dt.datetime

    @property
    def tenggat(self) -> dt.datetime:
        """The last moment at which persons and authority must have been told."""
        return self.diketahui + TENGGAT

    @property
    def values(self) -> dict[str, Any]:
        """Its parameters in the queries."""
        return {"sejak": self.sejak, "sampai": self.sampai, "klien": self.klien}


def export(tx: Transaction, lingkup: Lingkup, folder: Path) -> dict[str, Any]:
    """Write the evidence into an empty folder of its own; return its summary.

    The caller records the export in the same transaction.
    """
    # One view of the ledger for all files: it grows meanwhile.
    tx.raw("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    tx.raw("SET LOCAL jit = off")
    for name, query in _TABLES.items():
        _copy(tx, query, lingkup.values, folder / name)
    summary = _summary(tx, lingkup)
    _write(folder / RINGKASAN, json.dumps(summary, indent=1, default=_told).encode())
    sums = (f"{_digest(folder / n)}  {n}\n" for n in (*sorted(_TABLES), RINGKASAN))
    _write(folder / JUMLAH, "".join(sums).encode())
    return summary


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """Yield a folder for its owner alone; it takes its name at the end, or leaves no trace.

    Raises ExportFolderError when there is such a folder, or none can be made.
    """
    fresh: Path | None = None
    try:
        if folder.exists():
            raise ExportFolderError
        fresh = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        yield fresh
        fresh.rename(folder)
    except OSError:
        raise ExportFolderError from None
    finally:
        if fresh is not None:
            shutil.rmtree(fresh, ignore_errors=True)


def _copy(tx: Transaction, query: str, values: dict[str, Any], path: Path) -> None:
    driver: psycopg.Connection[Any] = tx.connection.connection.driver_connection  # type: ignore[assignment]
    command = f"COPY ({query}) TO STDOUT WITH (FORMAT csv, HEADER)"
    with (
        os.fdopen(_private(path), "wb") as file,
        driver.cursor().copy(command.encode(), values) as rows,
    ):
        for part in rows:
            file.write(part)


def _summary(tx: Transaction, lingkup: Lingkup) -> dict[str, Any]:
    rows = tx.raw(_BY_CREDENTIAL, lingkup.values).fetchall()
    whole = tx.raw(
        "SELECT count(*), count(*) FILTER (WHERE cardinality(a.sidik_nik) = 0), (SELECT"
        f" count(DISTINCT s) FROM audit_akses a, unnest(a.sidik_nik) s WHERE {_OF})"
        f" FROM audit_akses a WHERE {_OF}",
        lingkup.values,
    ).fetchone() or (0, 0, 0)
    return {
        "registri": lingkup.registri,
        "sejak": lingkup.sejak,
        "sebelum": lingkup.sampai,
        "klien": lingkup.klien,
        "diketahui": lingkup.diketahui.astimezone(WIB),
        "tenggat": lingkup.tenggat.astimezone(WIB),
        "dasar": "UU 27/2022 Pasal 46",
        "akses": whole[0],
        "akses_tanpa_sidik": whole[1],
        "subjek": whole[2],
        # Persons whom `subjek` and subjek.csv cannot name: all that were registered then.
        "salinan_massal": [
            dict(zip(_COPY, r, strict=True)) for r in tx.raw(_COPIES, lingkup.values).fetchall()
        ],
        "menurut_kredensial": [dict(zip(_CREDENTIAL, r, strict=True)) for r in rows],
    }


def _told(value: object) -> object:
    if isinstance(value, dt.datetime):
        return value.astimezone(WIB).isoformat(timespec="seconds")
    return int(str(value))  # sums are numeric


def _write(path: Path, content: bytes) -> None:
    with os.fdopen(_private(path), "wb") as file:
        file.write(content)


def _private(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
