"""The comparison once more, in plain dictionaries: slow, and written from the rules alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from shared_schemas.bentuk_normal import differ, normal
from shared_schemas.perjanjian import FIELD_SETS
from shared_schemas.rujukan import Himpunan, Perbandingan

Baris = Mapping[str, Any]
Temuan = tuple[
    str, str | None, str | None, str | None, int | None, int | None, str | None, Any, Any
]

CARA = {
    b.nama: (b.rujukan.perbandingan, b.rujukan.nomor)
    for b in FIELD_SETS[Himpunan.PEKERJA].daftar_bidang()
    if b.rujukan.dibandingkan
}


def nik(row: Baris) -> str | None:
    text = normal(Perbandingan.KUNCI, row["nik"])
    return text if len(text) == 16 and text.isdigit() else None


def differences(a: Baris, b: Baris, *, person_only: bool) -> list[tuple[str, Any, Any]]:
    found = []
    for nama in sorted(a.keys() & b.keys() & CARA.keys()):
        cara, nomor = CARA[nama]
        if person_only and nomor in {"C7", "C9"}:
            continue
        here, there = (None if r[nama] == "" else r[nama] for r in (a, b))
        if differ(cara, normal(cara, here), normal(cara, there)):
            found.append((nama, _text(a[nama]), _text(b[nama])))
    return found


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


class Oracle:
    """Judges two lists of rows; `links` maps companies of A to companies of B."""

    def __init__(
        self, a: Sequence[Baris], b: Sequence[Baris], links: Mapping[str, str] | None = None
    ) -> None:
        self.rows = {"a": list(enumerate(a, 1)), "b": list(enumerate(b, 1))}
        self.links = links
        self.temuan: set[Temuan] = set()
        self.sama = 0
        for side in "ab":
            for number, row in self.rows[side]:
                if nik(row) is None:
                    self._one("tanpa_kunci", side, number, row)
        for key in sorted({k for s in "ab" for _, r in self.rows[s] if (k := nik(r))}):
            self._judge(key)

    def _company(self, side: str, row: Baris) -> object:
        own = row["id_badan_usaha"]
        if side == "b" or self.links is None:
            return own or ""
        return self.links.get(own or "", ("tak tertaut", own))

    def _one(self, jenis: str, side: str, number: int, row: Baris) -> None:
        own = row["id_badan_usaha"]
        where = (own, None, number, None) if side == "a" else (None, own, None, number)
        self.temuan.add((jenis, nik(row), *where, None, None, None))

    def _judge(self, key: str) -> None:
        single: dict[str, list[tuple[int, Baris, bool]]] = {"a": [], "b": []}
        for side in "ab":
            by_company: dict[object, list[tuple[int, Baris]]] = defaultdict(list)
            for number, row in self.rows[side]:
                if nik(row) == key:
                    by_company[row["id_badan_usaha"] or ""].append((number, row))
            for rows in by_company.values():
                if len(rows) > 1:
                    for number, row in rows:
                        self._one("kunci_ganda", side, number, row)
                single[side].append((*rows[0], len(rows) > 1))
        left_a = self._match(single["a"], single["b"])
        taken = {n for n, _, _ in single["a"]} - {n for n, _, _ in left_a}
        left_b = [
            e
            for e in single["b"]
            if not any(n in taken and self._company("a", r) == self._company("b", e[1])
                       for n, r, _ in single["a"])
        ]  # fmt: skip
        self._leftovers(sorted(left_a, key=_number), sorted(left_b, key=_number))

    def _match(self, a: list[Any], b: list[Any]) -> list[Any]:
        left = list(a)
        for number_b, row_b, ganda_b in b:
            same = [e for e in a if self._company("a", e[1]) == self._company("b", row_b)]
            same.sort(key=lambda e: (e[2], e[0]))
            for at, entry in enumerate(same):
                number, row, ganda = entry
                left.remove(entry)
                if ganda or ganda_b:
                    if not ganda:
                        self._one("lawan_ganda", "a", number, row)
                elif at == 0:
                    self._pair("berbeda", (number, row), (number_b, row_b))
                else:
                    self._one("cabang_rangkap", "a", number, row)
            if same and same[0][2] and not ganda_b:
                self._one("lawan_ganda", "b", number_b, row_b)
        return left

    def _leftovers(self, a: list[Any], b: list[Any]) -> None:
        if not a or not b:
            for side, (number, row, ganda) in [("a", e) for e in a] + [("b", e) for e in b]:
                if not ganda:
                    self._one(f"hanya_{side}", side, number, row)
            return
        met: set[tuple[str, int]] = set()
        for at in range(max(len(a), len(b))):
            (na, ra, ga), (nb, rb, gb) = a[min(at, len(a) - 1)], b[min(at, len(b) - 1)]
            if ga or gb:
                continue
            met |= {("a", na), ("b", nb)}
            if at < min(len(a), len(b)):
                self._pair("beda_perusahaan", (na, ra), (nb, rb))
            else:
                self._add_pair("beda_perusahaan", (na, ra), (nb, rb), (None, None, None))
        for side, number, row, ganda in [("a", *e) for e in a] + [("b", *e) for e in b]:
            if not ganda and (side, number) not in met:
                self._one("lawan_ganda", side, number, row)

    def _pair(self, jenis: str, a: tuple[int, Baris], b: tuple[int, Baris]) -> None:
        moved = jenis == "beda_perusahaan"
        found: Iterable[tuple[Any, Any, Any]] = differences(a[1], b[1], person_only=moved)
        if moved:
            found = [(None, None, None), *found]
        elif not found:
            self.sama += 1
        for difference in found:
            self._add_pair(jenis, a, b, difference)

    def _add_pair(
        self, jenis: str, a: tuple[int, Baris], b: tuple[int, Baris], what: tuple[Any, Any, Any]
    ) -> None:
        companies = (a[1]["id_badan_usaha"], b[1]["id_badan_usaha"])
        self.temuan.add((jenis, nik(a[1]), *companies, a[0], b[0], *what))


def _number(entry: tuple[int, Baris, bool]) -> int:
    return entry[0]
