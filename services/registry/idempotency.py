"""A repeated request gets the answer of the first, also while the first still runs.

The answers of a nation's first synchronisation take gigabytes: after `idempotensi_hari` they go,
and the key, the digest and the time stay (`pangkas`). A repetition is known by these as long as
the table lives, and is answered anew from the records, without a second effect.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass

from services.audit.record import Auditor
from services.kit.database import Transaction
from services.kit.nomor import like_nik
from services.registry.errors import IdempotencyKeyMissingError, IdempotencyKeyReusedError
from shared_schemas.v1.bidang import Pesan

POLA_KUNCI = r"^[!-~]{8,128}$"
_KEY = re.compile(POLA_KUNCI)


@dataclass(frozen=True, slots=True)
class Permintaan:
    """A request as it came: whose, under which key, with which content, and when."""

    pelaku: str
    kunci: str | None
    isi: bytes
    pada: dt.datetime


def once(
    tx: Transaction,
    permintaan: Permintaan,
    work: Callable[[], bytes],
    again: Callable[[dt.datetime], bytes],
) -> bytes:
    """Return the stored answer of this key, or do the work and store its answer in `tx`.

    A second request with the same key waits on the first one's row. When its answer is not kept any
    more, `again` makes one from when the first was received; it must change nothing. Raises
    IdempotencyKeyMissingError, and IdempotencyKeyReusedError for another content.
    """
    pelaku, kunci = permintaan.pelaku, permintaan.kunci
    if kunci is None or not _KEY.fullmatch(kunci):
        raise IdempotencyKeyMissingError
    if like_nik(kunci):
        raise IdempotencyKeyMissingError("Idempotency-Key masuk bukti; jangan memakai NIK.")
    digest = hashlib.sha256(permintaan.isi).digest()
    fresh = tx.raw(
        "INSERT INTO idempotensi (pelaku, kunci, sidik, waktu) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT DO NOTHING RETURNING 1",
        (pelaku, kunci, digest, permintaan.pada),
    ).fetchone()
    if fresh is None:
        row = tx.raw(
            "SELECT sidik, jawaban, waktu FROM idempotensi WHERE pelaku = %s AND kunci = %s",
            (pelaku, kunci),
        ).fetchone()
        if row is None or bytes(row[0]) != digest:
            raise IdempotencyKeyReusedError
        return again(row[2]) if row[1] is None else str(row[1]).encode()
    answer = work()
    tx.raw(
        "UPDATE idempotensi SET jawaban = %s WHERE pelaku = %s AND kunci = %s",
        (answer.decode(), pelaku, kunci),
    )
    return answer


def digest_of_decision(auditor: Auditor, keputusan: Pesan) -> bytes:
    """Return the digest by which a repeated decision is known; all that it says is in it.

    A decision has no key of its own, and what it gave is not kept where it was not needed. Keyed,
    because a bare digest of so little could be guessed. `pengirim` only finds the proposal, and
    `versi` says what was seen, which the decision itself changed.
    """
    said = keputusan.model_dump_json(exclude={"pengirim", "versi"}, exclude_none=True)
    return auditor.fingerprint(said)
