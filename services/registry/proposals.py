"""Proposals after their arrival: how the sender sees them and how a steward decides."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from pydantic import TypeAdapter

from services.audit.catalogue import Peristiwa
from services.audit.record import Auditor, Bukti, Pelaku
from services.kit.clock import Clock
from services.kit.database import Transaction, transaction
from services.kit.paging import Cursors
from services.registry import write
from services.registry.errors import (
    ProposalNotFoundError,
    ProposalSenderError,
    ProposalStateError,
)
from services.registry.idempotency import digest_of_decision
from services.registry.penilaian import Butir, Putusan
from services.registry.read import persons_in
from services.registry.tables import TABLE_OF
from shared_schemas.perjanjian import FIELD_SETS
from shared_schemas.rujukan import Himpunan
from shared_schemas.v1.amplop import Halaman
from shared_schemas.v1.kode import ALASAN, TRANSISI_USULAN, AlasanUsulan, KeadaanUsulan
from shared_schemas.v1.usulan import (
    KeputusanUsulan,
    PemberitahuanStatus,
    PenambahanBadanUsaha,
    PenambahanPekerja,
    Usulan,
    UsulanDitahan,
    UsulanTercatat,
)

_BUTIR: TypeAdapter[Butir] = TypeAdapter(Usulan)

# What came after it about the same record, and does not rest on an older version of that: by its
# number, from there on, for what ended is in no index by its record.
_SESUDAHNYA = """
SELECT 1 FROM usulan WHERE nomor > %s AND jenis = %s AND himpunan = %s AND keadaan <> 'dicabut'
  AND {sama} AND (isi->>'id_asal' = %s AND (isi->>'versi_asal')::bigint < %s) IS NOT TRUE LIMIT 1
