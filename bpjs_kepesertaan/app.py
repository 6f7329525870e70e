"""The application of Pihak Kedua: what both registries have, registration and membership."""

from __future__ import annotations

from fastapi import FastAPI

from bpjs_kepesertaan.kepesertaan import routes as kepesertaan
from bpjs_kepesertaan.pendaftaran import routes as pendaftaran
from bpjs_kepesertaan.pendaftaran.repository import PENJAWAB
from bpjs_kepesertaan.pendaftaran.service import AntreanPendaftaran
from services.auth.pesan_layanan import SignedMessages
from services.kit.clock import Clock, system_clock
from services.kit.http import make_app
from services.kit.settings import ServiceSettings
from services.registry.routes import add_routes
from services.registry.service import RegistryService, RegistrySpec
from shared_schemas.rujukan import Pihak

SPEC = RegistrySpec("bpjs", Pihak.KEDUA, 8002, AntreanPendaftaran, PENJAWAB)

URAIAN = """Layanan Pihak Kedua (BPJS Kesehatan): data badan usaha, jumlah pekerja, pekerja dan
status kepesertaan JKN dari Aplikasi Perluasan Kepesertaan, menurut Pasal 5 Perjanjian Kerja Sama
3 November 2020. Cakupan `perjanjian:…` berasal dari pasal perjanjian dan hanya berlaku selama
perjanjian berlaku; cakupan `internal:…` adalah pekerjaan BPJS Kesehatan sendiri."""


def create_app(settings: ServiceSettings, clock: Clock = system_clock) -> FastAPI:
    """Return the application; reads keys, clients and the agreement below `settings.data`."""
    service = RegistryService(SPEC, settings, clock)
    app = bare_app(settings, service)
    app.state.service = service
    return app


def bare_app(settings: ServiceSettings, service: RegistryService | None = None) -> FastAPI:
    """Return the application with its routes; without a service it only describes itself."""
    app = make_app(
        judul="Layanan Kepesertaan BPJS Kesehatan",
        uraian=URAIAN,
        settings=settings,
        lifespan=service.lifespan if service else None,
        dalam=(SignedMessages,),
    )
    add_routes(app, SPEC.pemilik)
    app.include_router(kepesertaan.router)
    app.include_router(pendaftaran.router)
    return app
