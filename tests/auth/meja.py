"""A desk where both parties write records of the agreement and sign them."""

from __future__ import annotations

import copy
import datetime as dt
import shutil
from pathlib import Path
from typing import Any

from services import persiapan
from services.auth import catat, letak_catatan
from services.auth.agreement import AgreementStore
from services.auth.jws import SigningKey
from shared_schemas.perjanjian import Izin
from shared_schemas.perjanjian.catatan import CATATAN, Tercatat
from shared_schemas.rujukan import Pihak
from tests.conftest import Jam

KESATU, KEDUA = Pihak.KESATU, Pihak.KEDUA
DUTY = "Pasal 5 ayat (4) huruf b angka 2"
ADENDUM = {"nomor": "A/1", "berlaku": "2026-06-01", "perihal": "uji", "dasar": "Pasal 11"}
EXTENSION = {"nomor": "P/1", "dasar": "Pasal 8 ayat (2)", "berakhir": "2031-11-02"}
END = {"nomor": "E/1", "disepakati": "2026-06-01"}


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(f"{text}:00+07:00")


class Meja:
    """A desk where both parties write and sign, at a day of the test's choice."""

    def __init__(self, data: Path) -> None:
        persiapan.prepare(data)
        self.data = data
        self.path = data / "perjanjian.yaml"
        self.jam = Jam(at("2026-06-01T09:00"))
        self.store = AgreementStore(self.path, KEDUA, self.jam)

    def key(self, pihak: Pihak) -> SigningKey:
        return SigningKey(persiapan.signing_key_path(self.data, pihak).read_bytes())

    def record(self, macam: str, /, **isi: Any) -> Tercatat:
        content = {"perjanjian": "CONTOH/PKS/2020", "jenis": macam, "oleh": KEDUA, "isi": isi}
        catatan = CATATAN.validate_python(content)
        return catat.record(self.path, catatan, self.key(KEDUA), self.jam())

    def sign(self, nomor: str, pihak: Pihak = KESATU) -> Tercatat:
        return catat.sign(self.path, nomor, pihak, self.key(pihak), self.jam())

    def kahar(self, **changes: Any) -> Tercatat:
        isi = {
            "nomor": "K/1", "pihak": "pihak_kedua", "kewajiban": [DUTY], "jenis": "banjir",
            "peristiwa": "Contoh", "akibat": "Contoh", "bukti": "Contoh", "mulai": "2026-05-30",
            "diberitahukan": "2026-06-01",
        }  # fmt: skip
        return self.record("kahar", **(isi | changes))

    def ask(self) -> Izin:
        return self.store.permit(KESATU, "pekerja:baca")


class Dua:
    """Two bodies with a copy each, who send each other files that are new."""

    def __init__(self, data: Path) -> None:
        self.satu = Meja(data / "satu")
        shutil.copytree(data / "satu", data / "dua")
        self.dua = copy.copy(self.satu)
        self.dua.data, self.dua.path = data / "dua", data / "dua" / "perjanjian.yaml"

    def exchange(self) -> None:
        for source, target in ((self.satu, self.dua), (self.dua, self.satu)):
            for file in letak_catatan.folder_of(source.path).iterdir():
                copied = letak_catatan.folder_of(target.path) / file.name
                if not copied.exists():
                    shutil.copy(file, copied)
