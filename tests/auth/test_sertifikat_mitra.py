"""A partner gets a certificate for a key that it keeps: a client's of TLS, and nothing else."""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from jose import jwt
from typer.testing import CliRunner, Result

from services import kunci, persiapan
from services.auth import sertifikat
from services.auth.jws import SigningKey, new_private_pem, public_jwk
from services.auth.klien import make_assertion
from services.auth.tokens import ASSERTION_TYPE
from services.kit.errors import ConfigurationError
from services.kit.tls import client_context
from tests.conftest import SABAR, MakeDatabase, absent, serving
from tests.perintah import app

MITRA = "loket-contoh"
Kunci = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey


@dataclass
class Tempat:
    """A data folder and its service's database, where the partner is registered."""

    data: Path
    folder: Path
    url: str
    token: bytes

    @property
    def sertifikat(self) -> Path:
        """Where the certificate goes."""
        return self.folder / "mitra.crt"

    def issue(self, csr: bytes, *rest: str, klien: str = MITRA) -> Result:
        """Run the command on a request."""
        path = self.folder / "mitra.csr"
        path.write_bytes(csr)
        words = ["kunci", "sertifikat", "wlkp", klien, "--csr", path, "--keluar", self.sertifikat]
        return hub(self, *words, *rest)

    def made(self) -> x509.Certificate:
        """Return the certificate that was written."""
        return x509.load_pem_x509_certificate(self.sertifikat.read_bytes())

    def events(self) -> list[dict[str, Any]]:
        """Return what is recorded of certificates."""
        told = json.loads(hub(self, "klien", "riwayat", "wlkp", MITRA, "--json").stdout)
        return [e["rincian"] for e in told if e["peristiwa"] == "klien_sertifikat_diterbitkan"]


def hub(tempat: Tempat, *words: object) -> Result:
    place = ["--data", str(tempat.data), "--database-url", tempat.url]
    return CliRunner().invoke(app, [*map(str, words), *place])


@pytest.fixture(scope="module")
def database_url(make_database: MakeDatabase) -> str:
    """One database for the file; each test counts what it adds."""
    return make_database("wlkp")


@pytest.fixture
def tempat(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Tempat:
    made = Tempat(
        tmp_path_factory.mktemp("data"), tmp_path_factory.mktemp("mitra"), database_url,
        new_private_pem(),
    )  # fmt: skip
    persiapan.prepare(made.data)
    jwk = made.folder / "mitra.jwk"
    jwk.write_text(json.dumps(public_jwk(made.token)))
    words = ("klien", "tambah", "wlkp", MITRA, "--cakupan", "internal:belum_lapor", "--kunci", jwk)
    assert hub(made, *words).exit_code == 0
    return made


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def request(
    key: Kunci, cn: tuple[str, ...] = (MITRA,), hash_: Any = hashes.SHA256(), **wishes: bool
) -> bytes:
    """Return a request of a key as PEM."""
    names = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Contoh")]
    names += [x509.NameAttribute(NameOID.COMMON_NAME, n) for n in cn]
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(names))
    if wishes:
        server = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        host = x509.SubjectAlternativeName([x509.DNSName("wlkp.example")])
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=9), True)
        builder = builder.add_extension(server, False).add_extension(host, False)
    return builder.sign(key, hash_).public_bytes(serialization.Encoding.PEM)


def private(key: Kunci) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def reason(result: Result) -> str:
    assert isinstance(result.exception, ConfigurationError), result.output
    return result.exception.detail


@pytest.mark.parametrize("jenis", ["P-256", "P-384", "RSA-3072"])
def test_partner_gets_a_token_bound_to_the_certificate_of_its_own_key(
    tempat: Tempat, jenis: str
) -> None:
    key: Kunci = new_key()
    if jenis == "P-384":
        key = ec.generate_private_key(ec.SECP384R1())
    elif jenis == "RSA-3072":
        key = rsa.generate_private_key(65_537, 3_072)
    done = tempat.issue(request(key))
    assert done.exit_code == 0, done.output
    both = tempat.folder / "mitra.pem"
    both.write_bytes(private(key) + tempat.sertifikat.read_bytes())
    with serving("wlkp", tempat.url, tempat.data) as base:
        context = client_context(both, persiapan.otoritas(tempat.data).dipercaya)
        with httpx.Client(base_url=base, verify=context, timeout=SABAR) as client:
            assertion = make_assertion(SigningKey(tempat.token), MITRA, f"{base}/oauth2/token")
            form = {
                "grant_type": "client_credentials",
                "client_assertion_type": ASSERTION_TYPE,
                "client_assertion": assertion,
            }
            token = client.post("/oauth2/token", data=form).json()["access_token"]
            (event,) = tempat.events()[-1:]
            bound = jwt.get_unverified_claims(token)["cnf"]
            assert bound == {"x5t#S256": event["sidik_sertifikat"]}
            head = {"Authorization": f"Bearer {token}"}
            assert client.get("/v1/belum-lapor", headers=head).status_code == 200


