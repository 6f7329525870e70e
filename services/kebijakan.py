"""The policy table: party × direction × field set × fields × purpose, with article and routes.

Nothing of it is written by hand: rights, fields and purposes come from the agreement's data,
routes from what the two services declare.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from services.auth.clients import INTERNAL
from services.kit.settings import ServiceSettings
from services.layanan import APPS
from shared_schemas.perjanjian import Hak, Keadaan, Perjanjian
from shared_schemas.rujukan import Himpunan, Pihak

PERJANJIAN = "perjanjian:"


@dataclass(frozen=True, slots=True)
class Kebijakan:
    """One right with all that it reaches."""

    penerima: Pihak
    pemberi: Pihak
    cakupan: str
    pasal: str
    kewajiban: str
    tujuan: tuple[str, ...]
    himpunan: tuple[Himpunan, ...]
    bidang: tuple[str, ...]
    rute: tuple[str, ...]
    keadaan: Keadaan


def policy(perjanjian: Perjanjian, at: dt.datetime) -> list[Kebijakan]:
    """Return the policy as it stands at a moment, a row for each right of the agreement."""
    routes = {nama: exchange_routes(nama) for nama in APPS}
    return [
        Kebijakan(
            hak.penerima,
            hak.pemberi,
            hak.cakupan,
            hak.pasal,
            hak.kewajiban,
            perjanjian.tujuan(hak, at),
            hak.himpunan,
            _fields(perjanjian, hak, at),
            tuple(
                r for r, c in routes[perjanjian.registri(hak.pemberi)].items() if c == hak.cakupan
            ),
            perjanjian.keadaan_hak(hak, at),
        )
        for hak in perjanjian.hak
    ]


def _using(routes: dict[str, str], cakupan: str) -> tuple[str, ...]:
    return tuple(route for route, used in routes.items() if used == cakupan)


def _fields(perjanjian: Perjanjian, hak: Hak, at: dt.datetime) -> tuple[str, ...]:
    """Return the names of the fields that a right reaches, by the numbers it names."""
    return tuple(
        b.nama
        for himpunan in hak.himpunan
        for b in perjanjian.bidang(himpunan, at)
        if not hak.bidang or b.rujukan.nomor in hak.bidang
    )


def exchange_routes(nama: str) -> dict[str, str]:
    """Return the routes of the exchange that a service declares, each with its right."""
    found = _scopes(nama).items()
    return {r: c.removeprefix(PERJANJIAN) for r, c in found if c.startswith(PERJANJIAN)}


def internal_scopes(nama: str) -> frozenset[str]:
    """Return the scopes of a service that its own body gives."""
    return frozenset(c for c in _scopes(nama).values() if c.startswith(INTERNAL))


def _scopes(nama: str) -> dict[str, str]:
    paths = APPS[nama].bare_app(ServiceSettings()).openapi()["paths"]
    return {
        f"{method.upper()} {path}": operation["x-cakupan"]
        for path, item in paths.items()
        for method, operation in item.items()
        if operation.get("x-cakupan")
    }
