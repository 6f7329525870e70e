"""What every program is told from outside: environment variables `HUB_…`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from services.kit.peers import LOOPBACK


def _split(value: Any) -> Any:
    return [t.strip() for t in value.split(",") if t.strip()] if isinstance(value, str) else value


# A comma between two addresses, as operators write lists; the library would expect JSON.
Addresses = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]


def _pairs(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return dict(t.strip().rsplit("=", 1) for t in value.split(",") if "=" in t)


Limits = Annotated[dict[str, int], NoDecode, BeforeValidator(_pairs)]


class ServiceSettings(BaseSettings):
    """Settings of one service. Secrets have no default: they live in files below `data`."""

    model_config = SettingsConfigDict(env_prefix="HUB_", extra="ignore")

    data: Path = Field(Path("data"), description="Folder with keys, clients and the agreement.")
    database_url: str = Field("", description="postgresql://… of this service's own database.")
    alamat: str = Field("127.0.0.1", description="Address to listen on; private by default.")
    rekan: Addresses = Field(
        LOOPBACK, description="Addresses (CIDR) that may speak to the service: ends of the VPN."
    )
    proksi: Addresses = Field(
        (), description="Proxies (CIDR) whose X-Forwarded-For is believed; none by default."
    )
    port: int = Field(0, description="0: the program's usual port.")
    penerbit: str = Field(
        "", description="Public base URL (iss, aud); default from address and port."
    )
    perjanjian: Path | None = Field(
        None, description="Agreement file; default <data>/perjanjian.yaml."
    )
    tls: bool = Field(
        True, description="TLS with certificates of both ends; 0 where a proxy ends TLS."
    )
    tanda_tangan: bool = Field(
        True, description="Clients that registered a message key must sign (RFC 9421)."
    )
    kunci_sidik: Path | None = Field(
        None, description="Key of the digest tree; default <data>/kunci-sidik."
    )
    koneksi: int = Field(10, ge=1, le=50, description="Database connections of each process.")
    proses: int = Field(1, ge=1, le=64, description="Processes that share the port.")
    batas_badan: int = Field(16 * 2**20, description="Largest request body in bytes.")
    umur_token: int = Field(300, ge=30, le=300, description="Seconds a token lives; at most 5 min.")
    simpan: Path | None = Field(
        None, description="Folder that holds snapshots; default <data>/<service>."
    )
    ekspor_jam: float = Field(24, gt=0, description="Hours a snapshot is kept.")
    ekspor_disimpan: int = Field(4, ge=1, description="Snapshots kept of each client.")
    kuota_harian: int = Field(
        # A nation's feed read twice; what a right really needs is for operators to say.
        100_000_000,
        ge=0,
        description="Persons a client may ask for or be given a Jakarta day, by right and purpose.",
    )
    kuota: Limits = Field(
        default_factory=dict,
        description="Other limits: pekerja:baca=500000, a client's id, or ID/pekerja:baca=1000;"
        " each also with @TUJUAN, as in pekerja:baca@wajib_lapor=1000 or @wajib_lapor=5000.",
    )
    tak_dikenal: int = Field(10_000, ge=0, description="Unknown NIK a day that raise no alarm.")
    tak_dikenal_bagian: float = Field(
        0.5, ge=0, le=1, description="Above that, the share of unknown NIK that is throttled."
    )
    bukti_segel_detik: float = Field(
        5, ge=0, description="Seconds between two seals of the evidence; 0: another process seals."
    )
    bukti_isi_maks: int = Field(
        2**20, ge=0, description="Largest request (octets) kept with the evidence, by field."
    )
    bukti_jawaban_maks: int = Field(
        2**16, ge=0, description="Largest answer so kept; of larger ones the digest stays."
    )
    bukti_cap_url: str = Field(
        "", description="Time-stamping authority (RFC 3161); none by default."
    )
    bukti_cap_otoritas: Path | None = Field(
        None, description="PEM certificates that the authority's must come from."
    )
    bukti_cap_detik: float = Field(600, gt=0, description="Seconds between two time stamps.")
    bukti_isi_hari: int = Field(90, ge=1, description="Days that these contents are kept.")
    idempotensi_hari: int = Field(
        90,
        ge=31,  # a snapshot that is gone is answered as such for 30
        description="Days that the answers to batches are kept; a later repetition is answered"
        " from the records.",
    )
    tingkat_log: str = "INFO"

    @property
    def berkas_perjanjian(self) -> Path:
        """The agreement's file."""
        return self.perjanjian or self.data / "perjanjian.yaml"

    @property
    def berkas_kunci_sidik(self) -> Path:
        """The agreement's key of the digest tree: 32 octets, the same at all who compare."""
        return self.kunci_sidik or self.data / "kunci-sidik"
