"""The whole system on one machine: database, both services, reconciler, result against truth.

Everything is a real process and real HTTP; only the province is synthetic. Whatever is in
the data folder already is gone on with.
"""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path

import sqlalchemy as sa
from rich.box import SIMPLE
from rich.table import Table

from services import kebenaran, persiapan, sintetis
from services.kit import logging, migration
from services.kit.database import make_engine
from services.kit.interpreter import expect_records
from services.kit.postgres import PostgresServer
from services.kit.postgres_jaga import kept_up
from services.kit.roles import Peran
from services.penyelaras import hub_settings
from services.perintah.basisdata import embedded, tell
from services.perintah.data import ADA_DITOLAK
from services.perintah.kemajuan import progress_display, run_with_progress
from services.perintah.sync import TIDAK_KONVERGEN
from services.perintah.umum import err, out
from services.proses import (
    ServiceDiedError,
    base_url,
    child_process,
    require_free,
    service_process,
)
from services.sync.run import run as run_sync
from services.sync.run import summary

TIDAK_COCOK = 4
"""Exit code when a finding about exactly keyed records disagrees with the truth."""


def run(
    data: Path, ports: dict[str, int], opsi: sintetis.Opsi, *, sekali: bool, tls: bool = True
) -> int:
    """Run the demonstration and return the exit code; without `sekali` stay up until Ctrl-C."""
    logging.configure("demo", "WARNING")
    expect_records()
    # A shell that starts us in the background hands SIGINT on as ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    data = data.resolve()
    for nama, port in ports.items():
        require_free(nama, port)
    started = time.monotonic()
    with ExitStack() as stack:
        persiapan.prepare(data)
        server = stack.enter_context(PostgresServer(data / "postgres"))
        stack.enter_context(kept_up(server, tell))
        urls = {nama: embedded(server, nama, Peran.LAYANAN) for nama in migration.HISTORIES}
        _province(data, opsi)
        _import(data, urls)
        children = [
            stack.enter_context(service_process(n, p, data, urls[n], tls=tls))
            for n, p in ports.items()
        ]
        bases = {n: base_url(p, tls=tls) for n, p in ports.items()}
        chosen = hub_settings(urls["hub"], data, bases["wlkp"], bases["bpjs"])
        hasil = run_with_progress(lambda show: run_sync(chosen, on_progress=show))
        engine = make_engine(urls["hub"], 1)
        matches = _report(engine, data)
        engine.dispose()
        code = (
            0
            if hasil.converged and matches
            else TIDAK_COCOK
            if hasil.converged
            else TIDAK_KONVERGEN
        )
        _closing_words(hasil.converged, matches, time.monotonic() - started, bases)
        if not sekali:
            _stay(children)
    return code


def _province(data: Path, opsi: sintetis.Opsi) -> None:
    """Generate the province unless there is one; another size needs another data folder."""
    folder, stamp = data / "sintetis", data / "sintetis" / "opsi.json"
    wanted = json.dumps(asdict(opsi), sort_keys=True)
    if stamp.exists():
        if stamp.read_text() != wanted:
            err.print(
                f"Folder {data} sudah berisi provinsi dengan pilihan lain; dilanjutkan apa adanya."
                " Pakai DATA=folder-lain untuk provinsi baru.",
                highlight=False,
            )
        return
    with progress_display() as show:
        sintetis.generate(opsi, folder, show)
    stamp.write_text(wanted)


def _import(data: Path, urls: dict[str, str]) -> None:
    """Import both registries at once, one process each; an unfinished import is repeated."""
    stamp = data / "sintetis" / "terimpor"
    if stamp.exists():
        return
    err.print("Mengimpor kedua registri…")
    with ExitStack() as stack:
        running = [
            stack.enter_context(_importer(data, nama, urls[nama])) for nama in ("wlkp", "bpjs")
        ]
        for process in running:
            # Rows that were refused do not stop the demonstration.
            if process.wait() not in {0, ADA_DITOLAK}:
                raise ServiceDiedError(f"Impor gagal; lihat {data / 'log'}.")
    stamp.touch()


@contextmanager
def _importer(data: Path, nama: str, url: str) -> Iterator[subprocess.Popen[bytes]]:
    files = {k: data / "sintetis" / f"{nama}_{k}.csv" for k in ("badan_usaha", "pekerja")}
    arguments = [
        "impor",
        nama,
        "--badan-usaha",
        files["badan_usaha"],
        "--pekerja",
        files["pekerja"],
    ]
    with child_process(
        f"impor-{nama}", [*map(str, arguments), "--data", str(data)], data, url
    ) as process:
        yield process


def _report(engine: sa.Engine, data: Path) -> bool:
    """Print findings against the truth; say whether the exactly keyed ones agree."""
    rows = {(r["himpunan"], r["jenis"], r["bidang"] or ""): r for r in summary(engine)}
    truth = kebenaran.check(engine, data / "sintetis" / "kebenaran.csv")
    counts = ("ditemukan", "diusulkan", "diterapkan", "diantre", "ditahan", "ditolak")
    marks = ("truth", "matching", "missing", "surplus", "undecided")
    titles = ("kebenaran", "cocok", "kurang", "lebih", "belum tertaut")
    table = Table("temuan", box=SIMPLE)
    for title in (*counts, *titles):
        table.add_column(title, justify="right")
    compared = {(b.himpunan, b.jenis, b.bidang or ""): b for b in truth.rows}
    for key in sorted({*rows, *compared}):
        found, true = rows.get(key), compared.get(key)
        table.add_row(
            " ".join(k for k in key if k),
            *(str(found[c] if found else 0) for c in counts),
            *(str(getattr(true, m)) if true else "" for m in marks),
        )
    out.print(table)
    return truth.ok


def _closing_words(converged: bool, matches: bool, seconds: float, bases: dict[str, str]) -> None:
    state = "Konvergen" if converged else "BELUM KONVERGEN"
    verdict = "cocok dengan kebenaran" if matches else "TIDAK COCOK dengan kebenaran"
    out.print(f"{state}, {verdict}, {seconds:.0f} detik.", highlight=False)
    for nama, base in bases.items():
        out.print(f"Dokumentasi {nama}: {base}/docs", highlight=False)


def _stay(children: list[subprocess.Popen[bytes]]) -> None:
    """Wait for Ctrl-C; a service that dies meanwhile ends everything with an error."""
    out.print("Ctrl-C menghentikan semuanya; make run berikutnya melanjutkan data yang ada.")
    try:
        while all(c.poll() is None for c in children):
            time.sleep(0.5)
    except KeyboardInterrupt:
        out.print("Menghentikan layanan dan database…")
        return
    raise ServiceDiedError("Sebuah layanan berhenti sendiri; lihat folder log.")
