"""An archive of evidence: lines of JSON, read without the database that wrote them.

The head says whose book it is and how far it goes, and is signed: an archive that was cut off
behind does not fit its head. Then seals, records in the order of the chain, time stamps. What
stands in it is what the database holds; nothing is computed anew, so a check checks the book.
"""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import IO, Any

from services.audit.bukti import rantai
from services.audit.bukti.catatan import canonical, moment, read_moment
from services.audit.bukti.rantai import AWAL, Mata, Penanda
from services.audit.errors import ArchiveError
from services.kit.clock import Clock
from services.kit.database import Transaction

VERSI = 1
_PALING_PANJANG = 2**20  # octets of a line: a record has one thousand
_TERBESAR = 2**63
_CATATAN = """
SELECT r.nomor, r.sidik, r.akar_isi, r.tautan, r.tanda, p.catatan::text
FROM audit_rantai r LEFT JOIN audit_pesan p USING (id) ORDER BY r.nomor
"""
# LEFT: the next link holds on to this one also where somebody took its record away.


@dataclass(frozen=True, slots=True)
class Baris:
    """One record of an archive with its link; `catatan` is its encoding, as it was stored."""

    mata: Mata
    catatan: str


@dataclass(frozen=True, slots=True)
class SegelArsip:
    """One seal of an archive: its encoding, its signature, and its time stamp if it has one."""

    teks: str
    tanda: bytes
    cap: bytes | None = None


@dataclass(slots=True)
class Arsip:
    """An archive as it was read; nothing in it is believed yet."""

    kepala: dict[str, Any]
    tanda_kepala: bytes
    segel: list[SegelArsip] = field(default_factory=list)
    baris: list[Baris] = field(default_factory=list)

    @property
    def buku(self) -> str:
        """The book that it says it is of."""
        return str(self.kepala.get("buku"))

    @property
    def dibuat_pada(self) -> str:
        """When it says that it was written."""
        return str(self.kepala["dibuat_pada"])


def lines(tx: Transaction, buku: str, key: Penanda, clock: Clock) -> Iterator[str]:
    """Yield the lines of an archive of all that is sealed.

    The transaction must see one moment (REPEATABLE READ): the book grows meanwhile.
    """
    seals = tx.raw(
        "SELECT s.isi::text, s.tanda, c.token FROM audit_segel s"
        " LEFT JOIN audit_cap_waktu c ON c.segel = s.nomor ORDER BY s.nomor"
    ).fetchall()
    count = tx.raw("SELECT count(*), coalesce(max(nomor), 0) FROM audit_rantai").fetchone()
    head = canonical(
        {
            "versi": VERSI,
            "buku": buku,
            "dibuat_pada": moment(clock()),
            "catatan": (count or (0,))[0],
            "terakhir": (count or (0, 0))[1],
            "segel": len(seals),
            "ujung": rantai.seal_digest(seals[-1][0]).hex() if seals else AWAL.hex(),
            "kunci": key.known,
            "penanda": key.kid,
        }
    )
    yield _line("kepala", isi=head, tanda=_text(key.sign(rantai.head_content(head))))
    for isi, tanda, token in seals:
        yield _line("segel", isi=isi, tanda=_text(tanda), cap=_text(token) if token else None)
    before = AWAL
    for nomor, sidik, akar, tautan, tanda, catatan in tx.stream(_CATATAN):
        if catatan is not None:
            yield record_line(Baris(Mata(nomor, sidik, akar, before, tanda), catatan))
        before = bytes(tautan)


def record_line(baris: Baris) -> str:
    """Return the line of one record."""
    mata = baris.mata
    return _line(
        "catatan",
        nomor=mata.nomor,
        sidik=mata.sidik.hex(),
        akar_isi=None if mata.akar_isi is None else mata.akar_isi.hex(),
        sebelum=mata.sebelum.hex(),
        tanda=_text(mata.tanda),
        isi=baris.catatan,
    )


def _line(jenis: str, **members: Any) -> str:
    return canonical({"jenis": jenis, **members}) + "\n"


def _text(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


def pack(archive: Iterable[str], file: IO[bytes]) -> None:
    """Write an archive's lines, compressed; the same lines give the same octets."""
    with gzip.GzipFile("", "wb", 6, file, mtime=0) as packed:
        for line in archive:
            packed.write(line.encode())


def unpack(file: IO[bytes]) -> Iterator[str]:
    """Yield the lines of an archive. Raises ArchiveError."""
    try:
        with gzip.GzipFile(fileobj=file) as packed:
            while line := packed.readline(_PALING_PANJANG):
                yield line.decode()
    except (OSError, EOFError, zlib.error, UnicodeDecodeError):
        raise ArchiveError("Bukan arsip bukti, atau terpotong.") from None


def read(archive: Iterable[str]) -> Arsip:
    """Return what an archive holds. Raises ArchiveError where it is none of ours."""
    read_lines = iter(archive)
    try:
        head = json.loads(next(read_lines))
        if head["jenis"] != "kepala":
            raise ArchiveError
        found = Arsip(json.loads(head["isi"]), _octets(head["tanda"]))
        if found.kepala["versi"] != VERSI or read_moment(found.dibuat_pada).tzinfo is None:
            raise ArchiveError
        canonical(found.kepala).encode()  # half a pair of surrogates cannot even be signed
        for line in read_lines:
            _take(found, json.loads(line))
    except (ValueError, KeyError, TypeError, StopIteration, OverflowError, RecursionError):
        raise ArchiveError from None
    return found


def _take(archive: Arsip, line: dict[str, Any]) -> None:
    if line["jenis"] == "segel":
        cap = line.get("cap")
        archive.segel.append(
            SegelArsip(line["isi"], _octets(line["tanda"]), _octets(cap) if cap else None)
        )
        return
    akar, nomor = line["akar_isi"], int(line["nomor"])
    if not 0 < nomor < _TERBESAR:
        raise ArchiveError
    mata = Mata(
        nomor,
        bytes.fromhex(line["sidik"]),
        None if akar is None else bytes.fromhex(akar),
        bytes.fromhex(line["sebelum"]),
        _octets(line["tanda"]),
    )
    archive.baris.append(Baris(mata, str(line["isi"])))


def _octets(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
