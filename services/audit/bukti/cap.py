"""Time stamps of seals by an authority (RFC 3161): that a seal existed then, by another's word.

Each seal holds on to all before it, so the newest one is stamped and stands for them. An authority
that does not answer stops nothing: the next turn asks about the seal that is newest then.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import httpx
import rfc3161_client as tsp
import sqlalchemy as sa
from cryptography import x509

from services.audit.bukti.rantai import seal_content
from services.audit.errors import StampError
from services.kit.database import transaction
from services.kit.errors import ConfigurationError

_DETIK = 10.0  # an authority that takes longer is asked again at the next turn
_TERBESAR = 64 * 1024  # octets; a token with its certificates has some six thousand
_JENIS = {"Content-Type": "application/timestamp-query"}

_BELUM = """
SELECT s.nomor, s.isi::text FROM audit_segel s
WHERE s.nomor > coalesce((SELECT max(segel) FROM audit_cap_waktu), 0)
ORDER BY s.nomor DESC LIMIT 1
"""


def load_roots(path: Path) -> list[x509.Certificate]:
    """Return the certificates that an authority's must come from. Raises ConfigurationError."""
    try:
        return x509.load_pem_x509_certificates(path.read_bytes())
    except (OSError, ValueError):
        raise ConfigurationError(f"{path} bukan berkas sertifikat PEM.") from None


class Pencap:
    """Has the newest seal of a book stamped by one authority, whose answers are verified."""

    def __init__(
        self,
        engine: sa.Engine,
        url: str,
        roots: list[x509.Certificate],
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._engine = engine
        self._url = url
        self._roots = roots
        self._http = httpx.Client(timeout=_DETIK, transport=transport)

    def stamp(self) -> int | None:
        """Stamp the newest seal; return its number, None when it has a stamp. Raises StampError.

        No transaction is open while the authority is asked.
        """
        with transaction(self._engine) as tx:
            row = tx.raw(_BELUM).fetchone()
        if row is None:
            return None
        nomor, content = int(row[0]), seal_content(row[1])
        token = self._ask(content)
        at = verify(token, content, self._roots)
        if at is None:
            raise StampError("Otoritas menjawab dengan cap waktu yang tidak sah.")
        with transaction(self._engine) as tx:
            tx.raw(
                "INSERT INTO audit_cap_waktu (segel, waktu, token) VALUES (%s, %s, %s)"
                " ON CONFLICT DO NOTHING",
                (nomor, at, token),
            )
        return nomor

    def _ask(self, content: bytes) -> bytes:
        algorithm = tsp.HashAlgorithm.SHA256
        asked = tsp.TimestampRequestBuilder().data(content).hash_algorithm(algorithm).build()
        try:
            answer = self._http.post(self._url, content=asked.as_bytes(), headers=_JENIS)
            answer.raise_for_status()
            if len(answer.content) > _TERBESAR:
                raise StampError
            said = tsp.decode_timestamp_response(answer.content)
            fresh = said.tst_info.nonce == asked.nonce
        except (httpx.HTTPError, ValueError) as error:
            raise StampError(
                f"Otoritas cap waktu tidak menjawab ({type(error).__name__})."
            ) from None
        if not fresh:
            raise StampError("Otoritas menjawab permintaan yang lain.")
        return answer.content

    def close(self) -> None:
        """Close the connections."""
        self._http.close()


def verify(token: bytes, content: bytes, roots: list[x509.Certificate]) -> dt.datetime | None:
    """Return when a stamp says that a content existed, None unless an authority of `roots` says so.

    The token of an archive is anybody's text: whatever the library makes of it counts as no.
    """
    builder = tsp.VerifierBuilder()
    for each in roots:
        builder = builder.add_root_certificate(each)
    try:
        said = tsp.decode_timestamp_response(token)
        builder.build().verify_message(said, content)
        at: dt.datetime = said.tst_info.gen_time
    except (ValueError, tsp.VerificationError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=dt.UTC)
