"""Differences of companies: which there are, and what they do to a record."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from services.sintetis import kosakata
from services.sintetis.acak import choose
from services.sintetis.kebenaran import BADAN_USAHA, Temuan
from services.sintetis.opsi import Opsi
from services.sintetis.perusahaan import NamaUnik, Pabrik, Perusahaan, Sisi, make_telepon
from services.sintetis.provinsi import Provinsi
from services.sintetis.undian import Undian

FIELD_BERBEDA = (
    "nama", "kbli", "alamat", "telepon", "email", "titik_koordinat", "alamat_pemilik",
)  # fmt: skip
"""Fields of a company that get another value at BPJS."""

FIELD_KOSONG = ("kbli", "telepon", "email", "titik_koordinat", "alamat_pemilik")
"""Fields of a company that BPJS may leave empty and WLKP decides."""

TANPA_NOMOR = ("npwp", "nitku", "nomor_tdp_atau_nib")
"""Columns empty at BPJS when no number joins; the NITKU would betray the NPWP."""

KOSONG_DI_BPJS = {
    "npwp_kosong": ("npwp", "nitku"),
    "npwp_nib_kosong": TANPA_NOMOR,
    "tak_tertaut": TANPA_NOMOR,
}


def make_undian(opsi: Opsi) -> Undian:
    """Return the draw of kinds for companies. Raises `OpsiError` when the shares exceed 1."""
    tunggal = ("hanya_wlkp", "hanya_bpjs", "tak_tertaut", "npwp_kosong", "npwp_nib_kosong")
    return Undian(
        BADAN_USAHA,
        [
            *((jenis, "", getattr(opsi, f"badan_usaha_{jenis}")) for jenis in tunggal),
            *(("berbeda", kolom, opsi.badan_usaha_berbeda) for kolom in FIELD_BERBEDA),
            *(("kosong", kolom, opsi.badan_usaha_kosong) for kolom in FIELD_KOSONG),
        ],
    )


class PembedaBadanUsaha:
    """Makes the companies of a province, each with at most one kind of difference."""

    def __init__(self, opsi: Opsi, provinsi: Provinsi) -> None:
        self._opsi = opsi
        self._provinsi = provinsi
        self._undian = make_undian(opsi)
        self._acak = opsi.stream("perbedaan_badan_usaha")
        self._nama = NamaUnik(opsi.stream("nama_badan_usaha"))
        self._pabrik = Pabrik(provinsi, self._nama, opsi.stream("badan_usaha"), opsi.perusahaan)

    def make_all(self) -> list[Perusahaan]:
        """Return `opsi.perusahaan` companies and branches with their ids and findings."""
        hasil: list[Perusahaan] = []
        while len(hasil) < self._opsi.perusahaan:
            p = self._make()
            hasil.append(p)
            # Branches only where the NPWP is on both sides: they hang on their head by it.
            if p.jenis in ("", "berbeda", "kosong") and self._acak.random() < self._opsi.cabang:
                banyak = min(self._acak.randint(1, 4), self._opsi.perusahaan - len(hasil))
                hasil += [self._pabrik.make_cabang(p, i + 1) for i in range(banyak)]
        number_all(hasil, self._opsi.stream("nomor_badan_usaha"))
        for p in hasil:
            p.temuan += make_temuan(p)
        return hasil

    def _make(self) -> Perusahaan:
        jenis, kolom = self._undian.draw(self._acak)
        sepihak = jenis.startswith("hanya_")
        p = self._pabrik.make(sepihak=sepihak, menyendiri=sepihak or jenis == "tak_tertaut")
        p.jenis = jenis
        kosong = list(KOSONG_DI_BPJS.get(jenis, ()))
        if jenis == "tak_tertaut":
            p.ganti["nama"] = self._nama.misspell(p.nama)
        elif jenis == "berbeda":
            atribut = "titik" if kolom == "titik_koordinat" else kolom
            p.ganti[atribut] = self._other(p, kolom)
            p.kolom = kolom
        elif jenis == "kosong":
            p.kolom = kolom
            kosong += [kolom, "tahun_kbli"] if kolom == "kbli" else [kolom]
        if kolom != "titik_koordinat" and self._acak.random() < self._opsi.tanpa_koordinat:
            # Empty at the side that decides: no difference, whatever BPJS has.
            p.kosong[Sisi.WLKP] = ("titik_koordinat",)
            kosong += ["titik_koordinat"] if self._acak.random() < 0.5 else []
        p.kosong[Sisi.BPJS] = tuple(kosong)
        return p

    def _other(self, p: Perusahaan, kolom: str) -> Any:
        acak, provinsi = self._acak, self._provinsi
        buat: dict[str, Callable[[], Any]] = {
            "nama": lambda: self._nama.make(p.kabupaten),
            "kbli": lambda: _other_than(p.kbli, lambda: choose(acak, kosakata.KBLI)),
            "alamat": lambda: provinsi.make_other_alamat(acak, p.alamat),
            "telepon": lambda: _other_than(p.telepon, lambda: make_telepon(acak)),
            "email": lambda: f"surat.{p.email}",
            "titik_koordinat": lambda: _far_from(acak, p.titik),
            "alamat_pemilik": lambda: provinsi.make_other_alamat(acak, p.alamat_pemilik),
        }
        return buat[kolom]()


def _other_than(lama: str, buat: Callable[[], str]) -> str:
    while (baru := buat()) == lama:
        pass
    return baru


def _far_from(acak: random.Random, titik: tuple[float, float]) -> tuple[float, float]:
    # 0.02 degrees of latitude are 2.2 km.
    arah = 1 if acak.random() < 0.5 else -1
    return titik[0] + arah * acak.uniform(0.02, 0.1), titik[1] + acak.uniform(-0.1, 0.1)


def number_all(semua: list[Perusahaan], acak: random.Random) -> None:
    """Give ids to all; the order of neither side tells the other's or the kind."""
    wlkp = [p for p in semua if p.jenis != "hanya_bpjs"]
    acak.shuffle(wlkp)
    for nomor, p in enumerate(wlkp, 1):
        p.id_wlkp = f"WLKP-{nomor:07d}"
    bpjs = [p for p in semua if p.jenis != "hanya_wlkp" and p.induk is None]
    acak.shuffle(bpjs)
    for nomor, p in enumerate(bpjs, 1):
        p.id_bpjs = f"BU-{nomor:07d}"


def make_temuan(p: Perusahaan) -> list[Temuan]:
    """Return the findings about the company itself; those that count workers come later."""
    if p.jenis in ("hanya_wlkp", "hanya_bpjs"):
        return [Temuan(p.jenis, BADAN_USAHA, p.id_wlkp or p.id_bpjs)]
    if p.jenis == "tak_tertaut":
        return [
            Temuan(
                p.jenis, BADAN_USAHA, p.id_wlkp,
                nilai_wlkp=p.id_wlkp, nilai_bpjs=p.id_bpjs, kunci_eksak="tidak",
            )
        ]  # fmt: skip
    kolom = [k for k in KOSONG_DI_BPJS.get(p.jenis, ()) if k != "nitku"]
    kolom += [p.kolom] if p.kolom else []
    return [Temuan("berbeda", BADAN_USAHA, p.id_wlkp, k) for k in kolom]
