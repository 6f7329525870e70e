"""Registered clients of a service: a file with their public keys, written by operators.

A client of the exchange has a party and takes its scopes from the agreement; a local
identity (`internal`) has the scopes its own body gives it and no party.
"""

from __future__ import annotations

import fcntl
import os
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property, partial
from pathlib import Path
from typing import Annotated, Any, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from services.auth.berkas_klien import as_text, merged
from services.auth.jwk_publik import canonical
from services.auth.jws import VerifyingKey
from services.auth.kunci_pesan import PublicKey, read_jwk
from services.kit.database import DatabaseConflictError
from services.kit.errors import ConfigurationError
from services.kit.files import rewrite, write_public
from shared_schemas.rujukan import Pihak

INTERNAL = "internal:"
_KID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_LAGI = 0.02  # seconds until a lock is asked for again


class Klien(BaseModel):
    """One registration. Exactly one of `pihak` and `cakupan` (all `internal:…`) is given."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    client_id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{2,63}$")]
    pihak: Pihak | None = None
    cakupan: tuple[str, ...] = ()
    kunci: tuple[dict[str, Any], ...]
    kunci_pesan: tuple[dict[str, Any], ...] = ()

    @model_validator(mode="after")
    def _is_one_kind(self) -> Self:
        if (self.pihak is None) == (not self.cakupan):
            raise ValueError("isi salah satu: pihak atau cakupan internal")
        if any(not c.startswith(INTERNAL) for c in self.cakupan):
            raise ValueError("cakupan identitas lokal harus berawalan internal:")
        return self

    @cached_property
    def verifying_keys(self) -> tuple[VerifyingKey, ...]:
        """The client's public keys; two during a rotation."""
        return tuple(VerifyingKey(k) for k in self.kunci)

    @cached_property
    def message_keys(self) -> dict[str, PublicKey]:
        """The public keys that sign its messages, by their id; whoever has one must sign."""
        return {str(k.get("kid")): read_jwk(k) for k in self.kunci_pesan}


_LIST = TypeAdapter(list[Klien])


def load_clients(path: Path) -> dict[str, Klien]:
    """Read the registrations. Raises ConfigurationError that names the place.

    People write this file, too: what is no public key is refused, whoever's it is.
    """
    try:
        clients = _LIST.validate_python(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, yaml.YAMLError) as error:
        raise ConfigurationError(
            f"{path.name} tidak dapat dibaca: {type(error).__name__}"
        ) from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise ConfigurationError(f"{path.name}: {first['loc']}: {first['msg']}") from None
    known = {c.client_id: c for c in clients}
    if len(known) < len(clients):  # which of them counts would be a guess
        raise ConfigurationError(f"{path.name}: satu client_id terdaftar dua kali.")
    for klien in clients:
        _require_public(klien, path.name)
    return known


def _require_public(klien: Klien, berkas: str) -> None:
    """Raise ConfigurationError that names client and key for one that is not public, or no key."""
    for name in ("kunci", "kunci_pesan"):
        for number, jwk in enumerate(getattr(klien, name), 1):
            asal = f"{berkas}: klien {klien.client_id}, {name} {_shown_id(jwk, number)}"
            message = canonical(jwk, asal)["kty"] == "OKP"
            if message != (name == "kunci_pesan"):
                raise ConfigurationError(
                    f"{asal} tidak pada tempatnya: EC P-256 di bawah `kunci`, Ed25519 di bawah"
                    " `kunci_pesan`."
                )


def _shown_id(jwk: dict[str, Any], number: int) -> str:
    """Return a key's id, or its place: whatever else stands there may be the secret itself."""
    kid = jwk.get("kid")
    return kid if isinstance(kid, str) and _KID.fullmatch(kid) else f"ke-{number}"


def save_clients(
    path: Path, clients: Sequence[Klien], before: Callable[[], None] | None = None
) -> None:
    """Write the registrations in one step; comments, rights and what did not change stay.

    Of a file that is there, `before` runs when only that step is left, and nothing changes when it
    fails.
    """
    if path.exists():
        rewrite(path, merged(path.read_text(encoding="utf-8"), dumped(clients)).encode(), before)
    else:
        write_public(path, as_text(dumped(clients)).encode())


Pencatat = Callable[[dict[str, Klien], dict[str, Klien]], None]
"""Records what registrations were and will be, before they are."""


@contextmanager
def editing(path: Path, record: Pencatat | None = None) -> Iterator[dict[str, Klien]]:
    """Yield the registrations, nobody else editing them; what has changed in them is written.

    `record` comes before any of it takes effect, and none does when it fails.
    """
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        clients = load_clients(path)
        before = dict(clients)
        yield clients
        if clients != before:
            recording = None if record is None else partial(record, before, clients)
            save_clients(path, [*clients.values()], recording)
    finally:
        os.close(folder)


@contextmanager
def undisturbed(path: Path, sabar: float) -> Iterator[None]:
    """Keep `editing` from going on meanwhile: what it has recorded is in the file, or is not yet.

    Raises DatabaseConflictError when somebody has been editing for longer than `sabar` seconds.
    """
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        _share(folder, time.monotonic() + sabar)
        yield
    finally:
        os.close(folder)


def _share(folder: int, until: float) -> None:
    while True:
        try:
            fcntl.flock(folder, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                raise DatabaseConflictError("Sebuah perintah sedang mengubah klien.yaml.") from None
            time.sleep(_LAGI)
        except OSError:  # a file system without locks, where nobody can edit either
            return
        else:
            return


def dumped(clients: Sequence[Klien]) -> list[dict[str, Any]]:
    """Return registrations as the file has them."""
    found: list[dict[str, Any]] = _LIST.dump_python(
        list(clients), mode="json", exclude_defaults=True
    )
    return found
