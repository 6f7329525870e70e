"""Two archives side against side: messages that one has and the other has not.

A message is known by what its sender signed, so whoever signed or accepted it cannot have missed
it; only what was on its way when the connection broke may be on the sender's side alone.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from dataclasses import dataclass
from typing import Any, NamedTuple

from services.audit.bukti.arsip import Arsip, Baris
from services.audit.bukti.catatan import Arah, Jenis, digest_of_text, read_moment

TEPI = dt.timedelta(minutes=1)
"""How near to the end of the shorter archive nothing is compared: clocks and seals differ."""
_SAMA = (
    "metode",
    "sidik_target",
    "sidik_isi",
    "sidik_dasar",
    "tanda",
    "status",
    "layanan",
    "klien",
)
_KLIEN_LAIN = "{} pesan; buku pihak lain tidak memuat satu pun dari klien ini"
_TEKS = ("waktu", "arah", "jenis", "layanan", "klien")
"""What every record says in words."""


class _Pesan(NamedTuple):
    """How both sides know one message."""

    layanan: str
    klien: str
    jenis: str
    nonce: str


@dataclass(frozen=True, slots=True)
class Selisih:
    """A message on which the sides differ: the side that has it, its number there, and why.

    Or a client, under number 0, whose messages to a service are not the other book's at all: of a
    third program, or all of them were left out. Who reads this knows which.

    `berat`: the other side must have had it; else it may have been lost on its way.
    """

    buku: str
    nomor: int
    jenis: str
    alasan: str
    berat: bool


def compare(satu: Arsip, dua: Arsip) -> list[Selisih]:
    """Return every signed message that one archive has and the other has not, or has otherwise."""
    until = min(read_moment(a.dibuat_pada) for a in (satu, dua)) - TEPI
    left, right = _messages(satu, dua, until), _messages(dua, satu, until)
    return [
        *_only(satu.buku, left, right),
        *_only(dua.buku, right, left),
        *(
            Selisih(satu.buku, left[key]["nomor"], key.jenis, "isi catatan berbeda", berat=True)
            for key in sorted(left.keys() & right.keys())
            if any(left[key].get(n) != right[key].get(n) for n in _SAMA)
        ),
    ]


def _only(
    buku: str, here: dict[_Pesan, dict[str, Any]], there: dict[_Pesan, dict[str, Any]]
) -> list[Selisih]:
    answered = {m.get("permintaan") for m in here.values() if m["jenis"] == Jenis.JAWABAN}
    callers = {key.klien for key in there}
    strangers: Counter[str] = Counter()
    found = []
    for key in sorted(here.keys() - there.keys()):
        message = here[key]
        # Others call a service, too. Where the other book tells of no call at all, all are missed.
        if callers and key.layanan == buku and key.klien not in callers:
            strangers[key.klien] += 1
            continue
        # What was sent may be lost on its way; what came in was sent, and what was answered came.
        lost = message["arah"] == Arah.KELUAR and message["sidik"] not in answered
        alasan = "tidak ada di pihak lain; mungkin tidak sampai" if lost else "hilang di pihak lain"
        found.append(Selisih(buku, message["nomor"], key.jenis, alasan, berat=not lost))
    return [
        *found,
        *(
            Selisih(buku, 0, f"klien {klien[:60]!a}", _KLIEN_LAIN.format(banyak), berat=False)
            for klien, banyak in strangers.items()
        ),
    ]


def _messages(archive: Arsip, other: Arsip, until: dt.datetime) -> dict[_Pesan, dict[str, Any]]:
    """Return the signed messages between the two books, by how both know them."""
    found = {}
    for row in archive.baris:
        said = _said(row)
        if said is None:
            continue
        between = said["layanan"] in {archive.buku, other.buku}
        if between and said.get("nonce") and read_moment(said["waktu"]) <= until:
            key = _Pesan(said["layanan"], said["klien"], said["jenis"], said["nonce"])
            found[key] = {**said, "nomor": row.mata.nomor, "sidik": row.mata.sidik.hex()}
    return found


def _said(row: Baris) -> dict[str, Any] | None:
    """Return what a record says; None where it is none as we write them, which the check names.

    What is not as it was sealed proves nothing here, and can be any text.
    """
    if digest_of_text(row.catatan) != row.mata.sidik:
        return None
    try:
        said: dict[str, Any] = json.loads(row.catatan)
        fits = all(isinstance(said.get(name), str) for name in _TEKS)
        fits = fits and isinstance(said.get("nonce", ""), str)
        return said if fits and read_moment(said["waktu"]).tzinfo else None
    except (ValueError, AttributeError, RecursionError):
        return None
