"""Differences of workers: which there are, and what they do to a record."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from services.sintetis import kosakata
from services.sintetis.acak import choose
from services.sintetis.kebenaran import BADAN_USAHA, PEKERJA, Temuan
from services.sintetis.opsi import Opsi
from services.sintetis.orang import Penduduk, make_other_nama, make_tmt
from services.sintetis.pekerjaan import Pekerjaan, make_pekerjaan
from services.sintetis.perusahaan import Perusahaan, Sisi, make_hp
from services.sintetis.provinsi import Provinsi
from services.sintetis.undian import Undian

FIELD_WLKP = ("jabatan", "status_pekerjaan")
"""Compared fields that WLKP decides: BPJS has the other value, or none."""

FIELD_BPJS = (
    "nomor_kepesertaan_jkn", "tmt_jkn", "jumlah_anggota_keluarga", "status_kepesertaan",
)  # fmt: skip
"""Compared fields that BPJS decides: WLKP has the other value, or none."""

FIELD_SETARA = ("nama", "tanggal_lahir", "alamat", "nomor_hp")
"""Compared fields that neither side decides by itself."""

FIELD_BERBEDA = (*FIELD_SETARA, *FIELD_WLKP, *FIELD_BPJS)

KOSONG = (
    *((Sisi.WLKP, kolom) for kolom in FIELD_BPJS),
    *((Sisi.BPJS, kolom) for kolom in FIELD_WLKP),
    *((sisi, "nomor_hp") for sisi in Sisi),
)
"""Fields a side may leave empty while the other side's value is to be proposed to it."""


def make_undian(opsi: Opsi) -> Undian:
    """Return the draw of kinds for workers. Raises `OpsiError` when the shares exceed 1."""
    tunggal = ("hanya_wlkp", "hanya_bpjs", "beda_perusahaan", "kunci_ganda", "dua_perusahaan")
    return Undian(
        PEKERJA,
        [
            *((jenis, "", getattr(opsi, f"pekerja_{jenis}")) for jenis in tunggal),
            *(("berbeda", kolom, opsi.pekerja_berbeda) for kolom in FIELD_BERBEDA),
            *((f"kosong_{sisi}", kolom, opsi.pekerja_kosong) for sisi, kolom in KOSONG),
            ("nik_salah", "", opsi.pekerja_nik_salah),
        ],
    )


