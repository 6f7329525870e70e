"""`hub siapkan`, `hub impor` and `hub sintetis`."""

from __future__ import annotations

import dataclasses
import hashlib
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from services import persiapan, sintetis
from services.audit.catalogue import Peristiwa
from services.audit.record import Bukti, Pelaku
from services.impor import HasilImpor, Importer, RefusalFile, open_refusals
from services.kit.berkas_hasil import unwritten
from services.kit.database import make_engine
from services.layanan import spec
from services.perintah.basisdata import auditor_of, database, registry_transaction
from services.perintah.kemajuan import progress_display
from services.perintah.umum import DATA, AsJson, Data, Sisi, Url, err, out, show_json
from services.registry.sidik.kunci import install
from shared_schemas.rujukan import Himpunan

ADA_DITOLAK = 4
"""Exit code of an import that is finished and refused rows; what only came late is none of them."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("siapkan")(prepare)
    app.command("impor")(import_files)
    app.command("sintetis")(_synthetic_command())


def prepare(data: Data = DATA) -> None:
    """Siapkan folder data: kunci, klien terdaftar, perjanjian contoh. Yang ada tidak diubah."""
    persiapan.prepare(data)
    out.print(
        f"Folder {data} siap. Perjanjian contoh berlabel fiktif: {data}/perjanjian.yaml",
        highlight=False,
    )


def import_files(
    nama: Annotated[Sisi, typer.Argument(help="Registri tujuan: wlkp atau bpjs.")],
    badan_usaha: Annotated[
        Path, typer.Option("--badan-usaha", help="Berkas badan usaha: CSV, Parquet atau XLSX.")
    ],
    pekerja: Annotated[Path, typer.Option("--pekerja", help="Berkas pekerja: bentuk yang sama.")],
    lembar: Annotated[
        list[str] | None,
        typer.Option(
            help="Lembar XLSX yang dibaca; tanpa ini lembar pertama yang tampak. Dua kali:"
            " lembar badan usaha, lalu lembar pekerja."
        ),
    ] = None,
    data: Data = DATA,
    database_url: Url = "",
    ditolak: Annotated[
        Path | None,
        typer.Option(
            help="CSV baris yang ditolak; <data>/<registri>_ditolak.csv bila kosong. Menggantikan"
            " yang dari impor terdahulu, atau menghapusnya bila kini tidak ada yang ditolak;"
            " berkas lain tidak pernah ditimpa."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Muat registri dari CSV, Parquet atau XLSX melalui pemeriksaan yang sama dengan API.

    Bentuk berkas dikenali dari isinya. Boleh diulang dan boleh terputus. Baris yang ditolak
    dicatat dengan nomor baris (CSV, XLSX: judul adalah baris 1; Parquet: rekaman mulai dari 1),
    bidang dan alasan, tanpa nilainya; juga baris yang laporannya lebih lama daripada yang sudah
    termuat (lebih_lama), yang tidak mengubah apa pun.

    Kode keluar 4 bila ada baris yang ditolak; baris lainnya tetap termuat.
    """
    sheets = _sheets(lembar or [])
    persiapan.require(data)
    path = ditolak or data / f"{nama}_ditolak.csv"
    with database(nama, database_url, data) as url, progress_display() as tell:
        with open_refusals(path, (badan_usaha, pekerja)) as refusals:
            results = run_import(nama, url, data, badan_usaha, pekerja, refusals, tell, sheets)
        if refusals.count:
            record_file(nama, url, data, "baris ditolak", refusals.path, refusals.count)
    if refusals.usang_dihapus:
        err.print(f"Tidak ada yang ditolak; {path} dari impor terdahulu dihapus.", highlight=False)
    rows = [dataclasses.asdict(r) for r in results]
    if as_json:
        show_json({"hasil": rows, "berkas_ditolak": str(refusals.path) if refusals.count else None})
    else:
        _show_import(rows, refusals)
    if any(r.ditolak for r in results):
        raise typer.Exit(ADA_DITOLAK)


def _show_import(rows: list[dict[str, Any]], refusals: RefusalFile) -> None:
    for r in rows:
        said = (f"{k}: {v}" for k, v in r.items() if v is not None)
        out.print("  ".join(said), highlight=False, markup=False)
    if refusals.count:
        out.print(f"{refusals.count} alasan baris tidak ditulis: {refusals.path}", highlight=False)


def record_file(nama: str, url: str, data: Path, jenis: str, path: Path, baris: int) -> None:
    """Enter in a registry's evidence that a file about its records was written on this machine."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    rincian = {"jenis": jenis, "baris": baris, "sha256": digest}
    with registry_transaction(nama, url, data) as (tx, auditor):
        auditor.record(tx, Bukti(Peristiwa.BERKAS_DITULIS, Pelaku(f"operator-{nama}"), rincian))


def _sheets(lembar: list[str]) -> tuple[str | None, str | None]:
    """Return the sheet of the companies and that of their workers, None for the first."""
    if len(lembar) > 2:
        raise typer.BadParameter("sebutkan paling banyak dua lembar", param_hint="--lembar")
    return (lembar[0], lembar[-1]) if lembar else (None, None)


def run_import(
    nama: str,
    url: str,
    data: Path,
    badan_usaha: Path,
    pekerja: Path,
    refusals: RefusalFile,
    tell: Callable[[str, int, int], None] | None = None,
    lembar: tuple[str | None, str | None] = (None, None),
) -> list[HasilImpor]:
    """Import the two files of one registry; return their counts."""
    engine = make_engine(url, 2)
    install(engine, (data / persiapan.KUNCI_SIDIK).read_bytes())
    registri = spec(nama)
    importer = Importer(
        engine,
        auditor_of(nama, data),
        registri.pemilik,
        pelaku=f"impor-{nama}",
        refuse=refusals,
        progress=tell,
        penjawab=registri.penjawab,
    )
    try:
        return [
            importer.run(Himpunan.BADAN_USAHA, badan_usaha, lembar[0]),
            importer.run(Himpunan.PEKERJA, pekerja, lembar[1]),
        ]
    finally:
        engine.dispose()


def synthetic_options(**given: Any) -> sintetis.Opsi:
    """Return what a province is asked for. Raises typer.BadParameter that names the option."""
    try:
        return sintetis.Opsi(**given)
    except sintetis.OpsiError as error:
        raise typer.BadParameter(str(error)) from None


def _synthetic_command() -> Any:
    """Return the command `sintetis`, with one option for each field of `sintetis.Opsi`."""

    def make(keluar: Path, **given: Any) -> None:
        """Buat provinsi sintetis: empat berkas CSV dan kebenaran.csv; benih sama, isi sama."""
        opsi = synthetic_options(**given)
        try:
            with progress_display() as tell:
                summary = sintetis.generate(opsi, keluar, tell)
        except OSError as error:
            raise unwritten(keluar, error) from None
        out.print(summary)

    parameters = [
        inspect.Parameter(
            "keluar",
            inspect.Parameter.KEYWORD_ONLY,
            annotation=Annotated[Path, typer.Option("--keluar", help="Folder hasil.")],
        )
    ]
    for f in dataclasses.fields(sintetis.Opsi):
        option = typer.Option(
            f"--{f.name.replace('_', '-')}", help=f.metadata.get("bantuan", f.name)
        )
        parameters.append(
            inspect.Parameter(
                f.name,
                inspect.Parameter.KEYWORD_ONLY,
                default=f.default,
                annotation=Annotated[type(f.default), option],
            )
        )
    make.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    make.__annotations__ = {p.name: p.annotation for p in parameters}
    return make
