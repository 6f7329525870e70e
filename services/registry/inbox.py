"""The inbox of proposals: every item gets a receipt, and each of them at most one effect.

The receiver's policy: apply what comes from the party that has authority over the field,
keep the former value; hold what the civil registry decides; refuse the rest with a reason.
"""

from __future__ import annotations

import copy
import datetime as dt
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol
from uuid import UUID

import sqlalchemy as sa

from services.audit.catalogue import Peristiwa
from services.audit.record import Auditor, Bukti, Pelaku
from services.auth.agreement import AgreementStore
from services.auth.tokens import TokenIssuer
from services.kit.database import Transaction, transaction
from services.kit.errors import HubError
from services.kit.logging import get_logger
from services.registry import write
from services.registry.idempotency import once
from services.registry.tables import TABLE_OF
from shared_schemas.neraca import digest_of
from shared_schemas.perjanjian import FIELD_SETS
from shared_schemas.rujukan import Himpunan, Wewenang
from shared_schemas.v1.kode import ALASAN, AlasanUsulan, KeadaanUsulan
from shared_schemas.v1.usulan import (
    JaminanTandaTerima,
    KumpulanTandaTerima,
    KumpulanUsulan,
    PemberitahuanStatus,
    PenambahanBadanUsaha,
    PenambahanPekerja,
    PenyelarasanBadanUsaha,
    PenyelarasanPekerja,
    TandaTerima,
)

Butir = (
    PenambahanBadanUsaha
    | PenambahanPekerja
    | PenyelarasanBadanUsaha
    | PenyelarasanPekerja
    | PemberitahuanStatus
)


@dataclass(frozen=True, slots=True)
class Putusan:
    """The receiver's answer to one item."""

    keadaan: KeadaanUsulan
    alasan: AlasanUsulan
    versi: int | None = None
    rincian: str = ""

    @property
    def kalimat(self) -> str:
        """The reason as one sentence."""
        return f"{ALASAN[self.alasan]} {self.rincian}".strip()


def refuse(alasan: AlasanUsulan, rincian: str = "") -> Putusan:
    """Return a refusal with its reason."""
    return Putusan(KeadaanUsulan.DITOLAK, alasan, None, rincian)


@dataclass(frozen=True, slots=True)
class _Jawaban:
    """An answer and when the item was received, which decides its day."""

    putusan: Putusan
    pada: dt.datetime

    def receipt(self, posisi: int, id_usulan: UUID) -> TandaTerima:
        return TandaTerima(
            posisi=posisi,
            id_usulan=id_usulan,
            keadaan=self.putusan.keadaan,
            kode=self.putusan.alasan.value,
            alasan=self.putusan.kalimat,
            versi=self.putusan.versi,
            diterima_pada=self.pada,
        )


class _Baru(NamedTuple):
    """An item that came for the first time, with its digest as it came."""

    butir: Butir
    jawaban: _Jawaban
    sidik: bytes


class Penerima(Protocol):
    """What each body does with an addition and with a notice: its own queue."""

    def accept_badan_usaha(self, tx: Transaction, butir: PenambahanBadanUsaha) -> Putusan:
        """Queue a company that only the other body knows."""

    def accept_pekerja(self, tx: Transaction, butir: PenambahanPekerja) -> Putusan:
        """Queue a worker whom only the other body knows."""

    def accept_status(self, _tx: Transaction, _butir: PemberitahuanStatus, /) -> Putusan:
        """Take notice of a company's registration."""


@dataclass(slots=True)
class _Sasaran:
    """A locked target record as it stands while the batch is worked through."""

    versi: int
    dilaporkan_pada: dt.datetime | None
    nilai: dict[str, Any]


_Decide = Callable[[Transaction, Pelaku, Butir, dict[str, _Sasaran]], Putusan]


