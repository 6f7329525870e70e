"""What linking compares: the records of both sides, a column a field.

The records of side A come first and those of side B behind them, so that one vocabulary and one
count of how common a value is serve both. A column that a file lacks is an empty one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from services.taut.kata import Bulat, Nyata, Panjang, Teks


@dataclass(frozen=True, slots=True)
class Nilai:
    """A column of numbers (0: empty) and how much agreement on each says, in bits."""

    isi: Panjang
    bit: Nyata


@dataclass(frozen=True, slots=True)
class Daerah:
    """Region codes of ten places and how many of them are known."""

    kode: Panjang
    digit: npt.NDArray[np.int8]
    bit_kabkota: Nyata


@dataclass(frozen=True, slots=True)
class BadanUsaha:
    """Companies of both sides; `orang` holds all pengurus or PIC, then all pemilik."""

    banyak_a: int
    kunci: list[str]
    nama: Teks
    bentuk: Panjang
    jenis: Panjang
    """Number of `Jenis`."""
    sebutan: Panjang
    """Hash of the words by which a name tells its branch; -1 for none."""
    daerah_nama: Panjang
    """Hash of the region that ends a name; -1 for none."""
    jalan: Teks
    tempat: Teks
    daerah: Daerah
    telepon: Nilai
    telepon_pic: Nilai
    email: Nilai
    domain: Nilai
    kbli: Nilai
    tahun_kbli: Panjang
    orang: Teks
    npwp: Nilai
    induk: Nilai
    cabang: Panjang
    nib: Nilai
    titik: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Pekerja:
    """Workers of both sides; `perusahaan` is one number for a company known on both."""

    banyak_a: int
    kunci: list[str]
    nama: Teks
    nik: Nilai
    jkn: Nilai
    lahir: Nilai
    lahir_nik: Panjang
    """The birth date that the NIK holds beside the one given: 0 for none, -1 where that is it."""
    jalan: Teks
    tempat: Teks
    daerah: Daerah
    hp: Nilai
    jabatan: Teks
    perusahaan: Nilai
    perusahaan_pasti: npt.NDArray[np.bool_]
    """Whether the company's counterpart is known: only then another company says something."""
    perusahaan_asal: Bulat
    """Number of the company's id as its own side wrote it, -1 for none."""
    nik_ganda: npt.NDArray[np.bool_]
    """Whether the same company of the same side bears the NIK in another row as well."""
