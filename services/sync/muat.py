"""Load a mirror from a snapshot: the first pull of a large registry, and its repair.

Which parts are in the mirror stands in the hub's database, written with their rows, so a load
that was killed goes on with the part it was at; with the last one the feed's cursor becomes that
of the manifest, and the feed goes on from there.
"""

from __future__ import annotations

import shutil
import uuid
from dataclasses import dataclass
from pathlib import Path

from services.kit.database import Transaction, transaction
from services.sync import bacaan, cermin, sentuhan
from services.sync.errors import (
    ContractError,
    DownloadFolderError,
    NoSuchAddressError,
    SnapshotGoneError,
    SyncConfigurationError,
)
from services.sync.isi_bagian import read_records
from services.sync.konteks import Konteks
from services.sync.settings import NamaSisi
from services.sync.unduhan import BagianTiba, Unduhan, ahead
from shared_schemas.rujukan import Himpunan
from shared_schemas.v1.ekspor import BentukEkspor, ManifesEkspor

AMBANG = 50_000
"""Records after which a full read goes on with a snapshot: fewer are sooner read from the feed."""

_CUPLIKAN_MAKS = 3  # snapshots that may fail or expire under one load


@dataclass(frozen=True, slots=True)
class _Muatan:
    sisi: NamaSisi
    himpunan: Himpunan
    kunci: str
    bentuk: BentukEkspor
    bacaan: int

    @property
    def at(self) -> list[str]:
        return [self.sisi.value, self.himpunan.value]


def is_due(ctx: Konteks, sisi: NamaSisi, himpunan: Himpunan) -> bool:
    """Say whether a mirror should be loaded: begun already, or a full read that is long."""
    if ctx.settings.unduhan is None or (sisi, himpunan) in ctx.tanpa_cuplikan:
        return False
    with transaction(ctx.engine) as tx:
        row = tx.raw(
            "SELECT EXISTS (SELECT 1 FROM muatan WHERE sisi = %(s)s AND himpunan = %(h)s),"
            " EXISTS (SELECT 1 FROM kursor_tarik WHERE sisi = %(s)s AND himpunan = %(h)s AND penuh"
            f" AND %(a)s < (SELECT count(*) FROM (SELECT 1 FROM {cermin.TABEL[himpunan]} c"
            " WHERE c.sisi = %(s)s AND c.bacaan = kursor_tarik.bacaan LIMIT %(a)s + 1) x))",
            {"s": sisi.value, "h": himpunan.value, "a": AMBANG},
        ).fetchone()
    return row is not None and (row[0] or row[1])


def load_if_due(ctx: Konteks, sisi: NamaSisi, himpunan: Himpunan) -> int:
    """Load a mirror where that is due; a service without snapshots is read from its feed."""
    if not is_due(ctx, sisi, himpunan):
        return 0
    try:
        return load_mirror(ctx, sisi, himpunan)
    except (NoSuchAddressError, SnapshotGoneError, DownloadFolderError) as error:
        ctx.tanpa_cuplikan.add((sisi, himpunan))
        _forget(ctx, sisi, himpunan)
        ctx.tell("muat", f"{himpunan} {sisi}: dibaca dari umpan. {error.detail}")
        return 0


def load_mirror(
    ctx: Konteks, sisi: NamaSisi, himpunan: Himpunan, bentuk: BentukEkspor = BentukEkspor.NDJSON
) -> int:
    """Load one mirror from a snapshot, or go on with the load that was begun; return the records.

    Raises SnapshotGoneError when snapshots go away under it again and again, and what the
    client raises.
    """
    for _ in range(_CUPLIKAN_MAKS - 1):
        try:
            return _load(ctx, _begin(ctx, sisi, himpunan, bentuk))
        except SnapshotGoneError as error:
            ctx.tell("muat", f"{himpunan} {sisi}: mulai lagi. {error.detail}")
            _forget(ctx, sisi, himpunan)
    return _load(ctx, _begin(ctx, sisi, himpunan, bentuk))


def _begin(ctx: Konteks, sisi: NamaSisi, himpunan: Himpunan, bentuk: BentukEkspor) -> _Muatan:
    """Return the load that was begun, else begin one: a full read, in the book of the feed too."""
    key = [sisi.value, himpunan.value]
    with transaction(ctx.engine) as tx:
        row = tx.raw(
            "SELECT kunci, bentuk, bacaan FROM muatan WHERE sisi = %s AND himpunan = %s", key
        ).fetchone()
        if row is None:
            row = (str(uuid.uuid4()), bentuk.value, bacaan.begin(ctx, tx, sisi, himpunan))
            tx.raw("INSERT INTO muatan VALUES (%s, %s, %s, %s, %s)", [*key, *row])
    return _Muatan(sisi, himpunan, row[0], BentukEkspor(row[1]), row[2])


