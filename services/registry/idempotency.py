"""A repeated request gets the answer of the first, also while the first still runs."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable

from services.audit.record import Auditor
from services.kit.database import Transaction
from services.kit.nomor import like_nik
from services.registry.errors import IdempotencyKeyMissingError, IdempotencyKeyReusedError
from shared_schemas.v1.bidang import Pesan

POLA_KUNCI = r"^[!-~]{8,128}$"
_KEY = re.compile(POLA_KUNCI)


def once(
    tx: Transaction, pelaku: str, kunci: str | None, isi: bytes, work: Callable[[], bytes]
) -> bytes:
    """Return the stored answer of this key, or do the work and store its answer in `tx`.

    A second request with the same key waits on the first one's row. Raises
    IdempotencyKeyMissingError, and IdempotencyKeyReusedError for another content.
    """
    if kunci is None or not _KEY.fullmatch(kunci):
        raise IdempotencyKeyMissingError
    if like_nik(kunci):
        raise IdempotencyKeyMissingError("Idempotency-Key masuk bukti; jangan memakai NIK.")
    digest = hashlib.sha256(isi).digest()
    fresh = tx.raw(
        "INSERT INTO idempotensi (pelaku, kunci, sidik) VALUES (%s, %s, %s)"
        " ON CONFLICT DO NOTHING RETURNING 1",
        (pelaku, kunci, digest),
    ).fetchone()
    if fresh is None:
        row = tx.raw(
            "SELECT sidik, jawaban FROM idempotensi WHERE pelaku = %s AND kunci = %s",
            (pelaku, kunci),
        ).fetchone()
        if row is None or bytes(row[0]) != digest:
            raise IdempotencyKeyReusedError
        return str(row[1]).encode()
    answer = work()
    tx.raw(
        "UPDATE idempotensi SET jawaban = %s WHERE pelaku = %s AND kunci = %s",
        (answer.decode(), pelaku, kunci),
    )
    return answer


def digest_of_decision(auditor: Auditor, keputusan: Pesan) -> bytes:
    """Return the digest by which a repeated decision is known; all that it says is in it.

    A decision has no key of its own, and what it gave is not kept where it was not needed. Keyed,
    because a bare digest of so little could be guessed. `pengirim` only finds the proposal.
    """
    said = keputusan.model_dump_json(exclude={"pengirim"}, exclude_none=True)
    return auditor.fingerprint(said)
