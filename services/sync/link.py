"""Link: who is who on the other side, as `services.taut` and the stewards say.

What is linked is compared, what a steward could decide waits in `tinjauan_taut` and raises no
finding, and what has no counterpart is on one side only. After a change only what it can reach is
asked again (docs/keputusan/0010).
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pyarrow as pa

from services.kit.database import Transaction, transaction
from services.sync import lanjutan, tautan
from services.sync.konteks import Konteks
from services.sync.lanjutan import Nama
from services.sync.settings import NamaSisi
from services.sync.tinjau import read_decisions
from services.taut.errors import TerlaluBanyakError
from services.taut.lanjut import link_all
from services.taut.model import version
from services.taut.putusan import Putusan
from shared_schemas.perjanjian import FIELD_SETS
from shared_schemas.rujukan import Himpunan

TAHAP = "link"
_HITUNGAN = ("tertaut", "cabang", "tak_tertaut", "hanya_wlkp", "hanya_bpjs")

_HITUNG = """
WITH tampak AS (
    SELECT 'wlkp' AS sisi, id_wlkp AS id FROM tautan_badan_usaha
    UNION SELECT 'bpjs', id_bpjs FROM tautan_badan_usaha
    UNION SELECT 'wlkp', id_wlkp FROM tinjauan_taut
    UNION SELECT 'bpjs', id_bpjs FROM tinjauan_taut
    UNION SELECT sisi, id FROM tak_tertaut
)
SELECT (SELECT count(*) FROM tautan_badan_usaha WHERE NOT cabang),
       (SELECT count(*) FROM tautan_badan_usaha WHERE cabang),
       (SELECT count(*) FROM tak_tertaut),
       (SELECT count(*) FROM cermin_badan_usaha WHERE sisi = 'wlkp')
           - (SELECT count(*) FROM tampak WHERE sisi = 'wlkp'),
       (SELECT count(*) FROM cermin_badan_usaha WHERE sisi = 'bpjs')
           - (SELECT count(*) FROM tampak WHERE sisi = 'bpjs')
