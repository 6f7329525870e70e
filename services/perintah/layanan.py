"""`hub layanan` and `hub migrasi`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from services import layanan, persiapan
from services.kit import migration, roles
from services.kit.errors import ConfigurationError
from services.kit.process import end_with_parent
from services.kit.roles import Peran
from services.kit.settings import ServiceSettings
from services.perintah.basisdata import database
from services.perintah.basisdata import migrate as migrate_database
from services.perintah.umum import DATA, Data, Sisi, TandaTangan, Tls, Url, err, out

Sandi = Annotated[
    Path | None, typer.Option(help="Berkas berisi kata sandi baru peran itu.", exists=True)
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("layanan")(serve)
    app.command("migrasi")(migrate)


def serve(
    nama: Annotated[Sisi, typer.Argument(help="wlkp atau bpjs.")],
    data: Data = DATA,
    database_url: Url = "",
    port: Annotated[
        int, typer.Option(envvar="HUB_PORT", help="0: 8001 untuk wlkp, 8002 untuk bpjs.")
    ] = 0,
    alamat: Annotated[
        str, typer.Option(envvar="HUB_ALAMAT", help="Alamat yang didengarkan.")
    ] = "127.0.0.1",
    proses: Annotated[
        int, typer.Option(envvar="HUB_PROSES", min=1, max=64, help="Proses yang berbagi port.")
    ] = 1,
    tls: Tls = True,
    tanda_tangan: TandaTangan = True,
    ikut_induk: Annotated[
        int,
        typer.Option(metavar="PID", min=0, help="Berhenti bila proses yang menjalankan berhenti."),
    ] = 0,
) -> None:
    """Jalankan satu layanan sampai dihentikan."""
    if ikut_induk:
        end_with_parent(ikut_induk)
    persiapan.require(data)
    with database(nama, database_url, data, menjawab=False) as url:
        settings = ServiceSettings(
            data=data,
            database_url=url,
            port=port,
            alamat=alamat,
            proses=proses,
            tls=tls,
            tanda_tangan=tanda_tangan,
        )
        scheme = "https" if tls else "http"
        address = f"{scheme}://{alamat}:{port or layanan.spec(nama).port}"
        err.print(f"Layanan {nama} di {address}, dokumentasi {address}/docs", highlight=False)
        layanan.serve(nama, settings)


def migrate(
    nama: Annotated[str, typer.Argument(help="wlkp, bpjs, hub, atau semua.")] = "semua",
    data: Data = DATA,
    database_url: Url = "",
    sandi_layanan: Sandi = None,
    sandi_pemeriksa: Sandi = None,
) -> None:
    """Bawa skema database ke versi terbaru, dengan perannya masing-masing; aman diulang.

    Peran: NAMA_pemilik (skema), NAMA_layanan (program), NAMA_pemeriksa (bukti saja). URL milik
    pemilik, atau superuser, yang membuat peran yang belum ada.
    """
    names = migration.HISTORIES if nama == "semua" else (nama,)
    if nama == "semua" and database_url:
        raise ConfigurationError("Sebutkan wlkp, bpjs atau hub bersama --database-url.")
    for name in names:
        if name not in migration.HISTORIES:
            raise ConfigurationError("Pilih wlkp, bpjs, hub, atau semua.")
        with database(name, database_url, data, Peran.PEMILIK) as url:
            if database_url:
                migrate_database(url, name)
            for peran, file in ((Peran.LAYANAN, sandi_layanan), (Peran.PEMERIKSA, sandi_pemeriksa)):
                if file is not None:
                    roles.set_password(url, peran.of(name), file.read_text().strip())
            out.print(f"{name}: skema {migration.current(url)}", highlight=False)
