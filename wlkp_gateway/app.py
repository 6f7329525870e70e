"""The application of Pihak Kesatu: what both registries have, reports and Kemnaker's queue."""

from __future__ import annotations

from fastapi import FastAPI

from services.auth.pesan_layanan import SignedMessages
from services.kit.clock import Clock, system_clock
from services.kit.http import make_app
from services.kit.settings import ServiceSettings
from services.registry.routes import add_routes
from services.registry.service import RegistryService, RegistrySpec
from shared_schemas.rujukan import Pihak
from wlkp_gateway.belum_lapor import routes as belum_lapor
from wlkp_gateway.belum_lapor.repository import PENJAWAB
from wlkp_gateway.belum_lapor.service import AntreanBelumLapor
from wlkp_gateway.errors import ReportTooLargeError
from wlkp_gateway.laporan import routes as laporan

SPEC = RegistrySpec("wlkp", Pihak.KESATU, 8001, AntreanBelumLapor, PENJAWAB)

URAIAN = """Layanan Pihak Kesatu (Kementerian Ketenagakerjaan): data badan usaha, potensi pekerja
dan pekerja dari Wajib Lapor Ketenagakerjaan di Perusahaan, menurut Pasal 5 Perjanjian Kerja Sama
3 November 2020. Cakupan `perjanjian:…` berasal dari pasal perjanjian dan hanya berlaku selama
perjanjian berlaku; cakupan `internal:…` adalah pekerjaan Kemnaker sendiri."""


def create_app(settings: ServiceSettings, clock: Clock = system_clock) -> FastAPI:
    """Return the application; reads keys, clients and the agreement below `settings.data`."""
    service = RegistryService(SPEC, settings, clock)
    app = bare_app(settings, service)
    app.state.service = service
    return app


def bare_app(settings: ServiceSettings, service: RegistryService | None = None) -> FastAPI:
    """Return the application with its routes; without a service it only describes itself."""
    app = make_app(
        judul="Gerbang WLKP",
        uraian=URAIAN,
        settings=settings,
        lifespan=service.lifespan if service else None,
        dalam=(SignedMessages,),
        terlalu_besar={"/v1/laporan": ReportTooLargeError},
    )
    add_routes(app, SPEC.pemilik)
    app.include_router(laporan.router)
    app.include_router(belum_lapor.router)
    return app
