"""The reconciler of a data folder: what it is told, from the registrations that lie there."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

from services import persiapan
from services.kit.errors import ConfigurationError
from services.persiapan import SYNC_BPJS, SYNC_WLKP, Registrasi
from services.proses import base_url
from services.sync.settings import Bukti, Sisi, SyncSettings, TlsKlien


def hub_settings(
    url: str,
    data: Path,
    wlkp_url: str,
    bpjs_url: str,
    tunggu_detik: float = 300,
    *,
    tls: bool = True,
) -> SyncSettings:
    """Return the settings of a reconciler that uses the registrations of a data folder.

    Without addresses they are this machine's. Services reached by https see its certificates,
    unless `tls` says that a proxy ends TLS. Raises ConfigurationError for an address that is none.
    """
    for base in filter(None, (wlkp_url, bpjs_url)):
        parts = urlsplit(base)
        if parts.scheme not in {"https", "http"} or not parts.hostname:
            raise ConfigurationError(f"{base} bukan alamat layanan; tulis https://HOST:PORT.")
    trusted = persiapan.otoritas(data).dipercaya

    def side(base: str, registration: Registrasi) -> Sisi:
        shown = TlsKlien(sertifikat=registration.certificate_path(data), otoritas=trusted)
        return Sisi(
            base_url=base,
            client_id=registration.client_id,
            key_path=registration.key_path(data),
            kunci_pesan=registration.message_key_path(data),
            tls=shown if tls and base.startswith("https:") else None,
        )

    # Records on their way and what linking goes on from; `data` itself may be read-only.
    simpan = Path(os.environ.get("HUB_SIMPAN", data / "hub"))
    return SyncSettings(
        database_url=url,
        wlkp=side(wlkp_url or base_url(8001, tls=tls), SYNC_WLKP),
        bpjs=side(bpjs_url or base_url(8002, tls=tls), SYNC_BPJS),
        perjanjian_path=data / "perjanjian.yaml",
        kunci_sidik=data / persiapan.KUNCI_SIDIK,
        bukti=Bukti(kunci_segel=persiapan.hub_seal_key(data), rahasia=persiapan.hub_secret(data)),
        unduhan=simpan / "unduhan",
        tunggu_detik=tunggu_detik,
        saringan=simpan / "saringan",  # lasting, so that the next run removes a killed one's files
        simpanan=simpan / "tautan",
    )
