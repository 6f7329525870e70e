"""What is often sent in place of a table, by its first bytes, and what to do with it."""

from __future__ import annotations

ZIP = b"PK\x03\x04"
PARQUET = b"PAR1"
_ASING: dict[bytes, str] = {
    b"PARE": "Parquet yang disandikan; simpan tanpa sandi",
    b"PK\x05\x06": "arsip ZIP yang kosong",
    b"\xd0\xcf\x11\xe0": "XLS lama atau XLSX bersandi; simpan sebagai XLSX tanpa sandi",
    b"\x1f\x8b": "GZIP; buka dahulu",
    b"\x28\xb5\x2f\xfd": "Zstandard; buka dahulu",
    b"BZh": "bzip2; buka dahulu",
    b"7z\xbc\xaf": "7-Zip; buka dahulu",
    b"Rar!": "RAR; buka dahulu",
    b"ARROW1": "Arrow IPC; simpan sebagai Parquet",
    b"SQLite format 3": "basis data SQLite; simpan tabelnya sebagai CSV",
    b"%PDF": "PDF; minta data aslinya",
    b"\x89PNG": "gambar PNG; minta data aslinya",
    b"\xff\xd8\xff": "gambar JPEG; minta data aslinya",
    b"<": "HTML atau XML; simpan sebagai CSV atau XLSX",
    b"\xff\xfe": "UTF-16; simpan ulang sebagai CSV UTF-8",
    b"\xfe\xff": "UTF-16; simpan ulang sebagai CSV UTF-8",
    b"{": "JSON; simpan sebagai CSV atau Parquet",
}
TERPANJANG = max(map(len, _ASING))


def advice(start: bytes) -> str | None:
    """Return what a file with these first bytes is, and what to do with it; else None."""
    return next((said for magic, said in _ASING.items() if start.startswith(magic)), None)


def advice_without_sheets(start: bytes) -> str | None:
    """Return the same for who reads no workbooks either."""
    if start.startswith(ZIP):
        return "XLSX atau ZIP; simpan sebagai CSV UTF-8"
    return advice(start)
