"""Link: join the companies of both registries, by exact keys and one to one only.

Tiers: NPWP of the body (branches hang on their head), then NIB or TDP, then core name and
kabupaten/kota. A wrong link would spread wrong data, so an ambiguous key links nothing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from services.kit.database import Transaction, transaction
from services.sync.kandidat import Kunci, common_words, count_candidates, is_refuted
from services.sync.konteks import Konteks, driver
from services.sync.settings import NamaSisi

_KUNCI_SQL = """
SELECT id, npwp, npwp_induk, nib, nitku, nama_inti, bentuk_hukum, kd_kabkota
FROM cermin_badan_usaha WHERE sisi = %s ORDER BY id
"""


@dataclass
class Tautan:
    """The links found so far and the companies still without one."""

    wlkp: dict[str, Kunci]
    bpjs: dict[str, Kunci]
    rows: list[tuple[str, str, str, bool]] = field(default_factory=list)

    def add(self, w: Kunci, b: Kunci, dasar: str) -> None:
        """Link one pair and take both out of what remains."""
        self.rows.append((w.id, b.id, dasar, False))
        del self.wlkp[w.id], self.bpjs[b.id]


def link_companies(ctx: Konteks) -> dict[str, int]:
    """Compute all links anew in one transaction; returns counts of links and of doubts."""
    with transaction(ctx.engine) as tx:
        found = Tautan(_load(tx, NamaSisi.WLKP), _load(tx, NamaSisi.BPJS))
        names = (k.nama_inti for side in (found.wlkp, found.bpjs) for k in side.values())
        common = common_words(names)
        link_all(found)
        doubts = count_candidates(found.wlkp.values(), found.bpjs.values(), common)
        _store(tx, found, doubts)
    branches = sum(cabang for *_, cabang in found.rows)
    return {
        "tertaut": len(found.rows) - branches,
        "cabang": branches,
        "tak_tertaut": len(doubts[0]) + len(doubts[1]),
        "hanya_wlkp": len(found.wlkp) - len(doubts[0]),
        "hanya_bpjs": len(found.bpjs) - len(doubts[1]),
    }


def link_all(found: Tautan) -> None:
    """Go through the tiers, the surest first."""
    all_wlkp = list(found.wlkp.values())
    _link_by_npwp(found)
    _link_one_to_one(found, lambda k: k.nib, "nib", lambda _w, _b: True)
    _link_one_to_one(found, _name_and_place, "nama_wilayah", _names_agree)
    _attach_branches(found, all_wlkp)


def _load(tx: Transaction, sisi: NamaSisi) -> dict[str, Kunci]:
    return {row[0]: Kunci(*row) for row in tx.raw(_KUNCI_SQL, [sisi.value])}


def _group(
    companies: Iterable[Kunci], key: Callable[[Kunci], object | None]
) -> dict[object, list[Kunci]]:
    groups: dict[object, list[Kunci]] = defaultdict(list)
    for company in companies:
        value = key(company)
        if value:
            groups[value].append(company)
    return groups


def _head(establishments: list[Kunci]) -> Kunci:
    """NITKU ending 000000, else NPWP ending 000, else the lowest id."""
    return min(
        establishments,
        key=lambda k: (
            not (k.nitku or "").endswith("000000"),
            not (k.npwp or "").endswith("000"),
            k.id,
        ),
    )


def _link_by_npwp(found: Tautan) -> None:
    here = _group(found.wlkp.values(), lambda k: k.npwp_induk)
    for body, records in _group(found.bpjs.values(), lambda k: k.npwp_induk).items():
        if len(records) == 1 and body in here:
            head = _head(here[body])
            found.add(head, records[0], "npwp")
            for branch in here[body]:
                if branch is not head:
                    found.rows.append((branch.id, records[0].id, "npwp", True))
                    del found.wlkp[branch.id]


def _name_and_place(k: Kunci) -> tuple[str, str] | None:
    return (k.nama_inti, k.kd_kabkota) if k.nama_inti and k.kd_kabkota else None


def _names_agree(w: Kunci, b: Kunci) -> bool:
    forms_agree = not (w.bentuk_hukum and b.bentuk_hukum) or w.bentuk_hukum == b.bentuk_hukum
    # Two numbers that contradict each other say more than two names that agree.
    return forms_agree and not is_refuted(w, b)


def _link_one_to_one(
    found: Tautan,
    key: Callable[[Kunci], object | None],
    dasar: str,
    agree: Callable[[Kunci, Kunci], bool],
) -> None:
    there = _group(found.bpjs.values(), key)
    for value, ours in _group(found.wlkp.values(), key).items():
        pairs = [(w, b) for w in ours for b in there.get(value, ()) if agree(w, b)]
        times = Counter(k for w, b in pairs for k in (("w", w.id), ("b", b.id)))
        for w, b in pairs:
            if times["w", w.id] == times["b", b.id] == 1:
                found.add(w, b, dasar)


def _attach_branches(found: Tautan, all_wlkp: list[Kunci]) -> None:
    """Hang what is left of a body on its one establishment that a lower tier linked."""
    linked = {id_wlkp: (id_bpjs, dasar) for id_wlkp, id_bpjs, dasar, _ in found.rows}
    waiting_bodies = {b.npwp_induk for b in found.bpjs.values()}
    for body, group in _group(all_wlkp, lambda k: k.npwp_induk).items():
        targets = {linked[k.id] for k in group if k.id in linked}
        if len({t[0] for t in targets}) != 1 or body in waiting_bodies:
            continue
        id_bpjs, dasar = min(targets)
        for branch in group:
            if branch.id in found.wlkp:
                found.rows.append((branch.id, id_bpjs, dasar, True))
                del found.wlkp[branch.id]


def _store(tx: Transaction, found: Tautan, doubts: tuple[dict[str, int], dict[str, int]]) -> None:
    tx.raw("DELETE FROM tautan_badan_usaha")
    tx.raw("DELETE FROM tak_tertaut")
    with (
        driver(tx)
        .cursor()
        .copy("COPY tautan_badan_usaha (id_wlkp, id_bpjs, dasar, cabang) FROM STDIN") as copy
    ):
        for row in found.rows:
            copy.write_row(row)
    with (
        driver(tx).cursor().copy("COPY tak_tertaut (sisi, id, kandidat, alasan) FROM STDIN") as copy
    ):
        for sisi, side in zip((NamaSisi.WLKP, NamaSisi.BPJS), doubts, strict=True):
            for record_id, count in side.items():
                text = f"{count} calon badan usaha di sisi lain; tidak ada kunci yang sama."
                copy.write_row((sisi.value, record_id, count, text))
    tx.raw("ANALYZE tautan_badan_usaha")