@dataclass(frozen=True, slots=True)
class Inbox:
    """Accepts proposals of the other party for one registry."""

    engine: sa.Engine
    agreement: AgreementStore
    auditor: Auditor
    antrean: Penerima
    issuer: TokenIssuer

    def accept(self, who: Pelaku, kunci: str | None, isi: bytes, kumpulan: KumpulanUsulan) -> bytes:
        """Return the receipts (`KumpulanTandaTerima`); a repetition gets the original ones."""
        with transaction(self.engine) as tx:
            return once(tx, who.id, kunci, isi, lambda: self._work(tx, who, kunci, isi, kumpulan))

    def _work(
        self, tx: Transaction, who: Pelaku, kunci: str | None, isi: bytes, kumpulan: KumpulanUsulan
    ) -> bytes:
        try:
            with tx.savepoint():
                receipts, new = self._go_through(tx, who, isi, kumpulan, self._decide)
        except HubError:
            raise
        except Exception as error:  # noqa: BLE001 - one item's defect must not hold up the others
            get_logger().error("usulan cacat", kunci_idempotensi=kunci, exc_info=error)
            receipts, new = self._go_through(tx, who, isi, kumpulan, self._decide_or_hold)
        counts = Counter(n.jawaban.putusan.keadaan.value for n in new)
        self.auditor.record(
            tx,
            Bukti(
                Peristiwa.USULAN_DITERIMA,
                who,
                {"jumlah": len(new), "menurut_keadaan": dict(counts), "kunci_idempotensi": kunci},
            ),
        )
        signed = self._sign(who, kunci or "", isi, receipts)
        answer = KumpulanTandaTerima(tanda_terima=receipts, tertanda=signed)
        return answer.model_dump_json().encode()

    def _sign(self, who: Pelaku, kunci: str, isi: bytes, receipts: list[TandaTerima]) -> str:
        """Vouch for what was received and answered; kept with the answer, for repetitions."""
        said = [t.model_dump(mode="json") for t in receipts]
        jaminan = JaminanTandaTerima(
            kunci=kunci,
            sidik_isi=hashlib.sha256(isi).hexdigest(),
            sidik_tanda_terima=digest_of(said).hex(),
            jumlah=len(receipts),
            diterima_pada=self.agreement.now(),
        )
        claims = {"jaminan": jaminan.model_dump(mode="json")}
        return self.issuer.sign_document(f"tanda_terima:{kunci}", who.id, claims)

    def _go_through(
        self, tx: Transaction, who: Pelaku, isi: bytes, kumpulan: KumpulanUsulan, decide: _Decide
    ) -> tuple[list[TandaTerima], list[_Baru]]:
        """Answer each item and store those that are new."""
        now = self.agreement.now()
        known = self._known(tx, who, [b.id_usulan for b in kumpulan.usulan])
        targets = self._lock_targets(tx, kumpulan.usulan)
        sent = json.loads(isi)["usulan"]
        receipts, new = [], []
        for posisi, butir in enumerate(kumpulan.usulan):
            jawaban = known.get(butir.id_usulan)
            if jawaban is None:
                jawaban = _Jawaban(decide(tx, who, butir, targets), now)
                known[butir.id_usulan] = jawaban
                new.append(_Baru(butir, jawaban, digest_of(sent[posisi])))
            receipts.append(jawaban.receipt(posisi, butir.id_usulan))
        self._store(tx, who, new)
        return receipts, new

    def rework(self, tx: Transaction, who: Pelaku, butir: Butir) -> Putusan:
        """Decide again about an item that was kept because of a defect."""
        return self._decide(tx, who, butir, self._lock_targets(tx, [butir]))

    def _decide_or_hold(
        self, tx: Transaction, who: Pelaku, butir: Butir, targets: dict[str, _Sasaran]
    ) -> Putusan:
        """Decide, or keep the item with all it says when that fails by a defect of ours."""
        key = f"{butir.himpunan}:{getattr(butir, 'id_sasaran', '')}"
        before = copy.deepcopy(targets.get(key))
        try:
            with tx.savepoint():
                return self._decide(tx, who, butir, targets)
        except HubError:
            raise
        except Exception:  # noqa: BLE001 - logged when the batch failed as a whole
            if before is not None:
                targets[key] = before
            return Putusan(KeadaanUsulan.DITAHAN, AlasanUsulan.CACAT)

    def _known(self, tx: Transaction, who: Pelaku, ids: list[UUID]) -> dict[UUID, _Jawaban]:
        rows = tx.raw(
            "SELECT id_usulan, keadaan, kode, versi_hasil, diterima_pada FROM usulan"
            " WHERE pelaku = %s AND id_usulan = ANY(%s)",
            (who.id, ids),
        ).fetchall()
        return {
            r[0]: _Jawaban(Putusan(KeadaanUsulan(r[1]), AlasanUsulan(r[2]), r[3]), r[4])
            for r in rows
        }

    def _lock_targets(self, tx: Transaction, butir: Sequence[Butir]) -> dict[str, _Sasaran]:
        targets: dict[str, _Sasaran] = {}
        for himpunan, kind in (
            (Himpunan.BADAN_USAHA, PenyelarasanBadanUsaha),
            (Himpunan.PEKERJA, PenyelarasanPekerja),
        ):
            ids = sorted({b.id_sasaran for b in butir if isinstance(b, kind)})
            if not ids:
                continue
            fields = write.fields_of(himpunan)
            for row in tx.raw(
                f"SELECT id, versi, dilaporkan_pada, {', '.join(fields)} FROM {TABLE_OF[himpunan]}"
                " WHERE id = ANY(%s) AND dihapus_pada IS NULL ORDER BY id FOR UPDATE",
                (ids,),
            ):
                targets[f"{himpunan}:{row[0]}"] = _Sasaran(
                    row[1], row[2], dict(zip(fields, row[3:], strict=True))
                )
        return targets

    def _decide(
        self, tx: Transaction, who: Pelaku, butir: Butir, targets: dict[str, _Sasaran]
    ) -> Putusan:
        if isinstance(butir, PenyelarasanBadanUsaha | PenyelarasanPekerja):
            return self._align(tx, who, butir, targets)
        if isinstance(butir, PemberitahuanStatus):
            return self.antrean.accept_status(tx, butir)
        refused = self._check_addition(butir)
        if refused is not None:
            return refused
        if isinstance(butir, PenambahanBadanUsaha):
            return self.antrean.accept_badan_usaha(tx, butir)
        return self.antrean.accept_pekerja(tx, butir)

    def _check_addition(self, butir: PenambahanBadanUsaha | PenambahanPekerja) -> Putusan | None:
        """Refuse an addition that the giver's profile or the agreement does not allow."""
        giver = self.agreement.pemilik.lawan
        extra = self.agreement.current().bidang_tambahan(self.agreement.now())
        values = butir.isi.model_dump(exclude_none=True)
        daftar = FIELD_SETS[Himpunan(butir.himpunan)].daftar_bidang()
        missing = [b.nama for b in daftar if giver in b.rujukan.wajib and b.nama not in values]
        if missing:
            return refuse(AlasanUsulan.BIDANG_WAJIB, f"Isi: {', '.join(missing)}.")
        surplus = [
            b.nama for b in daftar if b.tambahan and b.nama in values and b.nama not in extra
        ]
        if surplus:
            return refuse(AlasanUsulan.BIDANG_TAMBAHAN, f"Hapus: {', '.join(surplus)}.")
        return None

    def _align(
        self,
        tx: Transaction,
        who: Pelaku,
        butir: PenyelarasanBadanUsaha | PenyelarasanPekerja,
        targets: dict[str, _Sasaran],
    ) -> Putusan:
        himpunan = Himpunan(butir.himpunan)
        nilai = butir.nilai.model_dump(mode="python", exclude_none=True)
        sasaran = targets.get(f"{himpunan}:{butir.id_sasaran}")
        if sasaran is None:
            return refuse(AlasanUsulan.SASARAN_TIDAK_ADA)
        if not nilai:
            return refuse(AlasanUsulan.NILAI_KOSONG)
        if butir.versi_sasaran != sasaran.versi:
            return Putusan(KeadaanUsulan.USANG, AlasanUsulan.VERSI_USANG, sasaran.versi)
        policy = self._policy(butir, himpunan, list(nilai), sasaran)
        if policy is not None:
            return policy
        changed = {f: v for f, v in nilai.items() if sasaran.nilai[f] != v}
        if not changed:
            return Putusan(KeadaanUsulan.DITERAPKAN, AlasanUsulan.SUDAH_SAMA, sasaran.versi)
        koreksi = write.Koreksi(butir.id_sasaran, changed, f"usulan {butir.id_usulan}")
        versions = write.correct(tx, himpunan, [koreksi], pelaku=who.id, pasal=who.pasal)
        sasaran.versi = versions[butir.id_sasaran]
        sasaran.nilai.update(changed)
        return Putusan(KeadaanUsulan.DITERAPKAN, AlasanUsulan.DITERAPKAN, sasaran.versi)

    def _policy(
        self,
        butir: PenyelarasanBadanUsaha | PenyelarasanPekerja,
        himpunan: Himpunan,
        names: list[str],
        sasaran: _Sasaran,
    ) -> Putusan | None:
        """Return why the values may not simply be applied, None when they may."""
        perjanjian, at = self.agreement.current(), self.agreement.now()
        held = False
        for bidang in FIELD_SETS[himpunan].daftar_bidang():
            if bidang.nama not in names:
                continue
            wewenang = perjanjian.wewenang(bidang, at)
            if wewenang is Wewenang.PENCATATAN_SIPIL:
                held = True
            elif wewenang is Wewenang.LAPORAN_TERBARU:
                verdict = _newer_report(butir.dilaporkan_pada_asal, sasaran, bidang.nama)
                if verdict is None:
                    return refuse(
                        AlasanUsulan.TANPA_WEWENANG, f"{bidang.nama}: laporan lebih lama."
                    )
                held = held or verdict == "held"
            elif wewenang is None or wewenang.value != self.agreement.pemilik.lawan.value:
                return refuse(AlasanUsulan.TANPA_WEWENANG, f"Bidang: {bidang.nama}.")
        if held:
            return Putusan(KeadaanUsulan.DITAHAN, AlasanUsulan.MENUNGGU_PETUGAS, sasaran.versi)
        return None

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


def _newer_report(asal: dt.datetime | None, sasaran: _Sasaran, nama: str) -> str | None:
    """Say "apply", "held" (a date is missing), or None when the receiver's report is newer."""
    if sasaran.nilai[nama] is None:
        return "apply"  # an empty value never wins, whatever its date
    if asal is None or sasaran.dilaporkan_pada is None:
        return "held"
    return "apply" if asal > sasaran.dilaporkan_pada else None


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
        "alasan": putusan.kalimat,
        "versi_hasil": putusan.versi,
        "diterima_pada": now.isoformat(),
        "diputuskan_pada": None
        if putusan.keadaan in (KeadaanUsulan.DITAHAN, KeadaanUsulan.DITERIMA)
        else now.isoformat(),
    }
