"""A synthetic province: the registers of WLKP and BPJS Kesehatan, and what differs in them.

Everything is fictitious and looks it. Equal options write byte-identical files, whatever the
date, the machine or the hash seed. `kebenaran.csv` lists every difference a perfect comparison
finds; spellings that mean the same are in the registers and not in that list.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from services.sintetis.baris import KOLOM_BADAN_USAHA, KOLOM_PEKERJA, Penyusun
from services.sintetis.berkas import Kumpulan
from services.sintetis.kebenaran import KOLOM_KEBENARAN, count_temuan, sort_temuan
from services.sintetis.opsi import Opsi, OpsiError, Ringkasan
from services.sintetis.orang import Penduduk
from services.sintetis.pekerjaan import Pekerjaan, make_pekerjaan
from services.sintetis.perbedaan import PembedaBadanUsaha
from services.sintetis.perbedaan_pekerja import PembedaPekerja, make_temuan_perusahaan
from services.sintetis.perusahaan import Perusahaan, Sisi, share_out
from services.sintetis.provinsi import Provinsi
from services.sintetis.rusak import make_badan_usaha_rusak, make_pekerja_rusak

__all__ = ["Opsi", "OpsiError", "Ringkasan", "generate"]

Progress = Callable[[str, int, int], None]
"""Told the name of a stage, how many of its records are done, and of how many."""

LANGKAH = 2_000
"""Records between two calls of `progress`."""


def generate(opsi: Opsi, keluar: Path, progress: Progress | None = None) -> Ringkasan:
    """Write the five files of a synthetic province into the folder `keluar`.

    Returns what was written. Files of the same names are replaced, all together, at the end.
    Raises `OpsiError` before anything is written when the shares of differences exceed 1.
    """
    lapor = progress or _silent
    provinsi = Provinsi(opsi.provinsi, opsi.stream("provinsi"))
    perusahaan = PembedaBadanUsaha(opsi, provinsi).make_all()
    pekerjaan = list(_make_pekerjaan(opsi, provinsi, perusahaan, lapor))
    make_temuan_perusahaan(perusahaan, pekerjaan)
    with Kumpulan(keluar) as kumpulan:
        for sisi in Sisi:
            penyusun = Penyusun(opsi, sisi)  # one for both files: companies date their workers
            _write_badan_usaha(kumpulan, opsi, penyusun, perusahaan)
            _write_pekerja(kumpulan, opsi, penyusun, pekerjaan, lapor=lapor)
        temuan = sort_temuan(
            [
                *(t for p in perusahaan for t in p.temuan),
                *(t for k in pekerjaan if k.temuan for t in (k.temuan, *k.ikutan)),
            ]
        )
        kumpulan.write("kebenaran.csv", KOLOM_KEBENARAN, (t.row() for t in temuan))
    return Ringkasan(keluar, kumpulan.baris, count_temuan(temuan))


def _silent(tahap: str, selesai: int, semua: int) -> None:
    """Stand in for a `progress` that was not given."""


def _make_pekerjaan(
    opsi: Opsi, provinsi: Provinsi, perusahaan: list[Perusahaan], lapor: Progress
) -> Iterator[Pekerjaan]:
    penduduk = Penduduk(opsi, provinsi, opsi.stream("orang"))
    pembeda = PembedaPekerja(opsi, provinsi, perusahaan, penduduk)
    acak = opsi.stream("pekerjaan")
    ukuran = share_out(opsi.stream("ukuran"), len(perusahaan), opsi.pekerja)
    selesai = 0
    for p, banyak in zip(perusahaan, ukuran, strict=True):
        for _ in range(banyak):
            pertama = make_pekerjaan(acak, penduduk.make(p.kabupaten), p)
            kedua = pembeda.apply(pertama)
            yield pertama
            if kedua is not None:
                yield kedua
            selesai += 1
            if selesai % LANGKAH == 0 or selesai == opsi.pekerja:
                lapor("pekerja", selesai, opsi.pekerja)


def _write_badan_usaha(
    kumpulan: Kumpulan, opsi: Opsi, penyusun: Penyusun, perusahaan: list[Perusahaan]
) -> None:
    sisi = penyusun.sisi
    # A company without an id is not on this side: hanya_*, and branches at BPJS.
    daftar = sorted((p for p in perusahaan if p.id_at(sisi)), key=lambda p: p.id_at(sisi))
    rows = _with_broken(
        map(penyusun.badan_usaha, daftar),
        make_badan_usaha_rusak,
        opsi.stream(f"badan_usaha_rusak_{sisi}"),
        opsi.baris_rusak,
    )
    kumpulan.write(f"{sisi}_badan_usaha.csv", KOLOM_BADAN_USAHA, rows)


def _write_pekerja(
    kumpulan: Kumpulan,
    opsi: Opsi,
    penyusun: Penyusun,
    pekerjaan: list[Pekerjaan],
    *,
    lapor: Progress,
) -> None:
    sisi = penyusun.sisi
    # By company and NIK: an order that tells nothing of how the rows were made.
    daftar = [(p.id_at(sisi), k.seen_by(sisi).orang.nik, k) for k in pekerjaan if (p := k.at(sisi))]
    daftar.sort(key=lambda d: d[:2])
    rows = _with_broken(
        _rows_pekerja(penyusun, [k for *_, k in daftar], lapor),
        make_pekerja_rusak,
        opsi.stream(f"pekerja_rusak_{sisi}"),
        opsi.baris_rusak,
    )
    kumpulan.write(f"{sisi}_pekerja.csv", KOLOM_PEKERJA, rows)


def _rows_pekerja(
    penyusun: Penyusun, pekerja: list[Pekerjaan], lapor: Progress
) -> Iterator[list[str]]:
    for selesai, k in enumerate(pekerja, 1):
        yield from penyusun.pekerja(k)
        if selesai % LANGKAH == 0 or selesai == len(pekerja):
            lapor(f"{penyusun.sisi}_pekerja.csv", selesai, len(pekerja))


def _with_broken(
    rows: Iterable[list[str]],
    make_rusak: Callable[[random.Random, list[str]], list[str]],
    acak: random.Random,
    bagian: float,
) -> Iterator[list[str]]:
    for row in rows:
        yield row
        if bagian and acak.random() < bagian:
            yield make_rusak(acak, row)
