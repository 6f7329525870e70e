"""What can be wrong with a request for evidence."""

from __future__ import annotations

from services.kit.errors import PermanentError


class ExportFolderError(PermanentError):
    kode = "KLIEN-JEJAK-001"
    status = 422
    judul = "Folder ekspor jejak tidak dapat dibuat"
    saran = "Beri --keluar folder yang belum ada, di dalam folder yang dapat ditulis."


class MomentError(PermanentError):
    kode = "KLIEN-JEJAK-002"
    status = 422
    judul = "Waktu tidak terbaca"
    saran = "Isi waktu RFC 3339 dengan zona, mis. 2026-03-02T09:30:00+07:00."
