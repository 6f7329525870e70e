"""`hub`: the command line of operators. Messages are Indonesian; `--json` for programs."""

from __future__ import annotations

import sys

import typer

from services.kit.errors import HubError
from services.perintah import (
    audit,
    banding,
    bukti,
    data,
    demo,
    dokumen,
    jejak,
    klien,
    kunci,
    layanan,
    neraca,
    perjanjian,
    surat_mati,
    sync,
    taut,
    tinjau,
    umpan,
    unduh,
)
from services.perintah.umum import err

app = typer.Typer(
    name="hub",
    help="Pertukaran data WLKP (Kemnaker) dan kepesertaan JKN (BPJS Kesehatan).",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # a traceback with local variables would show records
)
_GROUPS = (
    data,
    layanan,
    klien,
    kunci,
    perjanjian,
    dokumen,
    jejak,
    bukti,
    umpan,
    unduh,
    sync,
    surat_mati,
    neraca,
    audit,
    banding,
    taut,
    tinjau,
    demo,
)
for _module in _GROUPS:
    _module.register(app)


def main() -> None:
    """Run the command line; a known error is one sentence on stderr and exit code 1."""
    try:
        app()
    except HubError as error:
        text = f"Gagal ({error.kode}): {error.detail}"
        err.print(text, highlight=False, markup=False, soft_wrap=True)
        sys.exit(1)
    except KeyboardInterrupt:
        err.print("Dihentikan; tidak ada yang hilang. Jalankan lagi untuk melanjutkan.")
        sys.exit(130)


if __name__ == "__main__":
    main()
