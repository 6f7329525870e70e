"""What monitoring reads of agreement and certificate: state, days left, what must be done soon."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from services.auth import sertifikat
from services.auth.agreement import AgreementStore
from services.auth.errors import AgreementUnreadableError
from services.kit.clock import Clock
from services.kit.errors import ConfigurationError
from shared_schemas.perjanjian import Keadaan, hari, warnings


class AgreementCollector(Collector):
    """Reads the agreement when it is scraped, so that no timer has to run."""

    def __init__(self, agreement: AgreementStore) -> None:
        self._agreement = agreement

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the gauges; of a file that cannot be read, only that it cannot."""
        readable = GaugeMetricFamily("hub_perjanjian_terbaca", "1: berkas dan catatannya sah")
        try:
            perjanjian = self._agreement.current()
        except AgreementUnreadableError:
            readable.add_metric([], 0)
            yield readable
            return
        readable.add_metric([], 1)
        yield readable
        now = self._agreement.now()
        left = GaugeMetricFamily("hub_perjanjian_sisa_hari", "Hari sampai hari terakhir")
        left.add_metric([], (perjanjian.last_day() - hari(now)).days)
        yield left
        state = GaugeMetricFamily("hub_perjanjian_keadaan", "Keadaan kini", labels=["keadaan"])
        for keadaan in Keadaan:
            state.add_metric([keadaan.value], keadaan is perjanjian.keadaan(now))
        yield state
        held = GaugeMetricFamily(
            "hub_perjanjian_ditangguhkan", "1: arah ditunda", labels=["penerima", "cakupan"]
        )
        for hak in perjanjian.hak:
            is_held = perjanjian.keadaan_hak(hak, now) is Keadaan.DITANGGUHKAN
            held.add_metric([hak.penerima.value, hak.cakupan], is_held)
        yield held
        soon = GaugeMetricFamily("hub_perjanjian_peringatan", "Peringatan kini", labels=["kode"])
        for warning in warnings(perjanjian, now):
            soon.add_metric([warning.kode], 1)
        yield soon


class CertificateCollector(Collector):
    """Reads a service's certificate when it is scraped: nothing else tells of its end before it."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the days left, below 0 when it has ended; of one not to be read, only that."""
        readable = GaugeMetricFamily("hub_sertifikat_terbaca", "1: sertifikat layanan terbaca")
        try:
            end = sertifikat.expiry(self._path)
        except (OSError, ConfigurationError):
            readable.add_metric([], 0)
            yield readable
            return
        readable.add_metric([], 1)
        yield readable
        left = GaugeMetricFamily("hub_sertifikat_sisa_hari", "Hari sampai sertifikat berakhir")
        left.add_metric([], (end - self._clock()) / dt.timedelta(days=1))
        yield left


def service_metrics(
    agreement: AgreementStore, certificate: Path | None, clock: Clock
) -> CollectorRegistry:
    """Return the metrics of a service's agreement, and of its certificate where it has one."""
    registry = CollectorRegistry()
    registry.register(AgreementCollector(agreement))
    if certificate is not None:
        registry.register(CertificateCollector(certificate, clock))
    return registry
