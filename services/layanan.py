"""Start one service under uvicorn, as `hub layanan`, `make run` and the images do."""

from __future__ import annotations

import os
import signal
import ssl
import sys
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import uvicorn
from fastapi import FastAPI
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

import bpjs_kepesertaan.app
import wlkp_gateway.app
from services import persiapan
from services.kit import logging
from services.kit.clock import Clock, system_clock
from services.kit.http_protocol import BoundedProtocol
from services.kit.interpreter import expect_records
from services.kit.metrik import shared_counters
from services.kit.process import end_with_parent
from services.kit.settings import ServiceSettings
from services.kit.tls import server_context
from services.kit.tls_protocol import MutualTlsProtocol
from services.registry.service import RegistrySpec

_DIAM_DETIK = 20
"""After how long a silent process is replaced, in seconds.

One that begins is silent while it imports. On a slow or busy machine uvicorn's own 5 s would end
each before it serves, over and over, and stop what SIGHUP began.
"""


class AppModule(Protocol):
    """What the module `app` of each service offers."""

    SPEC: RegistrySpec

    def create_app(self, settings: ServiceSettings, clock: Clock = system_clock) -> FastAPI:
        """Return the application on its database."""

    def bare_app(self, settings: ServiceSettings) -> FastAPI:
        """Return the application as far as it describes itself."""


APPS: dict[str, AppModule] = {"wlkp": wlkp_gateway.app, "bpjs": bpjs_kepesertaan.app}


def spec(nama: str) -> RegistrySpec:
    """Return what makes up the registry `wlkp` or `bpjs`."""
    return APPS[nama].SPEC


def make(nama: str, settings: ServiceSettings) -> FastAPI:
    """Return a service's application."""
    return APPS[nama].create_app(settings)


def transport(nama: str, settings: ServiceSettings) -> dict[str, Any]:
    """Return uvicorn's options for mutual TLS or plain HTTP; nobody speaks WebSocket here."""
    if not settings.tls:
        return {"http": BoundedProtocol, "ws": "none"}
    context = partial(_tls_context, settings.data, nama)
    context()  # what cannot be read is said now
    return {"http": MutualTlsProtocol, "ws": "none", "ssl_context_factory": context}


def _tls_context(data: Path, nama: str, *_: object) -> ssl.SSLContext:
    trusted = persiapan.otoritas(data).dipercaya
    return server_context(persiapan.server_certificate(data, nama), trusted)


def serve(nama: str, settings: ServiceSettings) -> None:
    """Serve until SIGINT or SIGTERM; running requests are finished first.

    Several processes share the port: one that dies or hangs is replaced, and SIGHUP replaces all,
    each when its successor serves. One process alone has none: SIGHUP ends it in the same order.
    """
    options = {
        "host": settings.alamat,
        "port": settings.port or spec(nama).port,
        **transport(nama, settings),
        "loop": "uvloop",
        "lifespan": "on",  # or one that fails counts as one that is not there
        "proxy_headers": False,  # HUB_PROKSI decides whose X-Forwarded-For counts
        "access_log": False,  # the edge logs the route's template; uvicorn would log the URL
        "log_config": None,
        "server_header": False,
        "timeout_graceful_shutdown": 10,
        "timeout_worker_healthcheck": _DIAM_DETIK,
    }
    if settings.proses > 1:
        logging.configure(f"layanan-{nama}", settings.tingkat_log)
        _serve_together(nama, settings, options)
        return
    # uvicorn raises SIGTERM again when it is done, which would end us before our own clean-up.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup
        signal.signal(signal.SIGHUP, lambda *_: os.kill(os.getpid(), signal.SIGTERM))
    uvicorn.run(_prepared(nama, settings), **options)


def _prepared(nama: str, settings: ServiceSettings) -> FastAPI:
    """Set this process up for serving and return the application."""
    logging.configure(f"layanan-{nama}", settings.tingkat_log)
    expect_records()
    return make(nama, settings)


def _serve_together(nama: str, settings: ServiceSettings, options: dict[str, Any]) -> None:
    # What is wrong with the settings is said here, once: a child that fails before it serves would
    # be begun again and again.
    make(nama, settings)
    app = partial(_one_of_several, nama, settings, os.getpid())
    config = uvicorn.Config(app, factory=True, workers=settings.proses, **options)
    with config.bind_socket() as sock, shared_counters():
        supervisor = Multiprocess(config, [sock])
        supervisor.run()
    if any(each.exitcode == STARTUP_FAILURE for each in supervisor.processes):
        raise SystemExit(STARTUP_FAILURE)


def _one_of_several(nama: str, settings: ServiceSettings, induk: int) -> FastAPI:
    end_with_parent(induk)
    return _prepared(nama, settings)
