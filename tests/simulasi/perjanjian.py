"""The agreement's folder in a run: its text, the records that the parties sign, and the truth.

What is true is kept here apart from the product's reckoning: a record that one party alone has
signed extends nothing, and neither does one that came after the end.
"""

from __future__ import annotations

import datetime as dt
import os
from dataclasses import dataclass, field
from pathlib import Path

from services.auth import catat
from services.auth.errors import RecordInvalidError
from services.auth.jws import SigningKey
from services.auth.letak_catatan import folder_of
from services.persiapan import signing_key_path
from shared_schemas.perjanjian import Perjanjian, hari
from shared_schemas.perjanjian.baca import read_text
from shared_schemas.perjanjian.catatan import Catatan, CatatanKahar
from shared_schemas.rujukan import Pihak
from tests.simulasi import naskah
from tests.simulasi.naskah import Babak

_DIBACA: dict[bytes, Perjanjian] = {}


def read_once(content: bytes) -> Perjanjian:
    """Read an agreement as `read_text` does, each text once: reading takes a fifth of a run."""
    if content not in _DIBACA:
        _DIBACA[content] = read_text(content)
    return _DIBACA[content]


@dataclass
class Berkas:
    """The agreement that all three programs read, and what was done to it in a run."""

    data: Path
    path: Path
    ke: int = 0
    teks: str = naskah.BIASA
    kahar: Catatan | None = None
    diperpanjang: dt.date | None = None
    pernah: list[Perjanjian] = field(default_factory=list)

    def begin(self) -> None:
        """Go back to the sample, without any record."""
        folder = folder_of(self.path)
        for file in (*folder.glob("*.catatan.json"), *folder.glob("*.jws")):
            file.unlink()
        self.kahar = self.diperpanjang = None
        self.pernah.clear()
        self._put(naskah.BIASA)

    def enter(self, babak: Babak, at: dt.datetime) -> None:
        """Put a stage's text in force and do what the parties do at its beginning."""
        if babak.catat is not None:
            self._record(babak.catat, at)
        if babak.tanda_tangan is not None:
            self._sign(*babak.tanda_tangan, at)
        self._put(babak.teks)

    def quiet(self, at: dt.datetime) -> None:
        """Put the sample in force and end what was postponed by a record."""
        if self.kahar is not None:
            self._record(naskah.end_of(self.kahar), at)
        self._put(naskah.BIASA)

    def is_over(self, at: dt.datetime) -> bool:
        """Say whether nothing may be exchanged at a moment, whatever the programs reckon."""
        extended = self.diperpanjang is not None and self.diperpanjang <= naskah.BERAKHIR
        return self.teks == naskah.TEKS_BERAKHIR and hari(at) > naskah.BERAKHIR and not extended

    def _record(self, catatan: Catatan, at: dt.datetime) -> None:
        catat.record(self.path, catatan, self._key(catatan.oleh), at)
        if isinstance(catatan, CatatanKahar):
            self.kahar = catatan

    def _sign(self, nomor: str, pihak: Pihak, at: dt.datetime) -> None:
        try:
            catat.sign(self.path, nomor, pihak, self._key(pihak), at)
        except RecordInvalidError:
            return
        self.diperpanjang = self.diperpanjang or hari(at)

    def _key(self, pihak: Pihak) -> SigningKey:
        return SigningKey(signing_key_path(self.data, pihak).read_bytes())

    def _put(self, teks: str) -> None:
        """Write the text, with a time of change that no other one has."""
        self.teks = teks
        self.path.write_text(teks)
        self.ke += 1
        for changed in (self.path, folder_of(self.path)):
            os.utime(changed, ns=(self.ke, self.ke))
        self.pernah.append(read_once(teks.encode()))
