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
_BUKAN_ARSIP = (
    ValueError, KeyError, TypeError, AttributeError, StopIteration, OverflowError, RecursionError
)  # fmt: skip
_BAGIAN = {
    "kepala": {"jenis", "isi", "tanda"},
    "segel": {"jenis", "isi", "tanda", "cap"},
    "catatan": {"jenis", "nomor", "sidik", "akar_isi", "sebelum", "tanda", "isi"},
}
"""The members of each kind of line. No signature covers a line as it is written, so what it says
must be said once and in one way: readers that keep the first of two members of one name, or show
one that we pass over, would see another archive than was checked."""
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
        head = _parsed(next(read_lines))
        if head["jenis"] != "kepala":
            raise ArchiveError
        found = Arsip(json.loads(head["isi"]), _octets(head["tanda"]))
        if found.kepala["versi"] != VERSI or read_moment(found.dibuat_pada).tzinfo is None:
            raise ArchiveError
        canonical(found.kepala).encode()  # half a pair of surrogates cannot even be signed
        if canonical(found.kepala) != head["isi"]:  # which is what was signed
            raise ArchiveError
        for line in read_lines:
            _take(found, _parsed(line))
    except _BUKAN_ARSIP:
        raise ArchiveError from None
    return found


def _parsed(line: str) -> dict[str, Any]:
    """Return a line's members. Raises ArchiveError unless it has those of its kind, each once."""
    said: dict[str, Any] = json.loads(line, object_pairs_hook=_each_once)
    if said.keys() != _BAGIAN[said["jenis"]]:
        raise ArchiveError
    return said


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    said = dict(pairs)
    if len(said) != len(pairs):
        raise ArchiveError
    return said


def _take(archive: Arsip, line: dict[str, Any]) -> None:
    if line["jenis"] == "segel":
        cap = line["cap"]
        archive.segel.append(
            SegelArsip(line["isi"], _octets(line["tanda"]), _octets(cap) if cap else None)
        )
        return
    akar, nomor = line["akar_isi"], line["nomor"]
    if type(nomor) is not int or not 0 < nomor < _TERBESAR:
        raise ArchiveError
    mata = Mata(
        nomor,
        _digest(line["sidik"]),
        None if akar is None else _digest(akar),
        _digest(line["sebelum"]),
        _octets(line["tanda"]),
    )
    if mata.akar_isi == AWAL:  # what a link's digest has for none
        raise ArchiveError
    archive.baris.append(Baris(mata, str(line["isi"])))


def _digest(text: str) -> bytes:
    octets = bytes.fromhex(text)
    if octets.hex() != text or len(octets) != len(AWAL):
        raise ArchiveError
    return octets


def _octets(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
