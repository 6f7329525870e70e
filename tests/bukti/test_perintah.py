"""`hub bukti …`: archives out, checked offline, single fields shown, retention proven."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyrage
import pytest
import sqlalchemy as sa
from typer.testing import CliRunner, Result

from services import kunci, persiapan
from services.audit.bukti.buku import BukuBukti
from services.audit.bukti.isi import Amplop, Muatan
from services.audit.errors import ArchiveError, EvidenceKeyError
from services.auth.kunci_pesan import (
    KunciPesan,
    history_path,
    load_message_key,
    new_message_pem,
)
from services.kit.clock import system_clock
from services.kit.database import make_engine
from services.kit.rahasia import derive
from tests.bukti.buku import catatan, changed
from tests.conftest import MakeDatabase, as_program
from tests.perintah import app

pytestmark = pytest.mark.usefixtures("log_sendiri")

ISI = {"data": [{"nama": "Contoh Satu", "upah": 1.50}, {"nama": "Contoh Dua", "a/b~": None}]}


@dataclass
class Operator:
    """An operator of one registry, with the key that opens its archives."""

    data: Path
    url: str
    engine: sa.Engine
    folder: Path
    penerima: str
    identitas: Path

    def run(self, *arguments: str | Path, status: int = 0) -> str:
        done = invoke(*arguments)
        assert done.exit_code == status, (done.output, done.exception)
        return done.stdout

    def book(self, *arguments: str | Path, status: int = 0) -> str:
        command, *rest = map(str, arguments)
        return self.run(
            "bukti", command, "wlkp", *rest, "--data", self.data, "--database-url", self.url,
            status=status,
        )  # fmt: skip

    def record(self, nonce: str, badan: bytes) -> None:
        secret = (self.data / "wlkp" / "rahasia").read_bytes()
        amplop = Amplop(derive(secret, "isi-bukti"))
        buku = BukuBukti("wlkp", self.engine, amplop, 2**20, system_clock)
        with buku.transaction() as tx:
            buku.write(tx, catatan(nonce, badan), Muatan(badan))

    def export(self, name: str = "arsip.age") -> Path:
        path = self.folder / name
        self.book("ekspor", "--keluar", path, "--pemilik", self.penerima)
        return path

    def keys(self) -> Path:
        path = self.folder / "kunci.json"
        self.book("kunci", "--keluar", path)
        return path

    def check(self, *more: str | Path, status: int = 0) -> Any:
        """Check as somebody who has nothing but the files."""
        found = self.run(
            "bukti", "periksa", *more, "--kunci", self.folder / "kunci.json",
            "--identitas", self.identitas, "--json", status=status,
        )  # fmt: skip
        return json.loads(found)

    def opened(self, path: Path) -> Path:
        """Return an archive in plain, as the tool `age` makes it."""
        identity = pyrage.x25519.Identity.from_str(self.identitas.read_text().strip())
        plain = self.folder / "terbuka.gz"
        plain.write_bytes(pyrage.decrypt(path.read_bytes(), [identity]))
        return plain


def invoke(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments])


@pytest.fixture
def operator(make_database: MakeDatabase, tmp_path: Path) -> Iterator[Operator]:
    data = tmp_path / "data"
    persiapan.prepare(data)
    url = as_program("wlkp", make_database("wlkp"))
    engine = make_engine(url, 2)
    identity = pyrage.x25519.Identity.generate()
    (tmp_path / "identitas").write_text(str(identity))
    made = Operator(data, url, engine, tmp_path, str(identity.to_public()), tmp_path / "identitas")
    for n in range(3):
        made.record(f"nonce-{n}", json.dumps(ISI).encode())
    yield made
    engine.dispose()


def test_archive_is_for_its_owner_alone_and_whole(operator: Operator) -> None:
    archive = operator.export()
    assert archive.stat().st_mode & 0o777 == 0o600
    assert archive.read_bytes().startswith(b"age-encryption.org/v1")
    operator.keys()
    (found,) = operator.check(archive)["arsip"]
    assert (found["catatan"], found["utuh"]) == (3, True)
    assert operator.check(operator.opened(archive))["arsip"][0]["utuh"]
    lain = operator.folder / "lain"
    lain.write_text(str(pyrage.x25519.Identity.generate()))
    refused = invoke(
        "bukti", "periksa", archive, "--kunci", operator.folder / "kunci.json", "--identitas", lain
    )
    assert isinstance(refused.exception, ArchiveError)


def test_slip_of_the_hand_is_no_alarm(operator: Operator) -> None:
    archive, torn = operator.export(), operator.folder / "terpotong.gz"
    operator.keys()
    torn.write_bytes(operator.opened(archive).read_bytes()[:-40])
    for arguments, said in (
        ((archive, archive), "tidak berpasangan"),
        ((archive, "--segel", "xx"), "NOMOR:SIDIK"),
        ((torn,), "terpotong.gz: Bukan arsip bukti, atau terpotong"),
        ((operator.folder / "tidak-ada",), "tidak-ada: tidak ada"),
    ):
        keys = ("--kunci", operator.folder / "kunci.json", "--identitas", operator.identitas)
        refused = invoke("bukti", "periksa", *arguments, *keys)
        assert isinstance(refused.exception, ArchiveError)
        assert said in refused.exception.detail


def test_changed_archive_is_told_with_its_own_exit_code(operator: Operator) -> None:
    plain = operator.opened(operator.export())
    operator.keys()
    lines = gzip.decompress(plain.read_bytes()).decode().splitlines(keepends=True)
    said = json.loads(json.loads(lines[3])["isi"]) | {"klien": "lain-sekali"}
    lines[3] = changed(lines[3], isi=json.dumps(said, separators=(",", ":"), sort_keys=True))
    plain.write_bytes(gzip.compress("".join(lines).encode()))
    (found,) = operator.check(plain, status=4)["arsip"]
    assert found["temuan"] == [{"nomor": 2, "perkara": "diubah"}]


def test_check_needs_keys_from_elsewhere(operator: Operator) -> None:
    archive = operator.export()
    other = operator.folder / "lain.json"
    other.write_text('{"keys": []}')
    done = invoke("bukti", "periksa", archive, "--kunci", other, "--identitas", operator.identitas)
    assert isinstance(done.exception, EvidenceKeyError)


def test_seals_of_rotated_and_pruned_keys_are_still_checked(operator: Operator) -> None:
    operator.book("segel")
    kunci.rotate(operator.data)
    operator.record("nonce-baru", b"{}")
    operator.book("segel")
    for _ in range(2):
        kunci.rotate(operator.data)
    kunci.prune(operator.data)
    archive = operator.export()
    operator.keys()
    found = operator.check(archive)["arsip"][0]
    assert (found["catatan"], found["segel"], found["utuh"]) == (4, 2, True)


def test_key_that_stands_in_the_database_alone_is_named_and_not_given(operator: Operator) -> None:
    """As whoever has the service's password can add one, with a link and a seal that it signed."""
    penyusup = KunciPesan(new_message_pem())
    operator.book("segel")
    with operator.engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO audit_kunci (kid, jwk, sejak) VALUES (%s, %s::json, now())",
            (penyusup.kid, json.dumps(penyusup.public[0])),
        )
        connection.exec_driver_sql(
            "INSERT INTO audit_segel (nomor, isi, tanda) VALUES (2, '{}', %s)", (bytes(64),)
        )
    path = operator.folder / "kunci.json"
    done = invoke(
        "bukti", "kunci", "wlkp", "--keluar", path,
        "--data", operator.data, "--database-url", operator.url,
    )  # fmt: skip
    assert f"Peringatan: kunci '{penyusup.kid}'" in " ".join(done.stderr.split())
    own = load_message_key(operator.data / "wlkp" / "pesan.pem")
    assert json.loads(path.read_text())["keys"] == own.public
    operator.record("nonce-menunggu", b"{}")
    (found,) = operator.check(operator.export(), status=4)["arsip"]
    assert (found["catatan"], found["utuh"]) == (3, False)


