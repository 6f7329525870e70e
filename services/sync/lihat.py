"""What operators look at: rounds, cursors, findings, the story of one of them.

Findings hold no values; a NIK is read from the mirror and masked here.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from services.sync import tables as t
from services.sync.kepemimpinan import PEMEGANG
from shared_schemas.identitas import mask

Baris = dict[str, Any]


@dataclass(frozen=True, slots=True)
class StatusSync:
    """The reconciler at a glance."""

    pemegang: str | None
    putaran: list[Baris]
    tugas: list[Baris]
    kursor: list[Baris]
    kotak_keluar: int
    surat_mati: int
    tak_tertaut: int


def _all(connection: sa.Connection, statement: sa.Executable) -> list[Baris]:
    return [dict(row) for row in connection.execute(statement).mappings()]


def status(engine: sa.Engine) -> StatusSync:
    """Return the last rounds, the cursors with their lag in seconds, and who holds the lock."""
    now = dt.datetime.now(dt.UTC)
    waiting = sa.select(sa.func.count()).where(t.kotak_keluar.c.keadaan.in_(("siap", "ditunda")))
    dead = sa.select(sa.func.count()).where(t.kotak_keluar.c.keadaan == "mati")
    with engine.connect() as connection:
        kursor = _all(connection, sa.select(t.kursor_tarik).order_by("himpunan", "sisi"))
        for row in kursor:
            habis = row["habis_pada"]
            row["tertinggal_detik"] = None if habis is None else (now - habis).total_seconds()
        return StatusSync(
            connection.execute(sa.text(PEMEGANG)).scalar(),
            _all(connection, sa.select(t.putaran).order_by(t.putaran.c.id.desc()).limit(10)),
            _all(connection, _jobs()),
            kursor,
            connection.execute(waiting).scalar_one(),
            connection.execute(dead).scalar_one(),
            connection.execute(sa.select(sa.func.count()).select_from(t.tak_tertaut)).scalar_one(),
        )


def _jobs() -> sa.Select[Any]:
    """Return what workers share of the last round, and who helps until when."""
    helping = t.tugas.c.keadaan == "dibantu"
    holder = sa.case((helping, t.sewa.c.pemegang)), sa.case((helping, t.sewa.c.sampai))
    return (
        sa.select(t.tugas.c.nama, t.tugas.c.keadaan, holder[0].label("pembantu"),
                  holder[1].label("sampai"))
        .join(t.sewa, t.sewa.c.nama == t.tugas.c.nama)
        .order_by(t.tugas.c.nama)
    )  # fmt: skip


def _temuan_with_nik() -> sa.Select[Any]:
    w, b = t.cermin_pekerja.alias("w"), t.cermin_pekerja.alias("b")
    f = t.temuan
    return (
        sa.select(f, sa.func.coalesce(w.c.nik, b.c.nik).label("nik"))
        .outerjoin(w, (f.c.himpunan == "pekerja") & (w.c.sisi == "wlkp") & (w.c.id == f.c.id_wlkp))
        .outerjoin(b, (f.c.himpunan == "pekerja") & (b.c.sisi == "bpjs") & (b.c.id == f.c.id_bpjs))
    )


def list_temuan(
    engine: sa.Engine,
    jenis: str | None = None,
    himpunan: str | None = None,
    bidang: str | None = None,
    keadaan: str | None = None,
) -> Iterator[Baris]:
    """Yield findings in a stable order, NIK masked; each filter is exact."""
    statement = _temuan_with_nik().order_by(
        t.temuan.c.himpunan, t.temuan.c.jenis, t.temuan.c.bidang, t.temuan.c.id
    )
    filters = {"jenis": jenis, "himpunan": himpunan, "bidang": bidang, "keadaan": keadaan}
    for name, value in filters.items():
        if value is not None:
            statement = statement.where(t.temuan.c[name] == value)
    with engine.connect().execution_options(yield_per=1_000) as connection:
        for row in connection.execute(statement).mappings():
            yield _masked(dict(row))


def _masked(row: Baris) -> Baris:
    del row["sidik_wlkp"], row["sidik_bpjs"]
    row["nik"] = None if row["nik"] is None else mask(row["nik"])
    return row


def list_tertahan(engine: sa.Engine) -> Iterator[Baris]:
    """Yield what waits for a steward, with the reason."""
    return list_temuan(engine, keadaan="tertahan")


def list_tak_tertaut(engine: sa.Engine) -> Iterator[Baris]:
    """Yield the companies that could not be linked and could not be ruled out."""
    statement = sa.select(t.tak_tertaut).order_by(t.tak_tertaut.c.sisi, t.tak_tertaut.c.id)
    with engine.connect() as connection:
        yield from _all(connection, statement)


def trace(engine: sa.Engine, dicari: uuid.UUID | str) -> Baris | None:
    """Return the story of one finding or proposal, None when neither has this id.

    Keys: `temuan` (list) and `usulan` (list; each with its batch: key, attempts, answer, times).
    """
    try:
        sought = dicari if isinstance(dicari, uuid.UUID) else uuid.UUID(dicari)
    except ValueError:
        return None
    link = t.usulan_temuan.c
    of_temuan = sa.select(link.id_usulan).where(link.id_temuan == sought)
    of_usulan = sa.select(link.id_temuan).where(link.id_usulan == sought)
    k = t.kotak_keluar.c
    told = (
        sa.select(
            t.usulan, k.kunci, k.percobaan, k.sidik_isi, k.jawaban_status, k.jawaban_kode,
            k.keadaan.label("keadaan_kelompok"), k.tanda_terima,
        )
        .join(t.kotak_keluar, k.id == t.usulan.c.batch)
        .where((t.usulan.c.id == sought) | t.usulan.c.id.in_(of_temuan))
        .order_by(t.usulan.c.batch, t.usulan.c.posisi)
    )  # fmt: skip
    found = _temuan_with_nik().where((t.temuan.c.id == sought) | t.temuan.c.id.in_(of_usulan))
    with engine.connect() as connection:
        temuan = [_masked(row) for row in _all(connection, found)]
        usulan = _all(connection, told)
    return {"temuan": temuan, "usulan": usulan} if temuan or usulan else None


_RINGKAS = """
SELECT t.himpunan, t.jenis, nullif(t.bidang, '') AS bidang, count(*) AS ditemukan,
       count(*) FILTER (WHERE t.id_usulan IS NOT NULL OR t.keadaan = 'diusulkan') AS diusulkan,
       count(*) FILTER (WHERE t.keadaan = 'diterapkan') AS diterapkan,
       count(*) FILTER (WHERE t.keadaan = 'diantre') AS diantre,
       count(*) FILTER (WHERE t.keadaan = 'tertahan') AS ditahan,
       count(*) FILTER (WHERE t.keadaan = 'ditolak') AS ditolak,
       count(*) FILTER (WHERE t.keadaan = 'tak_berwenang') AS tak_berwenang,
       count(*) FILTER (WHERE t.keadaan = 'surat_mati') AS surat_mati,
       count(*) FILTER (WHERE t.keadaan = 'selesai') AS selesai
FROM temuan t GROUP BY 1, 2, 3
UNION ALL
SELECT k.himpunan, 'tidak_berwenang', k.sisi, 0, 0, 0, 0, 0, 0, 1, 0, 0
FROM kursor_tarik k WHERE k.tidak_berwenang IS NOT NULL
ORDER BY 1, 2, 3 NULLS FIRST
"""


def summary(engine: sa.Engine) -> list[Baris]:
    """Return findings counted by field set, kind and field.

    A side whose records the agreement does not give is a row of its own, jenis
    `tidak_berwenang`, with the side under `bidang`.
    """
    with engine.connect() as connection:
        return _all(connection, sa.text(_RINGKAS))
