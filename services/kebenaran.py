"""Compare the findings of a reconciliation with a truth file, row by row.

A synthetic province knows what was changed in it. This says whether exactly that was found,
counting by field set, kind and field; keys are compared here and never shown.
"""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa

Kelompok = tuple[str, str, str]
"""Field set, kind, field ("" where the kind has none)."""

_SATU_SISI = {"hanya_wlkp", "hanya_bpjs", "PWBD"}
_TAK_EKSAK = ("badan_usaha", "tak_tertaut", "")
"""In the truth: a company on both sides that no exact key joins."""
_DUA_NIK = ("pekerja", "berbeda", "nik")
_KOLOM = ("jenis", "himpunan", "kunci", "field", "kunci_eksak")

# The key of a worker is the establishment's id and the NIK, WLKP's where it has one; of one person
# with two NIK it is both, or calling two persons one would look right.
_TEMUAN = """
SELECT t.jenis, t.himpunan, t.bidang,
       CASE t.himpunan WHEN 'badan_usaha' THEN coalesce(t.id_wlkp, t.id_bpjs)
            ELSE CASE WHEN w.nik IS NULL THEN t.bu_bpjs ELSE coalesce(t.bu_wlkp, t.bu_bpjs) END
                || '/' || coalesce(w.nik, b.nik)
                || CASE t.bidang WHEN 'nik' THEN ' = ' || b.nik ELSE '' END END
FROM temuan t
LEFT JOIN cermin_pekerja w ON t.himpunan = 'pekerja' AND w.sisi = 'wlkp' AND w.id = t.id_wlkp
LEFT JOIN cermin_pekerja b ON t.himpunan = 'pekerja' AND b.sisi = 'bpjs' AND b.id = t.id_bpjs
"""
_TAUTAN = "SELECT id_wlkp, id_bpjs FROM tautan_badan_usaha WHERE NOT cabang"
_MENUNGGU = "SELECT id FROM tak_tertaut"
# Workers who wait for a steward: each, and the pair.
_DITINJAU = """
SELECT w.id_badan_usaha || '/' || w.nik, b.id_badan_usaha || '/' || b.nik,
       w.id_badan_usaha || '/' || w.nik || ' = ' || b.nik
FROM tinjauan_taut t
JOIN cermin_pekerja w ON w.sisi = 'wlkp' AND w.id = t.id_wlkp
JOIN cermin_pekerja b ON b.sisi = 'bpjs' AND b.id = t.id_bpjs
WHERE t.himpunan = 'pekerja'
"""


@dataclass(frozen=True, slots=True)
class BarisBanding:
    """Counts of one group. `missing` and `surplus` are rows where truth and findings disagree.

    `eksak_missing` and `eksak_surplus` are those that no missing or vague key excuses;
    `undecided` are companies, and workers left over, that wait for a steward.
    """

    himpunan: str
    jenis: str
    bidang: str
    truth: int
    found: int
    matching: int
    missing: int
    surplus: int
    eksak_missing: int
    eksak_surplus: int
    undecided: int


@dataclass
class Perbandingan:
    """The whole comparison, in a stable order."""

    rows: list[BarisBanding] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether nothing is missing or surplus among the exactly keyed rows."""
        return not any(r.eksak_missing or r.eksak_surplus for r in self.rows)


class TruthFileError(ValueError):
    """The truth file lacks a column; the text names it."""


def check(engine: sa.Engine, kebenaran_csv: Path) -> Perbandingan:
    """Compare the findings in the hub's database with a truth file.

    Findings that were applied or have gone since count as found. Raises TruthFileError.
    """
    truth, exact, twins = _read_truth(kebenaran_csv)
    found: dict[Kelompok, set[str]] = defaultdict(set)
    with engine.connect() as connection:
        for jenis, himpunan, bidang, kunci in connection.execute(sa.text(_TEMUAN)):
            if kunci is not None:
                found[himpunan, jenis, bidang].add(kunci)
        linked = [(w, b) for w, b in connection.execute(sa.text(_TAUTAN))]
        parked = {twins.get(key, key) for key in connection.scalars(sa.text(_MENUNGGU))}
        asked = {key for row in connection.execute(sa.text(_DITINJAU)) for key in row}
    found[_TAK_EKSAK] = _linked_twins(linked, twins)
    vague = {k for rows in truth.values() for k in rows} - exact
    # A one-sided company that is parked is undecided; parking one that has a twin is a mistake.
    undecided = {k for g, rows in truth.items() if g[1] in _SATU_SISI for k in rows} | vague
    waiting = parked & undecided | asked
    groups = sorted(k for k in truth.keys() | found.keys() if truth.get(k) or found.get(k))
    return Perbandingan(
        [_compare(g, truth.get(g, set()), found.get(g, set()), vague, waiting) for g in groups]
    )


def _linked_twins(linked: Iterable[tuple[str, str]], twins: dict[str, str]) -> set[str]:
    """Return the companies without an exact key that were linked rightly; a wrong link is named."""
    ours = set(twins.values())
    return {
        w if twins.get(b) == w else f"{w} dengan {b}" for w, b in linked if w in ours or b in twins
    }


def _read_truth(path: Path) -> tuple[dict[Kelompok, set[str]], set[str], dict[str, str]]:
    """Return the keys of each group, the exact ones, and the twins.

    Exact: in every row that names the key. Twins: the WLKP id by the BPJS id of a company
    that no key can link.
    """
    twins: dict[str, str] = {}
    truth: dict[Kelompok, set[str]] = defaultdict(set)
    answers: dict[str, Counter[bool]] = defaultdict(Counter)
    for row in _rows(path):
        group, key = (row["himpunan"], row["jenis"], row["field"] or ""), row["kunci"]
        if group == _DUA_NIK:
            key = f"{key} = {row.get('nilai_bpjs')}"
        truth[group].add(key)
        answers[key][row["kunci_eksak"] == "ya"] += 1
        if row["jenis"] == "tak_tertaut":
            twins[row.get("nilai_bpjs") or row["kunci"]] = row["kunci"]
    return truth, {key for key, seen in answers.items() if not seen[False]}, twins


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        if absent := set(_KOLOM) - set(reader.fieldnames or ()):
            raise TruthFileError(f"Kolom {', '.join(sorted(absent))} tidak ada di {path.name}.")
        yield from reader


def _compare(
    group: Kelompok, truth: set[str], found: set[str], vague: set[str], parked: set[str]
) -> BarisBanding:
    himpunan, jenis, bidang = group
    missing, surplus = truth - found, found - truth
    # Of a company without an exact key the truth says who it is, not how its values differ.
    surplus -= vague
    undecided: set[str] = set()
    if jenis in {*_SATU_SISI, _TAK_EKSAK[1]} or group == _DUA_NIK:
        undecided = missing & parked
        missing -= undecided
    return BarisBanding(
        himpunan, jenis, bidang, len(truth), len(found), len(truth & found), len(missing),
        len(surplus), len(missing - vague - parked), len(surplus - parked), len(undecided),
    )  # fmt: skip
