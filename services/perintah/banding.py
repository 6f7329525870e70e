"""`hub bandingkan`: compare two registries that lie in files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from services.perintah.kemajuan import progress_display
from services.perintah.umum import AsJson, PilihanHimpunan, out, show_json, show_table

if TYPE_CHECKING:
    from services.banding.ringkasan import Ringkasan

_CUKUP = 5  # pairs: of fewer nothing is the rule


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("bandingkan")(compare_files)


def compare_files(
    a: Annotated[
        Path,
        typer.Argument(metavar="A", help="Registri pertama: Parquet, CSV, folder `hub unduh`."),
    ],
    b: Annotated[Path, typer.Argument(metavar="B", help="Registri kedua: sama.")],
    keluar: Annotated[Path, typer.Option("--keluar", help="Berkas hasil: .parquet atau .csv.")],
    himpunan: Annotated[
        PilihanHimpunan, typer.Option("--himpunan", help="Himpunan yang dibandingkan.")
    ] = PilihanHimpunan.PEKERJA,
    kunci: Annotated[
        str | None, typer.Option("--kunci", help="Kolom kunci; nik atau npwp_induk bila kosong.")
    ] = None,
    kunci_perusahaan: Annotated[
        str | None,
        typer.Option(help="Kolom perusahaan pekerja; id_badan_usaha, lalu npwp, bila kosong."),
    ] = None,
    tautan: Annotated[
        Path | None,
        typer.Option("--tautan", help="Perusahaan A ke B: kolom kunci_a, kunci_b (hub tautkan)."),
    ] = None,
    kerja: Annotated[
        Path | None,
        typer.Option("--kerja", help="Folder kerja; .hub-banding di samping hasil bila kosong."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Bandingkan dua registri: hanya di A, hanya di B, berbeda per bidang, kunci ganda.

    Hasil memuat NIK dan nilai kedua sisi, maka hanya dapat dibaca pemiliknya. Dalam CSV, sel yang
    diawali = + - @ diberi apostrof agar lembar kerja tidak menganggapnya rumus. Folder kerja
    menyimpan sidik setiap berkas (32 byte sebaris), dan salinan lengkap setiap CSV sebagai Parquet:
    data pribadi, yang hanya dapat dibaca pemiliknya. Keduanya dipakai lagi selama berkasnya tidak
    berubah dan dihapus bila berkas itu berubah; hapus folder kerja bila tidak diperlukan lagi.

    Dari folder `hub unduh` diperiksa sidik setiap bagian menurut manifesnya. Tanda tangan manifes
    diperiksa `hub unduh` saja, sebab kunci penerbitnya harus diminta dari registri; bila folder itu
    pernah di tangan lain, jalankan lagi perintah itu: hanya bagian yang tidak sesuai diambil.
    """
    from services import banding  # noqa: PLC0415 - numba and DuckDB take a second to load

    chosen = banding.Pilihan(himpunan.himpunan, kunci, kunci_perusahaan, tautan)
    folder = kerja or keluar.parent / ".hub-banding"
    with progress_display() as tell:
        summary = banding.bandingkan(a, b, keluar, folder, chosen, tell)
    if as_json:
        show_json(summary.row())
    else:
        _show(summary.row(), keluar)
        _hint_forms(summary)
        if tautan is None:
            _hint_links(summary.kelas)


def _hint_forms(summary: Ringkasan) -> None:
    """Say what is no finding but a file's way of writing: it holds for nearly every row."""
    counts = summary.kelas
    for side, rows in (("a", summary.baris_a), ("b", summary.baris_b)):
        if counts[f"tanpa_kunci_{side}"] > 0.9 * (rows - summary.kosong[side]):
            out.print(
                f"Hampir semua baris {side.upper()} tanpa kunci: kolomnya agaknya angka yang"
                " digitnya hilang (3,27E+15, akhiran .0); ambil lagi dari sumbernya sebagai teks.",
                highlight=False,
            )
    pairs = counts["sama"] + counts["berbeda"]
    alike = [f for f, n in summary.bidang.items() if pairs >= _CUKUP and n > 0.9 * pairs]
    if alike:
        out.print(
            f"Berbeda pada hampir semua pasangan: {', '.join(alike)}. Bentuknya agaknya berlainan"
            " atau satu sisi kosong; tulis tanggal YYYY-MM-DD, dan nomor utuh sebagai teks.",
            highlight=False,
        )


def _hint_links(counts: dict[str, int]) -> None:
    """Say what is missing when the two sides call nearly every company by another id."""
    if counts["beda_perusahaan"] > 9 * (counts["sama"] + counts["berbeda"]):
        out.print(
            "Hampir semua kunci yang bertemu beda_perusahaan: id perusahaan kedua sisi agaknya"
            " berlainan. Tautkan dahulu (hub tautkan badan-usaha), lalu beri --tautan.",
            highlight=False,
        )


def _show(summary: dict[str, Any], keluar: Path) -> None:
    from services.banding.ringkasan import KELAS  # noqa: PLC0415 - as above

    baris, detik = summary["baris"], summary["detik"]
    counts = [
        {"kelas": k, "banyak": f"{n:,}", "artinya": KELAS[k]}
        for k, n in summary["kelas"].items()
        if n or k in {"sama", "berbeda"}
    ]
    show_table(counts)
    fields = [{"bidang": k, "pasangan berbeda": f"{n:,}"} for k, n in summary["bidang"].items()]
    if fields:
        show_table(fields)
    if summary["tidak_dibandingkan"]:
        absent = ", ".join(summary["tidak_dibandingkan"])
        out.print(
            f"Tidak dibandingkan, sebab tidak ada pada A, B atau keduanya: {absent}",
            highlight=False,
        )
    if any(summary["kosong"].values()):
        blank = (f"sisi {side.upper()} {n:,}" for side, n in summary["kosong"].items())
        out.print(f"Baris kosong dilewati: {', '.join(blank)}.", highlight=False)
    stages = ", ".join(f"{k} {v:.1f}" for k, v in detik.items())
    out.print(
        f"A {baris['a']:,} baris, B {baris['b']:,} baris; "
        f"{sum(detik.values()):.1f} detik ({stages}); "
        f"memori puncak {summary['puncak_mib']:,} MiB; hasil: {keluar}",
        highlight=False,
    )
