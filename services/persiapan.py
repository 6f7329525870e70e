"""Lay out a data folder: keys, certificates, clients, sample agreement, its signers' keys.

What is there already is kept, so preparing twice changes nothing; a certificate that ends
before long is renewed.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from services.auth import sertifikat
from services.auth.clients import Klien, editing, load_clients, save_clients
from services.auth.jws import public_jwk, write_private_key
from services.auth.kunci_pesan import load_message_key, new_message_pem, remember_keys
from services.auth.letak_catatan import keys_path
from services.auth.sertifikat import Otoritas
from services.kit.clock import Clock, system_clock
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

    def message_key_path(self, data: Path) -> Path:
        """Return where a client of the exchange keeps the key that signs its messages."""
        return data / "klien" / f"{self.client_id}.pesan.pem"

    def certificate_path(self, data: Path) -> Path:
        """Return where the client keeps its certificate, with that one's key."""
        return data / "klien" / f"{self.client_id}.tls.pem"


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
REGISTRI = ("wlkp", "bpjs")
HUB = "hub"
"""The reconciler's own folder, key and secret, beside those of the registries."""


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
        if registration.pihak is not None:
            write_private_key(registration.message_key_path(data), new_message_pem)
    for registri in REGISTRI:
        folder = data / registri
        write_private_key(folder / "kunci.pem")
        write_private_key(folder / "pesan.pem", new_message_pem)
        remember_keys(folder / "pesan.pem")
        _write_secret(folder / "rahasia")
        if not (folder / "klien.yaml").exists():
            save_clients(
                folder / "klien.yaml",
                [_client(r, data) for r in REGISTRASI if r.registri == registri],
            )
        _register_message_keys(folder / "klien.yaml", data)
    write_private_key(hub_seal_key(data), new_message_pem)
    remember_keys(hub_seal_key(data))
    _write_secret(hub_secret(data))
    certify(data)


def hub_seal_key(data: Path) -> Path:
    """Return where the reconciler keeps the key that seals its evidence."""
    return data / HUB / "pesan.pem"


def hub_secret(data: Path) -> Path:
    """Return where the reconciler keeps the secret of what it stores."""
    return data / HUB / "rahasia"


def otoritas(data: Path) -> Otoritas:
    """Return the demonstration's own authority of a data folder."""
    return Otoritas(data / "tls")


def server_certificate(data: Path, registri: str) -> Path:
    """Return where a service keeps its certificate, with that one's key."""
    return data / registri / "tls.pem"


def certify(
    data: Path, hosts: Sequence[str] = (), *, semua: bool = False, clock: Clock = system_clock
) -> list[Path]:
    """Make the certificates that are missing or end before long (`semua`: all); return them.

    An authority that ends before long is replaced while the former is still trusted. Where the
    list of the trusted had to be made anew, what a former one signed is replaced at once.
    """
    now, authority = clock(), otoritas(data)
    remade = sertifikat.mend_trusted(authority)
    if sertifikat.authority_needs_renewal(authority, now):
        sertifikat.new_authority(authority, now, used=partner_certificates(data, clock))

    def due(path: Path) -> bool:
        return (
            semua
            or sertifikat.needs_renewal(path, now)
            or (remade and not sertifikat.is_signed_now(authority, path))
        )

    made = []
    for registri in REGISTRI:
        path = server_certificate(data, registri)
        if due(path):
            sertifikat.issue_server(authority, path, registri, hosts, now)
            made.append(path)
    for registration in REGISTRASI:
        path = registration.certificate_path(data)
        if due(path):
            sertifikat.issue_client(authority, path, registration.client_id, now)
            made.append(path)
    return made


def certificates(data: Path) -> list[Path]:
    """Return where the certificates of both services and of the clients here are."""
    servers = [server_certificate(data, registri) for registri in REGISTRI]
    return [*servers, *(r.certificate_path(data) for r in REGISTRASI)]


def partner_certificate(data: Path, client_id: str) -> Path:
    """Return where the newest certificate is kept that a partner was given for its own key."""
    return data / "tls" / "mitra" / f"{client_id}.pem"


def partner_certificates(data: Path, clock: Clock = system_clock) -> list[Path]:
    """Return the files of partners whose certificate still holds.

    Of those that a service still has registered: for the sake of one that was removed no authority
    stays trusted. Its file stays, for the day on which the partner is registered again.
    """
    found = sorted(partner_certificate(data, "*").parent.glob("*.pem"))
    holds = [path for path in found if sertifikat.expiry(path) > clock()]
    known = {k for r in REGISTRI for k in load_clients(data / r / "klien.yaml")} if holds else set()
    return [path for path in holds if path.stem in known]


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
        *(data / r / "klien.yaml" for r in REGISTRI),
    )
    missing = [path for path in needed if not path.exists()]
    if missing:
        raise ConfigurationError(
            f"{missing[0]} tidak ada; periksa --data (HUB_DATA), atau buat foldernya dengan "
            f"`hub siapkan --data {data}`."
        )


def _register_message_keys(path: Path, data: Path) -> None:
    """Add the message keys that a folder of before did not have."""
    with editing(path) as clients:
        for each in REGISTRASI:
            klien = clients.get(each.client_id)
            if each.pihak is not None and klien is not None and not klien.kunci_pesan:
                renewed = klien.model_copy(update={"kunci_pesan": message_jwks(each, data)})
                clients[each.client_id] = renewed


def message_jwks(registration: Registrasi, data: Path) -> tuple[dict[str, str], ...]:
    """Return the public message keys of a registration."""
    return tuple(load_message_key(registration.message_key_path(data)).public)


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
