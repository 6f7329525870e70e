"""Files come in as tables of text with one column of unique keys; answers go out the same way."""

from __future__ import annotations

import os
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv
import pyarrow.parquet as pq

from services.kit import sel_tabel
from services.taut.errors import BerkasTautError, KolomKunciError
from shared_schemas.perjanjian import FIELD_SETS
from shared_schemas.rujukan import Himpunan

KUNCI = "kunci"
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
        table = pq.read_table(path) if path.suffix.lower() in _PARQUET else _read_csv(path)
        return table.cast(pa.schema([(n, pa.large_string()) for n in table.column_names]))
    except (OSError, pa.ArrowException, ValueError):
        # The library's own message quotes the offending row: it is cut off here.
        raise BerkasTautError(
            f"Berkas {path.name} tidak terbaca: berikan CSV UTF-8 berjudul kolom, atau Parquet."
        ) from None


def read_result(path: Path) -> pa.Table:
    """Return what `write_table` wrote, as columns of text. Raises BerkasTautError."""
    table = read_table(path)
    return table if path.suffix.lower() in _PARQUET else sel_tabel.unguard_table(table)


def _read_csv(path: Path) -> pa.Table:
    with pcsv.open_csv(path) as head:
        names = [n.removeprefix("\ufeff") for n in head.schema.names]
    return pcsv.read_csv(
        path,
        read_options=pcsv.ReadOptions(column_names=names, skip_rows=1),
        parse_options=pcsv.ParseOptions(newlines_in_values=True),
        convert_options=pcsv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.large_string()), strings_can_be_null=False
        ),
    )


def with_key(table: pa.Table, himpunan: Himpunan, name: str | None) -> pa.Table:
    """Return the table with its key column called `kunci`.

    Without a name the usual columns are tried; workers without any get their row numbers (from
    1 on). Raises KolomKunciError when a key is missing, empty or twice there.
    """
    chosen = name or next((n for n in _KUNCI_LAZIM[himpunan] if n in table.column_names), None)
    if chosen is None and himpunan is Himpunan.PEKERJA:
        keys = pa.array([str(n) for n in range(1, table.num_rows + 1)], pa.large_string())
        return table.append_column(KUNCI, keys)
    if chosen is None or chosen not in table.column_names:
        raise KolomKunciError(
            f"Kolom kunci {chosen or _KUNCI_LAZIM[himpunan][0]} tidak ada; "
            "sebutkan dengan --kunci-a dan --kunci-b."
        )
    keys = table.column(chosen)
    filled = pc.fill_null(keys, "")
    if pc.any(pc.equal(filled, "")).as_py() or pc.count_distinct(keys).as_py() != table.num_rows:
        raise KolomKunciError(f"Kolom kunci {chosen} harus terisi dan unik di setiap baris.")
    if chosen == KUNCI:
        return table
    rest = table.drop_columns([KUNCI]) if KUNCI in table.column_names else table
    return rest.append_column(KUNCI, keys)


def unknown_columns(table: pa.Table, himpunan: Himpunan) -> list[str]:
    """Return the columns that linking does not know and ignores."""
    known = {b.nama for b in FIELD_SETS[himpunan].daftar_bidang()} | _TEKNIS
    return [n for n in table.column_names if n not in known]


def write_table(table: pa.Table, path: Path) -> None:
    """Write a table as CSV or Parquet, whole or not at all, readable by its owner only.

    No cell of the CSV is a formula; what is read by programs is Parquet, or `read_result`'s.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.sebagian")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        if path.suffix.lower() in _PARQUET:
            pq.write_table(table, file, compression="zstd")
        else:
            pcsv.write_csv(sel_tabel.guard_table(table), file)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