def _load(ctx: Konteks, muatan: _Muatan) -> int:
    folder = _folder(ctx, muatan.sisi, muatan.himpunan) / muatan.kunci
    client_id = ctx.settings.sisi(muatan.sisi).client_id
    unduhan = Unduhan(
        ctx.klien[muatan.sisi], client_id, muatan.himpunan, muatan.bentuk, muatan.kunci, folder,
        ctx.clock,
    )  # fmt: skip
    have = _loaded(ctx, muatan)
    laju = _Laju(ctx, muatan, sum(baris for _, baris in have.values()))
    for tiba in ahead(unduhan.parts({nama: sidik for nama, (sidik, _) in have.items()})):
        ctx.check()
        _store(ctx, muatan, tiba)
        tiba.path.unlink()
        laju.add(tiba)
    assert unduhan.manifes is not None  # noqa: S101 - after the last part
    _finish(ctx, muatan, unduhan.manifes)
    shutil.rmtree(folder.parent, ignore_errors=True)
    return unduhan.manifes.baris


def _folder(ctx: Konteks, sisi: NamaSisi, himpunan: Himpunan) -> Path:
    if ctx.settings.unduhan is None:
        raise SyncConfigurationError("Folder unduhan tidak diatur.")
    return ctx.settings.unduhan / f"{sisi.value}-{himpunan.value}"


def _loaded(ctx: Konteks, muatan: _Muatan) -> dict[str, tuple[str, int]]:
    with transaction(ctx.engine) as tx:
        rows = tx.raw(
            "SELECT nama, sidik, baris FROM muatan_bagian WHERE sisi = %s AND himpunan = %s",
            muatan.at,
        ).fetchall()
    return {r[0]: (r[1], r[2]) for r in rows}


def _store(ctx: Konteks, muatan: _Muatan, tiba: BagianTiba) -> None:
    """Write a part's records and that they are there, in one transaction."""
    part = tiba.bagian
    records = read_records(tiba.path, muatan.bentuk, muatan.himpunan, muatan.sisi.pemberi)
    with transaction(ctx.engine) as tx:
        sentuhan.require_full(tx)
        written = cermin.write_records(
            tx, muatan.sisi, muatan.himpunan, ((tiba.nomor, r) for r in records), muatan.bacaan,
            catat=False,
        )  # fmt: skip
        if written != part.baris:
            raise ContractError(f"Bagian {part.nama}: banyak baris tidak sesuai manifes.")
        tx.raw(
            "INSERT INTO muatan_bagian VALUES (%s, %s, %s, %s, %s)",
            [*muatan.at, part.nama, part.baris, part.sidik],
        )


def _finish(ctx: Konteks, muatan: _Muatan, manifes: ManifesEkspor) -> None:
    with transaction(ctx.engine) as tx:
        gone = cermin.drop_unseen(tx, muatan.sisi, muatan.himpunan, muatan.bacaan)
        tx.raw(
            "UPDATE kursor_tarik SET kursor = %s, nomor = %s, penuh = false,"
            " tidak_berwenang = NULL, dibaca_pada = %s WHERE sisi = %s AND himpunan = %s",
            [manifes.kursor, manifes.nomor, ctx.now(), *muatan.at],
        )
        _drop(tx, muatan.sisi, muatan.himpunan)
    ctx.tell(
        "muat", f"{muatan.himpunan} {muatan.sisi}: selesai, {manifes.baris:,} rekaman,"
        f" {gone:,} yang lama dilepas.", manifes.baris,
    )  # fmt: skip


def _drop(tx: Transaction, sisi: NamaSisi, himpunan: Himpunan) -> None:
    for table in ("muatan_bagian", "muatan"):
        tx.raw(
            f"DELETE FROM {table} WHERE sisi = %s AND himpunan = %s", [sisi.value, himpunan.value]
        )


def _forget(ctx: Konteks, sisi: NamaSisi, himpunan: Himpunan) -> None:
    """Give up a load; what it wrote stays until a full read does not show it."""
    with transaction(ctx.engine) as tx:
        _drop(tx, sisi, himpunan)
    shutil.rmtree(_folder(ctx, sisi, himpunan), ignore_errors=True)


class _Laju:
    """Tells how fast a load is and how long it may still take."""

    def __init__(self, ctx: Konteks, muatan: _Muatan, before: int) -> None:
        self._ctx = ctx
        self._what = f"{muatan.himpunan} {muatan.sisi}"
        self._before = before
        self._done = 0
        self._monotonic = ctx.klien[muatan.sisi].luar.monotonic
        self._started = self._monotonic()

    def add(self, tiba: BagianTiba) -> None:
        """Take in a part."""
        self._done += tiba.bagian.baris
        rate = self._done / max(self._monotonic() - self._started, 1e-3)
        done = self._before + self._done
        left = max(tiba.perkiraan - done, 0) / rate
        self._ctx.tell(
            "muat",
            f"{self._what}: {done:,} dari sekitar {max(tiba.perkiraan, done):,} rekaman,"
            f" {rate:,.0f}/detik, sisa {left:,.0f} detik",
            done,
        )
