"""Leaves of the mirrors, made by PostgreSQL from what a mirror row stores.

One statement makes them, on the way in and when they are made anew: damage in the hub's own
database is then seen like any other difference.
"""

from __future__ import annotations

from functools import cache

import sqlalchemy as sa

from services.kit import pohon
from services.kit.database import Transaction, transaction
from services.kit.pohon import Sumber
from services.sync.bentuk import stored_forms
from services.sync.konteks import Konteks
from services.sync.settings import NamaSisi
from shared_schemas import sidik
from shared_schemas.rujukan import Himpunan

KOLOM = "jalur, daun, daun_tambahan"
TABEL = {Himpunan.BADAN_USAHA: "cermin_badan_usaha", Himpunan.PEKERJA: "cermin_pekerja"}
_PEMILIK = {Himpunan.BADAN_USAHA: "status_pendaftaran", Himpunan.PEKERJA: "id_badan_usaha"}
_TURUNAN = {
    Himpunan.BADAN_USAHA: "false",
    Himpunan.PEKERJA: "{baris}.nik IS DISTINCT FROM {baris}.isi->>'nik'",
}
"""Whether a column that repeats the content says something else; no leaf covers it."""


def _part(sisi: NamaSisi, himpunan: Himpunan) -> str:
    return f"{himpunan.value}:{sisi.value}"


@cache
def expressions(sisi: NamaSisi, himpunan: Himpunan) -> str:
    """Return the SQL of a mirror row's `KOLOM`; empty while no key is installed.

    A release that changes them has its migration clear `kunci_sidik.lengkap`: until the leaves are
    made anew every row would count as damaged.
    """
    kunci = f"(SELECT kunci FROM kunci_sidik WHERE bagian = '{_part(sisi, himpunan)}')"
    core, extra = sidik.fields_of(himpunan)
    at = "(extract(epoch FROM dilaporkan_pada) * 1000000)::bigint"
    inti = ", ".join(("id", "versi", _PEMILIK[himpunan], at, *(f"isi->'{f}'" for f in core)))
    tambahan = ", ".join(("id", *(f"isi->'{f}'" for f in extra)))
    digits = 16**sidik.DIGIT_JALUR - 1
    return (
        f"(sidik_64({kunci}, 'jalur:' || id) >> 4) & {digits},"
        f" sidik_64({kunci}, '{himpunan.value}:inti:' || json_build_array({inti})::text),"
        f" sidik_64({kunci}, '{himpunan.value}:tambahan:' || json_build_array({tambahan})::text)"
    )


def source(sisi: NamaSisi, himpunan: Himpunan, *, tambahan: bool) -> Sumber:
    """Return the rows of one mirror as a tree."""
    return Sumber(TABEL[himpunan], tambahan, "sisi = %s", (sisi.value,), bersimpul=True)


def sum_anew(tx: Transaction, sisi: NamaSisi, himpunan: Himpunan) -> None:
    """Make the stored nodes of a mirror from its rows, whatever their triggers made of them."""
    simpul = f"simpul_{TABEL[himpunan]}"
    tx.raw(f"DELETE FROM {simpul} WHERE sisi = %s", [sisi.value])
    tx.raw(
        f"INSERT INTO {simpul} (sisi, jalur, jumlah, daun, daun_tambahan)"
        f" SELECT sisi, {pohon.SIMPUL}, count(*), mod(sum(daun), {sidik.MODULUS}),"
        f" mod(sum(daun_tambahan), {sidik.MODULUS})"
        f" FROM {TABEL[himpunan]} WHERE sisi = %s AND daun IS NOT NULL GROUP BY 1, 2",
        [sisi.value],
    )