class PembedaPekerja:
    """Gives each worker of a joined company at most one kind of difference."""

    def __init__(
        self, opsi: Opsi, provinsi: Provinsi, semua: list[Perusahaan], penduduk: Penduduk
    ) -> None:
        self._provinsi = provinsi
        self._penduduk = penduduk
        self._undian = make_undian(opsi)
        self._acak = opsi.stream("perbedaan_pekerja")
        self._kepala = [p for p in semua if p.tertaut and p.induk is None]

    def apply(self, k: Pekerjaan) -> Pekerjaan | None:
        """Draw a kind and change the employment; return a second employment if there is one."""
        if k.wlkp is None or k.bpjs is None or not k.bpjs.tertaut:
            return None
        jenis, kolom = self._undian.draw(self._acak)
        if jenis == "dua_perusahaan":
            lain = self._other_company(k.bpjs)
            return make_pekerjaan(self._acak, k.orang, lain) if lain else None
        if jenis == "berbeda":
            self._berbeda(k, kolom)
        elif jenis.startswith("kosong_"):
            self._kosong(k, kolom, Sisi(jenis.removeprefix("kosong_")))
        elif jenis == "nik_salah":
            self._nik_salah(k)
        elif jenis == "kunci_ganda":
            self._kunci_ganda(k)
        elif jenis == "beda_perusahaan":
            self._beda_perusahaan(k, k.wlkp)
        elif jenis:
            self._hanya(k, jenis)
        return None

    def _hanya(self, k: Pekerjaan, jenis: str) -> None:
        tempat = k.wlkp if jenis == "hanya_wlkp" else k.bpjs
        k.temuan = Temuan(jenis, PEKERJA, _kunci(k, tempat, Sisi(jenis.removeprefix("hanya_"))))
        if jenis == "hanya_bpjs":
            k.wlkp = None
            return
        k.bpjs = None
        # Most of those whom BPJS does not know have no number that a company could report.
        if self._acak.random() < 0.7:
            k.sisi_kosong, k.kosong = Sisi.WLKP, FIELD_BPJS

    def _berbeda(self, k: Pekerjaan, kolom: str) -> None:
        if kolom == "nomor_hp":
            self._have_hp(k)
        sisi = Sisi.BPJS if kolom in FIELD_WLKP else Sisi.WLKP
        if kolom in FIELD_SETARA and self._acak.random() < 0.5:
            sisi = Sisi.BPJS
        k.sisi_versi, k.versi = sisi, self._version(k, kolom)
        k.temuan = Temuan("berbeda", PEKERJA, _kunci(k, k.wlkp, Sisi.WLKP), kolom)

    def _kosong(self, k: Pekerjaan, kolom: str, sisi: Sisi) -> None:
        if kolom == "nomor_hp":
            self._have_hp(k)
        k.sisi_kosong, k.kosong = sisi, (kolom,)
        k.temuan = Temuan("berbeda", PEKERJA, _kunci(k, k.wlkp, Sisi.WLKP), kolom)

    def _nik_salah(self, k: Pekerjaan) -> None:
        # Companies type the NIK from a copy of the card; BPJS Kesehatan asks the civil registry.
        k.sisi_versi = Sisi.WLKP if self._acak.random() < 0.8 else Sisi.BPJS
        salah = self._penduduk.mistype(k.orang.nik)
        k.versi = replace(k, orang=replace(k.orang, nik=salah))
        if self._acak.random() < 0.5:
            # Else the JKN number alone would join them.
            k.sisi_kosong, k.kosong = Sisi.WLKP, ("nomor_kepesertaan_jkn",)
        kunci = _kunci(k.seen_by(Sisi.WLKP), k.wlkp, Sisi.WLKP)
        k.temuan = Temuan("berbeda", PEKERJA, kunci, "nik")
        k.ikutan = tuple(Temuan("berbeda", PEKERJA, kunci, kolom) for kolom in k.kosong)

    def _kunci_ganda(self, k: Pekerjaan) -> None:
        sisi = Sisi.WLKP if self._acak.random() < 0.5 else Sisi.BPJS
        k.sisi_versi = sisi
        k.ganda = self._version(k, "jabatan" if sisi is Sisi.WLKP else "nomor_hp")
        k.temuan = Temuan("kunci_ganda", PEKERJA, _kunci(k, k.at(sisi), sisi), sisi)

    def _beda_perusahaan(self, k: Pekerjaan, tempat: Perusahaan) -> None:
        # A branch's workers are at BPJS under the head: keep the two ids plain companies.
        lain = self._other_company(tempat.kepala) if tempat.induk is None else None
        if lain is None:
            return
        k.bpjs = lain
        k.temuan = Temuan(
            "beda_perusahaan", PEKERJA, _kunci(k, tempat, Sisi.WLKP),
            nilai_wlkp=tempat.id_wlkp, nilai_bpjs=lain.id_bpjs,
        )  # fmt: skip

    def _other_company(self, kecuali: Perusahaan) -> Perusahaan | None:
        if len(self._kepala) < 2:
            return None
        while (lain := choose(self._acak, self._kepala)) is kecuali:
            pass
        return lain

    def _have_hp(self, k: Pekerjaan) -> None:
        k.orang.nomor_hp = k.orang.nomor_hp or make_hp(self._acak)

    def _version(self, k: Pekerjaan, kolom: str) -> Pekerjaan:
        nilai = self._other_value(k, kolom)
        if kolom in FIELD_WLKP:
            return replace(k, **{kolom: nilai})
        return replace(k, orang=replace(k.orang, **{kolom: nilai}))

    def _other_value(self, k: Pekerjaan, kolom: str) -> Any:
        acak, o = self._acak, k.orang
        lama = getattr(k if kolom in FIELD_WLKP else o, kolom)
        buat: dict[str, Callable[[], Any]] = {
            "nama": lambda: make_other_nama(acak, o.nama, perempuan=o.perempuan),
            "tanggal_lahir": lambda: lama + dt.timedelta(days=acak.choice((-1, 1, 9, 30, 365))),
            "alamat": lambda: self._provinsi.make_other_alamat(acak, lama),
            "nomor_hp": lambda: make_hp(acak),
            "jabatan": lambda: choose(acak, kosakata.JABATAN),
            "status_pekerjaan": lambda: choose(acak, kosakata.STATUS_PEKERJAAN)[0],
            # 0008 is a block of its own: nobody has the wrong number.
            "nomor_kepesertaan_jkn": lambda: f"0008{acak.randrange(10**9):09d}",
            "tmt_jkn": lambda: make_tmt(acak),
            "jumlah_anggota_keluarga": lambda: acak.randrange(6),
            "status_kepesertaan": lambda: choose(acak, kosakata.STATUS_KEPESERTAAN)[0],
        }
        while (baru := buat[kolom]()) == lama:
            pass
        return baru


def _kunci(k: Pekerjaan, tempat: Perusahaan | None, sisi: Sisi) -> str:
    if tempat is None:  # an employment that a side does not list has no key there
        raise ValueError(sisi)
    return f"{tempat.id_at(sisi)}/{k.orang.nik}"


def make_temuan_perusahaan(semua: Iterable[Perusahaan], pekerjaan: Iterable[Pekerjaan]) -> None:
    """Add what follows from the workers: PWBD and PDS-TK, one row for each company."""
    pwbd: set[str] = set()
    pds: set[str] = set()
    for k in pekerjaan:
        if k.wlkp is None:
            continue
        if k.wlkp.kepala.jenis == "hanya_wlkp":
            pwbd.add(k.wlkp.id_wlkp)
        elif k.temuan is not None and k.temuan.jenis == "hanya_wlkp":
            pds.add(k.wlkp.kepala.id_wlkp)
    for p in semua:
        if p.id_wlkp in pwbd:
            p.temuan.append(Temuan("PWBD", BADAN_USAHA, p.id_wlkp))
        if p.id_wlkp in pds:
            p.temuan.append(Temuan("PDS-TK", BADAN_USAHA, p.id_wlkp))
