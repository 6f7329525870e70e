"""The agreement of a run: it lapses, a duty is postponed, a switch is turned, fields are added.

By its text, or by records that the parties sign while everything runs.
"""

from __future__ import annotations

import datetime as dt
import random
from typing import NamedTuple

from shared_schemas.perjanjian import CONTOH, load
from shared_schemas.perjanjian.catatan import (
    Catatan,
    CatatanKahar,
    CatatanPerpanjangan,
    CatatanSelesaiKahar,
    SelesaiKahar,
)
from shared_schemas.perjanjian.unsur import JenisKahar, Kahar, Perpanjangan
from shared_schemas.rujukan import Pihak

MULAI = dt.datetime(2026, 6, 1, 16, 55, tzinfo=dt.UTC)  # five minutes to midnight in Jakarta
BIASA = CONTOH.read_text(encoding="utf-8")


def _with(old: str, new: str, text: str = BIASA) -> str:
    assert old in text, f"naskah contoh tidak lagi memuat {old!r}"
    return text.replace(old, new)


TEKS_BERAKHIR = _with("berakhir: 2028-11-02", "berakhir: 2026-06-01")
_DIPERPANJANG = _with(
    "pengakhiran: null",
    "  - {nomor: CONTOH/PERPANJANGAN/2, disepakati: 2026-02-20, berakhir: 2028-11-02,"
    " dasar: Pasal 8 ayat (2), fiktif: true}\npengakhiran: null",
    TEKS_BERAKHIR,
)
_DIAKHIRI = _with(
    "pengakhiran: null",
    "pengakhiran: {nomor: CONTOH, disepakati: 2026-05-01, hari_terakhir: 2026-05-31}",
)
_DIMATIKAN = _with(
    "data_pekerja_untuk_pihak_kesatu: true", "data_pekerja_untuk_pihak_kesatu: false"
)
_KEWAJIBAN = {
    "pihak_kesatu": ("Pasal 5 ayat (3) huruf b angka 2", "Pasal 5 ayat (3) huruf c"),
    "pihak_kedua": ("Pasal 5 ayat (4) huruf b angka 1", "Pasal 5 ayat (4) huruf c"),
}
_D = "bidang_tambahan: [nitku, tahun_kbli, kd_daerah, hubungan_kerja]"
_SKEMA_D = BIASA[BIASA.index("    skema_bidang:\n") : BIASA.index("\n# Keadaan kahar")]


def _agreed_extra(*names: str) -> str:
    """Return a text that agrees these D fields and no other."""
    kept = [line for line in _SKEMA_D.splitlines(True)[1:] if line.split(":")[0].strip() in names]
    skema = f"    skema_bidang:\n{''.join(kept)}" if kept else "    skema_bidang: {}\n"
    return _with(_D, f"bidang_tambahan: [{', '.join(names)}]", _with(_SKEMA_D, skema))


def _from_midnight() -> str:
    """Return a text whose second addendum begins in the night of the run, by each own clock."""
    later = (
        "  - nomor: CONTOH/ADENDUM/2\n    berlaku: 2026-06-02\n    perihal: Contoh\n"
        "    dasar: Pasal 11\n    fiktif: true\n"
        f"    wewenang: {{C5: pihak_kesatu, C7: pihak_kedua}}\n    {_D}\n{_SKEMA_D}"
    )
    return _with("\n# Keadaan kahar", f"{later}\n# Keadaan kahar", _agreed_extra())


_BEDA_TAMBAHAN = (
    _agreed_extra(), _agreed_extra("kd_daerah"), _agreed_extra("hubungan_kerja"), _from_midnight(),
    _with("C5: laporan_terbaru\n      C6", "C5: pihak_kedua\n      C6"),
    _with("C7: pihak_kesatu", "C7: laporan_terbaru"),
)  # fmt: skip
"""Agreements with other addenda than the sample's."""


def _without_proposals(teks: str) -> str:
    """Return a text in which nobody has the right to propose."""
    return "".join(line for line in teks.splitlines(True) if '"usulan:kirim"' not in line)


_TANPA_USULAN = _without_proposals(BIASA)


