"""A report is a statement as of its date: it adds, changes, and ends what it no longer names."""

from __future__ import annotations

from typing import Any

from services.audit.catalogue import Peristiwa
from services.audit.record import Bukti, Pelaku
from services.kit.database import Transaction, transaction
from services.kit.errors import RecordNotFoundError
from services.registry import write
from services.registry.service import RegistryService
from shared_schemas.rujukan import Himpunan
from shared_schemas.v1.amplop import PotensiPekerja
from shared_schemas.v1.kode import HubunganKerja
from shared_schemas.v1.laporan import HasilLaporan, Laporan
from wlkp_gateway.belum_lapor import repository as belum_lapor
from wlkp_gateway.errors import ReportDuplicateNikError, ReportOutdatedError

_SAAT_SAMA = (
    "Laporan lain dari saat yang sama sudah tercatat; pakai dilaporkan_pada yang lebih baru."
)


def accept_laporan(service: RegistryService, who: Pelaku, laporan: Laporan) -> HasilLaporan:
    """Store a report, in one transaction with its audit event and the cases it closes.

    Raises ReportOutdatedError when a newer report is on record, or another one of the same
    moment, and ReportDuplicateNikError. The same report again changes nothing.
    """
    niks = [p.nik or "" for p in laporan.pekerja]
    if len(set(niks)) != len(niks):
        raise ReportDuplicateNikError
    id_bu, dasar = laporan.id_badan_usaha, f"laporan {laporan.dilaporkan_pada.date()}"
    company, workers = _company_row(laporan), _worker_rows(laporan)
    with transaction(service.engine) as tx:
        _lock_and_require_newest(tx, laporan, company, workers)
        write.upsert(tx, Himpunan.BADAN_USAHA, [company], dasar=dasar, pelaku=who.id)
        done = write.upsert(tx, Himpunan.PEKERJA, workers, dasar=dasar, pelaku=who.id)
        stopped = write.stop_unnamed(tx, id_bu, niks, dasar=dasar, pelaku=who.id)
        closed = belum_lapor.close_reported(tx, laporan, service.clock())
        versi = tx.raw("SELECT versi FROM badan_usaha WHERE id = %s", (id_bu,)).fetchone()
        rincian = {
            "id_badan_usaha": id_bu,
            "baru": done.baru,
            "berubah": done.berubah,
            "berhenti": stopped,
            "kasus_ditutup": closed,
        }
        service.auditor.record(tx, Bukti(Peristiwa.LAPORAN, who, rincian))
    return HasilLaporan(
        id_badan_usaha=id_bu,
        versi=versi[0] if versi else 1,
        pekerja_baru=done.baru,
        pekerja_berubah=done.berubah,
        pekerja_berhenti=stopped,
        kasus_ditutup=closed,
    )


def _lock_and_require_newest(
    tx: Transaction, laporan: Laporan, company: dict[str, Any], workers: list[dict[str, Any]]
) -> None:
    id_bu, moment = laporan.id_badan_usaha, laporan.dilaporkan_pada
    row = tx.raw(
        "SELECT dilaporkan_pada, sidik_sumber FROM badan_usaha WHERE id = %s FOR UPDATE", (id_bu,)
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
        # Of two reports of one moment neither is the newer: whichever came again would undo
        # the other.
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
