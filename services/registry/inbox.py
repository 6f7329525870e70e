"""The inbox of proposals: every item gets a receipt, and each of them at most one effect.

What is decided about an item stands in `penilaian`; here a batch is taken in whole.
"""

from __future__ import annotations

import copy
import datetime as dt
import hashlib
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from services.audit.catalogue import Peristiwa
from services.audit.record import Auditor, Bukti, Pelaku
from services.auth.agreement import AgreementStore
from services.auth.tokens import TokenIssuer
from services.kit.database import Transaction
from services.kit.errors import HubError
from services.kit.logging import get_logger
from services.registry.errors import AnswerGoneError
from services.registry.idempotency import Permintaan, once
from services.registry.penilaian import Butir, Penilai, Putusan, Sasaran, refuse
from services.registry.read import persons_in
from shared_schemas.neraca import digest_of
from shared_schemas.v1.kode import AlasanUsulan, KeadaanUsulan
from shared_schemas.v1.usulan import (
    JaminanTandaTerima,
    KumpulanTandaTerima,
    KumpulanUsulan,
    PenambahanBadanUsaha,
    PenambahanPekerja,
    Pencabutan,
    TandaTerima,
)

RUTE = "kirim usulan"
"""How the ledger names this way of telling about a worker."""


@dataclass(frozen=True, slots=True)
class _Jawaban:
    """An answer with its sentence, when its item was received, and the digest as that came."""

    putusan: Putusan
    alasan: str
    pada: dt.datetime
    sidik: bytes | None

    def receipt(self, posisi: int, id_usulan: UUID) -> TandaTerima:
        return TandaTerima(
            posisi=posisi,
            id_usulan=id_usulan,
            keadaan=self.putusan.keadaan,
            kode=self.putusan.alasan.value,
            alasan=self.alasan,
            versi=self.putusan.versi,
            diterima_pada=self.pada,
        )


class _Baru(NamedTuple):
    """An item that came for the first time, with its digest as it came."""

    butir: Butir
    jawaban: _Jawaban
    sidik: bytes


_Decide = Callable[[Transaction, Pelaku, Butir, dict[str, Sasaran]], Putusan]


