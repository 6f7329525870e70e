"""`hub bukti periksa`: archives checked offline, without a database or a data folder."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer
from pydantic import ValidationError

from services.audit.bukti import arsip, buka, cap, padan, periksa, sandi
from services.audit.bukti.arsip import Arsip
from services.audit.bukti.padan import Selisih
from services.audit.bukti.temuan import HasilPeriksa
from services.audit.errors import ArchiveError, EvidenceKeyError
from services.auth.kunci_pesan import PublicKey, is_message_jwk, read_jwk
from services.perintah import bukti_lawan
from services.perintah.umum import AsJson, err, out, show_json, show_table
from shared_schemas.v1.neraca import SegelTerakhir

RUSAK = 4
"""Exit code: a record, a seal or an archive is not as it was sealed."""
TIDAK_SEPADAN = 5
"""Exit code: both archives are sound, and one side lacks a message that it must have had."""
TIDAK_TERBUKTI = 6
"""Exit code: the archive is sound and the proof of a field does not fit it."""
_DITAMPILKAN = 50
_HUB = "hub"
_SEGEL = re.compile(r"[0-9]+:[0-9a-f]{64}")


def verify(
    berkas: Annotated[
        list[Path], typer.Argument(help="Satu arsip, atau arsip hub dan arsip satu registri.")
    ],
    kunci: Annotated[
        list[Path],
        typer.Option(help="Kunci publik tiap buku, dari `hub bukti kunci` pemiliknya; berulang."),
    ],
    identitas: Annotated[
        Path | None, typer.Option(help="Kunci age yang membuka arsip terenkripsi.")
    ] = None,
    bukti_bidang: Annotated[
        Path | None, typer.Option(help="Bukti satu bidang dari `hub bukti buka`.")
    ] = None,
    segel: Annotated[
        str, typer.Option(help="NOMOR:SIDIK segel yang dicatat dahulu; arsip harus memuatnya.")
    ] = "",
    segel_lawan: Annotated[
        list[Path],
        typer.Option(help="Segel simpanan pihak lain (hub bukti segel-lawan); boleh berulang."),
    ] = [],  # noqa: B006 - typer copies it
    otoritas: Annotated[
        Path | None, typer.Option(help="Sertifikat PEM otoritas cap waktu yang dipercaya.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Periksa arsip tanpa database; sebut tiap catatan yang dihapus, diubah, disisipkan, dipindah.

    Dengan dua arsip juga pesan yang ada pada satu sisi saja; klien yang sama sekali tidak ada dalam
    buku hub (program lain) disebut, tidak dianggap hilang. Kode keluar: 0 utuh, 4 rusak, 5 sisi
    tidak sepadan, 6 bukti bidang tidak cocok, 1 berkas tidak terbaca.
    """
    if len(berkas) > 2:
        raise ArchiveError("Beri satu atau dua arsip.")
    sets = [_key_set(path) for path in kunci]
    if segel and not _SEGEL.fullmatch(segel):
        raise ArchiveError("--segel: tulis NOMOR:SIDIK, seperti dicetak pemeriksaan dahulu.")
    archives = [_open(b, identitas) for b in berkas]
    _require_pair(archives)
    keys = [_keys_of(a, sets, alone=len(archives) == 1) for a in archives]
    stated = [_stated(path, archives) for path in segel_lawan]
    anchors = [[n for s in stated for n in bukti_lawan.of_book(s, a.buku)] for a in archives]
    anchors[0] += [segel] if segel else []
    checked = zip(archives, keys, anchors, strict=True)
    results = [periksa.check(a, k, j) for a, k, j in checked]
    if otoritas is not None:
        roots = cap.load_roots(otoritas)
        for archive, result in zip(archives, results, strict=True):
            periksa.check_stamps(archive, roots, result)
    differences = padan.compare(*archives) if len(archives) == 2 else []
    proven = None if bukti_bidang is None else _proven(bukti_bidang, archives[0], results[0])
    if as_json:
        show_json(
            {
                "arsip": [asdict(r) | {"utuh": r.utuh} for r in results],
                "selisih": [asdict(s) for s in differences],
                "bidang": proven,
            }
        )
    else:
        _show(results, differences, proven)
    _exit(results, differences, proven=proven)


def _open(path: Path, identitas: Path | None) -> Arsip:
    try:
        return arsip.read(arsip.unpack(sandi.open_archive(path, identitas)))
    except ArchiveError as error:
        raise ArchiveError(f"{path.name}: {error.detail}") from None


