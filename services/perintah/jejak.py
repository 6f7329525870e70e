"""`hub jejak-nik` and `hub jejak ekspor`: what the ledger of access says, and of whom."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from services.audit import breach, search
from services.audit.catalogue import Peristiwa
from services.audit.errors import MomentError
from services.audit.record import Bukti, Pelaku
from services.kit.errors import InvalidInputError
from services.kit.roles import Peran
from services.perintah.basisdata import registry_transaction
from services.perintah.umum import DATA, AsJson, Data, Sisi, Url, err, out, show_json, show_table
from shared_schemas.identitas import check_nik
from shared_schemas.perjanjian import WIB

Registri = Annotated[Sisi, typer.Argument(help="Registri: wlkp atau bpjs.")]
Tanggal = Annotated[
    dt.datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Tanggal Jakarta, termasuk.")
]


def register(app: typer.Typer) -> None:
    """Add the command about one person and the group."""
    app.command("jejak-nik")(show_person)
    group = typer.Typer(help="Buku jejak akses sebuah registri.", no_args_is_help=True)
    group.callback()(lambda: None)  # without it a lone command would be the group itself
    group.command("ekspor")(export)
    app.add_typer(group, name="jejak")


def period(
    sejak: dt.datetime | None, sampai: dt.datetime | None
) -> tuple[dt.datetime, dt.datetime]:
    """Return the first moment of a period of Jakarta days and the first one after it.

    Raises InvalidInputError for one that ends before it begins: nobody was seen in none.
    """
    first = sejak or dt.datetime(2020, 11, 3)  # the agreement's first day  # noqa: DTZ001
    last = sampai or dt.datetime.now(WIB).replace(tzinfo=None)
    midnight = dt.datetime.combine(last.date() + dt.timedelta(days=1), dt.time())
    if midnight <= first:
        raise InvalidInputError("--sejak harus tidak sesudah --sampai.")
    return first.replace(tzinfo=WIB), midnight.replace(tzinfo=WIB)


def read_nik() -> str:
    """Return a NIK from standard input, or asked for without echo; never from an argument.

    Arguments stand in the list of processes and in the history of the shell.
    """
    if sys.stdin.isatty():
        text = typer.prompt("NIK", hide_input=True, err=True)
    else:
        text = sys.stdin.readline(64)
    nik = check_nik(text.strip()).nilai
    if nik is None:
        raise InvalidInputError("Baris pertama masukan baku harus satu NIK: 16 angka yang sah.")
    return nik


def show_person(
    nama: Registri,
    sejak: Tanggal = None,
    sampai: Tanggal = None,
    data: Data = DATA,
    database_url: Url = "",
    as_json: AsJson = False,
) -> None:
    """Siapa melihat data satu orang, kapan, bidang apa, menurut pasal apa (hak akses, UU 27/2022).

    NIK dibaca dari masukan baku atau ditanyakan tanpa ditampilkan. Pencarian ini sendiri dicatat.
    Salinan massal disebut tersendiri: ia memuat setiap orang yang waktu itu terdaftar; salinan
    badan usaha setiap orang yang NIK-nya NPWP badan usaha.
    """
    nik = read_nik()
    first, after = period(sejak, sampai)
    with registry_transaction(nama, database_url, data, Peran.PEMERIKSA) as (tx, auditor):
        entries = search.find_person(tx, auditor.person(nik), first, after)
        copies = search.find_copies(tx, first, after)
        who = Pelaku(f"pemeriksa-{nama}")
        auditor.record_access(tx, who, "jejak nik", len(entries), [nik], search.entry_columns())
    rows, bulk = [_shown(e) for e in entries], [_shown(e) for e in copies]
    if as_json:
        found = {"akses": rows, "salinan_massal": bulk}
        show_json({"registri": nama, "sejak": first, "sebelum": after, **found})
        return
    show_table({**r, "bidang": ", ".join(r["bidang"] or ["?"])} for r in [*rows, *bulk])
    out.print(
        f"{len(rows)} akses dalam buku jejak {nama}; {len(bulk)} salinan massal, yang memuat setiap"
        " orang yang waktu itu terdaftar (salinan badan usaha: yang NIK-nya NPWP badan usaha).",
        highlight=False,
    )


def _shown(entry: dict[str, Any]) -> dict[str, Any]:
    """Return an entry with its time as the person reads clocks: in Jakarta."""
    return {**entry, "waktu": entry["waktu"].astimezone(WIB).isoformat(timespec="seconds")}


def moment(text: str) -> dt.datetime:
    """Return a moment with its zone. Raises MomentError."""
    try:
        found = dt.datetime.fromisoformat(text)
    except ValueError:
        raise MomentError from None
    if found.tzinfo is None:
        raise MomentError
    return found


def export(
    nama: Registri,
    keluar: Annotated[Path, typer.Option(help="Folder baru untuk berkas bukti.")],
    diketahui: Annotated[
        str, typer.Option(help="Saat kegagalan diketahui, mis. 2026-03-02T09:30:00+07:00.")
    ],
    sejak: Tanggal = None,
    sampai: Tanggal = None,
    klien: Annotated[str | None, typer.Option(help="Hanya kredensial ini.")] = None,
    data: Data = DATA,
    database_url: Url = "",
    as_json: AsJson = False,
) -> None:
    """Tulis bukti untuk pemberitahuan kegagalan pelindungan data (UU 27/2022 Pasal 46).

    Data apa, kapan dan bagaimana terungkap, berapa orang, menurut kredensial; sidik, bukan NIK.
    Ekspor ini sendiri dicatat. Periksa keutuhannya dengan `sha256sum -c SHA256SUMS`.
    """
    lingkup = breach.Lingkup(nama, *period(sejak, sampai), klien, moment(diketahui))
    with (
        breach.new_folder(keluar) as folder,
        registry_transaction(nama, database_url, data, Peran.PEMERIKSA) as (tx, auditor),
    ):
        summary = breach.export(tx, lingkup, folder)
        told = {k: summary[k] for k in ("klien", "akses", "subjek")}
        told |= {"sejak": lingkup.sejak.isoformat(), "sebelum": lingkup.sampai.isoformat()}
        auditor.record(tx, Bukti(Peristiwa.JEJAK_DIEKSPOR, Pelaku(f"pemeriksa-{nama}"), told))
    if as_json:
        show_json({**summary, "folder": str(keluar)})
        return
    show_table({**r, "bidang": ", ".join(r["bidang"])} for r in summary["menurut_kredensial"])
    if klien is not None and not summary["akses"]:
        err.print(
            f"Tidak ada akses oleh klien {klien[:80]!a} dalam masa itu; cocokkan namanya dengan"
            f" `hub klien riwayat {nama}`.",
            highlight=False,
            markup=False,
        )
    out.print(
        f"{summary['subjek']} orang dalam {summary['akses']} akses; berkas di {keluar}.\n"
        f"{_said_of_copies(summary['salinan_massal'])}"
        f"Beri tahu secara tertulis paling lambat {summary['tenggat']:%d-%m-%Y %H.%M} WIB.",
        highlight=False,
    )


def _said_of_copies(copies: list[dict[str, Any]]) -> str:
    """Return what must be said of bulk copies, whose persons the ledger does not list one by one.

    A notice that counts the listed alone would leave out everybody who was registered.
    """
    if not copies:
        return ""
    records = sum(c["rekaman"] for c in copies)
    return (
        f"BELUM terhitung: orang dalam {len(copies)} salinan massal ({records} rekaman, lihat"
        " `salinan_massal` dalam ringkasan.json): setiap orang yang waktu itu terdaftar.\n"
    )
