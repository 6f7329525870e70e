"""A SIMULATOR of a time-stamping authority, on this machine: it is nobody's authority.

The tokens are made by `openssl ts`, so that the client meets answers that are not its own. They
carry the signer's certificate alone: openssl writes a set of two in an order that is not DER, and
rfc3161-client takes DER only.
"""

from __future__ import annotations

import datetime as dt
import subprocess
from pathlib import Path

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NAMA = "SIMULATOR otoritas cap waktu"
_CONFIG = """
[tsa]
default_tsa = t
[t]
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


class OtoritasTiruan(httpx.BaseTransport):
    """Answers time-stamp queries in this process; `mati` and `ubah` let it fail."""

    def __init__(self, folder: Path, nama: str = NAMA) -> None:
        folder.mkdir()
        self._folder = folder
        self.mati = False
        self.ganti: bytes | None = None
        self.ditanya = 0
        _certify(folder, nama)
        (folder / "tsa.cnf").write_text(_CONFIG.format(folder=folder))
        (folder / "serial").write_text("01")

    @property
    def sertifikat(self) -> Path:
        return self._folder / "ca.pem"

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.ditanya += 1
        if self.mati:
            raise httpx.ConnectError("simulator mati")
        answer = self.ganti or self.answer(request.read())
        return httpx.Response(200, content=answer, headers={"Server": "simulator"})

    def answer(self, query: bytes) -> bytes:
        asked, replied = self._folder / "tsq", self._folder / "tsr"
        asked.write_bytes(query)
        subprocess.run(
            ["openssl", "ts", "-reply", "-config", self._folder / "tsa.cnf", "-queryfile", asked,
             "-out", replied],
            check=True, capture_output=True,
        )  # fmt: skip
        return replied.read_bytes()


def _certify(folder: Path, nama: str) -> None:
    ca_key, tsa_key = (rsa.generate_private_key(65_537, 2_048) for _ in range(2))
    ca = _certificate(f"{nama} CA", ca_key, f"{nama} CA", ca_key, is_ca=True)
    tsa = _certificate(nama, tsa_key, f"{nama} CA", ca_key, is_ca=False)
    pem = serialization.Encoding.PEM
    (folder / "ca.pem").write_bytes(ca.public_bytes(pem))
    (folder / "tsa.pem").write_bytes(tsa.public_bytes(pem))
    (folder / "tsa.key").write_bytes(
        tsa_key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def _certificate(
    nama: str, key: rsa.RSAPrivateKey, issuer: str, issuer_key: rsa.RSAPrivateKey, *, is_ca: bool
) -> x509.Certificate:
    def name(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    now = dt.datetime.now(dt.UTC)
    own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    above = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(nama))
        .issuer_name(name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=2))
        .add_extension(x509.BasicConstraints(is_ca, None), critical=True)
        .add_extension(own, critical=False)
        .add_extension(above, critical=False)
    )
    usage = x509.KeyUsage(
        digital_signature=not is_ca, key_cert_sign=is_ca, crl_sign=is_ca, content_commitment=False,
        key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False,
        decipher_only=False,
    )  # fmt: skip
    builder = builder.add_extension(usage, critical=True)
    if not is_ca:
        stamping = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
        builder = builder.add_extension(stamping, critical=True)
    return builder.sign(issuer_key, hashes.SHA256())
