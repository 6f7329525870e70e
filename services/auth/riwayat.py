"""The agreement's folder: records beside the signed text, each with its signatures.

`perjanjian.yaml` is the text; `perjanjian.d/` holds the parties' public keys, and for each
record its content and a JWS of each party that signed it. Files are only ever added: also a
party's next key, which its former one introduces.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from services.auth.jws import SigningKey, TokenError, VerifyingKey, unverified_kid
from services.auth.letak_catatan import (
    AKHIRAN,
    folder_of,
    introduction_path,
    keys_path,
    record_of,
    record_path,
    signature_path,
)
from services.kit.berkas_masukan import trouble
from services.kit.files import write_public
from services.kit.logging import get_logger
from shared_schemas.perjanjian import PerjanjianError
from shared_schemas.perjanjian.baca import read_file, read_text
from shared_schemas.perjanjian.catatan import CATATAN, Catatan, Tercatat
from shared_schemas.perjanjian.riwayat import Riwayat
from shared_schemas.rujukan import Pihak

_TENANG = 100_000_000  # ns after which a file's time tells every change: clocks of disks are coarse
_SELANG = 1.0  # s; looking at each file costs microseconds apiece, and every message asks
_PERKENALAN = "kunci-catatan"  # the audience of an introduction: no record can be taken for one

Kunci = dict[Pihak, list[VerifyingKey]]


def content_of(catatan: Catatan) -> bytes:
    """Return the bytes of a new record, which are stored and signed as they are."""
    data = catatan.model_dump(mode="json", exclude_defaults=True) | {"jenis": catatan.jenis}
    return json.dumps(data, ensure_ascii=False, indent=1, sort_keys=True).encode() + b"\n"


def sign(key: SigningKey, catatan: Catatan, content: bytes, pihak: Pihak, at: dt.datetime) -> str:
    """Return a party's signature under a record: a JWS of its stored bytes' digest, and when."""
    return key.sign(
        {
            "iss": pihak.value,
            "sub": catatan.isi.nomor,
            "aud": catatan.perjanjian,
            "iat": int(at.timestamp()),
            "sidik": hashlib.sha256(content).hexdigest(),
        }
    )


def introduce(
    path: Path, pihak: Pihak, former: SigningKey, public: dict[str, str], at: dt.datetime
) -> None:
    """Publish a party's next public key in a new file, which its former key signs."""
    claims = {"iss": pihak.value, "sub": public["kid"], "aud": _PERKENALAN, "jwk": public}
    token = former.sign(claims | {"iat": int(at.timestamp())})
    write_public(introduction_path(path, pihak, public["kid"]), token.encode())


def read(path: Path) -> Riwayat:
    """Return the agreement with its records. Raises PerjanjianError naming the record."""
    text, folder = read_file(path), folder_of(path)
    naskah, digest = read_text(text), hashlib.sha256(text).hexdigest()
    # Signatures first: a record is written before them, so what is being added lacks nothing.
    signatures = [file for file in _listed(folder) if file.suffix == ".jws"]
    files = [file for file in _listed(folder) if file.name.endswith(AKHIRAN)]
    _require_records(signatures, {file.name for file in files})
    if not files:
        return Riwayat(naskah, sidik_naskah=digest)
    keys = _read_keys(path)
    return Riwayat(naskah, tuple(_read_record(path, file, keys) for file in files), digest)


def _listed(folder: Path) -> list[Path]:
    """Return what stands in the folder of records, nothing where there is none.

    Raises PerjanjianError for one that does not let itself be looked into: an ending in it counts.
    """
    try:
        return sorted(folder.iterdir())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise PerjanjianError(f"Folder {folder.name} tidak terbaca ({trouble(error)}).") from None


def _require_records(signatures: Iterable[Path], files: set[str]) -> None:
    """Raise PerjanjianError for a signature without its record: an ending must not just vanish."""
    for signature in signatures:
        if record_of(signature.name) not in files:
            raise PerjanjianError(f"Catatan dari tanda tangan {signature.name} tidak ada.")


def _read_keys(path: Path) -> Kunci:
    try:
        content: dict[str, list[dict[str, Any]]] = json.loads(keys_path(path).read_bytes())
        keys = {p: [VerifyingKey(k) for k in content[p.value]] for p in Pihak}
    except (OSError, ValueError, KeyError, TypeError, TokenError):
        raise PerjanjianError(
            f"{keys_path(path).name} harus memuat kunci publik kedua pihak; jalankan `hub siapkan`."
        ) from None
    for pihak in Pihak:
        _add_introduced(path, pihak, keys)
    return keys


def _add_introduced(path: Path, pihak: Pihak, keys: Kunci) -> None:
    """Add the keys that a known key of the party introduces, and those that these introduce."""
    waiting = sorted(folder_of(path).glob(f"{pihak.value}.*.kunci"))
    while waiting:
        left = []
        for file in waiting:
            public = _introduced(path, file, pihak, keys)
            if public is None:
                left.append(file)
            else:
                keys[pihak].append(public)
        if left == waiting:
            return  # one that introduces them has not come yet
        waiting = left