def test_certificate_is_a_clients_whatever_the_request_wishes(tempat: Tempat) -> None:
    key = new_key()
    assert tempat.issue(request(key, ca=True)).exit_code == 0
    made = tempat.made()
    assert made.public_key() == key.public_key()
    assert made.subject.rfc4514_string() == f"CN={MITRA}"
    found = made.extensions
    assert not found.get_extension_for_class(x509.BasicConstraints).value.ca
    assert found.get_extension_for_class(x509.BasicConstraints).critical
    usage = found.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert not found.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
    with pytest.raises(x509.ExtensionNotFound):
        found.get_extension_for_class(x509.SubjectAlternativeName)


@pytest.mark.parametrize(("pilihan", "hari"), [((), 30), (("--hari", "90"), 90)])
def test_certificate_ends_when_told_and_its_event_says_so(
    tempat: Tempat, pilihan: tuple[str, ...], hari: int
) -> None:
    before = tempat.events()
    assert tempat.issue(request(new_key()), *pilihan).exit_code == 0
    made = tempat.made()
    left = made.not_valid_after_utc - dt.datetime.now(dt.UTC)
    assert dt.timedelta(days=hari, minutes=-5) < left <= dt.timedelta(days=hari)
    event = tempat.events()[len(before)]
    assert event["nomor_seri"] == f"{made.serial_number:x}"
    assert event["berlaku_sampai"] == made.not_valid_after_utc.isoformat()
    shown = json.loads(
        CliRunner().invoke(app, ["kunci", "daftar", "--json", "--data", str(tempat.data)]).stdout
    )
    assert f"{MITRA} (mitra): sertifikat" in {r["untuk"] for r in shown}


@pytest.mark.parametrize("hari", ["0", "91", "-1"])
def test_longer_life_than_the_limit_is_refused(tempat: Tempat, hari: str) -> None:
    assert tempat.issue(request(new_key()), "--hari", hari).exit_code == 2
    assert not tempat.sertifikat.exists()


def edited(pem: bytes, old: bytes, new: bytes) -> bytes:
    """Return a request some of whose octets are others."""
    der = x509.load_pem_x509_csr(pem).public_bytes(serialization.Encoding.DER)
    assert der.count(old) == 1
    return in_pem(der.replace(old, new))


def in_pem(der: bytes) -> bytes:
    text = base64.encodebytes(der).decode()
    label = "CERTIFICATE REQUEST-----"
    return f"-----BEGIN {label}\n{text}-----END {label}\n".encode()


def of_a_strangers_key() -> bytes:
    """Return a request with a public key whose private one its maker does not have."""
    own, other = new_key(), new_key()
    points = [
        k.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        for k in (own, other)
    ]
    return edited(request(own), *points)


def by_sha1() -> bytes:
    """Return a request that says it was signed with SHA-1, which the library does not sign with."""
    oid = bytes.fromhex("2a864886f70d0101")  # of RSA with a digest, which the next octet names
    pem = request(rsa.generate_private_key(65_537, 3_072))
    return edited(pem, oid + b"\x0b", oid + b"\x05")


def with_octets(old: bytes, new: bytes) -> bytes:
    """Return a request that is signed, and in which something is not as the standard says."""

    def der(tag: int, content: bytes) -> bytes:
        size = len(content)
        return bytes([tag, size] if size < 128 else [tag, 0x81, size]) + content

    key = new_key()
    said = x509.load_pem_x509_csr(request(key)).tbs_certrequest_bytes
    assert said.count(old) == 1
    said = said.replace(old, new)
    algorithm = bytes.fromhex("300a06082a8648ce3d040302")  # ECDSA with SHA-256
    signature = der(3, b"\0" + key.sign(said, ec.ECDSA(hashes.SHA256())))
    return in_pem(der(0x30, said + algorithm + signature))


