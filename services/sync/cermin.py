"""Mirrors: a page of changes becomes rows with their normal forms, written by COPY.

Normal forms are computed once per version here, because every round compares them again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from services.kit.database import Transaction
from services.sync import sentuhan, sidik
from services.sync.bentuk import normal_forms
from services.sync.settings import NamaSisi
from shared_schemas.rujukan import Himpunan
from shared_schemas.v1.kode import JenisPerubahan
from shared_schemas.v1.perubahan import Perubahan

TABEL = sidik.TABEL

_KOLOM = {
    Himpunan.BADAN_USAHA: (
        "sisi", "id", "versi", "nomor", "dilaporkan_pada", "status_pendaftaran", "isi", "banding",
        "bacaan",
    ),
    Himpunan.PEKERJA: (
        "sisi", "id", "versi", "nomor", "id_badan_usaha", "nik", "dilaporkan_pada", "isi",
        "banding", "bacaan",
    ),
}  # fmt: skip

_encode = msgspec.json.Encoder().encode


def _row(sisi: NamaSisi, himpunan: Himpunan, nomor: int, record: Any, bacaan: int) -> Sequence[Any]:
    isi = record.isi
    values = isi.model_dump_json(exclude_none=True)
    forms = _encode(normal_forms(himpunan, isi)).decode()
    if himpunan is Himpunan.PEKERJA:
        return (
            sisi.value, record.id, record.versi, nomor, record.id_badan_usaha, isi.nik,
            record.dilaporkan_pada, values, forms, bacaan,
        )  # fmt: skip
    return (
        sisi.value, record.id, record.versi, nomor, record.dilaporkan_pada,
        record.status_pendaftaran, values, forms, bacaan,
    )  # fmt: skip


def write_page(
    tx: Transaction,
    sisi: NamaSisi,
    himpunan: Himpunan,
    items: Iterable[Perubahan[Any]],
    bacaan: int,
    *,
    catat: bool,
) -> None:
    """Write one page of changes into a mirror; the page is the truth, whatever stood there.

    `catat`: note what it changes for the next comparison.
    """
    latest = {item.id: item for item in items}  # a page may name a record twice: the later wins
    kept = [i for i in latest.values() if i.jenis is JenisPerubahan.UBAH and i.rekaman is not None]
    gone = [i.id for i in latest.values() if i.jenis is JenisPerubahan.HAPUS]
    if gone:
        if catat:
            sentuhan.note_gone(tx, sisi, himpunan, gone)
        tx.raw(
            f"DELETE FROM {TABEL[himpunan]} WHERE sisi = %s AND id = ANY(%s)", [sisi.value, gone]
        )
    if kept:
        write_records(tx, sisi, himpunan, ((i.nomor, i.rekaman) for i in kept), bacaan, catat=catat)


def write_records(
    tx: Transaction,
    sisi: NamaSisi,
    himpunan: Himpunan,
    records: Iterable[tuple[int, Any]],
    bacaan: int,
    *,
    catat: bool,
) -> int:
    """Write records, each with its number and none twice, into a mirror; return how many.

    `catat`: note what they change for the next comparison.
    """
    tabel, kolom = TABEL[himpunan], _KOLOM[himpunan]
    written = 0
    names = ", ".join(kolom)
    made = sidik.expressions(sisi, himpunan)
    tx.raw(f"CREATE TEMP TABLE IF NOT EXISTS halaman_{tabel} (LIKE {tabel}) ON COMMIT DELETE ROWS")
    with tx.copy(f"COPY halaman_{tabel} ({names}) FROM STDIN") as copy:
        for written, (nomor, record) in enumerate(records, 1):  # noqa: B007 - the last is the count
            copy.write_row(_row(sisi, himpunan, nomor, record, bacaan))
    if catat:
        ids = f"SELECT id FROM halaman_{tabel}"
        tx.read_ahead(tabel, "id", ids, syarat=f"sisi = '{sisi.value}'")
        sentuhan.note_page(tx, himpunan, f"halaman_{tabel}")
    changed = [*kolom[2:], *sidik.KOLOM.split(", ")]  # all but the key
    changes = ", ".join(f"{k} = excluded.{k}" for k in changed)
    tx.raw(
        f"INSERT INTO {tabel} ({names}, {sidik.KOLOM}) SELECT {names}, {made} FROM halaman_{tabel} "
        f"ON CONFLICT (sisi, id) DO UPDATE SET {changes}"
    )
    return written


def drop_unseen(tx: Transaction, sisi: NamaSisi, himpunan: Himpunan, bacaan: int) -> int:
    """Remove the records that a full read did not show; returns how many."""
    return tx.raw(
        f"DELETE FROM {TABEL[himpunan]} WHERE sisi = %s AND bacaan < %s",
        [sisi.value, bacaan],
    ).rowcount
