"""What every program is told from outside: environment variables `HUB_…`."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class ServiceSettings(BaseSettings):
    """Settings of one service. Secrets have no default: they live in files below `data`."""

    model_config = SettingsConfigDict(env_prefix="HUB_", extra="ignore")

    data: Path = Field(Path("data"), description="Folder with keys, clients and the agreement.")
    database_url: str = Field("", description="postgresql://… of this service's own database.")
    alamat: str = Field("127.0.0.1", description="Address to listen on; private by default.")
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
    koneksi: int = Field(10, ge=1, le=50, description="Database connections of this process.")
    batas_badan: int = Field(16 * 2**20, description="Largest request body in bytes.")
    umur_token: int = Field(300, ge=30, le=300, description="Seconds a token lives; at most 5 min.")
    tingkat_log: str = "INFO"

    @property
    def berkas_perjanjian(self) -> Path:
        """The agreement's file."""
        return self.perjanjian or self.data / "perjanjian.yaml"
