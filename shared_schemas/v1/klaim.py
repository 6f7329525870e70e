"""What stands inside the signatures (compact JWS, ES256) that the exchange leaves behind."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from shared_schemas.v1.ekspor import ManifesEkspor
from shared_schemas.v1.neraca import NeracaHarian, NeracaPengirim, SegelTerakhir
from shared_schemas.v1.usulan import JaminanTandaTerima


class _Klaim(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, frozen=True)

    iat: float = Field(description="Saat ditandatangani, detik UNIX; boleh berpecahan.")


class _KlaimLayanan(_Klaim):
    iss: str = Field(description="Alamat publik layanan yang menandatangani.")
    aud: str = Field(description="Klien yang meminta; dokumen ini untuk dia saja.")


class KlaimTandaTerima(_KlaimLayanan):
    """Klaim `tertanda` tanda terima; berlaku tanpa akhir."""

    sub: str = Field(description="`tanda_terima:` dengan Idempotency-Key permintaannya.")
    jaminan: JaminanTandaTerima


class KlaimNeraca(_KlaimLayanan):
    """Klaim `tertanda` separuh neraca milik penerima; berlaku tanpa akhir."""

    sub: str = Field(description="`neraca:` dengan tanggalnya.")
    neraca: NeracaHarian
    segel: SegelTerakhir | None = Field(None, description="Tidak ada bila belum ada segel.")


class KlaimManifes(_KlaimLayanan):
    """Klaim `manifes` sebuah cuplikan yang sudah siap."""

    sub: str = Field(description="Id cuplikan.")
    exp: int = Field(description="Saat cuplikan kedaluwarsa, detik UNIX.")
    manifes: ManifesEkspor


class KlaimNeracaPengirim(_Klaim):
    """Klaim pernyataan neraca, ditandatangani pengirim dengan kunci pendaftaran kliennya."""

    iss: str = Field(description="client_id pengirim.")
    sub: str = Field(description="`neraca:` dengan tanggalnya.")
    aud: str = Field(description="Alamat publik layanan penerima, tanpa garis miring di belakang.")
    neraca: NeracaPengirim
    segel: SegelTerakhir | None = Field(None, description="Segel terakhir pengirim, bila ada.")


KLAIM: dict[tuple[str, str], type[BaseModel]] = {
    ("KumpulanTandaTerima", "tertanda"): KlaimTandaTerima,
    ("Neraca", "tertanda"): KlaimNeraca,
    ("NeracaDinyatakan", "tertanda"): KlaimNeraca,
    ("PernyataanNeraca", "tertanda"): KlaimNeracaPengirim,
    ("Ekspor", "manifes"): KlaimManifes,
}
"""Which field of which form holds which claims."""
