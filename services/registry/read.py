"""Read records: pages and look-ups by number. What changed is in `umpan`.

PostgreSQL writes the JSON of the wire form itself: what is stored was validated on its way
in, and building the same text in Python takes ten times as long. Reads of personal data
are entered in the ledger in the same transaction.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import sqlalchemy as sa

from services.audit.errors import EnumerationError
from services.audit.quota import Jatah
from services.audit.record import INSERT_AKSES, Auditor, Pelaku
from services.auth.agreement import AgreementStore
from services.kit.database import Transaction, statements
from services.kit.errors import RecordNotFoundError
from services.kit.paging import Cursors
from services.registry.tables import TABLE_OF
from shared_schemas.identitas import is_npwp_of_person
from shared_schemas.rujukan import Himpunan

Row = tuple[Any, ...]

PERSON = {Himpunan.BADAN_USAHA: "npwp", Himpunan.PEKERJA: "nik"}
"""The column that names a person in the ledger."""

OWN_COLUMN = {Himpunan.BADAN_USAHA: "status_pendaftaran", Himpunan.PEKERJA: "id_badan_usaha"}
"""The technical metadata that only records of one field set have."""


def persons_in(isi: Mapping[str, Any]) -> list[str]:
    """Return the numbers of persons among a record's values: a NIK, and an NPWP that is one."""
    nik, npwp = isi.get("nik"), isi.get("npwp")
    return [n for n in (nik, npwp if npwp and is_npwp_of_person(npwp) else None) if n]


@lru_cache(maxsize=64)
def record_json(himpunan: Himpunan, fields: tuple[str, ...]) -> str:
    """Return the SQL expression of a record's wire form with these fields, as text."""
    return f"row_to_json({wire_form(himpunan, fields)})::text"


def look_up(columns: str) -> str:
    """Return the SQL of a look-up by NIK that enters itself in the ledger."""
    return (
        f"WITH akses AS ({INSERT_AKSES}) SELECT nik, {columns} FROM pekerja"
        " WHERE nik = ANY(%(nik)s::text[]) AND dihapus_pada IS NULL ORDER BY id"
    )


@lru_cache(maxsize=64)
def look_up_counted(columns: str) -> str:
    """Return the SQL of a look-up that also takes from a quota; no row when it may not.

    Before the columns stand what the quota has given so far and the record's id, NULL when nobody
    is found.
    """
    known = "(SELECT count(DISTINCT nik) FROM temu)"
    return (
        f"WITH temu AS MATERIALIZED (SELECT id, nik, {columns} FROM pekerja"
        " WHERE nik = ANY(%(nik)s::text[]) AND dihapus_pada IS NULL),"
        f" jatah AS ({Jatah.statement(known)}), akses AS ({INSERT_AKSES} FROM jatah)"
        " SELECT jatah.terpakai, temu.* FROM jatah LEFT JOIN temu ON true ORDER BY temu.id"
    )


def wire_form(himpunan: Himpunan, fields: tuple[str, ...], where: str = "") -> str:
    """Return the SQL expression of a record with these fields; NULL where `where` is not so."""
    # Rows of named columns, because json_build_object writes every name anew: it costs half
    # as much again, and pads its text with spaces.
    own = OWN_COLUMN[himpunan]
    isi = f"(SELECT i FROM (SELECT {', '.join(fields)}) i)"
    return f"(SELECT r FROM (SELECT id, versi, dilaporkan_pada, {own}, {isi} AS isi) r {where})"


class Lembar(NamedTuple):
    """A page: its JSON, and the cursor of the page that follows now, None when none does."""

    isi: bytes
    berikut: str | None


