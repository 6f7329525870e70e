"""What must be done soon: agree on the end (Pasal 8 ayat (3)), monitor and evaluate (Pasal 9)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from shared_schemas.perjanjian.hari import hari, shift_months
from shared_schemas.perjanjian.naskah import BULAN_PERINGATAN, Perjanjian
from shared_schemas.perjanjian.unsur import BULAN_KESEPAKATAN, Pengakhiran

BULAN_MONITORING = 12
HARI_TERAKHIR = 7
"""Days, the last one among them, in which an end that is agreed is announced."""

_TINGKAT = (BULAN_KESEPAKATAN, 4, BULAN_PERINGATAN)  # months before the end, the nearest first


@dataclass(frozen=True, slots=True)
class Peringatan:
    """One warning: its code, the last day for what it asks, one sentence and the article."""

    kode: str
    tenggat: dt.date
    pesan: str
    pasal: str


def warnings(perjanjian: Perjanjian, at: dt.datetime) -> tuple[Peringatan, ...]:
    """Return what the parties must do soon; nothing once the agreement is over."""
    if not perjanjian.keadaan(at).berlaku:
        return ()
    found = (_end(perjanjian, hari(at)), _monitoring(perjanjian, hari(at)))
    return tuple(w for w in found if w is not None)


def _end(perjanjian: Perjanjian, day: dt.date) -> Peringatan | None:
    """Warn six, four and three calendar months before the end; an agreed one in its last week."""
    end = perjanjian.last_day()
    if perjanjian.pengakhiran is not None:
        return _agreed(perjanjian.pengakhiran, end, day)
    reached = next((n for n in _TINGKAT if day >= shift_months(end, -n)), None)
    if reached is None:
        return None
    tenggat = shift_months(end, -BULAN_KESEPAKATAN)
    kata = "sudah lewat" if day > tenggat else "adalah batas menyepakatinya"
    pesan = (
        f"Perjanjian berakhir {end}; sepakati perpanjangan atau pengakhiran tertulis: {tenggat}"
        f" {kata}."
    )
    return Peringatan(f"akhir_{reached}_bulan", tenggat, pesan, "Pasal 8 ayat (3)")


def _agreed(pengakhiran: Pengakhiran, end: dt.date, day: dt.date) -> Peringatan | None:
    """Announce an end that both agreed on: whoever runs the exchange may not know of it."""
    if (end - day).days >= HARI_TERAKHIR:
        return None
    pesan = (
        f"Perjanjian berakhir {end}, seperti disepakati ({pengakhiran.nomor}): sesudah hari itu"
        " tidak ada lagi yang dipertukarkan."
    )
    return Peringatan("akhir_disepakati", end, pesan, "Pasal 8 ayat (2)")


def _monitoring(perjanjian: Perjanjian, day: dt.date) -> Peringatan | None:
    done = [m.dilaksanakan for m in perjanjian.monitoring if m.dilaksanakan <= day]
    last = max(done, default=perjanjian.jangka_waktu.mulai)
    tenggat = shift_months(last, BULAN_MONITORING)
    if day <= tenggat:
        return None
    pesan = f"Monitoring dan evaluasi terlambat: yang terakhir {last}, batasnya {tenggat}."
    return Peringatan("monitoring", tenggat, pesan, "Pasal 9")
