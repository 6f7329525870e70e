"""Show one field of one recorded message, with what proves it, and nothing else of the message."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from services.audit.bukti import pohon
from services.audit.bukti.arsip import Arsip
from services.audit.bukti.bidang import Bidang, commitments, leaf, salt
from services.audit.bukti.buku import BukuBukti
from services.audit.errors import ContentGoneError, FieldNotFoundError
from services.kit.database import Transaction
from services.kit.errors import RecordNotFoundError

_HEX = r"^[0-9a-f]{64}$"


class BuktiBidang(BaseModel):
    """The proof that a field of a sealed message had a value. `nilai` is its JSON text."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    versi: Literal[1] = 1
    buku: str
    nomor: int = Field(gt=0)
    penunjuk: str
    nilai: str
    garam: str = Field(pattern=_HEX)
    letak: int = Field(ge=0)
    banyak: int = Field(gt=0)
    jalur: list[str] = Field(max_length=64)


def open_field(tx: Transaction, buku: BukuBukti, nomor: int, penunjuk: str) -> BuktiBidang:
    """Return the proof of one field.

    Raises RecordNotFoundError, ContentGoneError after its retention, FieldNotFoundError.
    """
    row = tx.raw(
        "SELECT r.sidik, b.isi FROM audit_rantai r LEFT JOIN bukti_isi b USING (id)"
        " WHERE r.nomor = %s",
        (nomor,),
    ).fetchone()
    if row is None:
        raise RecordNotFoundError("Nomor itu tidak ada dalam rantai bukti.")
    opened = None if row[1] is None else buku.amplop.open(row[1], row[0])
    if opened is None:
        raise ContentGoneError
    fields, leaves = commitments(opened)
    at = next((n for n, f in enumerate(fields) if f.penunjuk == penunjuk), None)
    if at is None:
        raise FieldNotFoundError
    return BuktiBidang(
        buku=buku.nama,
        nomor=nomor,
        penunjuk=penunjuk,
        nilai=fields[at].nilai,
        garam=salt(opened.garam, penunjuk).hex(),
        letak=at,
        banyak=len(leaves),
        jalur=[step.hex() for step in pohon.path(leaves, at)],
    )


def proves(bukti: BuktiBidang, archive: Arsip) -> bool:
    """Say whether a proof fits its record in an archive, which is to be checked by itself."""
    if bukti.buku != archive.buku:
        return False
    try:
        steps = [bytes.fromhex(step) for step in bukti.jalur]
    except ValueError:
        return False
    start = leaf(Bidang(bukti.penunjuk, bukti.nilai), bytes.fromhex(bukti.garam))
    root = pohon.climb(start, bukti.letak, bukti.banyak, steps)
    return root is not None and any(
        row.mata.nomor == bukti.nomor and row.mata.akar_isi == root for row in archive.baris
    )
