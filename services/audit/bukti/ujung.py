"""Where a book ends: its last link and last seal, believed only with our own signatures.

Whoever has the program's database password can add rows and sign nothing. A link of ours on top of
such a row could not be taken back, so the sealer stops there (docs/keputusan/0024).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from services.audit.bukti import rantai
from services.audit.bukti.rantai import AWAL, Mata, Penanda, Segel
from services.audit.errors import ForeignTipError
from services.kit.database import Transaction

_MATA = "SELECT nomor, sidik, akar_isi, tautan, tanda FROM audit_rantai ORDER BY nomor DESC LIMIT 2"
_SEGEL = "SELECT nomor, isi::text, tanda FROM audit_segel ORDER BY nomor DESC LIMIT 1"


class Ujung(NamedTuple):
    """What comes next holds on to these: the last link and the last seal with their digests."""

    nomor: int
    tautan: bytes
    segel: int
    sidik_segel: bytes


def read(tx: Transaction, buku: str, key: Penanda) -> Ujung:
    """Return where a book ends.

    Raises ForeignTipError unless the last link and the last seal fit each other and bear
    signatures of keys that ours are known to have been.
    """
    links, seal = tx.raw(_MATA).fetchall(), tx.raw(_SEGEL).fetchone()
    if not links and seal is None:
        return Ujung(0, AWAL, 0, AWAL)
    tautan = _last_link(links, buku, key)
    if tautan is None or seal is None:
        raise ForeignTipError
    ujung = Ujung(links[0][0], tautan, seal[0], rantai.seal_digest(seal[1]))
    if not (_seals(seal[1], ujung, buku) and key.signed(seal[2], rantai.seal_content(seal[1]))):
        raise ForeignTipError
    return ujung


def _last_link(links: Sequence[Any], buku: str, key: Penanda) -> bytes | None:
    """Return the digest of the last link, None where it is not ours.

    It is computed and not read: another link's digest with that one's signature is a copy.
    """
    if not links:
        return None
    nomor, sidik, akar, _, tanda = links[0]
    before = {0: AWAL} | {former[0]: former[3] for former in links[1:]}
    if nomor - 1 not in before:
        return None
    digest = Mata(nomor, sidik, akar, before[nomor - 1]).digest(buku)
    return digest if key.signed(tanda, rantai.link_content(digest)) else None


def _seals(text: str, ujung: Ujung, buku: str) -> bool:
    """Say whether a seal's text is the one over the last link."""
    try:
        segel = Segel(**json.loads(text))
    except (ValueError, TypeError):
        return False
    said = (segel.buku, segel.nomor, segel.terakhir, segel.ujung)
    return said == (buku, ujung.segel, ujung.nomor, ujung.tautan.hex())