"""
_BELUM = "Ada calon badan usaha di sisi lain; menunggu keputusan petugas (hub tinjau)."
_TANPA_SIMPANAN = (
    "Folder simpanan tidak dapat ditulis; perubahan berikutnya menautkan semua badan usaha lagi."
)
_REKAMAN_LAIN = "Rekaman lain dari badan yang sama sudah tertaut; menunggu petugas."


def link_companies(ctx: Konteks) -> dict[str, int]:
    """Link what changed, or all companies, in one transaction; returns counts.

    All of them when nothing is there to go on from, when the linker is another one, when too much
    has changed since, or on request.
    """
    with transaction(ctx.engine) as tx:
        inputs = f"{version()} {_one(tx, 'SELECT coalesce(max(id), 0) FROM keputusan_taut')}"
        before, counts = _last(tx)
        all_anew, ctx.taut_penuh = ctx.taut_penuh, False
        changed = _one(tx, "SELECT EXISTS (SELECT FROM ubahan_taut)")
        if not (all_anew or changed) and before[:2] == inputs.split():
            return counts
        same_linker = before[:1] == inputs.split()[:1] and not all_anew
        former = Nama.parse(before[2]) if same_linker and len(before) > 2 else None
        name = _follow(ctx, tx, former) or _link_all(ctx, tx)
        if not name:
            ctx.tell(TAHAP, _TANPA_SIMPANAN)
        tx.raw("DELETE FROM ubahan_taut")
        counts = _count(tx)
        tx.raw(
            "INSERT INTO tahap_terakhir (tahap, masukan, hitungan) VALUES (%s, %s, %s)"
            " ON CONFLICT (tahap) DO UPDATE"
            " SET masukan = excluded.masukan, hitungan = excluded.hitungan",
            [TAHAP, f"{inputs} {name}", json.dumps(counts)],
        )
    return counts


def _last(tx: Transaction) -> tuple[list[str], dict[str, int]]:
    """Return what linking last saw (linker, decision, files) and what it counted."""
    row = tx.raw(
        "SELECT masukan, hitungan FROM tahap_terakhir WHERE tahap = %s", [TAHAP]
    ).fetchone()
    return ([], {}) if row is None else (row[0].split(), dict(row[1]))


def _follow(ctx: Konteks, tx: Transaction, former: Nama | None) -> str:
    """Link what changed since; returns the new name of the files, "" when all must be linked."""
    state = lanjutan.load(ctx.settings.simpanan, former)
    if state is None:
        return ""
    sides = [_changed(tx, sisi) for sisi in NamaSisi]
    gone = tuple(_gone(tx, sisi) for sisi in NamaSisi)
    try:
        found = state.change(sides[0], sides[1], (gone[0], gone[1]), read_decisions(tx))
    except TerlaluBanyakError:
        return ""
    _store(tx, found.tabel.to_pylist(), (found.kunci_a, found.kunci_b))
    return lanjutan.keep(ctx.settings.simpanan, state, former, whole=False)


def _link_all(ctx: Konteks, tx: Transaction) -> str:
    found, state = link_all(
        _companies(tx, NamaSisi.WLKP), _companies(tx, NamaSisi.BPJS), read_decisions(tx)
    )
    _store(tx, found.tabel.to_pylist())
    return lanjutan.keep(ctx.settings.simpanan, state, None, whole=True)


def _one(tx: Transaction, query: str) -> Any:
    row = tx.raw(query).fetchone()
    return None if row is None else row[0]


def _count(tx: Transaction) -> dict[str, int]:
    row = tx.raw(_HITUNG).fetchone()
    assert row is not None  # noqa: S101 - a row of counts
    return dict(zip(_HITUNGAN, row, strict=True))


def _companies(tx: Transaction, sisi: NamaSisi, more: str = "") -> pa.Table:
    names = [b.nama for b in FIELD_SETS[Himpunan.BADAN_USAHA].daftar_bidang()]
    values = ", ".join(f"c.isi->>'{name}'" for name in names)
    rows = tx.raw(
        f"SELECT c.id, {values} FROM cermin_badan_usaha c {more} WHERE c.sisi = %s ORDER BY c.id",
        [sisi.value],
    ).fetchall()
    columns = zip(*rows, strict=True) if rows else ((),) * (len(names) + 1)
    schema = pa.schema([(name, pa.large_string()) for name in ("kunci", *names)])
    return pa.table([pa.array(c, pa.large_string()) for c in columns], schema=schema)


def _changed(tx: Transaction, sisi: NamaSisi) -> pa.Table:
    return _companies(tx, sisi, "JOIN ubahan_taut u ON u.sisi = c.sisi AND u.id = c.id")


def _gone(tx: Transaction, sisi: NamaSisi) -> list[str]:
    rows = tx.raw(
        "SELECT id FROM ubahan_taut u WHERE sisi = %s AND NOT EXISTS"
        " (SELECT FROM cermin_badan_usaha c WHERE c.sisi = u.sisi AND c.id = u.id)",
        [sisi.value],
    ).fetchall()
    return [row[0] for row in rows]


def _store(
    tx: Transaction, answers: list[dict[str, Any]], jangkauan: tautan.Jangkauan | None = None
) -> None:
    """Write links, pairs to be reviewed and the records that wait.

    `jangkauan`: the companies that the answers are about, where it is not all of them.
    """
    kinds: dict[str, list[dict[str, Any]]] = {p.value: [] for p in Putusan}
    for answer in answers:
        kinds[answer["putusan"]].append(answer)
    heads, doubts = kinds[Putusan.TERTAUT], kinds[Putusan.TINJAU]
    linked = {r["kunci_a"] for r in heads}
    # An establishment has one body: a second record of that body waits for a steward.
    branches = [r for r in kinds[Putusan.CABANG] if r["kunci_a"] not in linked]
    waiting = _waiting(doubts, [r for r in kinds[Putusan.CABANG] if r["kunci_a"] in linked])
    tautan.replace(
        tx,
        (
            (r["kunci_a"], r["kunci_b"], r["dasar"], r["putusan"] == Putusan.CABANG, r["skor"],
             r["alasan"])
            for r in (*heads, *branches)
        ),
        ((r["kunci_a"], r["kunci_b"], r["skor"], r["alasan"]) for r in doubts),
        waiting,
        jangkauan,
    )  # fmt: skip


def _waiting(
    doubts: list[dict[str, Any]], surplus: list[dict[str, Any]]
) -> list[tuple[str, str, int, str]]:
    """Return the records that raise no finding until a steward has spoken."""
    rivals: Counter[tuple[str, str]] = Counter()
    for r in doubts:
        rivals[NamaSisi.WLKP.value, r["kunci_a"]] += 1
        rivals[NamaSisi.BPJS.value, r["kunci_b"]] += 1
    rows = [(sisi, key, count, _BELUM) for (sisi, key), count in rivals.items()]
    return rows + [(NamaSisi.BPJS.value, r["kunci_b"], 1, _REKAMAN_LAIN) for r in surplus]
