"""`hub umpan`: take back a wrong record, forget old tombstones, go on after a backup."""

from __future__ import annotations

from typing import Annotated

import typer

from services.audit.catalogue import Peristiwa
from services.audit.record import Auditor, Bukti, Pelaku
from services.kit.database import Transaction
from services.kit.errors import RecordNotFoundError
from services.kit.roles import Peran
from services.perintah.basisdata import registry_transaction
from services.perintah.umum import DATA, Data, Sisi, Url, out
from services.registry import pemulihan, write
from shared_schemas.rujukan import Himpunan

Registri = Annotated[Sisi, typer.Argument(help="Registri: wlkp atau bpjs.")]


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(help="Umpan perubahan sebuah registri.", no_args_is_help=True)
    group.command("hapus")(delete_record)
    group.command("pangkas")(prune)
    group.command("pulih")(restore)
    app.add_typer(group, name="umpan")


def delete_record(
    nama: Registri,
    id_rekaman: Annotated[str, typer.Argument(metavar="ID", help="Id rekaman.")],
    himpunan: Annotated[Himpunan, typer.Option(help="Himpunan rekaman.")] = Himpunan.PEKERJA,
    data: Data = DATA,
    database_url: Url = "",
) -> None:
    """Hapus rekaman yang keliru, mis. salah satu dari kunci_ganda; umpan memuat batu nisannya.

    Badan usaha dihapus sesudah pekerjanya. Perbaiki juga sumbernya: impor atau laporan yang
    menyebutnya lagi mengembalikan badan usaha dengan id yang sama, pekerja dengan id baru.
    """
    rincian = {"himpunan": himpunan.value, "id": id_rekaman}
    bukti = Bukti(Peristiwa.REKAMAN_DIHAPUS, Pelaku(f"operator-{nama}"), rincian)
    with registry_transaction(nama, database_url, data) as (tx, auditor):
        if not write.delete(tx, auditor, bukti, himpunan, id_rekaman):
            raise RecordNotFoundError
    out.print(f"{himpunan.value} {id_rekaman} dihapus.", highlight=False)


def prune(
    nama: Registri,
    hari: Annotated[int, typer.Option(min=1, help="Batu nisan yang lebih tua dari ini.")] = 90,
    data: Data = DATA,
    database_url: Url = "",
) -> None:
    """Lupakan batu nisan lama; kursor yang lebih tua dari itu lalu dijawab 410."""
    with registry_transaction(nama, database_url, data) as (tx, auditor):
        forgotten = forget_tombstones(tx, auditor, nama, hari)
    out.print(f"{forgotten} batu nisan dilupakan.")


def forget_tombstones(tx: Transaction, auditor: Auditor, nama: str, hari: float) -> int:
    """Forget the tombstones of a registry that are older than so many days; return how many."""
    who = Pelaku(f"operator-{nama}")
    forgotten = 0
    for himpunan in (Himpunan.PEKERJA, Himpunan.BADAN_USAHA):  # workers refer to companies
        bukti = Bukti(Peristiwa.UMPAN_DIPANGKAS, who, {"himpunan": himpunan.value})
        forgotten += write.prune_tombstones(tx, auditor, bukti, himpunan, hari)
    return forgotten


def restore(nama: Registri, data: Data = DATA, database_url: Url = "") -> None:
    """Sesudah database registri dipulihkan dari cadangan: jangan memberi nomor umpan dua kali.

    Sebelum layanannya dihidupkan, dengan URL pemilik database, seperti `hub migrasi`. Kursor yang
    ada lalu dijawab 410: setiap pembaca menyamakan cerminnya, dan tidak melewatkan perubahan.
    """
    bukti = Bukti(Peristiwa.UMPAN_DIPULIHKAN, Pelaku(f"operator-{nama}"), {})
    with registry_transaction(nama, database_url, data, Peran.PEMILIK) as (tx, auditor):
        nomor = pemulihan.pass_over_numbers(tx, auditor, bukti)
    out.print(f"Umpan dilanjutkan dari nomor {nomor}; kursor lama dijawab 410.", highlight=False)
