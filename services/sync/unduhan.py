"""A snapshot on its way into a folder: resumed at any byte, believed only when it verifies.

Parts are fetched while the service still makes the later ones. The signed manifest comes last
and must name exactly the parts that were taken.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from services.auth.jws import TokenError
from services.kit.berkas_masukan import trouble
from services.kit.clock import Clock, system_clock
from services.sync import tanda
from services.sync.errors import (
    ContractError,
    DownloadFolderError,
    ServiceDownError,
    SnapshotBrokenError,
    SnapshotGoneError,
)
from services.sync.sambungan import JALUR, Sambungan
from shared_schemas.rujukan import Himpunan
from shared_schemas.v1.ekspor import (
    BagianEkspor,
    BentukEkspor,
    Ekspor,
    KeadaanEkspor,
    ManifesEkspor,
)

_T = TypeVar("_T")
_EKSPOR: TypeAdapter[Ekspor] = TypeAdapter(Ekspor)
_MANIFES: TypeAdapter[ManifesEkspor] = TypeAdapter(ManifesEkspor)
_TENGOK_DETIK = 0.1  # a part takes the service about as long
_SEPOTONG = 1 << 18


@dataclass(frozen=True, slots=True)
class BagianTiba:
    """A part whose digest is right, where it lies, and how many records there are in all."""

    bagian: BagianEkspor
    path: Path
    nomor: int
    perkiraan: int


class Unduhan:
    """One snapshot, asked for with `kunci`; the same key continues the same snapshot."""

    def __init__(
        self,
        klien: Sambungan,
        client_id: str,
        himpunan: Himpunan,
        bentuk: BentukEkspor,
        kunci: str,
        folder: Path,
        clock: Clock = system_clock,
    ) -> None:
        self._klien = klien
        self._clock = clock
        self._client_id = client_id
        self._himpunan = himpunan
        self._bentuk = bentuk
        self._kunci = kunci
        self._folder = folder
        self.manifes: ManifesEkspor | None = None
        self.tertanda = ""

    def parts(self, have: Mapping[str, str]) -> Iterator[BagianTiba]:
        """Yield the parts that are not in `have` (name to digest); then `manifes` is there.

        Raises SnapshotGoneError when another snapshot must be asked for, SnapshotBrokenError when
        a digest or the signature is wrong, also the second time.
        """
        with _writing():
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        taken = dict(have)
        for ekspor in self._states():
            for part in ekspor.bagian:
                if taken.get(part.nama) is None:
                    path = self._fetch(ekspor, part)
                    taken[part.nama] = part.sidik
                    yield BagianTiba(part, path, ekspor.nomor or 0, ekspor.perkiraan_baris or 0)
                elif taken[part.nama] != part.sidik:
                    raise SnapshotBrokenError
            last = ekspor
        self.manifes = self._verified(last)
        if taken != {b.nama: b.sidik for b in self.manifes.bagian}:
            raise SnapshotBrokenError

    def _states(self) -> Iterator[Ekspor]:
        """Yield how the snapshot stands, until it is ready. Raises SnapshotGoneError."""
        ekspor = self._ask()
        monotonic = self._klien.luar.monotonic
        moved, known = monotonic(), -1
        while True:
            if ekspor.keadaan is KeadaanEkspor.GAGAL:
                raise SnapshotGoneError(f"{self._klien.sisi.upper()}: {ekspor.alasan}")
            if (ekspor.himpunan, ekspor.bentuk) != (self._himpunan, self._bentuk):
                raise ContractError(f"{self._klien.sisi.upper()}: cuplikan lain daripada diminta.")
            yield ekspor
            if ekspor.keadaan is KeadaanEkspor.SIAP:
                return
            if len(ekspor.bagian) > known:
                moved, known = monotonic(), len(ekspor.bagian)
            elif monotonic() - moved > self._klien.patience:
                raise ServiceDownError(f"Cuplikan {self._klien.sisi.upper()} tidak maju.")
            self._klien.pause(_TENGOK_DETIK)
            ekspor = self._look(ekspor)

    def _ask(self) -> Ekspor:
        answer = self._klien.call(
            "POST",
            f"/v1/ekspor/{JALUR[self._himpunan]}",
            json={"bentuk": self._bentuk.value},
            headers={"Idempotency-Key": self._kunci},
        )
        return self._klien.read(_EKSPOR, answer)

    def _look(self, ekspor: Ekspor) -> Ekspor:
        return self._klien.read(_EKSPOR, self._klien.call("GET", f"/v1/ekspor/{ekspor.id}"))

    def _fetch(self, ekspor: Ekspor, part: BagianEkspor) -> Path:
        path = self._folder / part.nama
        for _ in range(2):
            self._klien.patiently(self._append, f"/v1/ekspor/{ekspor.id}/{part.nama}", path, part)
            if digest_of(path) == part.sidik:
                return path
            path.unlink()
        raise SnapshotBrokenError(f"Bagian {part.nama} tidak sesuai sidiknya, juga kedua kali.")

    def _append(self, address: str, path: Path, part: BagianEkspor) -> None:
        """Add to the file what it lacks."""
        have = path.stat().st_size if path.exists() else 0
        if have >= part.ukuran:
            return
        rest = {"Range": f"bytes={have}-", "If-Range": f'"{part.sidik}"'} if have else {}
        with self._klien.stream(address, rest) as answer:
            if answer.status_code != 206:
                have = 0
            with _writing(), open(path, "ab" if have else "wb", opener=_for_owner) as file:
                for piece in answer.iter_raw(_SEPOTONG):
                    have += len(piece)
                    if have > part.ukuran:  # the digest will say so; the disk must not
                        return
                    file.write(piece)
                    file.flush()
        if have < part.ukuran:
            raise ServiceDownError(f"Bagian {part.nama} terputus.")

    def _verified(self, ekspor: Ekspor) -> ManifesEkspor:
        for attempt in range(2):
            try:
                return self._read_manifest(self._look(ekspor) if attempt else ekspor)
            except (TokenError, ValidationError, KeyError):
                continue
        raise SnapshotBrokenError("Manifes tidak sesuai tanda tangannya, juga kedua kali.")

    def _read_manifest(self, ekspor: Ekspor) -> ManifesEkspor:
        signed = ekspor.manifes or ""
        claims = tanda.verify(self._klien, signed, self._client_id, self._clock()).isi
        manifes = _MANIFES.validate_python(claims["manifes"])
        if manifes.id != ekspor.id or manifes.himpunan is not self._himpunan:
            raise TokenError("manifes cuplikan lain")
        if manifes.baris != sum(b.baris for b in manifes.bagian):
            raise TokenError("jumlah baris")
        self.tertanda = signed
        return manifes


@contextmanager
def _writing() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DownloadFolderError(f"Folder unduhan: {trouble(error)}.") from None


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def ahead(items: Iterator[_T]) -> Iterator[_T]:
    """Yield the items, each made in another thread while the one before is worked on."""
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, items, None)
        while (item := coming.result()) is not None:
            coming = pool.submit(next, items, None)
            yield item


def _for_owner(name: str, flags: int) -> int:
    return os.open(name, flags, 0o600)
