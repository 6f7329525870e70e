"""`hub kunci buat|putar|pangkas|daftar|sertifikat`: keys and certificates of a data folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from services import kunci, persiapan
from services.perintah.kunci_sertifikat import issue
from services.perintah.umum import DATA, AsJson, Data, out, show_rows

Host = Annotated[
    list[str] | None,
    typer.Option("--nama", help="Nama atau alamat layanan selain loopback; boleh berulang."),
]


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(help="Kunci dan sertifikat: buat, putar, daftar.", no_args_is_help=True)
    group.command("buat")(make)
    group.command("putar")(rotate)
    group.command("pangkas")(prune)
    group.command("daftar")(show)
    group.command("sertifikat")(issue)
    app.add_typer(group, name="kunci")


def make(nama: Host = None, data: Data = DATA) -> None:
    """Buat kunci dan sertifikat yang belum ada atau segera berakhir; jalankan tiap hari."""
    persiapan.require(data)
    made = persiapan.certify(data, nama or ())
    out.print(f"{len(made)} sertifikat dibuat; CA: {persiapan.otoritas(data).dipercaya}")


def rotate(nama: Host = None, data: Data = DATA) -> None:
    """Ganti CA, semua sertifikat, kunci token dan kunci klien selagi semuanya berjalan.

    Yang lama tetap diterima sampai `hub kunci pangkas` atau putaran berikutnya; CA lama juga
    sesudahnya, selama sertifikat mitra yang diterbitkannya masih berlaku. Layanan mencatat sendiri
    kunci klien yang mulai dan berhenti diterimanya (`hub klien riwayat`).
    """
    kunci.rotate(data, nama or ())
    out.print("Semua kunci dan sertifikat diganti; yang lama masih diterima.")
    _tell_of_partners(data)


def prune(data: Data = DATA) -> None:
    """Akhiri masa tumpang-tindih: hanya kunci dan CA terbaru yang diterima."""
    out.print(f"{kunci.prune(data)} kunci dan CA lama tidak diterima lagi.")
    _tell_of_partners(data)


def _tell_of_partners(data: Path) -> None:
    for path in kunci.of_former_authority(data):
        out.print(
            f"CA lama masih dipercaya demi sertifikat mitra {path.stem}: terbitkan yang baru dengan"
            f" `hub kunci sertifikat` lalu pangkas lagi; bila CA itu bocor, hapus dahulu {path}.",
            highlight=False,
            soft_wrap=True,
        )


def show(data: Data = DATA, as_json: AsJson = False) -> None:
    """Setiap kunci dan sertifikat: untuk siapa, sampai kapan, berapa yang diterima."""
    show_rows(kunci.listing(data), as_json)
