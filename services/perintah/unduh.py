"""`hub unduh`: a whole field set of a registry as verified files."""

from __future__ import annotations

import os
import uuid
from pathlib import Path
from typing import Annotated

import typer

from services import persiapan
from services.kit import logging
from services.kit.berkas_masukan import trouble
from services.kit.errors import ConfigurationError
from services.kit.interpreter import expect_records
from services.penyelaras import hub_settings
from services.perintah.basisdata import database
from services.perintah.kemajuan import progress_display
from services.perintah.sync import BpjsUrl, WlkpUrl
from services.perintah.umum import DATA, AsJson, Data, PilihanHimpunan, Tls, Url, out, show_json
from services.sync.errors import DownloadFolderError, SnapshotGoneError
from services.sync.run import look_out
from services.sync.settings import NamaSisi
from services.sync.unduhan import Unduhan
from shared_schemas.v1.ekspor import BentukEkspor, ManifesEkspor

_KUNCI, _MANIFES = ".kunci", "manifes.jws"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("unduh")(download)


def download(
    nama: Annotated[NamaSisi, typer.Argument(help="Registri: wlkp atau bpjs.")],
    himpunan: Annotated[PilihanHimpunan, typer.Argument(help="pekerja atau badan-usaha.")],
    keluar: Annotated[Path, typer.Option("--keluar", help="Folder bagian dan manifesnya.")],
    bentuk: Annotated[
        BentukEkspor, typer.Option("--bentuk", help="arrow atau ndjson (zstd).")
    ] = BentukEkspor.ARROW,
    data: Data = DATA,
    database_url: Url = "",
    wlkp_url: WlkpUrl = "",
    bpjs_url: BpjsUrl = "",
    tunggu: Annotated[float, typer.Option(help="Detik menunggu layanan yang mati.")] = 300,
    tls: Tls = True,
    as_json: AsJson = False,
) -> None:
    """Unduh satu himpunan utuh: bagian yang diperiksa sidiknya dan manifes bertanda tangan.

    Boleh terputus di oktet mana saja; perintah yang sama melanjutkannya. Berkas memuat data pribadi
    dan hanya dapat dibaca pemiliknya. Baca foldernya dengan `hub bandingkan FOLDER …`. Yang diminta
    dan dijawab tercatat dalam buku bukti hub, seperti setiap pesan penyelaras.
    """
    logging.configure("unduh", "WARNING")
    expect_records()
    persiapan.require(data)
    key = _key(keluar, f"{nama.value} {himpunan.value} {bentuk.value}")
    with database("hub", database_url, data) as url:
        chosen = hub_settings(url, data, wlkp_url, bpjs_url, tunggu, tls=tls)
        with look_out(chosen) as ctx:
            klien, client_id = ctx.klien[nama], chosen.sisi(nama).client_id
            try:
                unduhan = Unduhan(klien, client_id, himpunan.himpunan, bentuk, key, keluar)
                manifes = _fetch(unduhan, keluar)
            except SnapshotGoneError as error:
                _clear(keluar)
                text = f"{error.detail} Jalankan lagi: dimulai dari awal."
                raise SnapshotGoneError(text) from None
    row = {"rekaman": manifes.baris, "bagian": len(manifes.bagian), "folder": str(keluar)}
    if as_json:
        show_json(row | {"id": str(manifes.id), "nomor": manifes.nomor})
    else:
        out.print(f"{manifes.baris:,} rekaman dalam {len(manifes.bagian)} bagian: {keluar}")


def _fetch(unduhan: Unduhan, keluar: Path) -> ManifesEkspor:
    """Fetch what is not there yet: parts of an earlier call count when their digest is right."""
    done = 0
    with progress_display() as tell:
        for tiba in unduhan.parts({}):
            done += tiba.bagian.baris
            tell("rekaman", done, max(tiba.perkiraan, done))
    assert unduhan.manifes is not None  # noqa: S101 - after the last part
    _write(keluar / _MANIFES, unduhan.tertanda)
    return unduhan.manifes


def _key(keluar: Path, apa: str) -> str:
    """Return the key of the snapshot that this folder holds, so that a repetition continues it.

    `apa` says whose set it is and how it is written: parts of two would have the same names.
    """
    path = keluar / _KUNCI
    try:
        keluar.mkdir(mode=0o700, parents=True, exist_ok=True)
        if path.exists():
            key, _, held = path.read_text(encoding="ascii", errors="replace").partition("\n")
            if held.strip() != apa:
                raise ConfigurationError(
                    f"{keluar} memuat unduhan lain ({held.strip() or 'tidak bernama'});"
                    f" pilih folder lain bagi {apa}."
                )
            return key
        if any(keluar.iterdir()):
            raise ConfigurationError(f"{keluar} tidak kosong; pilih folder lain.")
        key = str(uuid.uuid4())
        _write(path, f"{key}\n{apa}\n")
    except FileExistsError:
        raise DownloadFolderError(f"{keluar} bukan folder; pilih nama lain.") from None
    except OSError as error:
        raise DownloadFolderError(f"{keluar}: {trouble(error)}.") from None
    return key


def _clear(keluar: Path) -> None:
    for path in keluar.iterdir():
        if path.name == _KUNCI or path.suffix in {".zst", ".arrow", ".jws"}:
            path.unlink()


def _write(path: Path, text: str) -> None:
    with open(path, "w", encoding="ascii", opener=lambda n, f: os.open(n, f, 0o600)) as file:
        file.write(text)
