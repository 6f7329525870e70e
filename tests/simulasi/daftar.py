"""Equal or listed: no field differs, and no record is missing, without being written down."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from services.registry.write import fields_of
from shared_schemas.bentuk_normal import differ, normal
from shared_schemas.perjanjian import Perjanjian
from shared_schemas.rujukan import Himpunan, Perbandingan, Wewenang
from tests.simulasi.panggung import Panggung

TABEL = {Himpunan.BADAN_USAHA: "badan_usaha", Himpunan.PEKERJA: "pekerja"}
ANTREAN = {"wlkp": "belum_lapor", "bpjs": "pendaftaran"}
SISI = ("wlkp", "bpjs")
Rekaman = dict[str, Any]


# Every comparable field not held is equal


def _rows(panggung: Panggung, nama: str, himpunan: Himpunan) -> list[Rekaman]:
    names = (*fields_of(himpunan), "id", "dilaporkan_pada")
    if himpunan is Himpunan.PEKERJA:
        names = (*names, "id_badan_usaha")
    query = f"SELECT {', '.join(names)} FROM {TABEL[himpunan]} WHERE dihapus_pada IS NULL"
    return [dict(zip(names, row, strict=True)) for row in panggung.fetch(nama, query)]


def _pairs(panggung: Panggung) -> list[tuple[Himpunan, Rekaman, Rekaman]]:
    """Return records that are one thing without any doubt: linked head and body, and one NIK."""
    links = panggung.fetch(
        "hub", "SELECT id_wlkp, id_bpjs FROM tautan_badan_usaha WHERE NOT cabang"
    )
    found = []
    w, b = (_rows(panggung, n, Himpunan.BADAN_USAHA) for n in SISI)
    companies = {r["id"]: r for r in (*w, *b)}
    found += [  # a link of a company that is gone is named elsewhere
        (Himpunan.BADAN_USAHA, companies[i], companies[j])
        for i, j in links
        if i in companies and j in companies
    ]
    people: list[dict[tuple[str, str], list[Rekaman]]] = []
    for nama in SISI:
        by_key: dict[tuple[str, str], list[Rekaman]] = defaultdict(list)
        for r in _rows(panggung, nama, Himpunan.PEKERJA):
            by_key[r["id_badan_usaha"], r["nik"]].append(r)
        people.append(by_key)
    body = dict(links)
    for (id_wlkp, nik), rows in people[0].items():
        other = people[1].get((body.get(id_wlkp, ""), nik), [])
        if len(rows) == 1 and len(other) == 1:
            found.append((Himpunan.PEKERJA, rows[0], other[0]))
    return found


def _unlike(cara: Perbandingan, rule: Wewenang, w: Any, b: Any) -> bool:
    left, right = (normal(cara, v) or "" if v is not None else "" for v in (w, b))
    if (rule is Wewenang.PIHAK_KESATU and not left) or (rule is Wewenang.PIHAK_KEDUA and not right):
        return False  # an empty value never wins
    return bool(left != right and differ(cara, left, right))


def fields_equal(panggung: Panggung, perjanjian: Perjanjian, now: dt.datetime) -> list[str]:
    """Return the fields of undoubted pairs that differ and are not listed, or the reverse."""
    query = (
        "SELECT id_wlkp, id_bpjs, bidang, alasan FROM temuan"
        " WHERE keadaan IN ('tertahan', 'ditolak') AND jenis = 'berbeda'"
    )
    listed = {(r[0], r[1], r[2]): r[3] for r in panggung.fetch("hub", query)}
    found = []
    for himpunan, w, b in _pairs(panggung):
        for bidang in perjanjian.bidang(himpunan, now):
            rule = perjanjian.wewenang(bidang, now)
            if not bidang.rujukan.dibandingkan or rule is None:
                continue
            cara = bidang.rujukan.perbandingan
            if rule is Wewenang.MASING_MASING or cara is Perbandingan.MENURUT_ADENDUM:
                continue
            unlike = _unlike(cara, rule, w[bidang.nama], b[bidang.nama])
            reason = listed.get((w["id"], b["id"], bidang.nama))
            if unlike and not reason:
                found.append(f"{himpunan} {w['id']} {bidang.nama} berbeda tanpa ditahan")
            if not unlike and (w["id"], b["id"], bidang.nama) in listed:
                found.append(f"{himpunan} {w['id']} {bidang.nama} sama tetapi masih tercatat beda")
    return found


# No record is lost: what one side alone has is listed, and stands in the other's queue


_BERDUA = """
SELECT id_wlkp, id_bpjs FROM tinjauan_taut WHERE himpunan = 'pekerja'
UNION
SELECT t.id_wlkp, t.id_bpjs FROM temuan t
WHERE t.himpunan = 'pekerja' AND t.bidang = 'nik' AND t.keadaan = 'tertahan'
"""


@dataclass
class _Daftar:
    """Who is where, and what the hub and the queues say about it."""

    panggung: Panggung
    temuan: dict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))

    def __post_init__(self) -> None:
        query = "SELECT jenis, id_wlkp, id_bpjs FROM temuan WHERE keadaan <> 'selesai'"
        for jenis, *ids in self.panggung.fetch("hub", query):
            for nama, id_ in zip(SISI, ids, strict=True):
                if id_ is not None:
                    self.temuan[nama, id_].add(jenis)
        links = self.panggung.fetch("hub", "SELECT id_wlkp, id_bpjs FROM tautan_badan_usaha")
        self.badan = dict(links) | {b: b for _, b in links}
        self.menunggu = set(self.panggung.fetch("hub", "SELECT sisi, id FROM tak_tertaut"))
        # One person under two NIK, or perhaps: no addition, but a difference held or a review.
        twins = self.panggung.fetch("hub", _BERDUA)
        self.berdua = {x for pair in twins for x in zip(SISI, pair, strict=True)}
        self.pekerja = {n: _rows(self.panggung, n, Himpunan.PEKERJA) for n in SISI}
        self.tempat = {n: {self._place(r) for r in self.pekerja[n]} for n in SISI}
        self.nik = {n: {r["nik"] for r in self.pekerja[n]} for n in SISI}
        self.antre = {n: _queued(self.panggung, n) for n in SISI}

    def _place(self, r: Rekaman) -> tuple[str | None, str]:
        return self.badan.get(r["id_badan_usaha"]), r["nik"]

    def companies(self, nama: str, other: str) -> Iterator[str]:
        """Yield what is wrong with the companies that only one side has."""
        for r in _rows(self.panggung, nama, Himpunan.BADAN_USAHA):
            if r["id"] in self.badan or (nama, r["id"]) in self.menunggu:
                continue
            if f"hanya_{nama}" not in self.temuan[nama, r["id"]]:
                yield f"badan usaha {r['id']} tidak tercatat di mana pun"
            if r["id"] not in self.antre[other]:
                yield f"badan usaha {r['id']} tidak sampai ke antrean {other}"

    def workers(self, nama: str, other: str) -> Iterator[str]:
        """Yield what is wrong with the workers of linked companies that only one side has."""
        twice = {
            self._place(r)
            for r in self.pekerja[nama]
            if "kunci_ganda" in self.temuan[nama, r["id"]]
        }
        for r in self.pekerja[nama]:
            place = self._place(r)
            left = nama == "wlkp" and r["hubungan_kerja"] == "BERHENTI"
            elsewhere = r["nik"] in self.nik[other]
            if place[0] is None or left or elsewhere or place in twice:
                continue
            if (nama, r["id"]) in self.berdua:
                continue
            if f"hanya_{nama}" not in self.temuan[nama, r["id"]]:
                yield f"pekerja {r['id']} di {nama} tidak tercatat di mana pun"
            if r["id"] not in self.antre[other]:
                yield f"pekerja {r['id']} di {nama} tidak sampai ke antrean {other}"


def everybody_is_listed(panggung: Panggung) -> list[str]:
    """Return the records of one side alone that are not listed, or not in the other's queue."""
    daftar = _Daftar(panggung)
    return [
        line
        for nama, other in (SISI, SISI[::-1])
        for line in (*daftar.companies(nama, other), *daftar.workers(nama, other))
    ]


def _queued(panggung: Panggung, nama: str) -> set[str]:
    """Return who waits in a queue or was refused.

    A case that ended well has had its effect, and one that was taken back is nobody's.
    """
    query = (
        f"SELECT id_asal FROM {ANTREAN[nama]} WHERE id_asal IS NOT NULL"
        " AND keadaan NOT IN ('terdaftar', 'ditutup_laporan', 'dicabut')"
    )
    refused = (
        "SELECT isi->>'id_asal' FROM usulan WHERE jenis = 'penambahan'"
        " AND (keadaan = 'ditolak' OR kode = 'USULAN-SUDAH-ADA' AND himpunan = 'badan_usaha')"
    )
    return {r[0] for r in panggung.fetch(nama, f"{query} UNION ALL {refused}")}
