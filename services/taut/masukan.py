"""Files come in as tables of text with one column of unique keys; answers go out the same way."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv
import pyarrow.parquet as pq

from services.kit import sel_tabel
from services.kit.berkas_hasil import open_result
from services.kit.berkas_masukan import Bentuk, InputError, form_of, read_whole, trouble
from services.kit.csv_teks import PENULISAN, HeaderError, RowError, column_name, open_text
from services.kit.kolom_teks import TextError, as_text, has_text
from services.taut.errors import BerkasTautError, KolomKunciError
from shared_schemas.perjanjian import FIELD_SETS
from shared_schemas.rujukan import Himpunan

KUNCI = "kunci"
NAMA = "nama"
_HASIL = ("kunci_a", "kunci_b", "putusan", "skor", "alasan")
_PARQUET = (".parquet", ".pq")
_KUNCI_LAZIM = {
    Himpunan.BADAN_USAHA: ("id_badan_usaha", "id", KUNCI),
    Himpunan.PEKERJA: ("id_pekerja", "id", KUNCI),
}
_TEKNIS = {"id", KUNCI, "id_badan_usaha", "id_pekerja", "nitku", "tahun_kbli", "kd_daerah",
           "dilaporkan_pada"}  # fmt: skip


def read_table(path: Path) -> pa.Table:
    """Return a CSV or Parquet file as columns of text.

    Raises BerkasTautError when it cannot be read; the text names the file, not its content.
    """
    try:
        with read_whole(path):
            parquet = _is_parquet(path)
            table = _read_parquet(path) if parquet else open_text(path, kosong=True).read_all()
        columns = zip(table.column_names, table.columns, strict=True)
        return pa.table({n: _texts(column, n, path) for n, column in columns})
    except InputError as error:
        raise BerkasTautError(f"{path.name}: {error}.") from None
    except UnicodeDecodeError:
        raise BerkasTautError(f"{path.name}: bukan UTF-8.") from None
    except HeaderError:
        raise BerkasTautError(
            f"{path.name}: baris judul kosong atau memuat nama kolom yang sama."
        ) from None
    except RowError as error:
        where = f", baris {error.baris:,}" if error.baris else ""
        raise BerkasTautError(f"{path.name}{where}: {error}.") from None
    except OSError as error:
        raise BerkasTautError(f"{path.name}: {trouble(error)}.") from None
    except (pa.ArrowException, ValueError, csv.Error):
        # The library's own message quotes the offending row: it is cut off here.
        raise BerkasTautError(f"{path.name}: bukan CSV UTF-8 atau Parquet yang benar.") from None


def _texts(column: pa.ChunkedArray, name: str, path: Path) -> pa.ChunkedArray:
    """Return a column as text, digit for digit. Raises BerkasTautError where that cannot be.

    A cast alone writes a NIK that became a float as `3.2730115089501e+15`, whose digits are
    another's.
    """
    place = f"{path.name}: kolom {column_name(name)}"
    if not has_text(column.type):
        raise BerkasTautError(
            f"{place} berisi daftar, struktur atau jenis lain yang bukan satu nilai;"
            " simpan sebagai teks."
        )
    try:
        texts = [as_text(chunk).cast(pa.large_string()) for chunk in column.chunks]
    except TextError:
        raise BerkasTautError(
            f"{place} memuat nilai yang bukan teks UTF-8 atau angka yang digitnya dapat hilang;"
            " simpan sebagai teks."
        ) from None
    return pa.chunked_array(texts, pa.large_string())


def _is_parquet(path: Path) -> bool:
    """Say which of the two a file is by its content. Raises InputError for one that is neither."""
    if path.is_dir() and path.suffix.lower() in _PARQUET:  # a folder of Parquet is one table
        return True
    return form_of(path) is Bentuk.PARQUET


def _read_parquet(path: Path) -> pa.Table:
    if path.is_file() and len(set(names := pq.read_schema(path).names)) < len(names):
        raise HeaderError
    return pq.read_table(path)


def read_result(path: Path, kolom: Sequence[str] = _HASIL) -> pa.Table:
    """Return what `write_table` wrote, as columns of text, with at least those asked for.

    Raises BerkasTautError, also when the file is no result of linking.
    """
    table = read_table(path)
    if missing := [c for c in kolom if c not in table.column_names]:
        raise BerkasTautError(
            f"{path.name} bukan hasil `hub tautkan`: kolom {', '.join(missing)} tidak ada."
        )
    return table if path.suffix.lower() in _PARQUET else sel_tabel.unguard_table(table)


def with_key(table: pa.Table, himpunan: Himpunan, name: str | None, berkas: str) -> pa.Table:
    """Return the table with its key column called `kunci`; errors name the file it came from.

    Blank rows are left out, but counted where workers are named by their rows. Without a name
    the usual columns are tried; workers without any get their row numbers (from 1 on). Raises
    KolomKunciError when a key is missing, empty or twice there.
    """
    chosen = key_column(table, himpunan, name)
    if chosen is None and himpunan is Himpunan.PEKERJA:
        keys = pa.array([str(n) for n in range(1, table.num_rows + 1)], pa.large_string())
        return table.append_column(KUNCI, keys).filter(_written(table))
    if chosen is None or chosen not in table.column_names:
        raise KolomKunciError(
            f"{berkas}: kolom kunci {chosen or ' atau '.join(_KUNCI_LAZIM[himpunan])} tidak ada;"
            f" sebutkan dengan --kunci-a dan --kunci-b. Kolomnya: {_shown(table.column_names)}."
            f" {PENULISAN}"
        )
    table = table.filter(_written(table))
    keys = table.column(chosen)
    filled = pc.fill_null(keys, "")
    if pc.any(pc.equal(filled, "")).as_py() or pc.count_distinct(keys).as_py() != table.num_rows:
        raise KolomKunciError(
            f"{berkas}: kolom kunci {chosen} harus terisi dan unik di setiap baris."
        )
    if chosen == KUNCI:
        return table
    rest = table.drop_columns([KUNCI]) if KUNCI in table.column_names else table
    return rest.append_column(KUNCI, keys)


def key_column(table: pa.Table, himpunan: Himpunan, name: str | None) -> str | None:
    """Return the name of the column of keys, None where there is none of the usual ones."""
    return name or next((n for n in _KUNCI_LAZIM[himpunan] if n in table.column_names), None)


def _written(table: pa.Table) -> pa.Array:
    """Say which rows hold anything; a spreadsheet writes separators as far as it was ever filled.

    Such a row is no record: every one of them would be answered `tidak`.
    """
    found = pa.array(np.zeros(table.num_rows, np.bool_))
    for column in table.columns:
        if pc.all(found).as_py():
            break
        text = pc.utf8_trim_whitespace(pc.fill_null(column, ""))
        found = pc.or_(found, pc.not_equal(text, ""))
    return found


def unknown_columns(table: pa.Table, himpunan: Himpunan) -> list[str]:
    """Return the columns that linking does not know and ignores, as messages may name them."""
    known = {b.nama for b in FIELD_SETS[himpunan].daftar_bidang()} | _TEKNIS
    return [column_name(n) for n in table.column_names if n not in known]


def _shown(names: Sequence[str]) -> str:
    return ", ".join(map(column_name, names))


def require_known(table: pa.Table, path: Path) -> None:
    """Refuse a file without the name, on which every answer but an exact key rests.

    Raises BerkasTautError, which says what the file has instead.
    """
    if NAMA not in table.column_names:
        raise BerkasTautError(
            f"{path.name}: kolom {NAMA} tidak ada. Kolomnya: {_shown(table.column_names)}."
            f" {PENULISAN}"
        )


def write_table(table: pa.Table, path: Path) -> None:
    """Write a table as CSV or Parquet, whole or not at all, readable by its owner only.

    No cell of the CSV is a formula; what is read by programs is Parquet, or `read_result`'s.
    """
    with open_result(path) as file:
        if path.suffix.lower() in _PARQUET:
            pq.write_table(table, file, compression="zstd")
        else:
            pcsv.write_csv(sel_tabel.guard_table(table), file)