def _introduced(path: Path, file: Path, pihak: Pihak, keys: Kunci) -> VerifyingKey | None:
    """Return the key that a file introduces; None when the one that signed it is not known."""
    try:
        claims = _verified(file.read_text(encoding="ascii"), pihak, keys, _PERKENALAN)
        if claims is None:
            return None
        public = VerifyingKey(claims["jwk"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError, TokenError):
        raise PerjanjianError(f"Berkas kunci {file.name} tidak sah.") from None
    said = (claims["iss"], claims["sub"], introduction_path(path, pihak, public.kid))
    if said != (pihak.value, public.kid, file):
        raise PerjanjianError(f"Berkas kunci {file.name} tidak sah.")
    return public


def _verified(token: str, pihak: Pihak, keys: Kunci, audience: str) -> dict[str, Any] | None:
    """Return the claims that a key of the party signed; None for a key that nobody knows here.

    Raises TokenError for what is not signed by the party though its key is known.
    """
    for key in keys[pihak]:
        try:
            return key.verify_lasting(token, audience=audience)
        except TokenError:
            continue
    kid = unverified_kid(token)
    if not kid or any(kid == key.kid for known in keys.values() for key in known):
        raise TokenError("tanda tangan tidak sah")
    return None


def key_ids(path: Path, pihak: Pihak) -> frozenset[str]:
    """Return the ids of a party's registered keys. Raises PerjanjianError."""
    return frozenset(key.kid for key in _read_keys(path)[pihak])


def _read_record(path: Path, file: Path, keys: Kunci) -> Tercatat:
    try:
        content = file.read_bytes()
        catatan = CATATAN.validate_json(content)
    except (OSError, ValidationError):
        raise PerjanjianError(f"Catatan {file.name} tidak terbaca.") from None
    nomor = str(catatan.isi.nomor or "")
    if record_path(path, nomor) != file:
        raise PerjanjianError(f"Catatan {file.name} tidak bernama menurut nomornya.")
    signed, strange, digest = {}, set(), hashlib.sha256(content).hexdigest()
    for pihak in Pihak:
        token = _token(path, nomor, pihak)
        if token is None:
            continue
        at = _signed_at(token, catatan, digest, pihak, keys)
        if at is None:
            strange.add(pihak)
        else:
            signed[pihak] = at
    return Tercatat(catatan, signed, frozenset(strange), digest)


def _token(path: Path, nomor: str, pihak: Pihak) -> str | None:
    try:
        return signature_path(path, nomor, pihak).read_text(encoding="ascii")
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        raise PerjanjianError(f"Tanda tangan {pihak} pada {nomor} tidak terbaca.") from None


def _signed_at(
    token: str, catatan: Catatan, digest: str, pihak: Pihak, keys: Kunci
) -> dt.datetime | None:
    """Return when a party signed; None when its key has not come here yet."""
    nomor = str(catatan.isi.nomor)
    try:
        claims = _verified(token, pihak, keys, catatan.perjanjian)
    except TokenError:
        claims = {}
    if claims is None:
        return None
    said = tuple(claims.get(name) for name in ("iss", "sub", "sidik"))
    if said != (pihak.value, nomor, digest) or type(claims.get("iat")) is not int:
        raise PerjanjianError(f"Tanda tangan {pihak} pada {nomor} tidak sah.")
    return dt.datetime.fromtimestamp(claims["iat"], dt.UTC)


_Tanda = tuple[tuple[str, int, int, int], ...]
"""Name, time of change, size and inode of each file of a folder."""


@dataclass(slots=True)
class _Dibaca:
    """What was read, from which files, and when those are looked at one by one again."""

    sidik: tuple[int, ...]
    berkas: _Tanda
    riwayat: Riwayat
    sampai: float


class BerkasPerjanjian:
    """The agreement of a path, read again whenever its file or folder changed.

    A file that comes is noticed at once; one changed in place, which nobody should do, within
    `_SELANG`.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._kept: _Dibaca | None = None

    def current(self) -> Riwayat:
        """Return the agreement with its records. Raises PerjanjianError, which permits nothing."""
        stamp, kept = self._now(), self._kept
        if kept is not None and kept.sidik == stamp and self._is_untouched(kept):
            return kept.riwayat
        files = _look(folder_of(self._path))
        loaded = read(self._path)
        loaded.kini  # noqa: B018 - contradictions are found here, not at the first question
        if strange := sorted(p.value for p in loaded.asing):
            get_logger().warning("tanda tangan catatan dengan kunci tak dikenal", pihak=strange)
        # Two changes within one tick of the disk's clock look like one.
        newest = max(stamp[0], stamp[2], *(changed for _, changed, _, _ in files))
        settled = abs(time.time_ns() - newest) > _TENANG
        self._kept = _Dibaca(stamp, files, loaded, time.monotonic() + _SELANG) if settled else None
        return loaded

    def _is_untouched(self, kept: _Dibaca) -> bool:
        now = time.monotonic()
        if now < kept.sampai:
            return True
        if _look(folder_of(self._path)) != kept.berkas:
            return False
        kept.sampai = now + _SELANG
        return True

    def _now(self) -> tuple[int, ...]:
        try:
            file = self._path.stat()
        except OSError as error:
            raise PerjanjianError(
                f"Berkas perjanjian tidak dapat dibaca: {trouble(error)}"
            ) from error
        try:
            folder = folder_of(self._path).stat().st_mtime_ns
        except FileNotFoundError:
            folder = 0
        return file.st_mtime_ns, file.st_size, folder, file.st_ino


def _look(folder: Path) -> _Tanda:
    found = []
    try:
        with os.scandir(folder) as files:
            for file in files:
                stat = file.stat()
                found.append((file.name, stat.st_mtime_ns, stat.st_size, stat.st_ino))
    except FileNotFoundError:  # no folder, or a file in the making that has its name by now
        pass
    except OSError as error:
        raise PerjanjianError(f"Folder {folder.name} tidak terbaca ({trouble(error)}).") from None
    return tuple(sorted(found))
