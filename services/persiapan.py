"""Lay out a data folder: keys, registered clients, the sample agreement and its signers' keys.

What is there already is kept, so preparing twice changes nothing.
"""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from services.auth.clients import Klien, save_clients
from services.auth.jws import public_jwk, write_private_key
from services.auth.riwayat import keys_path
from services.kit.errors import ConfigurationError
from shared_schemas.perjanjian import CONTOH
from shared_schemas.rujukan import Pihak


@dataclass(frozen=True, slots=True)
class Registrasi:
    """One client key and where it is registered."""

    client_id: str
    registri: str
    pihak: Pihak | None = None
    cakupan: tuple[str, ...] = ()

    def key_path(self, data: Path) -> Path:
        """Return where the client keeps its private key."""
        return data / "klien" / f"{self.client_id}.pem"


# The reconciler asks each registry in the other party's name: two registrations, two keys.
SYNC_WLKP = Registrasi("rekonsiliasi-pihak-kedua", "wlkp", Pihak.KEDUA)
SYNC_BPJS = Registrasi("rekonsiliasi-pihak-kesatu", "bpjs", Pihak.KESATU)
SISTEM_KEMNAKER = Registrasi(
    "sistem-kemnaker", "wlkp", None, ("internal:belum_lapor", "internal:laporan", "internal:usulan")
)
SISTEM_BPJS = Registrasi("sistem-bpjs", "bpjs", None, ("internal:pendaftaran", "internal:usulan"))
KUNCI_SIDIK = "kunci-sidik"
"""Key of the digest tree: one for the agreement, so whoever compares must be given the same."""

REGISTRASI = (SYNC_WLKP, SYNC_BPJS, SISTEM_KEMNAKER, SISTEM_BPJS)


def prepare(data: Path) -> None:
    """Make whatever is missing below `data`; private files are readable by their owner only."""
    data.mkdir(parents=True, exist_ok=True)
    agreement = data / "perjanjian.yaml"
    if not agreement.exists():
        agreement.write_bytes(CONTOH.read_bytes())
    _write_secret(data / KUNCI_SIDIK)
    _write_signers(agreement, data)
    for registration in REGISTRASI:
        write_private_key(registration.key_path(data))
    for registri in ("wlkp", "bpjs"):
        folder = data / registri
        write_private_key(folder / "kunci.pem")
        _write_secret(folder / "rahasia")
        if not (folder / "klien.yaml").exists():
            save_clients(
                folder / "klien.yaml",
                [_client(r, data) for r in REGISTRASI if r.registri == registri],
            )


def signing_key_path(data: Path, pihak: Pihak) -> Path:
    """Return where a party keeps the key that signs records; each body holds its own alone."""
    return data / "pihak" / f"{pihak.value}.pem"


def _write_signers(agreement: Path, data: Path) -> None:
    """Make the parties' keys and publish their public halves beside the agreement."""
    public = keys_path(agreement)
    if public.exists():
        return
    for pihak in Pihak:
        write_private_key(signing_key_path(data, pihak))
    keys = {p.value: [public_jwk(signing_key_path(data, p).read_bytes())] for p in Pihak}
    public.parent.mkdir(exist_ok=True)
    public.write_text(json.dumps(keys, indent=1) + "\n", encoding="utf-8")


def require(data: Path) -> None:
    """Raise ConfigurationError unless `data` was prepared.

    Keys made on the way would let a mistyped folder start with strangers' registrations.
    """
    needed = (
        data / "perjanjian.yaml",
        data / KUNCI_SIDIK,
        *(data / r / "klien.yaml" for r in ("wlkp", "bpjs")),
    )
    missing = [path for path in needed if not path.exists()]
    if missing:
        raise ConfigurationError(
            f"{missing[0]} tidak ada; periksa --data (HUB_DATA), atau buat foldernya dengan "
            f"`hub siapkan --data {data}`."
        )


def _client(registration: Registrasi, data: Path) -> Klien:
    public = public_jwk(registration.key_path(data).read_bytes())
    return Klien(
        client_id=registration.client_id,
        pihak=registration.pihak,
        cakupan=registration.cakupan,
        kunci=(dict(public),),
    )


def _write_secret(path: Path) -> None:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(handle, "wb") as file:
        file.write(secrets.token_bytes(32))
