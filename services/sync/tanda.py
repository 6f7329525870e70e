"""What a registry signed: believed when one of its published keys verifies it."""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple

from services.auth.jws import TokenError, VerifyingKey
from services.sync.sambungan import Sambungan

_ALAMAT = "/.well-known/jwks.json"


class Tanda(NamedTuple):
    """Claims that hold, and the public key that says so: published keys change."""

    isi: dict[str, Any]
    kunci: dict[str, Any]


def verify(
    sambungan: Sambungan, signed: str, audience: str, berlaku: dt.datetime | None = None
) -> Tanda:
    """Return what a registry signed for this reader. Raises TokenError; its text holds no claim.

    Keys are asked for once, and again when none of them fits: they rotate. With `berlaku` the
    signature must also not be over at that time.
    """
    for anew in (False, True):
        if anew or not sambungan.kunci_publik:
            sambungan.kunci_publik = _fetch(sambungan)
        for kunci in sambungan.kunci_publik:
            try:
                key = VerifyingKey(kunci)
                if berlaku is None:
                    return Tanda(key.verify_lasting(signed, audience=audience), kunci)
                now = berlaku.timestamp()
                return Tanda(key.verify(signed, audience=audience, now=now), kunci)
            except TokenError:
                continue
    raise TokenError("tidak ada kunci yang cocok")


def _fetch(sambungan: Sambungan) -> list[dict[str, Any]]:
    try:
        return [dict(k) for k in sambungan.call("GET", _ALAMAT).json()["keys"]]
    except (ValueError, KeyError, TypeError):
        raise TokenError("kumpulan kunci tidak terbaca") from None
