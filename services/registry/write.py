"""Write records: upserts from reports and files, corrections, deletions; history kept.

Every function runs in the caller's transaction and asks for the audit event. Rows are
locked before they are written, because the first write takes the number lock: companies
first, then workers, each in the order of ids (docs/keputusan/0002).
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from services.audit.record import Auditor, Bukti
from services.kit import kunci_basisdata
from services.kit.database import DatabaseConflictError, Transaction
from services.registry.errors import CompanyHasWorkersError
from services.registry.tables import TABLE_OF
from shared_schemas.perjanjian import FIELD_SETS
from shared_schemas.rujukan import Himpunan

_NEWS = "t.sidik_sumber IS DISTINCT FROM m.sidik_sumber"
# A worker whom a report ended by not naming him was told of as of that report.
_OLDER = {
    # What was deleted is no longer told of, whenever that was.
    Himpunan.BADAN_USAHA: "t.dihapus_pada IS NULL AND t.dilaporkan_pada > m.dilaporkan_pada",
    Himpunan.PEKERJA: "t.dilaporkan_pada > m.dilaporkan_pada"
    " OR (t.sidik_sumber IS NULL AND t.hubungan_kerja = 'BERHENTI' AND EXISTS (SELECT 1"
    " FROM badan_usaha b WHERE b.id = t.id_badan_usaha"
    " AND b.dilaporkan_pada > m.dilaporkan_pada))",
}
_HAS_WORKERS = "EXISTS (SELECT FROM pekerja p WHERE p.id_badan_usaha = t.id)"
_KEYS = {Himpunan.BADAN_USAHA: ("id",), Himpunan.PEKERJA: ("id_badan_usaha", "nik", "urutan")}
# Columns that are no declared field and belong to one table only.
_OWN = {Himpunan.BADAN_USAHA: "status_pendaftaran", Himpunan.PEKERJA: "kode_asli"}


@dataclass(frozen=True, slots=True)
class Upserted:
    """How many records an upsert made and changed; the rest already said the same.

    `lebih_lama` holds the keys of rows that were not written, because what is on record was
    reported later.
    """

    baru: int
    berubah: int
    lebih_lama: frozenset[tuple[Any, ...]] = frozenset()


@dataclass(frozen=True, slots=True)
class Koreksi:
    """New values of some fields of one record."""

    id: str
    nilai: dict[str, Any]
    dasar: str


def fields_of(himpunan: Himpunan) -> tuple[str, ...]:
    """Return the names of all declared fields of a field set."""
    return tuple(b.nama for b in FIELD_SETS[himpunan].daftar_bidang())


def key_of(himpunan: Himpunan, row: dict[str, Any]) -> tuple[Any, ...]:
    """Return the key by which a row finds its record, as `Upserted.lebih_lama` names it."""
    return tuple(row[k] for k in _KEYS[himpunan])


def source_digest(row: dict[str, Any]) -> int:
    """Return the digest by which a row of a source is known again (signed 64 bits)."""
    text = msgspec.json.encode(row, order="deterministic")
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big", signed=True)


def hold_numbers(tx: Transaction) -> None:
    """Take the number lock: what other writers brought is seen then, and nobody brings more.

    For who must not bring what somebody else just did. Every row is locked before, and none
    after: its holder may wait for this lock.
    """
    tx.raw("SELECT pg_advisory_xact_lock(%s)", (kunci_basisdata.PENOMORAN,))


def upsert(
    tx: Transaction, himpunan: Himpunan, rows: Sequence[dict[str, Any]], *, dasar: str, pelaku: str
) -> Upserted:
    """Insert or update records by their key; the caller records the audit event with the counts.

    A row that its source already sent with the same content changes nothing, so a repeated
    import does not undo what was aligned since, and neither does one that was reported before
    what is on record (docs/keputusan/0003). An empty value never replaces one. Raises
    DatabaseConflictError when another writer brought one of the records at the same moment.
    """
    table, keys = TABLE_OF[himpunan], _KEYS[himpunan]
    joined = " AND ".join(f"t.{k} = m.{k}" for k in keys)
    tx.raw(
        f"CREATE TEMP TABLE IF NOT EXISTS masuk_{table} ON COMMIT DROP"
        f" AS TABLE {table} WITH NO DATA"
    )
    tx.raw(f"TRUNCATE masuk_{table}")
    tx.raw(
        f"INSERT INTO masuk_{table} SELECT * FROM json_populate_recordset(NULL::{table}, %s::json)",
        (msgspec.json.encode(rows).decode(),),
    )
    locked, older = _lock(tx, himpunan, joined)
    late = _leave_out(tx, himpunan, joined, older) if older else frozenset()
    berubah = _update_changed(tx, himpunan, joined, locked, dasar, pelaku) if locked else 0
    done = Upserted(_insert_new(tx, himpunan, joined), berubah, late)
    left = tx.raw(f"SELECT 1 FROM {table} t JOIN masuk_{table} m ON {joined} AND {_NEWS} LIMIT 1")
    if left.fetchone() is not None:
        raise DatabaseConflictError
    return done


def _lock(tx: Transaction, himpunan: Himpunan, joined: str) -> tuple[list[str], list[str]]:
    """Lock the records about to change, and the companies that new workers refer to.

    Return the ids of those records, and of those for which the row that came is the older.
    """
    table = TABLE_OF[himpunan]
    if himpunan is Himpunan.PEKERJA:
        tx.raw(
            "SELECT 1 FROM badan_usaha WHERE id IN (SELECT id_badan_usaha FROM masuk_pekerja)"
            " ORDER BY id FOR KEY SHARE"
        )
    rows = tx.raw(
        f"SELECT t.id, ({_OLDER[himpunan]}) IS TRUE FROM {table} t"
        f" JOIN masuk_{table} m ON {joined} WHERE {_NEWS} ORDER BY t.id FOR UPDATE OF t"
    ).fetchall()
    return [r[0] for r in rows if not r[1]], [r[0] for r in rows if r[1]]


def _leave_out(
    tx: Transaction, himpunan: Himpunan, joined: str, older: list[str]
) -> frozenset[tuple[Any, ...]]:
    """Forget the rows that came for these records; return their keys."""
    table, keys = TABLE_OF[himpunan], _KEYS[himpunan]
    rows = tx.raw(
        f"DELETE FROM masuk_{table} m USING {table} t WHERE {joined} AND t.id = ANY(%s)"
        f" RETURNING {', '.join(f'm.{k}' for k in keys)}",
        (older,),
    )
    return frozenset(map(tuple, rows))


def _insert_new(tx: Transaction, himpunan: Himpunan, joined: str) -> int:
    """Insert what is new; return how many.

    Versions begin above all that were forgotten: it may be a record that was, under the same id,
    and who still holds a version of that one must not take this one for it.
    """
    table, keys = TABLE_OF[himpunan], _KEYS[himpunan]
    technical = ("dilaporkan_pada", "sidik_sumber", _OWN[himpunan])
    columns = (*dict.fromkeys((*keys, *fields_of(himpunan))), *technical)
    names = ", ".join(columns)
    return tx.raw(
        f"INSERT INTO {table} ({names}, versi) SELECT {', '.join(f'm.{c}' for c in columns)},"
        " coalesce((SELECT versi_terlupa FROM umpan_batas WHERE himpunan = %s), 0) + 1"
        f" FROM masuk_{table} m WHERE NOT EXISTS (SELECT 1 FROM {table} t WHERE {joined})"
        f" ON CONFLICT ({', '.join(keys)}) DO NOTHING",
        (himpunan.value,),
    ).rowcount


def _update_changed(
    tx: Transaction, himpunan: Himpunan, joined: str, locked: list[str], dasar: str, pelaku: str
) -> int:
    table, fields = TABLE_OF[himpunan], fields_of(himpunan)
    # Not the condition again: it would also find what others committed since, unlocked.
    moved = f"{joined} AND t.id = ANY(%s)"
    values = ", ".join(f"('{f}', t.{f}::text, coalesce(m.{f}, t.{f})::text)" for f in fields)
    tx.raw(
        "INSERT INTO riwayat (himpunan, id_rekaman, versi, bidang, nilai_lama, dasar, pelaku)"
        f" SELECT %s, t.id, t.versi, v.bidang, v.lama, %s, %s FROM {table} t"
        f" JOIN masuk_{table} m ON {moved}"
        f" CROSS JOIN LATERAL (VALUES {values}) AS v(bidang, lama, baru)"
        " WHERE v.lama IS DISTINCT FROM v.baru",
        (himpunan.value, dasar, pelaku, locked),
    )
    # A deleted company has no status; one that has keeps it, whatever the source says.
    own = () if himpunan is Himpunan.PEKERJA else (_OWN[himpunan],)
    old = ", ".join(f"t.{f}" for f in (*fields, *own))
    new = ", ".join(
        (*(f"coalesce(m.{f}, t.{f})" for f in fields), *(f"coalesce(t.{f}, m.{f})" for f in own))
    )
    changed = tx.raw(
        f"UPDATE {table} t SET ({', '.join((*fields, *own))}, dilaporkan_pada, dihapus_pada)"
        f" = ROW({new}, coalesce(m.dilaporkan_pada, t.dilaporkan_pada), NULL)"
        f" FROM masuk_{table} m WHERE {moved} AND (({old}, t.dilaporkan_pada, t.dihapus_pada)"
        f" IS DISTINCT FROM ({new}, coalesce(m.dilaporkan_pada, t.dilaporkan_pada), NULL))",
        (locked,),
    ).rowcount
    codes = ", kode_asli = m.kode_asli" if himpunan is Himpunan.PEKERJA else ""
    tx.raw(
        f"UPDATE {table} t SET sidik_sumber = m.sidik_sumber{codes} FROM masuk_{table} m"
        f" WHERE {moved}",
        (locked,),
    )
    return changed


def correct(
    tx: Transaction,
    himpunan: Himpunan,
    koreksi: Iterable[Koreksi],
    *,
    pelaku: str,
    pasal: str | None,
) -> dict[str, int]:
    """Apply corrections to locked rows, keeping former values; return the new version by id."""
    table, versions = TABLE_OF[himpunan], {}
    for k in koreksi:
        names = list(k.nilai)
        lama = ", ".join(f"('{n}', t.{n}::text)" for n in names)
        tx.raw(
            "INSERT INTO riwayat"
            " (himpunan, id_rekaman, versi, bidang, nilai_lama, dasar, pelaku, pasal)"
            " SELECT %s, t.id, t.versi, v.bidang, v.lama, %s, %s, %s"
            f" FROM {table} t CROSS JOIN LATERAL (VALUES {lama}) AS v(bidang, lama)"
            " WHERE t.id = %s",
            (himpunan.value, k.dasar, pelaku, pasal, k.id),
        )
        row = tx.raw(
            f"UPDATE {table} SET {', '.join(f'{n} = %s' for n in names)}"
            " WHERE id = %s RETURNING versi",
            (*k.nilai.values(), k.id),
        ).fetchone()
        if row is not None:
            versions[k.id] = int(row[0])
    return versions


def stop_unnamed(
    tx: Transaction, id_badan_usaha: str, named: Sequence[str], *, dasar: str, pelaku: str
) -> int:
    """Mark as BERHENTI the active workers of an establishment whom its report no longer names.

    Not a deletion: data after employment is still Data Ketenagakerjaan (Pasal 1 angka 5).
    """
    rows = tx.raw(
        "SELECT id FROM pekerja WHERE id_badan_usaha = %s AND dihapus_pada IS NULL"
        " AND hubungan_kerja IS DISTINCT FROM 'BERHENTI' AND NOT nik = ANY(%s)"
        " ORDER BY id FOR UPDATE",
        (id_badan_usaha, list(named)),
    ).fetchall()
    ids = [r[0] for r in rows]
    gone = [Koreksi(i, {"hubungan_kerja": "BERHENTI"}, dasar) for i in ids]
    correct(tx, Himpunan.PEKERJA, gone, pelaku=pelaku, pasal=None)
    # The next report that names the worker again in the same words must count as news.
    tx.raw("UPDATE pekerja SET sidik_sumber = NULL WHERE id = ANY(%s)", (ids,))
    return len(ids)


def delete(tx: Transaction, auditor: Auditor, bukti: Bukti, himpunan: Himpunan, id_: str) -> bool:
    """Turn a record into a tombstone: its fields go, its id and number stay in the feed.

    A source that names it again brings it back: a company as it was, a worker under a new id,
    because a tombstone keeps no NIK. Raises CompanyHasWorkersError for a company with workers who
    are not deleted.
    """
    table = TABLE_OF[himpunan]
    if himpunan is Himpunan.BADAN_USAHA:
        tx.raw("SELECT 1 FROM badan_usaha WHERE id = %s FOR UPDATE", (id_,))
        living = "SELECT 1 FROM pekerja WHERE id_badan_usaha = %s AND dihapus_pada IS NULL LIMIT 1"
        if tx.raw(living, (id_,)).fetchone() is not None:
            raise CompanyHasWorkersError
    blank = ", ".join(f"{f} = NULL" for f in (*fields_of(himpunan), _OWN[himpunan], "sidik_sumber"))
    done = tx.raw(
        f"UPDATE {table} SET {blank}, dihapus_pada = %s WHERE id = %s AND dihapus_pada IS NULL",
        (auditor.now(), id_),
    ).rowcount
    if done:
        auditor.record(tx, bukti)
    return bool(done)


def prune_tombstones(
    tx: Transaction, auditor: Auditor, bukti: Bukti, himpunan: Himpunan, older_than_days: float
) -> int:
    """Remove old tombstones and raise the age limit of cursors, which then get 410.

    A company stays as long as any of its workers, also as a tombstone: those are pruned first.
    """
    table = TABLE_OF[himpunan]
    free = "" if himpunan is Himpunan.PEKERJA else f" AND NOT {_HAS_WORKERS}"
    row = tx.raw(
        f"WITH p AS (DELETE FROM {table} t WHERE dihapus_pada < %s{free} RETURNING nomor, versi)"
        " SELECT count(*), max(nomor), max(versi) FROM p",
        (auditor.now() - dt.timedelta(days=older_than_days),),
    ).fetchone()
    if row is None or not row[0]:
        return 0
    tx.raw(
        "INSERT INTO umpan_batas (himpunan, terlama, versi_terlupa) VALUES (%s, %s, %s)"
        " ON CONFLICT (himpunan) DO UPDATE"
        " SET terlama = greatest(umpan_batas.terlama, excluded.terlama),"
        " versi_terlupa = greatest(umpan_batas.versi_terlupa, excluded.versi_terlupa)",
        (himpunan.value, *row[1:]),
    )
    auditor.record(tx, bukti)
    return int(row[0])
