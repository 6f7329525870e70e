"""`hub demo`, which `make run` calls: a synthetic province, exchanged end to end."""

from __future__ import annotations

from typing import Annotated

import typer

from services.perintah import demo_sistem
from services.perintah.data import synthetic_options
from services.perintah.umum import DATA, Data, Tls


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo")(run_demo)


def run_demo(
    data: Data = DATA,
    port_wlkp: Annotated[int, typer.Option(help="Port layanan WLKP.")] = 8001,
    port_bpjs: Annotated[int, typer.Option(help="Port layanan BPJS.")] = 8002,
    perusahaan: Annotated[int, typer.Option(help="Jumlah badan usaha.")] = 8000,
    pekerja: Annotated[int, typer.Option(help="Jumlah pekerja.")] = 70000,
    benih: Annotated[int, typer.Option(help="Benih acak.")] = 2020,
    sekali: Annotated[bool, typer.Option("--sekali", help="Berhenti setelah konvergen.")] = False,
    tls: Tls = True,
) -> None:
    """Siapkan semuanya, buat provinsi sintetis, jalankan layanan, rekonsiliasi, cetak hasil.

    Kode keluar 0 bila konvergen dan cocok dengan kebenaran; 3 belum konvergen; 4 tidak cocok.
    Data yang sudah ada di folder data dilanjutkan.
    """
    opsi = synthetic_options(perusahaan=perusahaan, pekerja=pekerja, benih=benih)
    ports = {"wlkp": port_wlkp, "bpjs": port_bpjs}
    raise typer.Exit(demo_sistem.run(data, ports, opsi, sekali=sekali, tls=tls))