def test_history_holds_each_key_that_ever_sealed(operator: Operator) -> None:
    path = operator.data / "wlkp" / "pesan.pem"
    history_path(path).unlink()  # a folder from before it
    made = [load_message_key(path).kid]
    for _ in range(3):
        kunci.rotate(operator.data)
        made.append(load_message_key(path).kid)
    kunci.prune(operator.data)
    pruned = load_message_key(path)
    assert [k["kid"] for k in pruned.public] == made[-1:]
    assert {k["kid"] for k in pruned.known} == set(made)
    before = history_path(path).stat().st_mtime_ns
    persiapan.prepare(operator.data)
    assert history_path(path).stat().st_mtime_ns == before


def test_older_archive_lacks_the_seal_that_was_written_down(operator: Operator) -> None:
    old = operator.export("lama.age")
    operator.record("nonce-baru", b"{}")
    new = operator.export("baru.age")
    operator.keys()
    now = operator.check(new)["arsip"][0]
    anchor = f"{now['segel']}:{now['ujung']}"
    operator.check(new, "--segel", anchor)
    (found,) = operator.check(old, "--segel", anchor, status=4)["arsip"]
    assert found["temuan"] == [
        {"nomor": now["segel"], "perkara": "segel yang dicatat dahulu tidak ada"}
    ]


