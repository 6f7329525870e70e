"""`hub klien daftar|tambah|kunci|cabut|assertion|…`: who may ask, and who is held."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import httpx
import typer

from services import persiapan
from services.audit.record import Pelaku
from services.auth import penahanan
from services.auth.clients import load_clients
from services.auth.jws import load_signing_key
from services.auth.klien import make_assertion
from services.auth.kunci_pesan import load_message_key
from services.auth.pesan import HEADER_PERJANJIAN, Permintaan, sign_request
from services.kit.clock import system_clock
from services.kit.errors import ConfigurationError
from services.penyelaras import hub_settings
from services.perintah import klien_daftar
from services.perintah.basisdata import database, registry_transaction
from services.perintah.klien_daftar import IdKlien, Registri
from services.perintah.klien_riwayat import require_known
from services.perintah.umum import DATA, AsJson, Data, Url, out, show_json, show_rows
from services.persiapan import Registrasi
from services.sync import saksi
from services.sync.run import look_out
from services.sync.settings import NamaSisi
from shared_schemas.perjanjian import load


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(help="Klien terdaftar dan kuncinya.", no_args_is_help=True)
    group.command("daftar")(list_clients)
    klien_daftar.add_commands(group)
    group.command("assertion")(print_assertion)
    group.command("tandatangan")(print_signature)
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
            "kunci_pesan": len(k.kunci_pesan),
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
    key = load_signing_key(_registration(client_id).key_path(data))
    typer.echo(make_assertion(key, client_id, f"{layanan.rstrip('/')}/oauth2/token"))


def print_signature(
    client_id: Annotated[str, typer.Argument(help="mis. rekonsiliasi-pihak-kedua.")],
    metode: Annotated[str, typer.Argument(help="GET atau POST.")],
    url: Annotated[str, typer.Argument(help="Alamat lengkap, dengan kuerinya.")],
    isi: Annotated[Path | None, typer.Option(help="Berkas badan permintaan.")] = None,
    tujuan: Annotated[str, typer.Option(help="Untuk apa data diminta: header Tujuan.")] = "",
    data: Data = DATA,
    database_url: Url = "",
) -> None:
    """Cetak header tanda tangan pesan (RFC 9421) yang berlaku satu menit dan satu kali.

    Permintaan itu lebih dahulu dicatat dalam buku bukti hub: apa yang ditandatangani kunci ini
    tidak boleh hilang dari sana, juga bila `curl` yang mengirimnya.
    """
    registration = _registration(client_id)
    key = load_message_key(registration.message_key_path(data))
    headers = httpx.Headers({HEADER_PERJANJIAN: load(data / "perjanjian.yaml").nomor})
    if tujuan:
        headers["Tujuan"] = tujuan
    message = Permintaan(metode.upper(), url, headers)
    badan = isi.read_bytes() if isi else b""
    with (
        database("hub", database_url, data) as hub,
        look_out(hub_settings(hub, data, "", "")) as ctx,
    ):
        tanda = sign_request(message, badan, key, system_clock())
        witness = saksi.witness(ctx, NamaSisi(registration.registri))
        if witness is not None:
            witness.leaving(message, urlsplit(url).path, badan, tanda)
    for name, value in message.headers.items():
        typer.echo(f"{name}: {value}")


def _registration(client_id: str) -> Registrasi:
    known = {r.client_id: r for r in persiapan.REGISTRASI}
    if client_id not in known:
        raise ConfigurationError(f"Pilih salah satu: {', '.join(known)}.")
    return known[client_id]


Alasan = Annotated[str, typer.Option(help="Satu kalimat yang boleh dibaca pihak lain.")]


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
    require_known(data, nama, client_id)
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
    require_known(data, nama, client_id)
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
