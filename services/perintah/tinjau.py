"""`hub tinjau`: what the program leaves to a steward, of the reconciliation or of two files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import pyarrow.compute as pc
import typer

from services.kit.database import make_engine
from services.perintah.basisdata import database
from services.perintah.umum import DATA, AsJson, Data, PilihanHimpunan, Url, out, show_rows, written
from services.sync import tinjau
from services.taut import keputusan
from services.taut.errors import KeputusanTidakSahError
from services.taut.keputusan import Pendapat
from services.taut.masukan import read_result
from services.taut.putusan import Putusan

Hasil = Annotated[
    Path | None,
    typer.Option("--hasil", help="Hasil hub tautkan; tanpa ini antrean rekonsiliasi."),
]
BerkasPutusan = Annotated[
    Path | None,
    typer.Option("--putusan", help="Berkas keputusan, bila bukan <hasil>.putusan.csv."),
]


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(
        help="Pasangan yang tidak diputuskan program: baca, lalu putuskan.", no_args_is_help=True
    )
    group.command("daftar")(list_reviews)
    group.command("putuskan")(settle)
    app.add_typer(group, name="tinjau")


def list_reviews(
    hasil: Hasil = None,
    putusan: BerkasPutusan = None,
    data: Data = DATA,
    database_url: Url = "",
    as_json: AsJson = False,
) -> None:
    """Tampilkan pasangan yang menunggu keputusan; yang sudah diputuskan tidak ditanya lagi."""
    if hasil is not None:
        show_rows(_of_file(hasil, putusan), as_json)
        return
    with database("hub", database_url, data) as url:
        engine = make_engine(url, 1)
        show_rows(list(tinjau.list_reviews(engine)), as_json)
        engine.dispose()


def _of_file(hasil: Path, putusan: Path | None) -> list[dict[str, Any]]:
    decided = keputusan.read_decisions(putusan or keputusan.decisions_beside(hasil))
    table = read_result(hasil)
    waiting = table.filter(pc.equal(table.column("putusan"), Putusan.TINJAU.value)).to_pylist()
    return [
        {k: r[k] for k in ("kunci_a", "kunci_b", "skor", "alasan")}
        for r in waiting
        if not keputusan.is_settled(decided, (r["kunci_a"], r["kunci_b"]))
    ]


def settle(
    kunci_a: Annotated[str, typer.Argument(help="Kunci sisi A (WLKP).")],
    kunci_b: Annotated[str, typer.Argument(help="Kunci sisi B (BPJS Kesehatan).")],
    pendapat: Annotated[Literal["sama", "berbeda"], typer.Argument()],
    oleh: Annotated[str, typer.Option("--oleh", help="Nama petugas.", callback=written)],
    alasan: Annotated[
        str, typer.Option("--alasan", help="Mengapa, tanpa data pribadi.", callback=written)
    ],
    himpunan: Annotated[
        PilihanHimpunan, typer.Option("--himpunan", help="Apa yang ditunjuk kedua kunci.")
    ] = PilihanHimpunan.BADAN_USAHA,
    ganti: Annotated[bool, typer.Option("--ganti", help="Ganti keputusan terdahulu.")] = False,
    hasil: Hasil = None,
    putusan: BerkasPutusan = None,
    data: Data = DATA,
    database_url: Url = "",
) -> None:
    """Catat keputusan petugas; menang atas skor untuk seterusnya. Yang lama tetap tersimpan.

    Keputusan rekonsiliasi berlaku pada `hub sync jalan` berikutnya.
    """
    pair, verdict = (kunci_a, kunci_b), Pendapat(pendapat)
    if hasil is not None:
        _require_keys(hasil, pair)
        path = putusan or keputusan.decisions_beside(hasil)
        new = keputusan.decide(path, pair, verdict, by=oleh, why=alasan, replace=ganti)
    else:
        with database("hub", database_url, data) as url:
            engine = make_engine(url, 1)
            new = tinjau.decide(
                engine, pair, verdict, by=oleh, why=alasan, replace=ganti,
                himpunan=himpunan.himpunan,
            )  # fmt: skip
            engine.dispose()
    out.print("Keputusan dicatat." if new else "Keputusan itu sudah tercatat.")


def _require_keys(hasil: Path, pair: tuple[str, str]) -> None:
    """Refuse a decision about a key that was mistyped: no rerun would ever meet it."""
    table = read_result(hasil)
    for name, key in zip(("kunci_a", "kunci_b"), pair, strict=True):
        if not key or not pc.any(pc.equal(table.column(name), key)).as_py():
            raise KeputusanTidakSahError(
                f"{name.upper()} yang diberikan tidak ada pada kolom {name} {hasil.name};"
                " salin keduanya dari `hub tinjau daftar`."
            )
