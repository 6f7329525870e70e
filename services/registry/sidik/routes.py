"""Routes of the digest tree; the right is that of reading the records themselves.

Annotations are not deferred here: they name the guard, which is a parameter.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from services.audit.record import Pelaku
from services.auth.guard import Guard
from services.kit.errors import InvalidInputError
from services.registry.errors import DigestNotReadyError, NodeTooLargeError
from services.registry.routing import GuardedRoute, as_json, guarded, service_of
from shared_schemas.rujukan import Himpunan
from shared_schemas.v1.sidik import (
    BATAS_ANAK,
    POLA_AWALAN,
    Akar,
    Anak,
    DaunSimpul,
    KumpulanRekaman,
    Oktet,
    PermintaanRekaman,
)

_URAIAN_AWALAN = "Digit heksadesimal pertama jalur, semua sama panjang, dipisah koma."


class PertanyaanDaun(BaseModel):
    """Query of the records of nodes."""

    model_config = ConfigDict(extra="forbid")

    awalan: str = Field(pattern=POLA_AWALAN, description=_URAIAN_AWALAN, examples=["0af3,91bc"])
    oktet: Oktet = 8

    def list_awalan(self) -> list[str]:
        """Return the prefixes. Raises InvalidInputError when their lengths differ."""
        return _equally_long(self.awalan)


class PertanyaanSidik(BaseModel):
    """Query of the tree: nothing asks for its root, else for the children of nodes."""

    model_config = ConfigDict(extra="forbid")

    awalan: str | None = Field(
        None, pattern=POLA_AWALAN, description=_URAIAN_AWALAN, examples=["0af3,91bc"]
    )
    lipat: int | None = Field(
        None,
        ge=1,
        le=3,
        description="Digit sampai ke anak: 16, 256 atau 4.096 anak setiap awalan. Tanpa ini satu"
        " digit; tanpa ini dan tanpa `awalan`: akar.",
    )
    oktet: Oktet = 8

    def list_awalan(self) -> list[str]:
        """Return the prefixes. Raises InvalidInputError when they are unequal or ask too much."""
        found = [""] if self.awalan is None else _equally_long(self.awalan)
        if len(found) * 16 ** (self.lipat or 1) > BATAS_ANAK:
            raise InvalidInputError(f"awalan: kurangi, paling banyak {BATAS_ANAK} anak sekali.")
        return found


def _equally_long(awalan: str) -> list[str]:
    found = awalan.split(",")
    if len({len(a) for a in found}) > 1:
        raise InvalidInputError("awalan: samakan panjang semua awalan dalam satu permintaan.")
    return found


def digest_routes(himpunan: Himpunan, guard: Guard, record: Any) -> APIRouter:
    """Return the routes of one field set's tree; `record` is the wire form of its records."""
    nama = himpunan.value.replace("_", "-")
    r = APIRouter(prefix=f"/v1/digest/{nama}", tags=["sidik"], route_class=GuardedRoute)
    uraian = nama.replace("-", " ")

    @r.get(
        "",
        response_model=Akar | Anak,
        operation_id=f"get_digest_{himpunan.value}",
        summary=f"Pohon sidik {uraian}",
        **guarded(guard, DigestNotReadyError),
    )
    def get_digest(
        request: Request,
        q: Annotated[PertanyaanSidik, Query()],
        who: Annotated[Pelaku, Depends(guard)],
    ) -> Response:
        """Akar pohon, atau jumlah anak setiap awalan; tidak memuat data pribadi."""
        sidik = service_of(request).sidik
        if q.awalan is None and q.lipat is None:
            return as_json(sidik.root(himpunan))
        return as_json(sidik.children(himpunan, q.list_awalan(), q.lipat or 1, q.oktet))

    @r.get(
        "/daun",
        response_model=DaunSimpul,
        operation_id=f"list_daun_{himpunan.value}",
        summary=f"Rekaman simpul pohon sidik {uraian}",
        **guarded(guard, DigestNotReadyError, NodeTooLargeError),
    )
    def list_daun(
        request: Request,
        q: Annotated[PertanyaanDaun, Query()],
        who: Annotated[Pelaku, Depends(guard)],
    ) -> Response:
        """Id dan daun setiap rekaman dalam simpul-simpul kecil."""
        sidik = service_of(request).sidik
        return as_json(sidik.leaves(who, himpunan, q.list_awalan(), q.oktet))

    @r.post(
        "/rekaman",
        response_model=KumpulanRekaman[record],
        operation_id=f"find_rekaman_{himpunan.value}",
        summary=f"Rekaman {uraian} menurut id",
        **guarded(guard, body=True),
    )
    def find_rekaman(
        request: Request, asked: PermintaanRekaman, who: Annotated[Pelaku, Depends(guard)]
    ) -> Response:
        """Keadaan terakhir rekaman yang berbeda, atau batu nisannya; paling banyak 1.000 id."""
        return as_json(service_of(request).sidik.records(who, himpunan, asked.id))

    return r