@dataclass(frozen=True, slots=True)
class Inbox:
    """Accepts proposals of the other party for one registry."""

    engine: sa.Engine
    agreement: AgreementStore
    auditor: Auditor
    penilai: Penilai
    issuer: TokenIssuer

    def accept(self, who: Pelaku, kunci: str | None, isi: bytes, kumpulan: KumpulanUsulan) -> bytes:
        """Return the receipts (`KumpulanTandaTerima`); a repetition gets the original ones.

        After their retention it gets receipts of how its items stand now, signed anew. Raises
        SwitchedOffError, QuotaError and EnumerationError, and then nothing was taken in.
        """
        with self.auditor.counting(self.engine, who, RUTE) as tx:
            asked = Permintaan(who.id, kunci, isi, self.agreement.now())
            return once(
                tx,
                asked,
                lambda: self._work(tx, who, asked, kumpulan),
                lambda pada: self._again(tx, who, replace(asked, pada=pada), kumpulan),
            )

    def _work(
        self, tx: Transaction, who: Pelaku, asked: Permintaan, kumpulan: KumpulanUsulan
    ) -> bytes:
        self.penilai.require_right(who, kumpulan.usulan)
        kunci = asked.kunci
        try:
            with tx.savepoint():
                receipts, new = self._go_through(tx, who, asked, kumpulan, self.penilai.decide)
        except HubError:
            raise
        except Exception as error:  # noqa: BLE001 - one item's defect must not hold up the others
            get_logger().error("usulan cacat", kunci_idempotensi=kunci, exc_info=error)
            receipts, new = self._go_through(tx, who, asked, kumpulan, self._decide_or_hold)
        self._enter_persons(tx, who, new)
        counts = Counter(n.jawaban.putusan.keadaan.value for n in new)
        self.auditor.record(
            tx,
            Bukti(
                Peristiwa.USULAN_DITERIMA,
                who,
                {"jumlah": len(new), "menurut_keadaan": dict(counts), "kunci_idempotensi": kunci},
            ),
        )
        return self._answer(who, asked, receipts)

    def _again(
        self, tx: Transaction, who: Pelaku, asked: Permintaan, kumpulan: KumpulanUsulan
    ) -> bytes:
        """Answer a batch received before from its records. Raises AnswerGoneError."""

        def unknown(*_: object) -> Putusan:
            pada = asked.pada.isoformat(timespec="seconds")
            raise AnswerGoneError(f"Diterima {pada}. {AnswerGoneError.saran}")

        receipts, _ = self._go_through(tx, who, asked, kumpulan, unknown)
        return self._answer(who, asked, receipts)

    def _enter_persons(self, tx: Transaction, who: Pelaku, new: list[_Baru]) -> None:
        """Enter the persons of additions in the ledger: our answer tells whether we know them.

        A worker, and a company that is a person: his NPWP is his NIK. Here it is the known who
        look like guessing: an honest sender adds only whom we lack.
        """
        asked: dict[str, str] = {}
        known: set[str] = set()
        for butir, jawaban, _ in new:
            if not isinstance(butir, PenambahanPekerja | PenambahanBadanUsaha):
                continue
            field = "nik" if isinstance(butir, PenambahanPekerja) else "npwp"
            for person in persons_in({field: getattr(butir.isi, field)}):
                asked[person] = field
                if jawaban.putusan.alasan is AlasanUsulan.SUDAH_ADA:
                    known.add(person)
        lacked = len(asked.keys() - known)
        fields = sorted(set(asked.values())) or ["nik"]
        self.auditor.record_access(tx, who, RUTE, len(known), asked, fields, dikenal=lacked)

    def _answer(self, who: Pelaku, asked: Permintaan, receipts: list[TandaTerima]) -> bytes:
        """Vouch for what was received and answered; kept with the answer, for repetitions."""
        kunci = asked.kunci or ""
        said = [t.model_dump(mode="json") for t in receipts]
        jaminan = JaminanTandaTerima(
            kunci=kunci,
            sidik_isi=hashlib.sha256(asked.isi).hexdigest(),
            sidik_tanda_terima=digest_of(said).hex(),
            jumlah=len(receipts),
            diterima_pada=asked.pada,
        )
        claims = {"jaminan": jaminan.model_dump(mode="json")}
        signed = self.issuer.sign_document(f"tanda_terima:{kunci}", who.id, claims)
        answer = KumpulanTandaTerima(tanda_terima=receipts, tertanda=signed)
        return answer.model_dump_json().encode()

    def _go_through(
        self,
        tx: Transaction,
        who: Pelaku,
        asked: Permintaan,
        kumpulan: KumpulanUsulan,
        decide: _Decide,
    ) -> tuple[list[TandaTerima], list[_Baru]]:
        """Answer each item and store those that are new.

        An id that stands for other content is refused without a trace: what is stored, counted
        and balanced under it is the first item.
        """
        known = self._known(tx, who, [b.id_usulan for b in kumpulan.usulan])
        targets = self.penilai.lock_targets(tx, kumpulan.usulan)
        sent = json.loads(asked.isi)["usulan"]
        receipts, new, stored = [], list[_Baru](), 0
        for posisi, butir in enumerate(kumpulan.usulan):
            sidik = digest_of(sent[posisi])
            jawaban = known.get(butir.id_usulan)
            if jawaban is None:
                # What this batch has put behind a case keeps it open, so it has to be there.
                if isinstance(butir, Pencabutan) and new and not _withdraws(new[-1]):
                    self._store(tx, who, new[stored:])
                    stored = len(new)
                jawaban = _said(decide(tx, who, butir, targets), asked.pada, sidik)
                known[butir.id_usulan] = jawaban
                new.append(_Baru(butir, jawaban, sidik))
            elif jawaban.sidik not in (None, sidik):  # None: from before digests were kept
                jawaban = _said(refuse(AlasanUsulan.ID_DIPAKAI), asked.pada, sidik)
            receipts.append(jawaban.receipt(posisi, butir.id_usulan))
        self._store(tx, who, new[stored:])
        return receipts, new

    def _decide_or_hold(
        self, tx: Transaction, who: Pelaku, butir: Butir, targets: dict[str, Sasaran]
    ) -> Putusan:
        """Decide, or keep the item with all it says when that fails by a defect of ours."""
        key = f"{butir.himpunan}:{getattr(butir, 'id_sasaran', '')}"
        before = copy.deepcopy(targets.get(key))
        try:
            with tx.savepoint():
                return self.penilai.decide(tx, who, butir, targets)
        except HubError:
            raise
        except Exception:  # noqa: BLE001 - logged when the batch failed as a whole
            if before is not None:
                targets[key] = before
            return Putusan(KeadaanUsulan.DITAHAN, AlasanUsulan.CACAT)

    def _known(self, tx: Transaction, who: Pelaku, ids: list[UUID]) -> dict[UUID, _Jawaban]:
        rows = tx.raw(
            "SELECT id_usulan, keadaan, kode, versi_hasil, alasan, diterima_pada, sidik"
            " FROM usulan WHERE pelaku = %s AND id_usulan = ANY(%s)",
            (who.id, ids),
        ).fetchall()
        return {
            r[0]: _Jawaban(Putusan(KeadaanUsulan(r[1]), AlasanUsulan(r[2]), r[3]), *r[4:])
            for r in rows
        }

    def _store(self, tx: Transaction, who: Pelaku, new: list[_Baru]) -> None:
        if not new:
            return
        rows = [_usulan_row(who, n) for n in new]
        names = ", ".join(rows[0])
        tx.raw(
            f"INSERT INTO usulan ({names}) SELECT {names} FROM"
            " json_populate_recordset(NULL::usulan, %s::json)",
            (json.dumps(rows, default=str),),
        )


def _said(putusan: Putusan, pada: dt.datetime, sidik: bytes) -> _Jawaban:
    return _Jawaban(putusan, putusan.kalimat, pada, sidik)


def _withdraws(baru: _Baru) -> bool:
    return isinstance(baru.butir, Pencabutan)


def _usulan_row(who: Pelaku, baru: _Baru) -> dict[str, Any]:
    butir, putusan, now = baru.butir, baru.jawaban.putusan, baru.jawaban.pada
    isi = butir.model_dump(mode="json", exclude_none=True)
    return {
        "pelaku": who.id,
        "id_usulan": str(butir.id_usulan),
        "jenis": butir.jenis.value,
        "himpunan": butir.himpunan,
        "id_sasaran": isi.get("id_sasaran") or isi.get("id_badan_usaha"),
        "versi_sasaran": isi.get("versi_sasaran"),
        "bidang": sorted(isi.get("nilai", ())),
        "isi": isi,
        "sidik": f"\\x{baru.sidik.hex()}",
        "pasal": who.pasal,
        "keadaan": putusan.keadaan.value,
        "kode": putusan.alasan.value,
        "alasan": baru.jawaban.alasan,
        "versi_hasil": putusan.versi,
        "diterima_pada": now.isoformat(),
        "diputuskan_pada": None
        if putusan.keadaan in (KeadaanUsulan.DITAHAN, KeadaanUsulan.DITERIMA)
        else now.isoformat(),
    }
