"""What the reconciler is told: its database, the two services and its patience."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from shared_schemas.rujukan import Pihak


class NamaSisi(StrEnum):
    """The two registries. WLKP belongs to Pihak Kesatu, BPJS to Pihak Kedua."""

    WLKP = "wlkp"
    BPJS = "bpjs"

    @property
    def lawan(self) -> NamaSisi:
        """The other registry."""
        return NamaSisi.BPJS if self is NamaSisi.WLKP else NamaSisi.WLKP

    @property
    def pemberi(self) -> Pihak:
        """The party whose records this registry gives."""
        return Pihak.KESATU if self is NamaSisi.WLKP else Pihak.KEDUA


class TlsKlien(BaseModel):
    """The certificate that is shown to a service, and the authorities its own must come from."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sertifikat: Path
    otoritas: Path


class Sisi(BaseModel):
    """One service and the registration with which the reconciler asks it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    base_url: str
    client_id: str
    key_path: Path
    tls: TlsKlien | None = None
    kunci_pesan: Path | None = Field(None, description="Signs its messages, and reads answers.")


class Bukti(BaseModel):
    """How the reconciler keeps evidence of its messages."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kunci_segel: Path = Field(description="Ed25519 key that seals its records.")
    rahasia: Path = Field(description="Secret from which contents at rest are encrypted.")
    isi_maks: int = Field(2**20, ge=0, description="Largest request (octets) that is kept.")
    jawaban_maks: int = Field(2**16, ge=0, description="Largest answer that is kept.")
    isi_hari: int = Field(90, ge=1, description="Days that contents are kept.")


class SyncSettings(BaseModel):
    """Settings of one reconciler; towards WLKP it asks as Pihak Kedua, towards BPJS as Kesatu."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    database_url: str
    wlkp: Sisi
    bpjs: Sisi
    perjanjian_path: Path
    kunci_sidik: Path | None = Field(None, description="Without it the mirrors have no digests.")
    bukti: Bukti | None = Field(None, description="None: no evidence, for simulators alone.")
    batas_halaman: int = Field(1_000, ge=1, le=1_000)
    tunggu_detik: float = Field(300, ge=0, description="How long a dead service is waited for.")
    unduhan: Path | None = Field(
        None, description="Folder of parts on their way; None: mirrors are read from the feed only."
    )
    kegagalan_maks: int = Field(
        5, ge=1, description="Failed answers to one batch before it is put aside."
    )
    mati_simpan_hari: int = Field(
        30, ge=1, description="Days that a dead letter keeps its bytes, which hold personal data."
    )
    ulang_jam: float = Field(
        24, ge=0, description="Hours after which what still stands is proposed once more."
    )
    sewa_detik: float = Field(
        20, gt=0, le=25, description="Seconds without a sign after which a leader is replaced."
    )
    putaran_maks: int = Field(10, ge=1)
    # Below, pairing all takes seconds, and so does compiling the sieve once on a machine.
    saring_mulai: int = Field(200_000, ge=0, description="Workers from which a sieve is worth it.")
    saringan: Path | None = Field(
        None, description="Working folder of the sieve; default: a temporary one for each run."
    )
    simpanan: Path | None = Field(
        None, description="Folder for what linking goes on from; default: the user's cache."
    )
    taut_penuh: bool = Field(False, description="Link all companies anew in the first round.")

    @property
    def jeda_ulang(self) -> dt.timedelta:
        """How long what still stands rests before it is said once more."""
        return dt.timedelta(hours=self.ulang_jam)

    def sisi(self, nama: NamaSisi) -> Sisi:
        """Return one of the two services."""
        return self.wlkp if nama is NamaSisi.WLKP else self.bpjs