def test_archive_that_cannot_be_written_leaves_no_trace(operator: Operator) -> None:
    gone = operator.folder / "tidak-ada" / "arsip"
    assert "KLIEN-BUKTI-007" in str(_failed(operator, gone, operator.penerima))
    assert "KLIEN-BUKTI-003" in str(_failed(operator, operator.folder / "a", "age1bukan"))
    assert [p.name for p in operator.folder.iterdir() if "arsip" in p.name] == []


def _failed(operator: Operator, path: Path, penerima: str) -> BaseException | None:
    done = invoke(
        "bukti", "ekspor", "wlkp", "--keluar", path, "--pemilik", penerima,
        "--data", operator.data, "--database-url", operator.url,
    )  # fmt: skip
    assert done.exit_code
    return done.exception


# One field of one message


def proof(operator: Operator, bidang: str) -> Path:
    path = operator.folder / "bukti.json"
    path.write_text(operator.book("buka", "2", "--bidang", bidang))
    return path


@pytest.mark.parametrize(
    ("bidang", "nilai"),
    [("/data/0/nama", '"Contoh Satu"'), ("/data/0/upah", "1.5"), ("/data/1/a~1b~0", "null")],
)
def test_one_field_is_proven_without_the_others(
    operator: Operator, bidang: str, nilai: str
) -> None:
    archive = operator.export()
    operator.keys()
    shown = proof(operator, bidang)
    said = json.loads(shown.read_text())
    assert said["nilai"] == nilai
    assert "Contoh Dua" not in shown.read_text()
    assert operator.check(archive, "--bukti-bidang", shown)["bidang"] is True
    with operator.engine.connect() as connection:
        (told,) = connection.execute(
            sa.text("SELECT rincian FROM audit_peristiwa WHERE peristiwa = 'bukti_dibuka'")
        ).one()
    assert told == {"nomor": 2, "penunjuk": bidang}


@pytest.mark.parametrize(
    "changes",
    [
        {"nilai": '"Contoh Lain"'},
        {"penunjuk": "/data/1/nama"},
        {"nomor": 9},
        {"buku": "bpjs"},
        {"letak": 1},
        {"garam": "00" * 32},
        {"jalur": []},
    ],
    ids=lambda c: next(iter(c)),
)
def test_changed_proof_of_a_field_does_not_fit(operator: Operator, changes: dict[str, Any]) -> None:
    archive = operator.export()
    operator.keys()
    shown = proof(operator, "/data/0/nama")
    shown.write_text(json.dumps(json.loads(shown.read_text()) | changes))
    assert operator.check(archive, "--bukti-bidang", shown, status=6)["bidang"] is False