"""
_KASUS_SAMA = _SESUDAHNYA.format(sama="isi->>'id_asal' = %s")
_KABAR_SAMA = _SESUDAHNYA.format(sama="id_sasaran = %s")

_COLUMNS = (
    "id_usulan, jenis, himpunan, id_sasaran, bidang, keadaan, kode, alasan, diterima_pada,"
    " diputuskan_pada"
)


def _recorded(row: tuple[Any, ...]) -> UsulanTercatat:
    names = _COLUMNS.split(", ")
    return UsulanTercatat.model_validate(dict(zip((n.strip() for n in names), row, strict=True)))


def _found(tx: Transaction, pelaku: str, id_usulan: UUID) -> UsulanTercatat:
    row = tx.raw(
        f"SELECT {_COLUMNS} FROM usulan WHERE pelaku = %s AND id_usulan = %s", (pelaku, id_usulan)
    ).fetchone()
    if row is None:
        raise ProposalNotFoundError
    return _recorded(row)


def _locked(tx: Transaction, id_usulan: UUID, pengirim: str | None) -> tuple[Any, ...]:
    rows: list[tuple[Any, ...]] = tx.raw(
        "SELECT keadaan, himpunan, id_sasaran, versi_sasaran, isi, pelaku, kode, pasal,"
        " sidik_putusan, nomor FROM usulan"
        " WHERE id_usulan = %s AND (%s::text IS NULL OR pelaku = %s) FOR UPDATE",
        (id_usulan, pengirim, pengirim),
    ).fetchall()
    if not rows:
        raise ProposalNotFoundError
    if len(rows) > 1:
        raise ProposalSenderError
    return rows[0]


class _FollowedError(Exception):
    """Something newer about the same record was taken in meanwhile."""


def _is_followed(tx: Transaction, butir: Butir, nomor: int) -> bool:
    """Say whether a newer item about the same record came after the one of this number.

    Additions and notices alone: a correction names the version that it corrects.
    """
    if isinstance(butir, PemberitahuanStatus):
        query, about = _KABAR_SAMA, butir.id_sasaran
    elif isinstance(butir, PenambahanBadanUsaha | PenambahanPekerja) and butir.id_asal is not None:
        query, about = _KASUS_SAMA, butir.id_asal
    else:
        return False
    arguments = (nomor, butir.jenis.value, butir.himpunan, about, butir.id_asal, butir.versi_asal)
    return tx.raw(query, arguments).fetchone() is not None


@dataclass(frozen=True, slots=True)
class Proposals:
    """Lists proposals and carries out the steward's decisions of one registry."""

    engine: sa.Engine
    auditor: Auditor
    cursors: Cursors
    clock: Clock
    rework: Callable[[Transaction, Pelaku, Butir], Putusan]

    def find(self, pelaku: str, id_usulan: UUID) -> UsulanTercatat:
        """Return one of the caller's own proposals. Raises ProposalNotFoundError."""
        with transaction(self.engine) as tx:
            return _found(tx, pelaku, id_usulan)

    def page(
        self, pelaku: str | None, keadaan: KeadaanUsulan | None, batas: int, kursor: str | None
    ) -> Halaman[UsulanTercatat]:
        """Return a page of proposals in the order of arrival; `pelaku` None lists everybody's."""
        scope = f"usulan:{pelaku or ''}:{keadaan or ''}"
        after = int(self.cursors.read(scope, kursor) or 0)
        with transaction(self.engine) as tx:
            rows = tx.raw(
                f"SELECT {_COLUMNS}, nomor FROM usulan WHERE nomor > %s"
                " AND (%s::text IS NULL OR pelaku = %s) AND (%s::text IS NULL OR keadaan = %s)"
                " ORDER BY nomor LIMIT %s",
                (after, pelaku, pelaku, keadaan, keadaan, batas + 1),
            ).fetchall()
        more, rows = len(rows) > batas, rows[:batas]
        return Halaman[UsulanTercatat](
            data=[_recorded(r[:-1]) for r in rows],
            kursor=self.cursors.sign(scope, rows[-1][-1]) if more else None,
        )

    def page_held(self, who: Pelaku, batas: int, kursor: str | None) -> Halaman[UsulanDitahan]:
        """Return held proposals with their values, for a steward; entered in the ledger."""
        after = int(self.cursors.read("usulan-ditahan", kursor) or 0)
        with transaction(self.engine) as tx:
            rows = tx.raw(
                f"SELECT {_COLUMNS}, pelaku, isi,"
                " (SELECT json_build_object('nik', (SELECT nik FROM pekerja WHERE id = id_sasaran),"
                " 'npwp', (SELECT npwp FROM badan_usaha WHERE id = id_sasaran))), nomor"
                " FROM usulan WHERE keadaan = %s AND nomor > %s ORDER BY nomor LIMIT %s",
                (KeadaanUsulan.DITAHAN.value, after, batas + 1),
            ).fetchall()
            more, rows = len(rows) > batas, rows[:batas]
            # Of whom the record is, and whoever the values name: an addition has no record yet.
            seen = [v for r in rows for v in (r[-2], r[-3].get("isi"), r[-3].get("nilai")) if v]
            niks = [n for values in seen for n in persons_in(values)]
            fields = sorted({f for r in rows for f in (*r[4], *r[-3].get("isi", ()))})
            self.auditor.record_access(tx, who, "usulan ditahan", len(rows), niks, fields)
        return Halaman(
            data=[
                UsulanDitahan(**_recorded(r[:-4]).model_dump(), pengirim=r[-4], isi=r[-3])
                for r in rows
            ],
            kursor=self.cursors.sign("usulan-ditahan", rows[-1][-1]) if more else None,
        )

    def decide(self, who: Pelaku, id_usulan: UUID, keputusan: KeputusanUsulan) -> UsulanTercatat:
        """Apply or refuse a held proposal.

        Raises ProposalNotFoundError, ProposalStateError, and ProposalSenderError when several
        clients chose this id and the decision does not say whose is meant.

        A held proposal whose fields changed meanwhile becomes USANG instead of applied. One that
        was held because of a defect is worked again instead, as if it had just arrived; what came
        after it about the same record stays in its place (LEBIH_LAMA). The
        decision that a proposal stands by, word for word, changes nothing: whoever repeats it lost
        the answer. So it is for one that its defect's rework holds again: what a steward says of
        it next must differ, or a repetition would apply what nobody looked at.
        """
        sidik = digest_of_decision(self.auditor, keputusan)
        with transaction(self.engine) as tx:
            row = _locked(tx, id_usulan, keputusan.pengirim)
            if row[8] == sidik:
                return _found(tx, row[5], id_usulan)
            if keputusan.keadaan not in TRANSISI_USULAN.get(row[0], ()) or row[0] != "ditahan":
                raise ProposalStateError
            state: KeadaanUsulan = keputusan.keadaan
            kode, reason = AlasanUsulan.PUTUSAN_PETUGAS, keputusan.alasan
            if state is KeadaanUsulan.DITERAPKAN and row[6] == AlasanUsulan.CACAT:
                sender = Pelaku(row[5], pasal=row[7])
                again = self._work_again(tx, sender, _BUTIR.validate_python(row[4]), row[9])
                state, kode, reason = again.keadaan, again.alasan, again.kalimat
            elif state is KeadaanUsulan.DITERAPKAN and not self._apply(tx, who, id_usulan, row):
                state, kode = KeadaanUsulan.USANG, AlasanUsulan.VERSI_USANG
                reason = ALASAN[kode]
            tx.raw(
                "UPDATE usulan SET keadaan = %s, kode = %s, alasan = %s, diputuskan_pada = %s,"
                " sidik_putusan = %s WHERE id_usulan = %s AND pelaku = %s",
                (state.value, kode.value, reason, self._decided(state), sidik, id_usulan, row[5]),
            )
            rincian = {"id_usulan": str(id_usulan), "pengirim": row[5], "keadaan": state.value}
            self.auditor.record(tx, Bukti(Peristiwa.USULAN_DIPUTUSKAN, who, rincian))
            return _found(tx, row[5], id_usulan)

    def _work_again(self, tx: Transaction, who: Pelaku, butir: Butir, nomor: int) -> Putusan:
        """Work an item again, and undo that where something newer about its record came after it.

        Worked first: by then it has its case, or its company, and nothing newer comes in between.
        """
        try:
            with tx.savepoint():
                again = self.rework(tx, who, butir)
                works = again.keadaan in {KeadaanUsulan.DITERIMA, KeadaanUsulan.DITERAPKAN}
                if works and _is_followed(tx, butir, nomor):
                    raise _FollowedError
                return again
        except _FollowedError:
            return Putusan(KeadaanUsulan.USANG, AlasanUsulan.LEBIH_LAMA)

    def _decided(self, state: KeadaanUsulan) -> dt.datetime | None:
        open_still = state in {KeadaanUsulan.DITAHAN, KeadaanUsulan.DITERIMA}
        return None if open_still else self.clock()

    def _apply(self, tx: Transaction, who: Pelaku, id_usulan: UUID, row: tuple[Any, ...]) -> bool:
        himpunan, id_, since = Himpunan(row[1]), row[2], row[3]
        model = FIELD_SETS[himpunan]
        nilai = row[4]["nilai"] if isinstance(row[4], dict) else json.loads(row[4])["nilai"]
        found = tx.raw(
            f"SELECT 1 FROM {TABLE_OF[himpunan]} WHERE id = %s AND dihapus_pada IS NULL FOR UPDATE",
            (id_,),
        ).fetchone()
        moved = tx.raw(
            "SELECT 1 FROM riwayat WHERE himpunan = %s AND id_rekaman = %s AND versi >= %s"
            " AND bidang = ANY(%s)",
            (himpunan.value, id_, since, list(nilai)),
        ).fetchone()
        if found is None or moved is not None:
            return False
        values = model.model_validate(nilai).model_dump(mode="python", include=set(nilai))
        koreksi = write.Koreksi(id_, values, f"usulan {id_usulan}")
        write.correct(tx, himpunan, [koreksi], pelaku=who.id, pasal=who.pasal)
        return True
