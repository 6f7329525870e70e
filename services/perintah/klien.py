"""`hub klien daftar|assertion|tahan|lepas|ditahan`: who is registered, and who is held back."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

import typer

from services import persiapan
from services.audit.record import Pelaku
from services.auth import penahanan
from services.auth.clients import load_clients
from services.auth.jws import SigningKey
from services.auth.klien import make_assertion
from services.kit.clock import system_clock
from services.kit.errors import ConfigurationError
from services.perintah.basisdata import registry_transaction
from services.perintah.umum import DATA, AsJson, Data, Sisi, Url, out, show_json, show_rows


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(help="Klien terdaftar dan kuncinya.", no_args_is_help=True)
    group.command("daftar")(list_clients)
    group.command("assertion")(print_assertion)
    group.command("tahan")(hold)
    group.command("lepas")(release)
    group.command("ditahan")(show_held)
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


Registri = Annotated[Sisi, typer.Argument(help="Registri tempat klien terdaftar.")]
IdKlien = Annotated[str, typer.Argument(metavar="ID", help="client_id.")]
Alasan = Annotated[str, typer.Option(help="Satu kalimat yang boleh dibaca pihak lain.")]


def _require_known(data: Path, nama: str, client_id: str) -> None:
    known = load_clients(data / nama / "klien.yaml")
    if client_id not in known:
        raise ConfigurationError(f"Pilih salah satu: {', '.join(known)}.")


def hold(
    nama: Registri,
    client_id: IdKlien,
    alasan: Alasan,
    data: Data = DATA,
    database_url: Url = "",
    as_json: AsJson = False,
) -> None:
    """Tahan kredensial demi keamanan (Pasal 6 ayat (1)), juga token yang sudah diberikan.

    Berlaku dalam beberapa detik pada layanan yang berjalan. Perjanjian tidak berubah.
    """
    _require_known(data, nama, client_id)
    who = Pelaku(f"operator-{nama}")
    with registry_transaction(nama, database_url, data) as (tx, auditor):
        held = penahanan.hold(tx, auditor, who, client_id, alasan, system_clock())
    if as_json:
        show_json(dataclasses.asdict(held))
    else:
        out.print(f"{client_id} ditahan, nomor {held.id}.", highlight=False)


def release(
    nama: Registri,
    client_id: IdKlien,
    alasan: Alasan,
    data: Data = DATA,
    database_url: Url = "",
) -> None:
    """Lepas penahanan; kredensial yang sama berlaku lagi."""
    _require_known(data, nama, client_id)
    who = Pelaku(f"operator-{nama}")
    with registry_transaction(nama, database_url, data) as (tx, auditor):
        number = penahanan.release(tx, auditor, who, client_id, alasan, system_clock())
    done = "tidak sedang ditahan" if number is None else f"dilepas, penahanan nomor {number}"
    out.print(f"{client_id} {done}.", highlight=False)


def show_held(
    nama: Registri, data: Data = DATA, database_url: Url = "", as_json: AsJson = False
) -> None:
    """Kredensial yang sedang ditahan dan alasannya."""
    with registry_transaction(nama, database_url, data) as (tx, _):
        held = penahanan.list_held(tx)
    show_rows([dataclasses.asdict(d) for d in held], as_json)
