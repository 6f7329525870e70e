"""What a service counts for its monitoring, alone or with others on its port."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

_BERSAMA = "PROMETHEUS_MULTIPROC_DIR"


@contextmanager
def shared_counters() -> Iterator[None]:
    """Let the processes that begin in here count together.

    The library looks for this folder when it is imported: what this process counts is not in it.
    """
    with tempfile.TemporaryDirectory(prefix="hub-metrik-") as folder:
        os.environ[_BERSAMA] = folder
        try:
            yield
        finally:
            del os.environ[_BERSAMA]


class Metrics:
    """Counters of one application, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        labels = ("metode", "rute", "status")
        self.requests = Counter("hub_permintaan", "Permintaan", labels, registry=self.registry)
        self.refused = Counter(
            "hub_pesan_ditolak", "Pesan bertanda tangan yang ditolak", ("kode",),
            registry=self.registry,
        )  # fmt: skip
        self.seconds = Histogram(
            "hub_permintaan_detik", "Lama permintaan", ("rute",), registry=self.registry
        )
        self.refusals = Counter(
            "hub_penolakan", "Penolakan menurut kode", ("kode",), registry=self.registry
        )
        self.strangers = Counter(
            "hub_bukan_rekan", "Permintaan dari alamat di luar HUB_REKAN", registry=self.registry
        )

    def text(self) -> bytes:
        """Return the counts as Prometheus reads them: of all that share the port."""
        if _BERSAMA not in os.environ:
            return generate_latest(self.registry)
        together = CollectorRegistry()
        MultiProcessCollector(together)  # type: ignore[no-untyped-call]
        return generate_latest(together)