def _require_pair(archives: list[Arsip]) -> None:
    """Refuse two archives whose messages never met: all of them would seem to be missing."""
    books = sorted(a.buku for a in archives)
    if len(books) == 2 and books.count(_HUB) != 1:
        raise ArchiveError(
            f"Arsip {books[0]} dan {books[1]} tidak berpasangan:"
            " beri arsip hub dan arsip satu registri, atau periksa satu per satu."
        )


class _KeySet(NamedTuple):
    """The public keys of one file, and whose book they are for, None where it does not say."""

    buku: str | None
    kunci: dict[str, PublicKey]


def as_jwks(buku: str, keys: Iterable[Mapping[str, str]]) -> bytes:
    """Return the keys of a book as a key set, which says whose they are (RFC 7517 section 5)."""
    return json.dumps({"buku": buku, "keys": [*keys]}, indent=1).encode() + b"\n"


def _key_set(path: Path) -> _KeySet:
    """Return the Ed25519 keys of a key set. Raises EvidenceKeyError."""
    try:
        said = json.loads(path.read_bytes())
        found = {str(k["kid"]): read_jwk(k) for k in said["keys"] if is_message_jwk(k)}
        return _KeySet(said.get("buku"), found)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise EvidenceKeyError from None


def _keys_of(archive: Arsip, sets: list[_KeySet], *, alone: bool) -> dict[str, PublicKey]:
    """Return the keys that may have sealed an archive: those of its own book.

    With the other side's keys beside them one side could seal both archives. A set that does not
    say whose it is, as services publish them, is taken for one archive alone. Raises
    EvidenceKeyError.
    """
    found: dict[str, PublicKey] = {}
    for each in sets:
        if each.buku == archive.buku or (alone and each.buku is None):
            found |= each.kunci
    if archive.kepala.get("penanda") not in found:
        raise EvidenceKeyError(f"Arsip {archive.buku[:40]!a}: {EvidenceKeyError.saran}")
    return found


def _stated(path: Path, archives: list[Arsip]) -> list[SegelTerakhir]:
    """Return the seals of a file. Raises ArchiveError where no archive could lack one of them.

    The wrong file would otherwise compare nothing, and the check would still say that all is well.
    """
    found = bukti_lawan.read(path)
    if not any(bukti_lawan.of_book(found, a.buku) for a in archives):
        raise ArchiveError(f"{path.name}: tidak ada segel dari buku arsip yang diperiksa.")
    return found


def _proven(path: Path, archive: Arsip, result: HasilPeriksa) -> bool:
    """Say whether a proof fits a record that is as it was sealed. Raises ArchiveError."""
    try:
        bukti = buka.BuktiBidang.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        raise ArchiveError("Bukti bidang tidak terbaca.") from None
    named = {t.nomor for t in result.temuan}
    return bukti.nomor not in named and buka.proves(bukti, archive)


def _show(results: list[HasilPeriksa], differences: list[Selisih], proven: Any) -> None:
    for r in results:
        said = "utuh" if r.utuh else f"RUSAK, mulai nomor {r.temuan[0].nomor}"
        out.print(f"{r.buku}: {r.catatan} catatan, {r.segel} segel, {said}.", highlight=False)
        for nomor, at in r.dicap.items():
            out.print(f"Segel {nomor} ada pada {at.isoformat()} (cap waktu).", highlight=False)
        _show_some([{"buku": r.buku, **asdict(t)} for t in r.temuan])
    _show_some([asdict(s) for s in differences])
    if proven is not None:
        out.print("Bidang terbukti." if proven else "Bidang TIDAK terbukti.")


def _show_some(rows: list[dict[str, Any]]) -> None:
    if rows:
        show_table(rows[:_DITAMPILKAN])
    if len(rows) > _DITAMPILKAN:
        rest = len(rows) - _DITAMPILKAN
        err.print(f"… dan {rest} lagi; seluruhnya dengan --json.", highlight=False)


def _exit(results: list[HasilPeriksa], differences: list[Selisih], *, proven: bool | None) -> None:
    if not all(r.utuh for r in results):
        raise typer.Exit(RUSAK)
    if any(s.berat for s in differences):
        raise typer.Exit(TIDAK_SEPADAN)
    if proven is False:
        raise typer.Exit(TIDAK_TERBUKTI)
