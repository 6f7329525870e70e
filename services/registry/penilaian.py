"""What the receiver does with one proposed item: its policy, with the reason as a code.

Apply what comes from the party that has authority over the field, keep the former value; hold what
the civil registry decides; refuse the rest with a reason.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from services.audit.record import Pelaku
from services.auth.agreement import AgreementStore
from services.auth.errors import SwitchedOffError
from services.kit.database import Transaction
from services.registry import write
from services.registry.masa_depan import in_future
from services.registry.tables import TABLE_OF
from shared_schemas.perjanjian import FIELD_SETS, Larangan
from shared_schemas.rujukan import Himpunan, Pihak, Wewenang
from shared_schemas.v1.kode import ALASAN, AlasanUsulan, KeadaanUsulan
from shared_schemas.v1.usulan import (
    PemberitahuanStatus,
    PenambahanBadanUsaha,
    PenambahanPekerja,
    Pencabutan,
    PenyelarasanBadanUsaha,
    PenyelarasanPekerja,
)

PEKERJA_BACA = "pekerja:baca"
"""The right whose switch decides whether a party learns of single workers."""

Butir = (
    PenambahanBadanUsaha
    | PenambahanPekerja
    | PenyelarasanBadanUsaha
    | PenyelarasanPekerja
    | PemberitahuanStatus
    | Pencabutan
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


class Penerima(Protocol):
    """What each body does with an addition and with a notice: its own queue."""

    def accept_badan_usaha(
        self, tx: Transaction, who: Pelaku, butir: PenambahanBadanUsaha
    ) -> Putusan:
        """Queue a company that only the other body knows."""

    def accept_pekerja(self, tx: Transaction, who: Pelaku, butir: PenambahanPekerja) -> Putusan:
        """Queue a worker whom only the other body knows."""

    def accept_status(self, _tx: Transaction, _butir: PemberitahuanStatus, /) -> Putusan:
        """Take notice of a company's registration."""

    def withdraw(self, tx: Transaction, who: Pelaku, butir: Pencabutan) -> Putusan:
        """Take one of the sender's own proposals back, unless somebody has decided about it."""


@dataclass(slots=True)
class Sasaran:
    """A locked target record as it stands while the batch is worked through."""

    versi: int
    dilaporkan_pada: dt.datetime | None
    nilai: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Penilai:
    """Decides about proposals for one registry: corrections itself, the rest by its queue."""

    agreement: AgreementStore
    antrean: Penerima

    def require_right(self, who: Pelaku, butir: Sequence[Butir]) -> None:
        """Raise SwitchedOffError for workers of whom either party may learn nothing from the other.

        An answer to a proposal says whether we know the worker, as a look-up would; the proposal
        itself gives us one, as reading it from the sender would.
        """
        workers = PenambahanPekerja | PenyelarasanPekerja
        if who.pihak is None or not any(isinstance(b, workers) for b in butir):
            return
        sender = Pihak(who.pihak)
        self.agreement.require_switched_on(sender, PEKERJA_BACA)
        ours = self.agreement.current().decide(
            self.agreement.pemilik, sender, PEKERJA_BACA, self.agreement.now()
        )
        if isinstance(ours, Larangan) and ours.alasan == "sakelar":
            raise SwitchedOffError(ours.penjelasan, pasal=ours.pasal)

    def lock_targets(self, tx: Transaction, butir: Sequence[Butir]) -> dict[str, Sasaran]:
        """Lock the records that corrections and notices are meant for; return them by set and id.

        A notice refers to its company by a foreign key, whose lock must not come after the number
        lock: a report has its company when it asks for that one.
        """
        targets: dict[str, Sasaran] = {}
        for himpunan, kind in (
            (Himpunan.BADAN_USAHA, PenyelarasanBadanUsaha | PemberitahuanStatus),
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
                targets[f"{himpunan}:{row[0]}"] = Sasaran(
                    row[1], row[2], dict(zip(fields, row[3:], strict=True))
                )
        return targets

    def decide(
        self, tx: Transaction, who: Pelaku, butir: Butir, targets: dict[str, Sasaran]
    ) -> Putusan:
        """Decide about one item, with `targets` as the items before it left them."""
        ahead = self._in_future(butir)
        if ahead is not None:
            return refuse(AlasanUsulan.MASA_DEPAN, f"Bidang: {ahead}.")
        if isinstance(butir, PenyelarasanBadanUsaha | PenyelarasanPekerja):
            return self._align(tx, who, butir, targets)
        if isinstance(butir, PemberitahuanStatus):
            return self.antrean.accept_status(tx, butir)
        if isinstance(butir, Pencabutan):
            return self.antrean.withdraw(tx, who, butir)
        return self._check_addition(butir) or self._queue(tx, who, butir)

    def rework(self, tx: Transaction, who: Pelaku, butir: Butir) -> Putusan:
        """Decide again about an item that was kept because of a defect."""
        return self.decide(tx, who, butir, self.lock_targets(tx, [butir]))

    def _in_future(self, butir: Butir) -> str | None:
        """Return the field whose moment lies ahead; the item alone is refused, not its batch."""
        now = self.agreement.now()
        if in_future(butir.dilaporkan_pada_asal, now):
            return "dilaporkan_pada_asal"
        born = None
        if isinstance(butir, PenambahanPekerja):
            born = butir.isi.tanggal_lahir
        elif isinstance(butir, PenyelarasanPekerja):
            born = butir.nilai.tanggal_lahir
        return "tanggal_lahir" if in_future(born, now) else None

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

    def _queue(
        self, tx: Transaction, who: Pelaku, butir: PenambahanBadanUsaha | PenambahanPekerja
    ) -> Putusan:
        if isinstance(butir, PenambahanBadanUsaha):
            return self.antrean.accept_badan_usaha(tx, who, butir)
        return self.antrean.accept_pekerja(tx, who, butir)

    def _align(
        self,
        tx: Transaction,
        who: Pelaku,
        butir: PenyelarasanBadanUsaha | PenyelarasanPekerja,
        targets: dict[str, Sasaran],
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
        sasaran: Sasaran,
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


def _newer_report(asal: dt.datetime | None, sasaran: Sasaran, nama: str) -> str | None:
    """Say "apply", "held" (a date is missing), or None when the receiver's report is newer."""
    if sasaran.nilai[nama] is None:
        return "apply"  # an empty value never wins, whatever its date
    if asal is None or sasaran.dilaporkan_pada is None:
        return "held"
    return "apply" if asal > sasaran.dilaporkan_pada else None
