"""`hub bukti segel|ekspor|kunci|buka|retensi`: the evidence log of one book, at its database."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer

from services import persiapan
from services.audit.bukti import arsip, buka, retensi, sandi
from services.audit.bukti.buku import BukuBukti
from services.audit.bukti.cap import Pencap, load_roots
from services.audit.bukti.isi import Amplop
from services.audit.bukti.segel import Penyegel, foreign_keys
from services.audit.catalogue import Peristiwa
from services.audit.errors import ArchiveFileError, ForeignTipError
from services.audit.record import Bukti, Pelaku
from services.auth.kunci_pesan import KunciPesan, load_message_key
from services.kit import logging
from services.kit.berkas_masukan import trouble
from services.kit.clock import system_clock
from services.kit.database import Transaction, make_engine
from services.kit.files import write_public
from services.kit.rahasia import derive, read_secret
from services.perintah import bukti_lawan, bukti_periksa
from services.perintah.basisdata import auditor_of, database
from services.perintah.umum import DATA, AsJson, Data, Url, err, out, show_json

Nama = Annotated[Literal["wlkp", "bpjs", "hub"], typer.Argument(help="wlkp, bpjs atau hub.")]
Hari = Annotated[
    int,
    typer.Option("--hari", envvar="HUB_BUKTI_ISI_HARI", min=1, help="Lama isi pesan disimpan."),
]
BELUM_BERES = 4
"""Exit code of a retention check that finds what should not be there."""
HARI = 90


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(help="Catatan bukti setiap pesan pertukaran.", no_args_is_help=True)
    group.command("segel")(seal)
    group.command("ekspor")(export)
    group.command("cap")(stamp)
    group.command("kunci")(keys)
    group.command("segel-lawan")(bukti_lawan.export)
    group.command("periksa")(bukti_periksa.verify)
    group.command("buka")(open_field)
    group.command("retensi")(retention)
    app.add_typer(group, name="bukti")


@dataclass(frozen=True, slots=True)
class _Opened:
    """One program's book with the key that seals it."""

    buku: BukuBukti
    kunci: KunciPesan
    data: Path

    def note(self, tx: Transaction, peristiwa: Peristiwa, **rincian: object) -> None:
        """Record what an operator did with the evidence; the hub's book has no events."""
        if self.buku.nama in persiapan.REGISTRI:
            who = Pelaku(f"pemeriksa-{self.buku.nama}")
            auditor_of(self.buku.nama, self.data).record(tx, Bukti(peristiwa, who, rincian))


@contextmanager
def _open(nama: str, url: str, data: Path) -> Iterator[_Opened]:
    logging.configure("bukti", "WARNING")
    persiapan.require(data)
    folder = data / nama
    amplop = Amplop(derive(read_secret(folder / "rahasia"), "isi-bukti"))
    key = load_message_key(folder / "pesan.pem")
    with database(nama, url, data) as found:
        engine = make_engine(found, 2)
        try:
            yield _Opened(BukuBukti(nama, engine, amplop, 0, system_clock), key, data)
        finally:
            engine.dispose()


def seal(nama: Nama, data: Data = DATA, database_url: Url = "") -> None:
    """Segel sekarang semua catatan yang menunggu; layanan melakukannya sendiri terus-menerus."""
    with _open(nama, database_url, data) as opened:
        sealed = Penyegel(opened.buku, lambda: opened.kunci).seal()
    out.print(f"{sealed} catatan disegel.", highlight=False)


def stamp(
    nama: Nama,
    otoritas_url: Annotated[
        str, typer.Option(envvar="HUB_BUKTI_CAP_URL", help="Alamat otoritas cap waktu (RFC 3161).")
    ],
    otoritas: Annotated[
        Path, typer.Option(envvar="HUB_BUKTI_CAP_OTORITAS", help="Sertifikat PEM-nya.")
    ],
    data: Data = DATA,
    database_url: Url = "",
) -> None:
    """Minta cap waktu bagi segel terakhir; layanan melakukannya sendiri bila otoritasnya diatur."""
    with _open(nama, database_url, data) as opened:
        pencap = Pencap(opened.buku.engine, otoritas_url, load_roots(otoritas))
        nomor = pencap.stamp()
        pencap.close()
    out.print("Sudah dicap." if nomor is None else f"Segel {nomor} dicap.", highlight=False)


