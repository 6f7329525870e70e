"""`hub`: the command line of operators. Messages are Indonesian; `--json` for programs."""

from __future__ import annotations

import sys
from importlib import import_module

import typer

from services.kit.errors import HubError
from services.perintah.umum import err

MODUL: dict[str, tuple[str, ...]] = {
    "siapkan": ("data",),
    "impor": ("data",),
    "sintetis": ("data",),
    "layanan": ("layanan",),
    "migrasi": ("layanan",),
    "klien": ("klien",),
    "kunci": ("kunci",),
    "perjanjian": ("perjanjian",),
    "openapi": ("dokumen",),
    "jejak-nik": ("jejak",),
    "jejak": ("jejak",),
    "bukti": ("bukti",),
    "umpan": ("umpan",),
    "unduh": ("unduh",),
    "sync": ("sync", "surat_mati", "audit"),
    "temuan": ("sync",),
    "neraca": ("neraca",),
    "bandingkan": ("banding",),
    "tautkan": ("taut",),
    "latih": ("taut",),
    "tinjau": ("tinjau",),
    "demo": ("demo",),
}
"""Which modules of `services.perintah` make up each command. A service should not wait for the
compiler of the linking, nor a comparison for the web framework: together they take seconds."""


def make_app(perintah: str | None = None) -> typer.Typer:
    """Return the command line with what one command needs; whole for an unknown one or for none."""
    app = typer.Typer(
        name="hub",
        help="Pertukaran data WLKP (Kemnaker) dan kepesertaan JKN (BPJS Kesehatan).",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,  # a traceback with local variables would show records
    )
    app.callback()(lambda: None)  # a lone command would be the program itself
    everything = dict.fromkeys(m for modules in MODUL.values() for m in modules)
    for module in MODUL.get(perintah or "", everything):
        import_module(f"services.perintah.{module}").register(app)
    return app


def main() -> None:
    """Run the command line; a known error is one sentence on stderr and exit code 1."""
    try:
        make_app(next(iter(sys.argv[1:]), None))()
    except HubError as error:
        text = f"Gagal ({error.kode}): {error.detail}"
        err.print(text, highlight=False, markup=False, soft_wrap=True)
        sys.exit(1)
    except KeyboardInterrupt:
        err.print("Dihentikan; tidak ada yang hilang. Jalankan lagi untuk melanjutkan.")
        sys.exit(130)


if __name__ == "__main__":
    main()
