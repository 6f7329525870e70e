"""Load a registry from files: CSV, Parquet or XLSX, through the same validation as the API.

`berkas` recognises a file by its content and hands out rows of text, one reader a form
(`baca_csv`, `baca_parquet`, `baca_xlsx`); `pemeriksa` checks them and `pemuat` writes them,
whatever the form.
"""

from services.impor.errors import (
    ColumnError,
    FileFormatError,
    FileTooLargeError,
    ImportFileError,
    SheetError,
)
from services.impor.pemuat import HasilImpor, Importer
from services.impor.tolakan import RefusalFile, Tolakan, open_refusals

__all__ = [
    "ColumnError",
    "FileFormatError",
    "FileTooLargeError",
    "HasilImpor",
    "ImportFileError",
    "Importer",
    "RefusalFile",
    "SheetError",
    "Tolakan",
    "open_refusals",
]