@dataclass(frozen=True)
class Reader:
    """Reads one registry's records for a caller who is already permitted to."""

    engine: sa.Engine
    agreement: AgreementStore
    auditor: Auditor
    cursors: Cursors

    def fields(self, himpunan: Himpunan) -> tuple[str, ...]:
        """Return the fields given now: a D field only while an addendum says so."""
        bidang = self.agreement.current().bidang(himpunan, self.agreement.now())
        return tuple(b.nama for b in bidang)

    def _json(self, himpunan: Himpunan) -> str:
        return record_json(himpunan, self.fields(himpunan))

    def audit(
        self, tx: Transaction, who: Pelaku, rute: str, himpunan: Himpunan, rows: Sequence[Row]
    ) -> None:
        """Enter a read in the ledger; the last column of each row is its NIK or NPWP."""
        numbers = [r[-1] for r in rows if r[-1]]
        if himpunan is Himpunan.BADAN_USAHA:
            numbers = [n for n in numbers if is_npwp_of_person(n)]
        self.auditor.record_access(tx, who, rute, len(rows), numbers, self.fields(himpunan))

    def page(
        self,
        who: Pelaku,
        himpunan: Himpunan,
        *,
        batas: int,
        kursor: str | None,
        id_badan_usaha: str | None = None,
    ) -> Lembar:
        """Return one page (`Halaman`) by id. Raises CursorError, RecordNotFoundError."""
        table = TABLE_OF[himpunan]
        scope = f"daftar:{table}:{id_badan_usaha or ''}"
        after = self.cursors.read(scope, kursor)
        where, params = "dihapus_pada IS NULL", []
        if id_badan_usaha is not None:
            where += " AND id_badan_usaha = %s"
            params.append(id_badan_usaha)
        if after is not None:
            where += " AND id > %s"
            params.append(after)
        query = (
            f"SELECT id, {self._json(himpunan)}, {PERSON[himpunan]} FROM {table}"
            f" WHERE {where} ORDER BY id LIMIT %s"
        )
        rute = f"daftar {table}"
        with self.auditor.counting(self.engine, who, rute) as tx:
            if id_badan_usaha is not None:
                self._require_badan_usaha(tx, id_badan_usaha)
            rows = tx.raw(query, (*params, batas + 1)).fetchall()
            more, rows = len(rows) > batas, rows[:batas]
            self.audit(tx, who, rute, himpunan, rows)
        cursor = self.cursors.sign(scope, rows[-1][0]) if more else None
        data = _joined(r[1] for r in rows)
        return Lembar(f'{{"data":[{data}],"kursor":{json.dumps(cursor)}}}'.encode(), cursor)

    def _require_badan_usaha(self, tx: Transaction, id_badan_usaha: str) -> None:
        found = tx.raw(
            "SELECT 1 FROM badan_usaha WHERE id = %s AND dihapus_pada IS NULL", (id_badan_usaha,)
        ).fetchone()
        if found is None:
            raise RecordNotFoundError

    def badan_usaha(self, who: Pelaku, id_badan_usaha: str) -> bytes:
        """Return one company's record. Raises RecordNotFoundError."""
        rute = "badan usaha"
        with self.auditor.counting(self.engine, who, rute) as tx:
            row = tx.raw(
                f"SELECT {self._json(Himpunan.BADAN_USAHA)}, npwp FROM badan_usaha"
                " WHERE id = %s AND dihapus_pada IS NULL",
                (id_badan_usaha,),
            ).fetchone()
            if row is None:
                raise RecordNotFoundError
            self.audit(tx, who, rute, Himpunan.BADAN_USAHA, [row])
        return str(row[0]).encode()

    def find_pekerja(self, who: Pelaku, niks: list[str]) -> bytes:
        """Return one answer for each NIK in the order asked (`HasilPencarianPekerja`)."""
        fields = self.fields(Himpunan.PEKERJA)
        columns = record_json(Himpunan.PEKERJA, fields)
        rows = self.look_up_nik(who, "cari pekerja", niks, columns, fields)
        found: dict[str, str] = {}
        for nik, text in rows:
            found[nik] = f"{found[nik]},{text}" if nik in found else text
        answers = [
            f'{{"posisi":{at},"ditemukan":true,"pekerja":[{text}]}}'
            if (text := found.get(nik))
            else f'{{"posisi":{at},"ditemukan":false,"pekerja":[]}}'
            for at, nik in enumerate(niks)
        ]
        return f'{{"jawaban":[{_joined(answers)}]}}'.encode()

    def look_up_nik(
        self, who: Pelaku, rute: str, niks: list[str], columns: str, bidang: tuple[str, ...]
    ) -> list[Row]:
        """Return (nik, columns…) of the records of these NIKs, entering every NIK in the ledger.

        Look-up, quota and entry are one statement and so one round trip and one commit. Raises
        QuotaError or EnumerationError, and then nothing was read.
        """
        persons = len(set(niks))
        with statements(self.engine) as tx:
            daftar = self.auditor.list_fields(tx, bidang)
            entry = self.auditor.access_entry(who, rute, len(niks), niks, daftar)
            entry["nik"] = _array(niks)
            if who.jatah is None:
                return tx.raw(look_up(columns), entry).fetchall()
            entry |= who.jatah.parameters(persons)
            rows = tx.raw(look_up_counted(columns), entry).fetchall()
            try:
                who.jatah.taken(tx, persons, rows[0] if rows else None)
            except EnumerationError:
                self.auditor.suspect(tx, who, rute)
                raise
        return [r[2:] for r in rows if r[1] is not None]

    def find_badan_usaha(self, who: Pelaku, npwp: list[str], nib: list[str]) -> bytes:
        """Return one answer for each NPWP, then for each NIB (`HasilPencarianBadanUsaha`).

        Raises QuotaError or EnumerationError: the NPWP of a person is a NIK.
        """
        rute = "cari badan usaha"
        with self.auditor.counting(self.engine, who, rute) as tx:
            rows = self._find_companies(tx, npwp, nib)
            self._audit_companies(tx, who, rute, npwp, rows)
        answers = [
            _company_answer(kunci, at, index.get(nomor, []))
            for kunci, index, asked in (
                ("npwp", _index(rows, 0), npwp),
                ("nib", _index(rows, 1), nib),
            )
            for at, nomor in enumerate(asked)
        ]
        return f'{{"jawaban":[{_joined(answers)}]}}'.encode()

    def _find_companies(self, tx: Transaction, npwp: list[str], nib: list[str]) -> list[Row]:
        return tx.raw(
            f"SELECT npwp, nomor_tdp_atau_nib, status_pendaftaran,"
            f" {self._json(Himpunan.BADAN_USAHA)} FROM badan_usaha"
            " WHERE (npwp = ANY(%s) OR nomor_tdp_atau_nib = ANY(%s)) AND dihapus_pada IS NULL"
            " ORDER BY id",
            (npwp, nib),
        ).fetchall()

    def _audit_companies(
        self, tx: Transaction, who: Pelaku, rute: str, npwp: list[str], rows: list[Row]
    ) -> None:
        """Enter the persons asked for or given, among whom are the NPWP that are a NIK."""
        given = {r[0] for r in rows if r[0] and is_npwp_of_person(r[0])}
        persons = given | {n for n in npwp if is_npwp_of_person(n)}
        fields = self.fields(Himpunan.BADAN_USAHA)
        self.auditor.record_access(tx, who, rute, len(rows), sorted(persons), fields, len(given))


def _index(rows: Iterable[Row], column: int) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row[column], []).append(row)
    return found


def _company_answer(kunci: str, at: int, rows: Sequence[Row]) -> str:
    status = json.dumps(rows[0][2] if rows else None)
    return (
        f'{{"kunci":"{kunci}","posisi":{at},"ditemukan":{"true" if rows else "false"},'
        f'"status_pendaftaran":{status},"badan_usaha":[{_joined(r[3] for r in rows)}]}}'
    )


def _array(items: Iterable[str]) -> str:
    """Return an array literal of items that need no quoting: digits, or quoted already."""
    return f"{{{_joined(items)}}}"


def _joined(texts: Iterable[str]) -> str:
    return ",".join(texts)
