"""Whether a receipt is the receiver's own word about exactly the bytes that were sent."""

from __future__ import annotations

import hashlib

from pydantic import ValidationError

from services.auth.jws import TokenError
from services.sync import tanda
from services.sync.errors import ReceiptSignatureError
from services.sync.klien import Diterima
from services.sync.konteks import Konteks
from services.sync.settings import NamaSisi
from services.sync.tanda import Tanda
from shared_schemas.v1.usulan import JaminanTandaTerima


def verify_receipt(
    ctx: Konteks, tujuan: NamaSisi, kunci: str, isi: bytes, answer: Diterima
) -> Tanda:
    """Return the signature under the receipts of a batch. Raises ReceiptSignatureError.

    It names key, content and answers, so it stands for no other batch and no other answer.
    """
    said = tujuan.upper()
    try:
        found = tanda.verify(
            ctx.klien[tujuan], answer.tertanda, ctx.settings.sisi(tujuan).client_id
        )
        jaminan = JaminanTandaTerima.model_validate(found.isi.get("jaminan"))
    except TokenError as error:
        raise ReceiptSignatureError(f"{said}: {error}.") from None
    except ValidationError:
        raise ReceiptSignatureError(f"{said}: klaim `jaminan` tidak terbaca.") from None
    expected = {
        "kunci": kunci,
        "sidik_isi": hashlib.sha256(isi).hexdigest(),
        "sidik_tanda_terima": answer.sidik,
        "jumlah": len(answer.tanda_terima),
    }
    other = [name for name, value in expected.items() if getattr(jaminan, name) != value]
    if other:
        raise ReceiptSignatureError(f"{said}: yang ditandatangani lain: {', '.join(other)}.")
    return found