def export(
    nama: Nama,
    keluar: Annotated[Path, typer.Option(help="Berkas arsip yang ditulis.")],
    pemilik: Annotated[
        str,
        typer.Option(
            envvar="HUB_BUKTI_PEMILIK", help="Kunci publik age pemilik (age1…), atau berkasnya."
        ),
    ],
    data: Data = DATA,
    database_url: Url = "",
    as_json: AsJson = False,
) -> None:
    """Tulis arsip semua catatan yang tersegel, terenkripsi bagi pemiliknya.

    Simpan segel terakhir yang dicetak di tempat lain: arsip lama yang disodorkan sebagai yang baru
    ketahuan karenanya (`hub bukti periksa --segel`).
    """
    recipients = sandi.read_recipients(pemilik)
    with _open(nama, database_url, data) as opened:
        _seal_rest(opened)
        with opened.buku.transaction() as tx:
            tx.raw("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            lines = arsip.lines(tx, nama, opened.kunci, system_clock)
            first = next(lines)
            head = arsip.read([first]).kepala
            try:
                sandi.write((n for part in ([first], lines) for n in part), keluar, recipients)
            except OSError as error:
                raise ArchiveFileError(f"Arsip tidak tertulis: {trouble(error)}.") from None
            told = {k: head[k] for k in ("catatan", "segel")}
            opened.note(tx, Peristiwa.BUKTI_DIEKSPOR, **told)
    if as_json:
        show_json({**told, "ujung": head["ujung"], "arsip": os.fspath(keluar)})
        return
    out.print(f"{told['catatan']} catatan dalam {told['segel']} segel; arsip {keluar}.")
    out.print(f"Segel terakhir: {told['segel']}:{head['ujung']}", highlight=False, soft_wrap=True)


def _seal_rest(opened: _Opened) -> None:
    """Seal what waits. A foreign end of the book keeps nobody from seeing it in an archive."""
    try:
        Penyegel(opened.buku, lambda: opened.kunci).seal()
    except ForeignTipError as error:
        err.print(f"Peringatan: {error}", highlight=False, markup=False)


def keys(
    nama: Nama,
    keluar: Annotated[Path, typer.Option(help="Berkas JWKS yang ditulis.")],
    data: Data = DATA,
    database_url: Url = "",
) -> None:
    """Tulis kunci publik semua segel, juga yang sudah diputar, untuk diserahkan kepada pemeriksa.

    Hanya yang disebut berkas kunci pemiliknya (pesan.pem, pesan.riwayat.json), bukan yang sekadar
    ada di database. Serahkan lewat jalan yang dipercaya: arsip memuatnya juga, tetapi tidak
    membuktikannya.
    """
    with _open(nama, database_url, data) as opened, opened.buku.transaction() as tx:
        foreign = foreign_keys(tx, opened.kunci)
    known = opened.kunci.known
    write_public(keluar, bukti_periksa.as_jwks(nama, known))
    out.print(f"{len(known)} kunci publik di {keluar}.", highlight=False)
    for kid in foreign:  # anybody's text: whoever has the program's password can write it there
        err.print(
            f"Peringatan: kunci {kid[:64]!a} ada di database dan tidak di pesan.riwayat.json;"
            " tidak diserahkan.",
            highlight=False,
            markup=False,
        )


def open_field(
    nama: Nama,
    nomor: Annotated[int, typer.Argument(min=1, help="Nomor catatan dalam rantai.")],
    bidang: Annotated[str, typer.Option(help="Penunjuk JSON (RFC 6901), mis. /data/3/nama.")],
    data: Data = DATA,
    database_url: Url = "",
) -> None:
    """Cetak bukti satu bidang dari satu pesan: nilainya, garamnya, dan jalur ke akarnya.

    Yang dicetak memuat nilai itu; simpan seperti datanya. Pembukaan ini sendiri dicatat.
    """
    with _open(nama, database_url, data) as opened, opened.buku.transaction() as tx:
        found = buka.open_field(tx, opened.buku, nomor, bidang)
        opened.note(tx, Peristiwa.BUKTI_DIBUKA, nomor=nomor, penunjuk=bidang)
    show_json(found.model_dump())


def retention(
    nama: Nama,
    hari: Hari = HARI,
    musnahkan: Annotated[
        bool, typer.Option("--musnahkan", help="Musnahkan dahulu isi yang lewat retensi.")
    ] = False,
    data: Data = DATA,
    database_url: Url = "",
    as_json: AsJson = False,
) -> None:
    """Buktikan bahwa isi pesan yang lewat retensi tidak ada lagi; jalankan setiap hari.

    Kode keluar 4 bila masih ada, atau bila ada catatan yang lama tidak tersegel.
    """
    now = system_clock()
    with _open(nama, database_url, data) as opened:
        gone = _destroy(opened, hari) if musnahkan else 0
        with opened.buku.transaction() as tx:
            found = retensi.check(tx, now, hari)
    if as_json:
        show_json({**found._asdict(), "dimusnahkan": gone, "beres": found.beres})
    else:
        out.print(
            f"{gone} isi dimusnahkan, {found.disimpan} disimpan menurut retensi {hari} hari.",
            highlight=False,
        )
    if not found.beres:
        err.print(
            f"{found.terlambat} isi lewat retensi masih ada (tertua {found.tertua}),"
            f" {found.tak_tersegel} catatan lama belum tersegel.",
            highlight=False,
        )
        raise typer.Exit(BELUM_BERES)


def _destroy(opened: _Opened, hari: int) -> int:
    def note(tx: Transaction, gone: int) -> None:
        opened.note(tx, Peristiwa.BUKTI_DIMUSNAHKAN, isi=gone, hari=hari)

    return retensi.destroy(opened.buku.transaction, system_clock(), hari, note)
