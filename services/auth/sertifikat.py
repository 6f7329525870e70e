"""The demonstration's own authority: a CA, and short-lived certificates for both ends.

In production each body brings the certificates of its own authority; the files are the same.
A private key shares one file with its certificate, readable by its owner only.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from services.kit.errors import ConfigurationError
from services.kit.files import write_private, write_public

UMUR_OTORITAS = dt.timedelta(days=365)
UMUR_SERTIFIKAT = dt.timedelta(days=30)
"""Revocation by waiting: a stolen key is of use for a month at most."""
PERBARUI_SEBELUM = dt.timedelta(days=10)
KunciPublik = ec.EllipticCurvePublicKey | rsa.RSAPublicKey
_TERTUNDA = dt.timedelta(minutes=5)  # clocks of two machines differ
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Otoritas:
    """Where an authority's files are: its own key, and the certificates that are trusted."""

    folder: Path

    @property
    def kunci(self) -> Path:
        """Key and certificate that sign now; the owner's alone."""
        return self.folder / "otoritas.pem"

    @property
    def dipercaya(self) -> Path:
        """Certificates that both ends trust, the newest first; two during a rotation."""
        return self.folder / "ca.pem"


def expiry(path: Path) -> dt.datetime:
    """Return when the first certificate of a file ends. Raises ConfigurationError."""
    return _first(path).not_valid_after_utc


def count(path: Path) -> int:
    """Return how many certificates a file holds. Raises ConfigurationError."""
    return len(_all(path))


def needs_renewal(path: Path, now: dt.datetime, before: dt.timedelta = PERBARUI_SEBELUM) -> bool:
    """Return whether a certificate is missing, or ends before long."""
    return not path.exists() or expiry(path) - now < before


def authority_needs_renewal(otoritas: Otoritas, now: dt.datetime) -> bool:
    """Return whether what is signed until the next renewal could outlive the authority."""
    return needs_renewal(otoritas.kunci, now, UMUR_SERTIFIKAT + PERBARUI_SEBELUM)


def mend_trusted(otoritas: Otoritas) -> bool:
    """See that the authority which signs is trusted; return whether the file was made anew.

    A damaged file is put aside. Nobody trusts what a former authority signed after that.
    """
    if not otoritas.kunci.exists():
        return False
    signing = _first(otoritas.kunci)
    trusted = _readable(otoritas.dipercaya)
    if trusted is None:
        if otoritas.dipercaya.exists():
            otoritas.dipercaya.replace(otoritas.dipercaya.with_name("ca.pem.rusak"))
        write_public(otoritas.dipercaya, _bundle([signing]))
        return True
    if signing not in trusted:
        write_public(otoritas.dipercaya, _bundle([signing, *trusted]))
    return False


def is_signed_now(otoritas: Otoritas, path: Path) -> bool:
    """Return whether the authority that signs now signed a certificate, and not a former one."""
    return _issued(_first(otoritas.kunci), _first(path))


