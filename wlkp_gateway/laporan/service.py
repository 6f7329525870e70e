"""A report is a statement as of its date: it adds, changes, and ends what it no longer names."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from services.audit.catalogue import Peristiwa
from services.audit.record import Bukti, Pelaku
from services.kit.database import Transaction, transaction
from services.kit.errors import RecordNotFoundError
from services.registry import write
from services.registry.masa_depan import require_past
from services.registry.service import RegistryService
from shared_schemas.neraca import digest_of
from shared_schemas.rujukan import Himpunan
from shared_schemas.v1.amplop import PotensiPekerja
from shared_schemas.v1.kode import HubunganKerja
from shared_schemas.v1.laporan import HasilLaporan, Laporan
from wlkp_gateway.belum_lapor import repository as belum_lapor
from wlkp_gateway.errors import ReportDuplicateNikError, ReportOutdatedError

_SIMPAN = """
INSERT INTO laporan (id_badan_usaha, dilaporkan_pada, sidik, jawaban) VALUES (%s, %s, %s, %s)
ON CONFLICT (id_badan_usaha) DO UPDATE SET dilaporkan_pada = excluded.dilaporkan_pada,
    sidik = excluded.sidik, jawaban = excluded.jawaban
"""
_SAAT_SAMA = (
    "Laporan lain dari saat yang sama sudah tercatat; pakai dilaporkan_pada yang lebih baru."
)


def accept_laporan(service: RegistryService, who: Pelaku, laporan: Laporan) -> HasilLaporan:
    """Store a report, in one transaction with its audit event and the cases it closes.

    Raises ReportOutdatedError when a newer report is on record, or another one of the same
    moment, ReportDuplicateNikError, and InvalidInputError for a date that lies ahead. The last
    report again has no effect, whatever was done to its workers since: the original answer.
    """
    niks = [p.nik or "" for p in laporan.pekerja]
    if len(set(niks)) != len(niks):
        raise ReportDuplicateNikError(_repeated(niks))
    born = ((f"pekerja.{n}.tanggal_lahir", p.tanggal_lahir) for n, p in enumerate(laporan.pekerja))
    require_past(service.clock(), [("dilaporkan_pada", laporan.dilaporkan_pada), *born])
    id_bu, dasar = laporan.id_badan_usaha, f"laporan {laporan.dilaporkan_pada.date()}"
    company, workers = _company_row(laporan), _worker_rows(laporan)
    sidik = _digest(laporan)
    with transaction(service.engine) as tx:
        named = [belum_lapor.Terlapor(id_bu, company["npwp"], nik) for nik in niks]
        cases = belum_lapor.lock_answered(tx, [company], named)
        before = _original_answer(tx, laporan, sidik)
        if before is not None:
            return before
        _lock_and_require_newest(tx, laporan, company, workers)
        # Before the first numbered write, whose lock others wait for.
        closed = belum_lapor.close(tx, cases, service.clock())
        write.upsert(tx, Himpunan.BADAN_USAHA, [company], dasar=dasar, pelaku=who.id)
        done = write.upsert(tx, Himpunan.PEKERJA, workers, dasar=dasar, pelaku=who.id)
        stopped = write.stop_unnamed(tx, id_bu, niks, dasar=dasar, pelaku=who.id)
        versi = tx.raw("SELECT versi FROM badan_usaha WHERE id = %s", (id_bu,)).fetchone()
        rincian = {
            "id_badan_usaha": id_bu,
            "baru": done.baru,
            "berubah": done.berubah,
            "berhenti": stopped,
            "kasus_ditutup": closed.kasus,
            "usulan": closed.usulan,
        }
        service.auditor.record(tx, Bukti(Peristiwa.LAPORAN, who, rincian))
        hasil = HasilLaporan(
            id_badan_usaha=id_bu,
            versi=versi[0] if versi else 1,
            pekerja_baru=done.baru,
            pekerja_berubah=done.berubah,
            pekerja_berhenti=stopped,
            kasus_ditutup=closed.kasus,
        )
        tx.raw(_SIMPAN, (id_bu, laporan.dilaporkan_pada, sidik, hasil.model_dump_json()))
    return hasil


def _repeated(niks: list[str]) -> Iterator[tuple[int, int]]:
    """Yield the place of each NIK that stood before, with the place where it stood first."""
    first: dict[str, int] = {}
    for place, nik in enumerate(niks):
        if first.setdefault(nik, place) != place:
            yield place, first[nik]


def _digest(laporan: Laporan) -> bytes:
    """Return the digest of a report, in whatever order and zone it was written."""
    said = laporan.model_dump(mode="json", exclude_none=True)
    said["dilaporkan_pada"] = laporan.dilaporkan_pada.astimezone(dt.UTC).isoformat()
    said["pekerja"].sort(key=lambda pekerja: pekerja.get("nik", ""))
    return digest_of(said)


def _original_answer(tx: Transaction, laporan: Laporan, sidik: bytes) -> HasilLaporan | None:
    """Return what the last report was answered when it comes again, with the company locked.

    Raises ReportOutdatedError for another one of its moment: of two neither is the newer, so
    whichever came again would undo the other.
    """
    # Locked first: what another report of this moment stores is to be seen.
    id_bu = laporan.id_badan_usaha
    company = tx.raw(
        "SELECT dihapus_pada IS NULL FROM badan_usaha WHERE id = %s FOR UPDATE", (id_bu,)
    ).fetchone()
    row = tx.raw(
        "SELECT sidik, jawaban FROM laporan WHERE id_badan_usaha = %s AND dilaporkan_pada = %s",
        (id_bu, laporan.dilaporkan_pada),
    ).fetchone()
    if row is None:
        return None
    if row[0] != sidik:
        if company is None or not company[0]:
            return None  # deleted since: nothing is left that it could undo
        raise ReportOutdatedError(_SAAT_SAMA)
    return HasilLaporan.model_validate(row[1])


def _lock_and_require_newest(
    tx: Transaction, laporan: Laporan, company: dict[str, Any], workers: list[dict[str, Any]]
) -> None:
    id_bu, moment = laporan.id_badan_usaha, laporan.dilaporkan_pada
    row = tx.raw(
        "SELECT dilaporkan_pada, sidik_sumber FROM badan_usaha"
        " WHERE id = %s AND dihapus_pada IS NULL FOR UPDATE",
        (id_bu,),
    ).fetchone()
    if row is not None and row[0] is not None and row[0] > moment:
        raise ReportOutdatedError
    # All rows before the first write: a proposal may hold one and wait for the number lock.
    known = tx.raw(
        "SELECT sidik_sumber, dilaporkan_pada = %s AND dihapus_pada IS NULL FROM pekerja"
        " WHERE id_badan_usaha = %s ORDER BY id FOR UPDATE",
        (moment, id_bu),
    ).fetchall()
    if row is not None and row[0] == moment:
        # Of this moment there is an import, or a report from before reports were known by their
        # digest: what it left is all there is to compare with.
        stated = {k[0] for k in known if k[1] and k[0] is not None}
        if (row[1], stated) != (company["sidik_sumber"], {w["sidik_sumber"] for w in workers}):
            raise ReportOutdatedError(_SAAT_SAMA)


def _with_source(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "sidik_sumber": write.source_digest(row)}


def _company_row(laporan: Laporan) -> dict[str, Any]:
    return _with_source(
        {
            **laporan.badan_usaha.model_dump(mode="json"),
            "id": laporan.id_badan_usaha,
            "dilaporkan_pada": laporan.dilaporkan_pada.isoformat(),
        }
    )


def _worker_rows(laporan: Laporan) -> list[dict[str, Any]]:
    return [
        _with_source(
            {
                **pekerja.model_dump(mode="json"),
                "hubungan_kerja": HubunganKerja.AKTIF.value,
                "id_badan_usaha": laporan.id_badan_usaha,
                "urutan": 1,
                "dilaporkan_pada": laporan.dilaporkan_pada.isoformat(),
            }
        )
        for pekerja in laporan.pekerja
    ]


def potensi_pekerja(service: RegistryService, id_badan_usaha: str) -> PotensiPekerja:
    """Return the number of workers by status as reported. Raises RecordNotFoundError."""
    with transaction(service.engine) as tx:
        company = tx.raw(
            "SELECT dilaporkan_pada FROM badan_usaha WHERE id = %s AND dihapus_pada IS NULL",
            (id_badan_usaha,),
        ).fetchone()
        if company is None:
            raise RecordNotFoundError
        rows = tx.raw(
            "SELECT coalesce(status_pekerjaan, 'LAINNYA'), hubungan_kerja IS NOT DISTINCT FROM %s,"
            " count(*) FROM pekerja WHERE id_badan_usaha = %s AND dihapus_pada IS NULL"
            " GROUP BY 1, 2",
            (HubunganKerja.BERHENTI.value, id_badan_usaha),
        ).fetchall()
    active = {status: n for status, stopped, n in rows if not stopped}
    return PotensiPekerja(
        id_badan_usaha=id_badan_usaha,
        jumlah_pekerja=sum(active.values()),
        menurut_status=active,
        berhenti=sum(n for _, stopped, n in rows if stopped),
        dilaporkan_pada=company[0],
    )