def with_its_key() -> bytes:
    """Return what `cat` makes of both files."""
    key = new_key()
    return request(key) + private(key)


DITOLAK: dict[str, tuple[Callable[[], bytes], str]] = {
    "kosong": (lambda: b"", "bukan satu CSR"),
    "bukan PEM": (lambda: b"\xff\x00", "bukan satu CSR"),
    "dua": (lambda: request(new_key()) * 2, "bukan satu CSR"),
    "terpotong": (lambda: request(new_key())[:200], "bukan satu CSR"),
    "sertifikat": (
        lambda: b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "bukan satu CSR",
    ),
    "versi lain": (
        lambda: with_octets(b"\x02\x01\x00\x30", b"\x02\x01\x01\x30"),
        "bukan satu CSR",
    ),
    "CN bukan UTF-8": (
        lambda: with_octets(MITRA.encode(), b"\xff" * len(MITRA)),
        f"CN, yaitu {MITRA}",
    ),
    "kunci privat": (lambda: private(new_key()), "PRIVAT"),
    "CSR dan kunci privat": (with_its_key, "PRIVAT"),
    "tanda tangan lain": (of_a_strangers_key, "tanda tangan CSR tidak cocok"),
    "SHA-1": (by_sha1, "SHA-256"),
    "RSA 2048": (lambda: request(rsa.generate_private_key(65_537, 2_048)), "RSA 3072"),
    "P-521": (lambda: request(ec.generate_private_key(ec.SECP521R1())), "EC P-256 atau P-384"),
    "secp256k1": (lambda: request(ec.generate_private_key(ec.SECP256K1())), "EC P-256 atau P-384"),
    "Ed25519": (lambda: request(ed25519.Ed25519PrivateKey.generate(), hash_=None), "EC P-256"),
    "CN lain": (lambda: request(new_key(), ("mitra-lain",)), f"CN, yaitu {MITRA}"),
    "tanpa CN": (lambda: request(new_key(), ()), f"CN, yaitu {MITRA}"),
    "dua CN": (lambda: request(new_key(), (MITRA, "mitra-lain")), f"CN, yaitu {MITRA}"),
}  # fmt: skip


@pytest.mark.parametrize("nama", DITOLAK)
def test_request_that_is_not_right_gets_no_certificate(tempat: Tempat, nama: str) -> None:
    make, sebab = DITOLAK[nama]
    before, content = tempat.events(), make()
    said = reason(tempat.issue(content))
    assert sebab in said
    assert "mitra.csr" in said
    assert not tempat.sertifikat.exists()
    assert tempat.events() == before
    assert not persiapan.partner_certificate(tempat.data, MITRA).exists()


def test_file_that_is_there_is_left_alone(tempat: Tempat) -> None:
    tempat.sertifikat.write_text("milik orang lain")
    before = tempat.events()
    assert "tidak ditimpa" in reason(tempat.issue(request(new_key())))
    assert tempat.sertifikat.read_text() == "milik orang lain"
    assert tempat.events() == before


def test_client_that_is_not_registered_gets_none(tempat: Tempat) -> None:
    asked = tempat.issue(request(new_key(), ("siapa-saja",)), klien="siapa-saja")
    assert MITRA in reason(asked)
    assert not tempat.sertifikat.exists()


def test_without_its_event_there_is_no_certificate(tempat: Tempat) -> None:
    gone = Tempat(tempat.data, tempat.folder, absent(tempat.url), tempat.token)
    assert gone.issue(request(new_key())).exit_code == 1
    assert not tempat.sertifikat.exists()
    assert not persiapan.partner_certificate(tempat.data, MITRA).exists()


