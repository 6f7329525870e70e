"""`hub tautkan` and `hub latih`: link two files, train the models."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated, Literal

import pyarrow as pa
import pyarrow.compute as pc
import typer

from services.kit.berkas_hasil import require_result
from services.perintah.umum import AsJson, err, out, show_json, show_rows
from services.taut.errors import KeputusanTidakSahError
from services.taut.hasil import Laporan
from services.taut.keputusan import Keputusan, decisions_beside, read_decisions
from services.taut.latihan.latih import train
from services.taut.masukan import (
    KUNCI,
    key_column,
    read_result,
    read_table,
    require_known,
    unknown_columns,
    with_key,
    write_table,
)
from services.taut.model import FOLDER
from services.taut.putusan import Putusan
from services.taut.tautkan import tautkan
from shared_schemas.rujukan import Himpunan

Jenis = Literal["badan-usaha", "pekerja"]
_MENURUT_BARIS = (
    "tanpa kolom id, pekerja disebut menurut nomor barisnya, yang berganti bila berkas berubah;"
    " keputusan petugas memerlukan kolom id (--kunci-a, --kunci-b)"
)
Kolom = Annotated[str | None, typer.Option(help="Kolom kunci, bila bukan yang lazim.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("tautkan")(link)
    app.command("latih")(train_model)


def _himpunan(kind: Jenis) -> Himpunan:
    return Himpunan(kind.replace("-", "_"))


def link(
    jenis: Annotated[Jenis, typer.Argument(help="badan-usaha atau pekerja.")],
    a: Annotated[Path, typer.Argument(help="CSV atau Parquet sisi A (WLKP).")],
    b: Annotated[Path, typer.Argument(help="CSV atau Parquet sisi B (BPJS).")],
    keluar: Annotated[Path, typer.Option("--keluar", help="Hasil: .csv atau .parquet.")],
    putusan: Annotated[
        Path | None,
        typer.Option("--putusan", help="Keputusan petugas; biasanya <keluar>.putusan.csv."),
    ] = None,
    badan_usaha: Annotated[
        Path | None,
        typer.Option("--badan-usaha", help="Hasil tautkan badan-usaha, untuk menautkan pekerja."),
    ] = None,
    kunci_a: Kolom = None,
    kunci_b: Kolom = None,
    as_json: AsJson = False,
) -> None:
    """Tautkan rekaman dua berkas: tertaut, cabang, tinjau, atau tidak, dengan alasannya.

    Yang meragukan tidak pernah ditautkan; keputusan petugas selalu menang.
    """
    require_result(keluar, (a, b, putusan, badan_usaha))
    himpunan = _himpunan(jenis)
    decisions = _decisions(putusan, keluar)
    (first, blank_a), (second, blank_b) = (
        _keyed(p, himpunan, name, decisions, quiet=as_json)
        for p, name in ((a, kunci_a), (b, kunci_b))
    )
    companies = _company_links(badan_usaha) if badan_usaha else None
    result = tautkan(himpunan, first, second, decisions, kolom_kunci=KUNCI, perusahaan=companies)
    write_table(result.tabel, keluar)
    _show(dataclasses.replace(result.laporan, kosong_a=blank_a, kosong_b=blank_b), as_json)


def _keyed(
    path: Path, himpunan: Himpunan, kunci: str | None, decisions: Keputusan, *, quiet: bool
) -> tuple[pa.Table, int]:
    """Return a side with its key column, and how many rows were blank; say what is not known.

    Raises KeputusanTidakSahError where a decision would be about the number of a row: a row that
    was added since makes it one about somebody else.
    """
    table = read_table(path)
    keyed = with_key(table, himpunan, kunci, path.name)
    require_known(table, path)
    if key_column(table, himpunan, kunci) is None:
        if decisions:
            raise KeputusanTidakSahError(f"{path.name}: {_MENURUT_BARIS}.")
        if not quiet:
            err.print(f"{path.name}: {_MENURUT_BARIS}.", highlight=False, markup=False)
    if ignored := unknown_columns(table, himpunan):
        err.print(
            f"{path.name}: kolom tidak dikenal diabaikan: {', '.join(ignored)}",
            highlight=False, markup=False,
        )  # fmt: skip
    return keyed, table.num_rows - keyed.num_rows


def _decisions(asked: Path | None, keluar: Path) -> Keputusan:
    """Read the decisions; a file that was named and is not there would lose them all in silence."""
    if asked is not None and not asked.is_file():
        raise KeputusanTidakSahError(f"{asked.name}: berkas keputusan tidak ada.")
    return read_decisions(asked or decisions_beside(keluar))


def _company_links(path: Path) -> dict[str, str]:
    """Return what each company of A is in B: of several records its partner before a branch."""
    table = read_result(path, ("kunci_a", "kunci_b", "putusan"))
    found: dict[str, str] = {}
    for verdict in (Putusan.TERTAUT, Putusan.CABANG):
        rows = table.filter(pc.equal(table.column("putusan"), verdict.value))
        for a, b in zip(*(rows.column(k).to_pylist() for k in ("kunci_a", "kunci_b")), strict=True):
            found.setdefault(a, b)
    return found


def _show(report: Laporan, as_json: bool) -> None:
    if as_json:
        show_json(dataclasses.asdict(report))
        return
    out.print(f"Sisi A {report.rekaman_a} rekaman, sisi B {report.rekaman_b} rekaman.")
    if report.kosong_a or report.kosong_b:
        out.print(f"Baris kosong dilewati: sisi A {report.kosong_a}, sisi B {report.kosong_b}.")
    show_rows([{"putusan/dasar": k, "banyak": v} for k, v in report.jumlah.items()], False)
    if report.keputusan_tak_bertemu:
        out.print(
            f"Keputusan petugas yang rekamannya tidak ada lagi: {report.keputusan_tak_bertemu};"
            " tersimpan, tetapi tidak berlaku pada kunci baru rekaman itu."
        )
    share = report.tinjau_rekaman / max(report.rekaman_a + report.rekaman_b, 1)
    out.print(f"Menunggu peninjauan: {report.tinjau_rekaman} rekaman ({share:.2%}).")
    left_out = [dataclasses.asdict(b) for b in report.blok if b.pasangan_dilewati]
    if left_out:
        out.print("Yang dilewati karena blok terlalu besar:")
        show_rows(left_out, False)


def train_model(
    jenis: Annotated[Jenis, typer.Argument(help="badan-usaha atau pekerja.")],
    rekaman: Annotated[int, typer.Option(help="Pasangan benar dalam data latihan.")] = 10_000,
    benih: Annotated[int, typer.Option(help="Benih data latihan.")] = 20_200_720,
    folder: Annotated[Path, typer.Option(help="Folder berkas model.")] = FOLDER,
) -> None:
    """Latih bobot model pada data rekaan dan tulis berkasnya. Penautan sendiri tidak melatih."""
    out.print(f"Model ditulis: {train(_himpunan(jenis), rekaman, benih, folder)}", highlight=False)