def _kahar(pihak: str, kewajiban: str) -> str:
    return _with(
        "kahar: []",
        f"kahar: [{{pihak: {pihak}, kewajiban: [{kewajiban}], jenis: banjir, peristiwa: Contoh,"
        " mulai: 2026-05-30, diberitahukan: 2026-06-01, bukti: Contoh}]",
    )


class Babak(NamedTuple):
    """A stage: the text in force, a record made at its beginning, who signs an earlier one."""

    teks: str
    catat: Catatan | None = None
    tanda_tangan: tuple[str, Pihak] | None = None


BERAKHIR = dt.date(2026, 6, 1)
"""The last day under a text that ends in the night of the run."""
PERPANJANGAN = "CONTOH/CATATAN/1"
_KAHAR = "CONTOH/CATATAN/2"
_NOMOR = load(CONTOH).nomor


def _extension(pihak: Pihak) -> Catatan:
    isi = Perpanjangan(
        nomor=PERPANJANGAN, disepakati=dt.date(2026, 2, 20), berakhir=dt.date(2029, 11, 2),
        dasar="Pasal 8 ayat (2)", fiktif=True,
    )  # fmt: skip
    return CatatanPerpanjangan(perjanjian=_NOMOR, oleh=pihak, isi=isi)


def _postponement(pihak: Pihak, kewajiban: str) -> Catatan:
    isi = Kahar(
        nomor=_KAHAR, pihak=pihak, kewajiban=(kewajiban,), jenis=JenisKahar.BANJIR,
        peristiwa="Contoh", mulai=dt.date(2026, 5, 30), diberitahukan=BERAKHIR, bukti="Contoh",
    )  # fmt: skip
    return CatatanKahar(perjanjian=_NOMOR, oleh=pihak, isi=isi)


def end_of(kahar: Catatan) -> Catatan:
    """Return the record by which a party takes its duty up again."""
    isi = SelesaiKahar(nomor="CONTOH/CATATAN/3", kahar=_KAHAR, berakhir=dt.date(2026, 5, 31))
    return CatatanSelesaiKahar(perjanjian=_NOMOR, oleh=kahar.oleh, isi=isi)


def choose(acak: random.Random) -> list[Babak]:
    """Return the two stages of a run before all is quiet."""
    kind = acak.choices(
        (
            "biasa", "berakhir", "diakhiri", "sakelar", "kahar", "diperpanjang", "kahar dicatat",
            "tanpa usulan", "adendum",
        ),
        (10, 2, 1, 2, 3, 3, 2, 2, 4),
    )[0]  # fmt: skip
    first = second = Babak(BIASA)
    if kind == "berakhir":
        first, second = Babak(TEKS_BERAKHIR), Babak(acak.choice((TEKS_BERAKHIR, _DIPERPANJANG)))
    elif kind == "diakhiri":
        second = Babak(_DIAKHIRI)
    elif kind == "sakelar":
        second = Babak(_DIMATIKAN)
        first = acak.choice((first, second))
    elif kind == "tanpa usulan":
        second = Babak(_TANPA_USULAN)
    elif kind == "adendum":
        first, second = (Babak(acak.choice((BIASA, *_BEDA_TAMBAHAN))) for _ in range(2))
    elif kind == "kahar":
        pihak = acak.choice(sorted(_KEWAJIBAN))
        second = Babak(_kahar(pihak, acak.choice(_KEWAJIBAN[pihak])))
        first = acak.choice((first, second))
    elif kind == "diperpanjang":
        pihak = acak.choice(list(Pihak))
        first = Babak(TEKS_BERAKHIR, catat=_extension(pihak))
        also = acak.choice((None, (PERPANJANGAN, pihak.lawan)))
        second = Babak(TEKS_BERAKHIR, tanda_tangan=also)
        if also is not None and acak.random() < 0.5:
            first = first._replace(tanda_tangan=also)
    elif kind == "kahar dicatat":
        pihak = acak.choice(list(Pihak))
        catat = _postponement(pihak, acak.choice(_KEWAJIBAN[pihak.value]))
        stages = [first, second]
        stages[acak.randrange(2)] = Babak(BIASA, catat=catat)
        first, second = stages
    return [first, second]