def new_authority(
    otoritas: Otoritas, now: dt.datetime, keep: int = 1, used: Sequence[Path] = ()
) -> None:
    """Make a new signing key; its certificate is trusted, and the `keep` former ones are.

    So are those before them that signed a certificate of the files `used`. The trusted ones are
    written first: nothing is signed that nobody trusts. The one that signed until now is the first
    of the former: a run that was cut off leaves another before it.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"CA hub {now:%Y-%m-%d %H:%M:%S}")])
    made = (
        _builder(name, name, key.public_key(), now, UMUR_OTORITAS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(ca=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    signing = [_first(otoritas.kunci)] if otoritas.kunci.exists() else []
    trusted = _all(otoritas.dipercaya) if otoritas.dipercaya.exists() else []
    former = [*signing, *(c for c in trusted if c not in signing)]
    needed = _that_issued(former[keep:], used)
    write_public(otoritas.dipercaya, _bundle([made, *former[:keep], *needed]))
    write_private(otoritas.kunci, _pem(key) + _bundle([made]))


def drop_former(otoritas: Otoritas, used: Sequence[Path] = ()) -> int:
    """Trust the authority that signs and those that signed `used`; return how many were dropped."""
    signing, trusted = _first(otoritas.kunci), _all(otoritas.dipercaya)
    needed = _that_issued(trusted, used)
    kept = [c for c in trusted if c == signing or c in needed]
    write_public(otoritas.dipercaya, _bundle(kept or trusted[:1]))
    return len(trusted) - len(kept or trusted[:1])


def issue_server(
    otoritas: Otoritas, path: Path, nama: str, hosts: Sequence[str], now: dt.datetime
) -> None:
    """Write key and certificate of a server that is reached as `hosts` and by loopback."""
    _issue(otoritas, path, nama, hosts, ExtendedKeyUsageOID.SERVER_AUTH, now)


def issue_client(otoritas: Otoritas, path: Path, client_id: str, now: dt.datetime) -> None:
    """Write key and certificate of a client."""
    _issue(otoritas, path, client_id, None, ExtendedKeyUsageOID.CLIENT_AUTH, now)


def sign_client(
    otoritas: Otoritas, client_id: str, public: KunciPublik, now: dt.datetime, umur: dt.timedelta
) -> x509.Certificate:
    """Return a certificate of a client whose private key is its own: of TLS clients, no authority.

    It ends no later than the authority. Raises ConfigurationError where that has ended, or cannot
    be read.
    """
    return _leaf(otoritas, client_id, public, ExtendedKeyUsageOID.CLIENT_AUTH, now, umur)


def as_pem(made: x509.Certificate) -> bytes:
    """Return a certificate as files have it."""
    return _bundle([made])


def _issue(
    otoritas: Otoritas,
    path: Path,
    nama: str,
    hosts: Sequence[str] | None,
    purpose: x509.ObjectIdentifier,
    now: dt.datetime,
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    made = _leaf(otoritas, nama, key.public_key(), purpose, now, UMUR_SERTIFIKAT, hosts)
    write_private(path, _pem(key) + _bundle([made]))


def _leaf(
    otoritas: Otoritas,
    nama: str,
    public: KunciPublik,
    purpose: x509.ObjectIdentifier,
    now: dt.datetime,
    umur: dt.timedelta,
    hosts: Sequence[str] | None = None,
) -> x509.Certificate:
    pem = otoritas.kunci.read_bytes()  # once: it may be renewed meanwhile
    authority = x509.load_pem_x509_certificates(pem)[0]
    signer = serialization.load_pem_private_key(pem, None)
    if not isinstance(signer, ec.EllipticCurvePrivateKey):
        raise ConfigurationError(f"{otoritas.kunci} harus berisi kunci EC P-256.")
    until = min(now + umur, authority.not_valid_after_utc)
    if until <= now:
        raise ConfigurationError(f"CA {otoritas.kunci} sudah berakhir: jalankan `hub kunci buat`.")
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, nama)])
    builder = (
        _builder(name, authority.subject, public, now, until - now)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(ca=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
    )
    if hosts is not None:
        names = [_host(h) for h in dict.fromkeys((*_LOOPBACK, *hosts))]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(signer, hashes.SHA256())


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    public: KunciPublik,
    now: dt.datetime,
    umur: dt.timedelta,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _TERTUNDA)
        .not_valid_after(now + umur)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )


def _usage(*, ca: bool) -> x509.KeyUsage:
    """Return what a key is for: certificates of an authority, handshakes (TLS 1.3) of all else."""
    return x509.KeyUsage(
        digital_signature=not ca, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, key_cert_sign=ca, crl_sign=ca,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _host(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _all(path: Path) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"{path} tidak dapat dibaca ({type(error).__name__}); jalankan `hub kunci buat`."
        ) from None


def _readable(path: Path) -> list[x509.Certificate] | None:
    """Return the certificates of a file, None where one of them is missing or cut off."""
    try:
        pem = path.read_bytes()
        found = x509.load_pem_x509_certificates(pem)
    except (FileNotFoundError, ValueError):
        return None
    # A block without an end is passed over by the reader, and refused by TLS.
    return found if len(found) == pem.count(b"-----BEGIN CERTIFICATE-----") else None


def _that_issued(
    authorities: Sequence[x509.Certificate], used: Sequence[Path]
) -> list[x509.Certificate]:
    leaves = [_first(path) for path in used if path.exists()]
    return [c for c in authorities if any(_issued(c, leaf) for leaf in leaves)]


def _issued(authority: x509.Certificate, leaf: x509.Certificate) -> bool:
    try:
        leaf.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _first(path: Path) -> x509.Certificate:
    return _all(path)[0]


def _bundle(certificates: Sequence[x509.Certificate]) -> bytes:
    return b"".join(c.public_bytes(serialization.Encoding.PEM) for c in certificates)


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