def install_key(engine: sa.Engine, kunci: bytes) -> None:
    """Make this key the one of all mirrors; an empty or small mirror is complete at once."""
    for sisi in NamaSisi:
        for himpunan in Himpunan:
            with transaction(engine) as tx:
                if not pohon.key_in_use(tx, _part(sisi, himpunan), kunci):
                    pohon.install_key(tx, _part(sisi, himpunan), kunci)
                    _renew_chunk(tx, sisi, himpunan)


def make_ready(ctx: Konteks, sisi: NamaSisi, himpunan: Himpunan) -> None:
    """Make the leaves that are missing; the nodes follow by their triggers."""
    done = False
    while not done:
        ctx.check()
        with transaction(ctx.engine) as tx:
            done = _renew_chunk(tx, sisi, himpunan)


# Neither the leaf that it had nor the one of what it holds: the walk finds the row, and until then
# it is known to be damaged.
_TAK_BERLAKU = """
UPDATE {tabel} m SET jalur = r.jalur, daun = ~r.daun, daun_tambahan = r.daun_tambahan
FROM (SELECT sisi, id, {daun} FROM {tabel} WHERE sisi = %(sisi)s AND id > %(dari)s AND id <= %(ke)s)
    AS r(sisi, id, {kolom})
WHERE (m.sisi, m.id) = (r.sisi, r.id)
  AND ((m.jalur, m.daun, m.daun_tambahan) IS DISTINCT FROM (r.jalur, r.daun, r.daun_tambahan)
    OR {turunan} OR m.id = ANY(%(salah)s))
"""


def distrust(ctx: Konteks, sisi: NamaSisi, himpunan: Himpunan) -> int:
    """Find the rows that hold something else than what was taken in; return how many.

    So do rows whose normal forms, which no leaf covers, are not those of what they hold.
    Each gets a leaf that no record of the source has. The nodes are made anew, whatever their
    triggers made of them. The leaves have to be ready.
    """
    tabel, found, seen, dari = TABEL[himpunan], 0, 0, ""
    change = _TAK_BERLAKU.format(
        tabel=tabel,
        daun=expressions(sisi, himpunan),
        kolom=KOLOM,
        turunan=_TURUNAN[himpunan].format(baris="m"),
    )
    while True:
        ctx.check()
        with transaction(ctx.engine) as tx:
            rows = tx.raw(
                f"SELECT id, isi, banding FROM {tabel} WHERE sisi = %s AND id > %s"
                " ORDER BY id LIMIT %s",
                [sisi.value, dari, pohon.SEKALI],
            ).fetchall()
            if not rows:
                sum_anew(tx, sisi, himpunan)
                return found
            span = {"sisi": sisi.value, "dari": dari, "ke": rows[-1][0]}
            salah = [i for i, isi, forms in rows if stored_forms(himpunan, isi) != forms]
            found += tx.raw(change, span | {"salah": salah}).rowcount
            seen, dari = seen + len(rows), rows[-1][0]
        ctx.tell("audit", f"cermin {himpunan} {sisi.upper()}: {seen} baris diperiksa", seen)


def damaged(sisi: NamaSisi, himpunan: Himpunan, baris: str) -> str:
    """Return the SQL of whether a mirror row holds something else than what was taken in.

    False while no key is installed, or leaves are being made with another.
    """
    return (
        f"EXISTS (SELECT FROM (SELECT {baris}.*) r JOIN kunci_sidik k"
        f" ON k.bagian = '{_part(sisi, himpunan)}' AND k.lengkap"
        f" WHERE (r.jalur, r.daun, r.daun_tambahan)"
        f" IS DISTINCT FROM ({expressions(sisi, himpunan)})"
        f" OR {_TURUNAN[himpunan].format(baris='r')})"
    )


def _renew_chunk(tx: Transaction, sisi: NamaSisi, himpunan: Himpunan) -> bool:
    rows = source(sisi, himpunan, tambahan=True)
    change = f"({KOLOM}) = ROW({expressions(sisi, himpunan)})"
    return pohon.renew_chunk(tx, _part(sisi, himpunan), rows, change)