def test_disk_that_is_full_leaves_neither_an_event_nor_another_certificate(
    tempat: Tempat, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert tempat.issue(request(new_key())).exit_code == 0
    former, before = tempat.made(), tempat.events()
    tempat.sertifikat.unlink()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        said = reason(tempat.issue(request(new_key())))
    assert "mitra.crt tidak dapat ditulis (ruang diska habis;" in said
    assert not list(tempat.folder.glob("*mitra.crt*"))
    assert tempat.events() == before
    kept = persiapan.partner_certificate(tempat.data, MITRA).read_bytes()
    assert x509.load_pem_x509_certificate(kept) == former


def test_place_of_our_copy_is_named_where_that_is_what_fails(tempat: Tempat) -> None:
    kept = persiapan.partner_certificate(tempat.data, MITRA)
    kept.parent.write_text("bukan folder")
    before = tempat.events()
    said = reason(tempat.issue(request(new_key())))
    assert str(kept.parent) in said
    assert "sudah ada" not in said
    assert not tempat.sertifikat.exists()
    assert tempat.events() == before


@pytest.fixture
def diterbitkan(tempat: Tempat) -> x509.Certificate:
    """A certificate whose authority was replaced since."""
    assert tempat.issue(request(new_key())).exit_code == 0
    kunci.rotate(tempat.data)
    return tempat.made()


def trusted(tempat: Tempat, leaf: x509.Certificate) -> bool:
    """Say whether an authority is trusted that signed this: two of one second bear one name."""
    found = persiapan.otoritas(tempat.data).dipercaya.read_bytes()
    return any(signed(c, leaf) for c in x509.load_pem_x509_certificates(found))


def signed(authority: x509.Certificate, leaf: x509.Certificate) -> bool:
    try:
        leaf.verify_directly_issued_by(authority)
    except (ValueError, InvalidSignature):  # another name, or the same one with another key
        return False
    return True


def prune(tempat: Tempat) -> str:
    return CliRunner().invoke(app, ["kunci", "pangkas", "--data", str(tempat.data)]).output


def test_pruning_leaves_the_authority_of_a_partner_until_it_has_a_new_certificate(
    tempat: Tempat, diterbitkan: x509.Certificate
) -> None:
    assert MITRA in prune(tempat)  # an authority that leaked must not stay unnoticed
    assert trusted(tempat, diterbitkan)
    tempat.sertifikat.unlink()
    assert tempat.issue(request(new_key())).exit_code == 0
    assert MITRA not in prune(tempat)
    assert not trusted(tempat, diterbitkan)
    assert trusted(tempat, tempat.made())


def test_pruning_takes_the_authority_of_a_certificate_that_ended(
    tempat: Tempat, diterbitkan: x509.Certificate
) -> None:
    kunci.prune(tempat.data, lambda: diterbitkan.not_valid_after_utc + dt.timedelta(seconds=1))
    assert not trusted(tempat, diterbitkan)


def test_pruning_takes_the_authority_of_a_partner_that_was_removed(
    tempat: Tempat, diterbitkan: x509.Certificate
) -> None:
    kunci.prune(tempat.data)
    assert trusted(tempat, diterbitkan)
    assert hub(tempat, "klien", "cabut", "wlkp", MITRA).exit_code == 0
    assert MITRA not in prune(tempat)
    assert not trusted(tempat, diterbitkan)


def rotate(data: Path) -> None:
    said = CliRunner().invoke(app, ["kunci", "putar", "--data", str(data)]).output
    assert MITRA in said  # whose authority leaked must learn that it is still trusted


def renew(data: Path) -> None:
    """Let the authority come to its end, and the daily command replace it."""
    long_ago = dt.datetime.now(dt.UTC) - sertifikat.UMUR_OTORITAS + dt.timedelta(days=20)
    kunci.rotate(data, clock=lambda: long_ago)
    persiapan.certify(data)


@pytest.mark.parametrize("again", [rotate, renew])
def test_authority_of_a_partner_is_trusted_as_long_as_its_certificate_whatever_is_replaced(
    tempat: Tempat, diterbitkan: x509.Certificate, again: Callable[[Path], None]
) -> None:
    for _ in range(3):
        again(tempat.data)
        assert trusted(tempat, diterbitkan)
    count = sertifikat.count(persiapan.otoritas(tempat.data).dipercaya)
    assert count == 3  # the one that signs, the one before, and the partner's
    ended = diterbitkan.not_valid_after_utc + dt.timedelta(seconds=1)
    kunci.rotate(tempat.data, clock=lambda: ended)
    assert not trusted(tempat, diterbitkan)
