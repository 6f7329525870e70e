"""The agreement of a run: it lapses and is extended, a duty is postponed, a switch is turned."""

from __future__ import annotations

import datetime as dt
import random

from shared_schemas.perjanjian import CONTOH

MULAI = dt.datetime(2026, 6, 1, 16, 55, tzinfo=dt.UTC)  # five minutes to midnight in Jakarta
BIASA = CONTOH.read_text(encoding="utf-8")


def _with(old: str, new: str, text: str = BIASA) -> str:
    assert old in text, f"naskah contoh tidak lagi memuat {old!r}"
    return text.replace(old, new)


_BERAKHIR = _with("berakhir: 2028-11-02", "berakhir: 2026-06-01")
_DIPERPANJANG = _with(
    "pengakhiran: null",
    "  - {nomor: CONTOH/PERPANJANGAN/2, disepakati: 2026-02-20, berakhir: 2028-11-02,"
    " dasar: Pasal 8 ayat (2), fiktif: true}\npengakhiran: null",
    _BERAKHIR,
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


def _kahar(pihak: str, kewajiban: str) -> str:
    return _with(
        "kahar: []",
        f"kahar: [{{pihak: {pihak}, kewajiban: [{kewajiban}], jenis: banjir, peristiwa: Contoh,"
        " mulai: 2026-05-30, diberitahukan: 2026-06-01, bukti: Contoh}]",
    )


def choose(acak: random.Random) -> list[str]:
    """Return the texts in force in the stages of a run, one after the other."""
    kind = acak.choices(("biasa", "berakhir", "diakhiri", "sakelar", "kahar"), (11, 3, 1, 2, 4))[0]
    if kind == "berakhir":
        return [_BERAKHIR, _BERAKHIR, _DIPERPANJANG]
    if kind == "diakhiri":
        return [BIASA, _DIAKHIRI, BIASA]
    if kind == "sakelar":
        return acak.choice(([BIASA, _DIMATIKAN, BIASA], [_DIMATIKAN, _DIMATIKAN, BIASA]))
    if kind == "kahar":
        pihak = acak.choice(sorted(_KEWAJIBAN))
        text = _kahar(pihak, acak.choice(_KEWAJIBAN[pihak]))
        return acak.choice(([BIASA, text, BIASA], [text, text, BIASA]))
    return [BIASA, BIASA, BIASA]
