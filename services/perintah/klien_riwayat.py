"""`hub klien riwayat`, and the evidence without which no command changes a registration.

What changes without these commands is recorded by the services: `services.auth.terdaftar`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from services.audit.record import Auditor, Pelaku
from services.auth import pendaftaran
from services.auth.clients import Klien, editing, load_clients
from services.kit.berkas_masukan import trouble
from services.kit.database import Transaction
from services.kit.errors import ConfigurationError
from services.kit.roles import Peran
from services.perintah.basisdata import registry_transaction
from services.perintah.umum import DATA, AsJson, Data, Sisi, Url, show_rows


@contextmanager
def changing(nama: Sisi, url: str, data: Path) -> Iterator[dict[str, Klien]]:
    """Yield a service's registrations to change; what changes is recorded before it takes effect.

    The new file is on the disk, under another name, when the event is committed; then it takes its
    name. Without its event nothing changes. A crash in between, or a file system that refuses the
    name, leaves an event whose change did not happen: the command says so, and repeated it records
    the change again and makes it. Nothing changed, nothing recorded: no database is asked for then.

    Raises ConfigurationError where the database is not known or the file cannot be written.
    """
    recorded = False

    def record(before: dict[str, Klien], after: dict[str, Klien]) -> None:
        nonlocal recorded
        with evidence(nama, url, data) as (tx, auditor):
            pendaftaran.record_changes(tx, auditor, Pelaku(f"operator-{nama}"), before, after)
        recorded = True

    path = data / nama / "klien.yaml"
    try:
        with editing(path, record) as clients:
            yield clients
    except OSError as error:
        told = "tetapi peristiwanya sudah tercatat" if recorded else "juga tidak ada yang tercatat"
        raise ConfigurationError(
            f"{path} tidak dapat ditulis ({trouble(error)}): tidak ada yang berubah, {told}."
            " Ulangi perintah ini setelah sebabnya hilang."
        ) from None


@contextmanager
def evidence(
    nama: Sisi, url: str, data: Path, peran: Peran = Peran.LAYANAN
) -> Iterator[tuple[Transaction, Auditor]]:
    """Yield a transaction on the database that a service keeps its evidence in, and its auditor.

    Raises ConfigurationError where nothing says which that is: one made here for the purpose would
    hold events that no auditor of the service ever sees.
    """
    if not url and not (data / "postgres").exists():
        raise ConfigurationError(
            f"Buktinya ada dalam database layanan {nama}, dan tidak ada yang menyebut di mana:"
            " beri --database-url (HUB_DATABASE_URL). Bila layanan itu memakai server"
            f" tertanam di {data}, jalankan `hub migrasi {nama}` di sana dahulu."
        )
    with registry_transaction(nama, url, data, peran) as found:
        yield found


def require_known(data: Path, nama: str, client_id: str) -> None:
    """Raise ConfigurationError, which names those that are registered, for any other id."""
    require_among(load_clients(data / nama / "klien.yaml"), nama, client_id)


def require_among(clients: Mapping[str, Klien], nama: str, client_id: str) -> None:
    """Raise ConfigurationError as `require_known` does, of registrations read already."""
    if client_id not in clients:
        raise ConfigurationError(
            f"Tidak ada klien dengan ID itu pada {nama}. Yang terdaftar: {', '.join(clients)}."
            f" Daftarkan dahulu dengan `hub klien tambah {nama}`, atau perbaiki ID-nya."
        )


def show_history(
    nama: Annotated[Sisi, typer.Argument(help="Registri tempat klien terdaftar.")],
    client_id: Annotated[str | None, typer.Argument(metavar="[ID]", help="client_id.")] = None,
    data: Data = DATA,
    database_url: Url = "",
    as_json: AsJson = False,
) -> None:
    """Siapa dapat memanggil dengan kunci mana, sejak kapan: pendaftaran, kunci, penahanan.

    Kunci disebut menurut sidiknya (RFC 7638). Juga klien yang sudah dicabut. Perintah `hub klien`
    mencatat sebelum mengubah (pelaku operator-…). Yang berubah dengan jalan lain, seperti
    `hub kunci putar` atau suntingan klien.yaml dengan tangan, dicatat layanan yang berjalan
    sebelum dipakainya (pelaku layanan-…). Contoh:

    hub klien riwayat wlkp bpjs-pusat
    """
    with evidence(nama, database_url, data, Peran.PEMERIKSA) as (tx, _):
        found = pendaftaran.history(tx, client_id)
    show_rows(found, as_json)
