"""Rows of the files: what one side writes about a company or a worker."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import replace

from services.sintetis.ejaan import Ejaan
from services.sintetis.kebenaran import Temuan
from services.sintetis.opsi import Opsi
from services.sintetis.pekerjaan import Pekerjaan
from services.sintetis.perusahaan import Perusahaan, Sisi

KOLOM_BADAN_USAHA = (
    "id_badan_usaha", "npwp", "nomor_tdp_atau_nib", "nama", "kbli", "alamat", "telepon",
    "telepon_pengelola_atau_pic", "email", "titik_koordinat", "nama_pengurus_atau_pic",
    "alamat_pengurus_atau_pic", "nama_pemilik_atau_pimpinan", "alamat_pemilik", "nitku",
    "tahun_kbli", "kd_daerah", "dilaporkan_pada",
)  # fmt: skip
KOLOM_PEKERJA = (
    "id_badan_usaha", "nik", "nomor_kepesertaan_jkn", "nama", "tanggal_lahir", "alamat",
    "nomor_hp", "jabatan", "tmt_jkn", "status_pekerjaan", "jumlah_anggota_keluarga",
    "status_kepesertaan", "dilaporkan_pada",
)  # fmt: skip

_LETAK_BADAN_USAHA = {kolom: i for i, kolom in enumerate(KOLOM_BADAN_USAHA)}
_LETAK_PEKERJA = {kolom: i for i, kolom in enumerate(KOLOM_PEKERJA)}

WIB = dt.timezone(dt.timedelta(hours=7))
LAPORAN_PERTAMA = dt.datetime(2025, 7, 1, tzinfo=WIB)
"""Fixed, never today: the same seed writes the same files at any time."""
LAPORAN_HARI = 150


class Penyusun:
    """Makes the rows of one side. Companies first: their report dates their workers in WLKP."""

    def __init__(self, opsi: Opsi, sisi: Sisi) -> None:
        self.sisi = sisi
        self._ejaan = Ejaan(opsi.stream(f"ejaan_{sisi}"), opsi.ejaan)
        self._acak = opsi.stream(f"laporan_{sisi}")
        self._tanpa_tanggal = opsi.tanpa_tanggal
        self._laporan: dict[str, dt.datetime] = {}

    def badan_usaha(self, p: Perusahaan) -> list[str]:
        """Return the row of a company in the order of `KOLOM_BADAN_USAHA`."""
        e, kontak = self._ejaan, p.kontak[self.sisi]
        v = replace(p, **p.ganti) if p.ganti and self.sisi is Sisi.BPJS else p
        id_badan_usaha = p.id_at(self.sisi)
        self._laporan[id_badan_usaha] = waktu = self._time()
        alamat_pengurus = kontak.alamat_pengurus
        # BPJS knows the NITKU of some bodies only; the addendum obliges nobody.
        nitku = v.nitku if self.sisi is Sisi.WLKP or self._acak.random() < 0.6 else ""
        row = [
            id_badan_usaha, e.npwp(v.npwp), v.nib, e.nama_usaha(v.nama), v.kbli,
            e.alamat(v.alamat), e.telepon(v.telepon), e.telepon(kontak.telepon), e.email(v.email),
            e.titik(v.titik), e.teks(kontak.pengurus),
            e.alamat(alamat_pengurus) if alamat_pengurus else "", e.teks(kontak.pemilik),
            e.alamat(v.alamat_pemilik), nitku, v.tahun_kbli,
            e.kd_daerah(v.alamat.kelurahan.kode), self._stamp(waktu),
        ]  # fmt: skip
        for kolom in p.kosong.get(self.sisi, ()):
            row[_LETAK_BADAN_USAHA[kolom]] = ""
        self._note(p.temuan, row, _LETAK_BADAN_USAHA)
        return row

    def pekerja(self, k: Pekerjaan) -> list[list[str]]:
        """Return the row of a worker, two rows where the side wrote the worker twice."""
        sendiri = k.sisi_versi is self.sisi
        row = self._pekerja(k, k.seen_by(self.sisi))
        if k.sisi_kosong is self.sisi:
            for kolom in k.kosong:
                row[_LETAK_PEKERJA[kolom]] = ""
        if k.temuan is not None:
            self._note((k.temuan, *k.ikutan), row, _LETAK_PEKERJA)
        return [row, self._pekerja(k, k.ganda)] if sendiri and k.ganda else [row]

    def _pekerja(self, k: Pekerjaan, v: Pekerjaan) -> list[str]:
        e, o, tempat = self._ejaan, v.orang, k.at(self.sisi)
        if tempat is None:
            raise ValueError(self.sisi)
        # One report of the company names all its workers; BPJS enrols them one by one.
        id_badan_usaha = tempat.id_at(self.sisi)
        waktu = self._laporan[id_badan_usaha] if self.sisi is Sisi.WLKP else self._time()
        return [
            id_badan_usaha, o.nik, o.nomor_kepesertaan_jkn,
            e.nama_orang(o.nama, perempuan=o.perempuan), o.tanggal_lahir.isoformat(),
            e.alamat(o.alamat), e.telepon(o.nomor_hp), e.teks(v.jabatan), o.tmt_jkn.isoformat(),
            v.status_pekerjaan, str(o.jumlah_anggota_keluarga), o.status_kepesertaan,
            self._stamp(waktu),
        ]  # fmt: skip

    def _note(self, temuan: Iterable[Temuan], row: list[str], letak: dict[str, int]) -> None:
        for t in temuan:
            if t.jenis != "berbeda":
                continue
            if self.sisi is Sisi.WLKP:
                t.nilai_wlkp = row[letak[t.field]]
            else:
                t.nilai_bpjs = row[letak[t.field]]

    def _time(self) -> dt.datetime:
        acak = self._acak
        detik = int((8 + acak.random() * 9) * 1_800) * 2  # office hours, an even second
        # Odd seconds at BPJS: the two sides never report at the same instant.
        detik += 0 if self.sisi is Sisi.WLKP else 1
        return LAPORAN_PERTAMA + dt.timedelta(int(acak.random() * LAPORAN_HARI), detik)

    def _stamp(self, waktu: dt.datetime) -> str:
        u = self._acak.random()
        if u < self._tanpa_tanggal:
            return ""
        if u < 0.75:
            return waktu.isoformat()
        return waktu.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
