"""`hub`: the command line of operators. Messages are Indonesian; `--json` for programs."""

from __future__ import annotations

from services.kit.process import (
    KATA_TERPUTUS,
    TERPUTUS,
    end_without_waiting,
    ended_like_interrupt,
    nothing_begun,
)

with nothing_begun():  # the rest takes a third of a second to load
    import sys
    from importlib import import_module
    from typing import NamedTuple

    import typer

    from services.kit.berkas_hasil import is_full
    from services.kit.berkas_masukan import trouble
    from services.kit.errors import DiskFullError, HubError
    from services.perintah.salah_pakai import Grup
    from services.perintah.umum import err


class Perintah(NamedTuple):
    """A command: its modules in `services.perintah`, and what it does, in a line."""

    modul: tuple[str, ...]
    ringkas: str


PERINTAH = {
    "siapkan": Perintah(
        ("data",),
        "Siapkan folder data: kunci, klien terdaftar, perjanjian contoh. Yang ada tidak diubah.",
    ),
    "impor": Perintah(
        ("data",),
        "Muat registri dari CSV, Parquet atau XLSX melalui pemeriksaan yang sama dengan API.",
    ),
    "sintetis": Perintah(
        ("data",),
        "Buat provinsi sintetis: empat berkas CSV dan kebenaran.csv; benih sama, isi sama.",
    ),
    "layanan": Perintah(("layanan",), "Jalankan satu layanan sampai dihentikan."),
    "migrasi": Perintah(
        ("layanan",),
        "Bawa skema database ke versi terbaru, dengan perannya masing-masing; aman diulang.",
    ),
    "klien": Perintah(("klien",), "Klien terdaftar dan kuncinya."),
    "kunci": Perintah(("kunci",), "Kunci dan sertifikat: buat, putar, daftar."),
    "perjanjian": Perintah(("perjanjian",), "Perjanjian sebagai data."),
    "openapi": Perintah(
        ("dokumen",),
        "Buat dokumen terbitan: OpenAPI kedua layanan, kamus data, daftar galat, diagram keadaan.",
    ),
    "jejak-nik": Perintah(
        ("jejak",),
        "Siapa melihat data satu orang, kapan, bidang apa, menurut pasal apa "
        "(hak akses, UU 27/2022).",
    ),
    "jejak": Perintah(("jejak",), "Buku jejak akses sebuah registri."),
    "bukti": Perintah(("bukti",), "Catatan bukti setiap pesan pertukaran."),
    "umpan": Perintah(("umpan",), "Umpan perubahan sebuah registri."),
    "unduh": Perintah(
        ("unduh",),
        "Unduh satu himpunan utuh: bagian yang diperiksa sidiknya dan manifes bertanda tangan.",
    ),
    "sync": Perintah(
        ("sync", "temuan", "surat_mati", "pulih", "audit"), "Rekonsiliasi kedua registri."
    ),
    "temuan": Perintah(
        ("temuan",), "Daftar temuan; NIK disamarkan, nilainya tetap di registri masing-masing."
    ),
    "neraca": Perintah(
        ("neraca",),
        "Neraca: dikirim = diterima + di jalan; "
        "diterima = diterapkan + ditolak + ditahan + dicabut.",
    ),
    "bandingkan": Perintah(
        ("banding",),
        "Bandingkan dua registri: hanya di A, hanya di B, berbeda per bidang, kunci ganda.",
    ),
    "tautkan": Perintah(
        ("taut",),
        "Tautkan rekaman dua berkas: tertaut, cabang, tinjau, atau tidak, dengan alasannya.",
    ),
    "latih": Perintah(
        ("taut",),
        "Latih bobot model pada data rekaan dan tulis berkasnya. Penautan sendiri tidak melatih.",
    ),
    "tinjau": Perintah(("tinjau",), "Pasangan yang tidak diputuskan program: baca, lalu putuskan."),
    "demo": Perintah(
        ("demo",),
        "Siapkan semuanya, buat provinsi sintetis, jalankan layanan, rekonsiliasi, cetak hasil.",
    ),
}
"""A service should not wait for the compiler of the linking, nor a comparison for the web
framework, nor `--help` for either: together they take seconds."""


def make_app(perintah: str | None = None) -> typer.Typer:
    """Return the command line with one command alone, or whole."""
    app = _empty()
    everything = dict.fromkeys(m for p in PERINTAH.values() for m in p.modul)
    for module in PERINTAH[perintah].modul if perintah else everything:
        import_module(f"services.perintah.{module}").register(app)
    return app


def make_overview() -> typer.Typer:
    """Return a command line that lists every command and runs none: for help and for slips."""
    app = _empty()
    for name, perintah in PERINTAH.items():
        app.command(name, help=perintah.ringkas)(lambda: None)
    return app


def _empty() -> typer.Typer:
    app = typer.Typer(
        name="hub",
        cls=Grup,
        help="Pertukaran data WLKP (Kemnaker) dan kepesertaan JKN (BPJS Kesehatan).",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,  # a traceback with local variables would show records
    )
    app.callback()(lambda: None)  # a lone command would be the program itself
    return app


def main() -> None:
    """Run the command line; a known error is one sentence on stderr and exit code 1.

    Told to end (SIGTERM, SIGHUP), a command ends as after Ctrl-C: what it began is taken down.
    """
    try:
        asked = next(iter(sys.argv[1:]), "")
        with nothing_begun():
            app = make_app(asked) if asked in PERINTAH else make_overview()
        with ended_like_interrupt():  # a service that serves has its own way
            app()
    except HubError as error:
        _tell_failed(error)
        sys.exit(1)
    except KeyboardInterrupt:  # before the command began
        _tell_interrupted()
        sys.exit(TERPUTUS)
    except Exception as error:  # noqa: BLE001 - whatever it is, its text may quote a record
        if isinstance(error, OSError) and is_full(error):  # no defect of ours
            _tell_failed(DiskFullError())
        else:
            _tell_defect(error)
        sys.exit(1)
    except SystemExit as end:
        if end.code == TERPUTUS:  # typer makes it of an interrupt, without a word
            _tell_interrupted()
            end_without_waiting(TERPUTUS)
        raise


def _tell_failed(error: HubError) -> None:
    said = " ".join(dict.fromkeys((error.perkara, error.detail)))
    text = f"Gagal ({error.kode}): {said}"
    err.print(text, highlight=False, markup=False, soft_wrap=True)


def _tell_defect(error: Exception) -> None:
    """Say what kind of error it was and where, for who mends it, and nothing of what it says."""
    from services.kit.logging import places  # noqa: PLC0415 - slow to load, and rarely needed

    what = type(error).__name__
    if isinstance(error, OSError) and error.errno:
        what += f" ({trouble(error)})"
    text = f"Gagal ({HubError.kode}): {HubError.judul}: {what}, di {' > '.join(places(error))}."
    err.print(text, highlight=False, markup=False, soft_wrap=True)
    err.print("Sampaikan baris itu kepada yang memelihara program.")


def _tell_interrupted() -> None:
    err.print(KATA_TERPUTUS)


if __name__ == "__main__":
    main()