def test_same_value_has_another_leaf_in_every_message(operator: Operator) -> None:
    operator.book("segel")
    with operator.engine.connect() as connection:
        roots = connection.execute(sa.text("SELECT akar_isi FROM audit_rantai")).scalars().all()
    assert len(set(roots)) == 3, "the contents are equal, their salts are not"


def test_unknown_field_and_record_are_refused(operator: Operator) -> None:
    operator.book("segel")
    for arguments, kode in (
        (("2", "--bidang", "/data/7/nama"), "KLIEN-BUKTI-005"),
        (("99", "--bidang", "/data"), "KLIEN-REKAMAN-001"),
    ):
        done = invoke(
            "bukti", "buka", "wlkp", *arguments, "--data", operator.data,
            "--database-url", operator.url,
        )  # fmt: skip
        assert kode in str(done.exception)


# Retention


def age(operator: Operator, days: int) -> None:
    """Let all contents be so much older."""
    with operator.engine.begin() as connection:
        connection.execute(
            sa.text("UPDATE bukti_isi SET waktu = now() - make_interval(days => :d)"), {"d": days}
        )


def test_retention_check_finds_what_is_still_there(operator: Operator) -> None:
    operator.book("segel")
    age(operator, 30)
    assert json.loads(operator.book("retensi", "--json", "--hari", "90"))["disimpan"] == 3
    found = json.loads(operator.book("retensi", "--json", "--hari", "7", status=4))
    assert (found["terlambat"], found["disimpan"], found["beres"]) == (3, 0, False)


def test_content_is_destroyed_and_the_proof_stays(operator: Operator) -> None:
    operator.book("segel")
    shown = proof(operator, "/data/0/nama")
    age(operator, 30)
    done = json.loads(operator.book("retensi", "--musnahkan", "--json", "--hari", "7"))
    assert (done["dimusnahkan"], done["beres"]) == (3, True)
    assert operator.engine.connect().scalar(sa.text("SELECT count(*) FROM bukti_isi")) == 0
    archive = operator.export()
    operator.keys()
    found = operator.check(archive, "--bukti-bidang", shown)
    assert (found["arsip"][0]["catatan"], found["bidang"]) == (3, True)
    gone = invoke(
        "bukti", "buka", "wlkp", "2", "--bidang", "/data/0/nama", "--data", operator.data,
        "--database-url", operator.url,
    )  # fmt: skip
    assert "KLIEN-BUKTI-004" in str(gone.exception)


def test_only_contents_that_were_there_count_as_destroyed(operator: Operator) -> None:
    secret = (operator.data / "wlkp" / "rahasia").read_bytes()
    amplop = Amplop(derive(secret, "isi-bukti"))
    buku = BukuBukti("wlkp", operator.engine, amplop, 2**20, system_clock)
    with buku.transaction() as tx:  # too large to be kept: its digest alone
        buku.write(tx, catatan("nonce-besar", b"besar"), None)
    operator.book("segel")
    age(operator, 30)
    assert json.loads(operator.book("retensi", "--json", "--hari", "90"))["disimpan"] == 3
    done = json.loads(operator.book("retensi", "--musnahkan", "--json", "--hari", "7"))
    assert (done["dimusnahkan"], done["disimpan"]) == (3, 0)
    with operator.engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM bukti_isi")) == 0
        told = sa.text("SELECT rincian->'isi' FROM audit_peristiwa WHERE rincian ? 'hari'")
        assert connection.execute(told).scalars().all() == [3]


def test_content_that_is_not_sealed_is_kept_and_told(operator: Operator) -> None:
    age(operator, 30)
    found = json.loads(operator.book("retensi", "--musnahkan", "--json", "--hari", "7", status=4))
    assert (found["dimusnahkan"], found["terlambat"], found["tak_tersegel"]) == (0, 3, 3)


def test_record_taken_from_the_queue_of_the_sealer_is_found(operator: Operator) -> None:
    operator.book("segel")
    operator.record("nonce-hilang", b"{}")
    with operator.engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM bukti_isi WHERE nomor IS NULL"))
    found = json.loads(operator.book("retensi", "--json", "--hari", "7", status=4))
    assert found["tak_tersegel"] == 1
