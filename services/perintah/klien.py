"""`hub klien daftar|assertion`: who is registered, and a signed assertion for a first request."""

from __future__ import annotations

from typing import Annotated

import typer

from services import persiapan
from services.auth.clients import load_clients
from services.auth.jws import SigningKey
from services.auth.klien import make_assertion
from services.kit.errors import ConfigurationError
from services.perintah.umum import DATA, AsJson, Data, show_rows


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(help="Klien terdaftar dan kuncinya.", no_args_is_help=True)
    group.command("daftar")(list_clients)
    group.command("assertion")(print_assertion)
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
    known = {r.client_id: r for r in persiapan.REGISTRASI}
    if client_id not in known:
        raise ConfigurationError(f"Pilih salah satu: {', '.join(known)}.")
    key = SigningKey(known[client_id].key_path(data).read_bytes())
    typer.echo(make_assertion(key, client_id, f"{layanan.rstrip('/')}/oauth2/token"))
