"""`hub bukti segel-lawan`: the other side's seals that were kept, for a check of its archive."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from pydantic import ValidationError

from services import persiapan
from services.audit.bukti import lawan
from services.audit.bukti.lawan import Tersimpan
from services.audit.errors import ArchiveError
from services.auth.jws import TokenError, VerifyingKey, unverified_audience
from services.kit import logging
from services.kit.berkas_masukan import trouble
from services.kit.database import make_engine, transaction
from services.kit.files import write_public
from services.perintah.basisdata import database
from services.perintah.umum import DATA, AsJson, Data, Url, out, show_json, show_table
from shared_schemas.v1.neraca import SegelTerakhir

VERSI = 1
_DITAMPILKAN = 20


def export(
    nama: Annotated[Literal["wlkp", "bpjs", "hub"], typer.Argument(help="Siapa yang menyimpan.")],
    keluar: Annotated[Path, typer.Option(help="Berkas yang ditulis.")],
    dari: Annotated[
        str | None, typer.Option(help="Hanya dari klien ini, atau (bagi hub) registri ini.")
    ] = None,
    data: Data = DATA,
    database_url: Url = "",
    as_json: AsJson = False,
) -> None:
    """Tulis segel bukti pihak lain yang disimpan, sebagaimana ditandatanganinya dalam neraca.

    Arsip pihak itu harus memuat semuanya (`hub bukti periksa --segel-lawan`): rantai yang ditulis
    ulang, juga dengan kuncinya sendiri, tidak memuatnya lagi.
    """
    logging.configure("bukti", "WARNING")
    persiapan.require(data)
    with database(nama, database_url, data) as url:
        engine = make_engine(url, 1)
        try:
            with transaction(engine) as tx:
                found = lawan.kept(tx, dari)
        finally:
            engine.dispose()
    _write(keluar, found)
    rows = [
        {
            "dari": s.pihak,
            "buku": s.buku,
            "segel": f"{s.nomor}:{s.sidik}",
            "pada": s.dinyatakan_pada,
        }
        for s in found
    ]
    if as_json:
        show_json(rows)
        return
    show_table(rows[-_DITAMPILKAN:])
    out.print(f"{len(found)} segel di {keluar}.", highlight=False)


def _write(path: Path, found: Sequence[Tersimpan]) -> None:
    each = [{"tertanda": s.tertanda, "kunci": s.kunci} for s in found]
    try:
        write_public(path, json.dumps({"versi": VERSI, "segel": each}, indent=1).encode() + b"\n")
    except OSError as error:
        raise ArchiveError(f"Berkas tidak tertulis: {trouble(error)}.") from None


def read(path: Path) -> list[SegelTerakhir]:
    """Return the seals of a file, each signed by the key beside it. Raises ArchiveError."""
    try:
        said = json.loads(path.read_bytes())
        if said["versi"] != VERSI:
            raise ArchiveError("Segel simpanan dari versi lain.")
        return [_signed(str(each["tertanda"]), each["kunci"]) for each in said["segel"]]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise ArchiveError("Segel simpanan tidak terbaca.") from None


def _signed(tertanda: str, kunci: dict[str, Any]) -> SegelTerakhir:
    try:
        key = VerifyingKey(kunci)
        claims = key.verify_lasting(tertanda, audience=unverified_audience(tertanda))
        return SegelTerakhir.model_validate(claims.get("segel"))
    except (TokenError, ValidationError):
        raise ArchiveError("Segel simpanan tidak ditandatangani kunci di sampingnya.") from None


def of_book(seals: Iterable[SegelTerakhir], buku: str) -> list[str]:
    """Return the seals of one book, as NUMBER:DIGEST."""
    return [f"{s.nomor}:{s.sidik}" for s in seals if s.buku == buku]
