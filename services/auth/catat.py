"""Write a record of the agreement, sign it, and refuse what its articles do not allow.

Writing the same record again changes nothing, so a command may be repeated.
"""

from __future__ import annotations

import datetime as dt
import os
import secrets
from dataclasses import replace
from pathlib import Path

from services.auth import letak_catatan, riwayat
from services.auth.errors import RecordConflictError, RecordInvalidError
from services.auth.jws import SigningKey
from shared_schemas.perjanjian import PerjanjianError, hari
from shared_schemas.perjanjian.catatan import (
    Catatan,
    CatatanKahar,
    CatatanMonitoring,
    CatatanPengakhiran,
    CatatanPerpanjangan,
    Tercatat,
)
from shared_schemas.perjanjian.riwayat import Riwayat
from shared_schemas.rujukan import Pihak


def record(path: Path, catatan: Catatan, key: SigningKey, at: dt.datetime) -> Tercatat:
    """Write a record and the signature of the party that makes it.

    Raises RecordConflictError for a number in use, RecordInvalidError for what is not allowed.
    """
    known, at = _read(path), _whole_second(at)
    nomor = str(catatan.isi.nomor)
    if letak_catatan.record_path(path, nomor).exists():
        found = find(known, nomor)
        if found.catatan != catatan:
            raise RecordConflictError
        return sign(path, nomor, catatan.oleh, key, at)
    _check_days(known, catatan, hari(at))
    # As if everybody had signed: what can never count must not be written.
    _check_together(known, Tercatat(catatan, dict.fromkeys(Pihak, at)))
    # Before the file is there: without a signature it would only use up the number.
    _check_key(path, catatan.oleh, key)
    letak_catatan.folder_of(path).mkdir(exist_ok=True)
    add_file(letak_catatan.record_path(path, nomor), riwayat.content_of(catatan))
    return sign(path, nomor, catatan.oleh, key, at)


def sign(path: Path, nomor: str, pihak: Pihak, key: SigningKey, at: dt.datetime) -> Tercatat:
    """Add a party's signature under a record, unless it is there.

    Raises RecordInvalidError for an unknown number, another's key, or when by now the record
    contradicts others or the last day it names has passed.
    """
    known, at = _read(path), _whole_second(at)
    found = find(known, nomor)
    if pihak in found.tanda_tangan:
        return found
    if isinstance(found.catatan, CatatanPengakhiran):
        _check_last_day(found.catatan, hari(at))
    signed = replace(found, tanda_tangan={**found.tanda_tangan, pihak: at})
    _check_together(known, signed)
    _check_key(path, pihak, key)
    content = letak_catatan.record_path(path, nomor).read_bytes()
    token = riwayat.sign(key, found.catatan, content, pihak, at)
    add_file(letak_catatan.signature_path(path, nomor, pihak), token.encode())
    return find(_read(path), nomor)


def _whole_second(at: dt.datetime) -> dt.datetime:
    """Return the moment that a signature can name, never before `at`.

    What was exchanged within the second was decided without the record, and is judged so.
    """
    return at if not at.microsecond else at.replace(microsecond=0) + dt.timedelta(seconds=1)


def find(known: Riwayat, nomor: str) -> Tercatat:
    """Return a record by its number. Raises RecordInvalidError."""
    for t in known.catatan:
        if t.nomor == nomor:
            return t
    raise RecordInvalidError("Tidak ada catatan bernomor ini; lihat `hub perjanjian riwayat`.")


def _read(path: Path) -> Riwayat:
    try:
        return riwayat.read(path)
    except PerjanjianError as error:
        raise RecordInvalidError(str(error)) from None


def _check_key(path: Path, pihak: Pihak, key: SigningKey) -> None:
    if key.kid not in riwayat.key_ids(path, pihak):
        raise RecordInvalidError(f"Kunci ini tidak terdaftar sebagai kunci {pihak}.")


def _check_last_day(catatan: CatatanPengakhiran, today: dt.date) -> None:
    """Raise RecordInvalidError when the ending would be of a day that is over."""
    if today > (last := catatan.isi.hari_terakhir):
        raise RecordInvalidError(f"hari_terakhir {last} sudah lewat; sepakati pengakhiran baru.")


def _check_together(known: Riwayat, tercatat: Tercatat) -> None:
    if tercatat.kurang:
        return
    try:
        late = known.dengan(tercatat).tanpa_akibat.get(tercatat.nomor)
    except PerjanjianError as error:
        raise RecordInvalidError(str(error)) from None
    if late is not None:
        raise RecordInvalidError(f"Catatan {tercatat.nomor}: {late}.")


def _check_days(known: Riwayat, catatan: Catatan, today: dt.date) -> None:
    """Raise RecordInvalidError for days that the articles do not allow."""
    wrong = _wrong_day(catatan, today, known.kini.last_day())
    if wrong is not None:
        raise RecordInvalidError(f"Perbaiki tanggal: {wrong}.")


def _wrong_day(catatan: Catatan, today: dt.date, end: dt.date) -> str | None:
    match catatan:
        case CatatanPerpanjangan() | CatatanPengakhiran() if catatan.isi.disepakati > today:
            return "disepakati tidak boleh sesudah hari ini"
        case CatatanPerpanjangan(isi=p) if today > end or p.berakhir <= end:
            return (
                f"berakhir harus sesudah {end}, dan sesudah hari itu perpanjangan tidak"
                " menghidupkan perjanjian (Pasal 8 ayat (3))"
            )
        case CatatanPengakhiran(isi=p) if not today <= p.hari_terakhir <= end:
            return f"hari_terakhir dari hari ini sampai {end}"
        case CatatanKahar(isi=k) if not k.mulai <= k.diberitahukan <= today:
            return "mulai, diberitahukan dan hari ini harus berurutan"
        case CatatanMonitoring(isi=m) if m.dilaksanakan > today:
            return "dilaksanakan tidak boleh sesudah hari ini"
    return None


def add_file(path: Path, content: bytes) -> None:
    """Put a whole file there at once, never over another."""
    temporary = path.with_name(f".{secrets.token_hex(8)}")
    temporary.write_bytes(content)
    try:
        os.link(temporary, path)
    except FileExistsError:
        # No two signatures of ES256 are the same, and one of a party is enough.
        if path.read_bytes() != content and path.suffix != ".jws":
            raise RecordConflictError from None
    finally:
        temporary.unlink()
