"""Employments: a worker at a company, as each side knows it."""

from __future__ import annotations

import random
from dataclasses import dataclass

from services.sintetis import kosakata
from services.sintetis.acak import choose, choose_weighted
from services.sintetis.kebenaran import Temuan
from services.sintetis.orang import Orang
from services.sintetis.perusahaan import Perusahaan, Sisi


@dataclass(slots=True)
class Pekerjaan:
    """A person at a company. `wlkp` and `bpjs` say where each side lists it, None: nowhere.

    `versi` is what the side `sisi_versi` writes instead; `ganda` is a second row there.
    `kosong` are the columns that a side left empty. `ikutan` are findings beside `temuan`.
    """

    orang: Orang
    jabatan: str
    status_pekerjaan: str
    wlkp: Perusahaan | None
    bpjs: Perusahaan | None
    sisi_versi: Sisi | None = None
    versi: Pekerjaan | None = None
    ganda: Pekerjaan | None = None
    sisi_kosong: Sisi | None = None
    kosong: tuple[str, ...] = ()
    temuan: Temuan | None = None
    ikutan: tuple[Temuan, ...] = ()

    def at(self, sisi: Sisi) -> Perusahaan | None:
        """Return the establishment (WLKP) or body (BPJS) under which the side lists it."""
        return self.wlkp if sisi is Sisi.WLKP else self.bpjs

    def seen_by(self, sisi: Sisi) -> Pekerjaan:
        """Return what the side writes, in its first row."""
        return self.versi if self.versi is not None and self.sisi_versi is sisi else self


def make_pekerjaan(acak: random.Random, orang: Orang, tempat: Perusahaan) -> Pekerjaan:
    """Return an employment that both sides know, or the only side that knows the company."""
    jenis = tempat.kepala.jenis
    return Pekerjaan(
        orang=orang,
        jabatan=choose(acak, kosakata.JABATAN),
        status_pekerjaan=choose_weighted(acak, kosakata.STATUS_PEKERJAAN),
        wlkp=None if jenis == "hanya_bpjs" else tempat,
        bpjs=None if jenis == "hanya_wlkp" else tempat.kepala,
    )
