"""`hub klien daftar|assertion|tandatangan`: who is registered, and how to ask by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import httpx
import typer

from services import persiapan
from services.auth.clients import load_clients
from services.auth.jws import SigningKey
from services.auth.klien import make_assertion
from services.auth.kunci_pesan import load_message_key
from services.auth.pesan import HEADER_PERJANJIAN, Permintaan, sign_request
from services.kit.clock import system_clock
from services.kit.errors import ConfigurationError
from services.perintah.umum import DATA, AsJson, Data, show_rows
from services.persiapan import Registrasi
from shared_schemas.perjanjian import load


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(help="Klien terdaftar dan kuncinya.", no_args_is_help=True)
    group.command("daftar")(list_clients)
    group.command("assertion")(print_assertion)
    group.command("tandatangan")(print_signature)
    app.add_typer(group, name="klien")


def list_clients(data: Data = DATA, as_json: AsJson = False) -> None:
    """Klien kedua layanan: pihak atau cakupan internalnya, dan banyaknya kunci."""
    rows = [
        {
            "layanan": registri,
            "client_id": k.client_id,
            "pihak": k.pihak.value if k.pihak else None,
            "cakupan": "menurut perjanjian" if k.pihak else " ".join(k.cakupan),
            "kunci": len(k.kunci),
        }
        for registri in ("wlkp", "bpjs")
        for k in load_clients(data / registri / "klien.yaml").values()
    ]
    show_rows(rows, as_json)


def print_assertion(
    client_id: Annotated[str, typer.Argument(help="mis. rekonsiliasi-pihak-kedua.")],
    layanan: Annotated[str, typer.Option(help="Alamat layanan yang dituju.")],
    data: Data = DATA,
) -> None:
    """Cetak client_assertion (RFC 7523) yang berlaku satu menit dan satu kali."""
    key = SigningKey(_registration(client_id).key_path(data).read_bytes())
    typer.echo(make_assertion(key, client_id, f"{layanan.rstrip('/')}/oauth2/token"))


def print_signature(
    client_id: Annotated[str, typer.Argument(help="mis. rekonsiliasi-pihak-kedua.")],
    metode: Annotated[str, typer.Argument(help="GET atau POST.")],
    url: Annotated[str, typer.Argument(help="Alamat lengkap, dengan kuerinya.")],
    isi: Annotated[Path | None, typer.Option(help="Berkas badan permintaan.")] = None,
    data: Data = DATA,
) -> None:
    """Cetak header tanda tangan pesan (RFC 9421) yang berlaku satu menit dan satu kali."""
    key = load_message_key(_registration(client_id).message_key_path(data))
    nomor = load(data / "perjanjian.yaml").nomor
    message = Permintaan(metode.upper(), url, httpx.Headers({HEADER_PERJANJIAN: nomor}))
    sign_request(message, isi.read_bytes() if isi else b"", key, system_clock())
    for name, value in message.headers.items():
        typer.echo(f"{name}: {value}")


def _registration(client_id: str) -> Registrasi:
    known = {r.client_id: r for r in persiapan.REGISTRASI}
    if client_id not in known:
        raise ConfigurationError(f"Pilih salah satu: {', '.join(known)}.")
    return known[client_id]
