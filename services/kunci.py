"""Rotate every key and certificate of a data folder while the programs go on.

What verifies is extended first, what signs changes after it, and what was before goes on being
accepted until it is pruned: no call between two programs meets a key the other does not know.
Programs notice by themselves; none is restarted.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

from services import persiapan
from services.auth import sertifikat
from services.auth.clients import Klien, editing, load_clients
from services.auth.jws import (
    SigningKey,
    drop_former_keys,
    new_private_pem,
    pem_blocks,
    public_jwk,
    replace_private_key,
)
from services.auth.kunci_pesan import KunciPesan, new_message_pem, remember_keys
from services.auth.riwayat import introduce
from services.kit.clock import Clock, system_clock
from services.kit.files import write_private
from services.persiapan import REGISTRASI, REGISTRI, Registrasi
from shared_schemas.rujukan import Pihak

_BERTAHAN = 1
"""Former generations that are still accepted; a second rotation ends the first one's overlap.

Of authorities also those before, for the sake of a partner's certificate: it holds for longer.
"""


def rotate(data: Path, hosts: Sequence[str] = (), clock: Clock = system_clock) -> None:
    """Replace the authority, all certificates, and the keys of tokens, clients and records."""
    persiapan.require(data)
    sertifikat.mend_trusted(persiapan.otoritas(data))
    given = persiapan.partner_certificates(data, clock)
    sertifikat.new_authority(persiapan.otoritas(data), clock(), _BERTAHAN, given)
    persiapan.certify(data, hosts, semua=True, clock=clock)
    for registri in REGISTRI:
        replace_private_key(data / registri / "kunci.pem", keep=_BERTAHAN)
        _rotate_seal_key(data / registri / "pesan.pem")
        _rotate_clients(data, registri)
    if persiapan.hub_seal_key(data).exists():
        _rotate_seal_key(persiapan.hub_seal_key(data))
    _rotate_signers(data, clock())


def _rotate_seal_key(path: Path) -> None:
    """Write down the public keys before one is dropped and once there is a new one."""
    remember_keys(path)
    replace_private_key(path, keep=_BERTAHAN, make=new_message_pem)
    remember_keys(path)


def _drop_seal_keys(path: Path) -> int:
    remember_keys(path)
    return drop_former_keys(path)


def _rotate_clients(data: Path, registri: str) -> None:
    """Register each new public key before its private one is put to use."""
    made = {r.client_id: (r, new_private_pem(), new_message_pem()) for r in held(data, registri)}

    def renewed(klien: Klien) -> Klien:
        if klien.client_id not in made:
            return klien
        _, token, message = made[klien.client_id]
        changes: dict[str, object] = {"kunci": (dict(public_jwk(token)), *klien.kunci[:_BERTAHAN])}
        if klien.kunci_pesan:
            public = KunciPesan(message).public
            changes["kunci_pesan"] = (*public, *klien.kunci_pesan[:_BERTAHAN])
        return klien.model_copy(update=changes)

    with editing(data / registri / "klien.yaml") as clients:
        clients.update({k: renewed(klien) for k, klien in clients.items()})
    for registration, token, message in made.values():
        write_private(registration.key_path(data), token)
        if registration.pihak is not None:
            write_private(registration.message_key_path(data), message)


def _rotate_signers(data: Path, at: dt.datetime) -> None:
    """Let each party's former key introduce the new one, in a file that is sent as records are.

    The former ones stay known for what they signed.
    """
    for pihak in Pihak:
        path = persiapan.signing_key_path(data, pihak)
        if path.exists():
            pem, former = new_private_pem(), SigningKey(path.read_bytes())
            introduce(data / "perjanjian.yaml", pihak, former, public_jwk(pem), at)
            write_private(path, pem)


def prune(data: Path, clock: Clock = system_clock) -> int:
    """Accept the newest keys and authority alone; return how many former ones were dropped.

    A former authority stays as long as a certificate here is still its own, or one that a partner
    was given.
    """
    persiapan.require(data)
    used = [*persiapan.certificates(data), *persiapan.partner_certificates(data, clock)]
    dropped = sertifikat.drop_former(persiapan.otoritas(data), used)
    if persiapan.hub_seal_key(data).exists():
        dropped += _drop_seal_keys(persiapan.hub_seal_key(data))
    for registri in REGISTRI:
        dropped += drop_former_keys(data / registri / "kunci.pem")
        dropped += _drop_seal_keys(data / registri / "pesan.pem")
        with editing(data / registri / "klien.yaml") as clients:
            ours = [clients[r.client_id] for r in held(data, registri) if r.client_id in clients]
            dropped += sum(_former(k) for k in ours)
            clients.update({k.client_id: _newest(k) for k in ours})
    return dropped


def of_former_authority(data: Path) -> list[Path]:
    """Return the certificates of partners for whose sake a former authority is still trusted."""
    authority, given = persiapan.otoritas(data), persiapan.partner_certificates(data)
    return [path for path in given if not sertifikat.is_signed_now(authority, path)]


def _former(klien: Klien) -> int:
    return len(klien.kunci[1:]) + len(klien.kunci_pesan[1:])


def _newest(klien: Klien) -> Klien:
    newest = {"kunci": klien.kunci[:1], "kunci_pesan": klien.kunci_pesan[:1]}
    return klien.model_copy(update=newest)


def held(data: Path, registri: str) -> list[Registrasi]:
    """Return the registrations whose private keys are here; a partner rotates its own."""
    return [r for r in REGISTRASI if r.registri == registri and r.key_path(data).exists()]


def listing(data: Path) -> list[dict[str, object]]:
    """Return every key and certificate of a folder: what for, until when, how many accepted."""
    authority = persiapan.otoritas(data)
    rows = [_certificate("CA", authority.kunci, sertifikat.count(authority.dipercaya))]
    for registri in REGISTRI:
        rows.append(_certificate(registri, persiapan.server_certificate(data, registri), 1))
        keys = data / registri / "kunci.pem"
        rows.append(_row(f"{registri}: kunci token", None, len(pem_blocks(keys.read_bytes()))))
        clients = load_clients(data / registri / "klien.yaml").values()
        rows += [_row(f"{k.client_id}: kunci", None, len(k.kunci)) for k in clients]
    rows += [_certificate(r.client_id, r.certificate_path(data), 1) for r in REGISTRASI]
    partners = persiapan.partner_certificates(data)
    rows += [_certificate(f"{p.stem} (mitra)", p, 1) for p in partners]
    return rows


def _certificate(untuk: str, path: Path, diterima: int) -> dict[str, object]:
    return _row(f"{untuk}: sertifikat", sertifikat.expiry(path), diterima)


def _row(untuk: str, until: dt.datetime | None, diterima: int) -> dict[str, object]:
    return {"untuk": untuk, "berlaku_sampai": until, "diterima": diterima}
