"""What both sides sign of a day: ours, stated to the receiver, and the receiver's, believed or not.

Each statement says the newest seal of its side's evidence, too, and the other side keeps it.
"""

from __future__ import annotations

import datetime as dt

from pydantic import ValidationError

from services.audit.bukti import lawan
from services.audit.bukti.lawan import Ucapan
from services.auth.jws import SigningKey, TokenError
from services.kit.berkas_masukan import trouble
from services.kit.database import transaction
from services.sync import tanda
from services.sync.errors import (
    BalanceSignatureError,
    ContractError,
    DayNotBegunError,
    NoSuchAddressError,
    SyncConfigurationError,
)
from services.sync.konteks import Konteks
from services.sync.neraca import SeparuhPengirim
from services.sync.settings import NamaSisi
from services.sync.tanda import Tanda
from shared_schemas.v1.neraca import Neraca, NeracaHarian, SegelTerakhir


def sign(ctx: Konteks, half: SeparuhPengirim) -> str:
    """Return our half as a JWS of the registration towards that registry, with our newest seal."""
    sisi = ctx.settings.sisi(half.tujuan)
    try:
        key = SigningKey(sisi.key_path.read_bytes())
    except OSError as error:
        raise SyncConfigurationError(
            f"Kunci {sisi.client_id} tidak terbaca: {trouble(error)}."
        ) from None
    with transaction(ctx.engine) as tx:
        segel = lawan.newest(tx)
    claims = {
        "iss": sisi.client_id,
        "sub": f"neraca:{half.tanggal}",
        "aud": sisi.base_url.rstrip("/"),
        # Which of two statements is the newer may be a matter of less than a second.
        "iat": round(ctx.now().timestamp(), 3),
        "neraca": half.as_claims(),
    }
    return key.sign(claims if segel is None else claims | {"segel": segel.model_dump()})


def state(ctx: Konteks, half: SeparuhPengirim, tertanda: str) -> tuple[bool, Neraca]:
    """State our half; return whether it was taken, and the receiver's, not yet believed.

    A receiver that takes no statements, or not yet of this day, is asked for its half alone.
    """
    klien = ctx.klien[half.tujuan]
    try:
        return True, klien.state_neraca(half.tanggal, tertanda)
    except (NoSuchAddressError, DayNotBegunError):
        return False, klien.fetch_neraca(half.tanggal)


def verified(ctx: Konteks, sisi: NamaSisi, answer: Neraca) -> Tanda:
    """Return the signature when it stands for what was said and what was said adds up.

    Raises BalanceSignatureError, ContractError.
    """
    said = answer.neraca
    try:
        found = tanda.verify(ctx.klien[sisi], answer.tertanda, ctx.settings.sisi(sisi).client_id)
    except TokenError as error:
        raise BalanceSignatureError(f"{sisi.upper()}: {error}.") from None
    if _read(found.isi.get("neraca")) != said:
        raise BalanceSignatureError(f"{sisi.upper()}: yang ditandatangani lain dari yang dijawab.")
    if sum(said.menurut_keadaan.values()) != said.jumlah:
        raise ContractError(f"{sisi.upper()}: jumlah neraca bukan jumlah keadaannya.")
    return found


def _read(claims: object) -> NeracaHarian | None:
    try:
        return NeracaHarian.model_validate(claims)
    except ValidationError:
        return None


def keep_seal(ctx: Konteks, sisi: NamaSisi, tertanda: str, signed: Tanda) -> bool:
    """Keep the seal that a receiver's statement bears; say whether it contradicts former ones."""
    said = signed.isi.get("segel")
    if said is None:
        return False
    try:
        segel = SegelTerakhir.model_validate(said)
        pada = dt.datetime.fromtimestamp(int(signed.isi["iat"]), dt.UTC)
    except (ValidationError, ValueError, TypeError, KeyError, OverflowError):
        raise ContractError(f"{sisi.upper()}: klaim `segel` atau `iat` tidak terbaca.") from None
    with transaction(ctx.engine) as tx:
        ucapan = Ucapan(segel, tertanda, signed.kunci, pada)
        return lawan.keep(tx, sisi.value, ucapan, ctx.now()).bertentangan
