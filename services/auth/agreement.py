"""The agreement as it stands now: file and records are read again whenever they change."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.auth.errors import (
    AgreementEndedError,
    AgreementUnreadableError,
    NoRightError,
    PostponedError,
    PurposeError,
    SwitchedOffError,
)
from services.auth.riwayat import BerkasPerjanjian
from services.kit.clock import Clock
from services.kit.errors import HubError
from services.kit.logging import get_logger
from shared_schemas.perjanjian import Izin, Larangan, Perjanjian, PerjanjianError
from shared_schemas.perjanjian.riwayat import Riwayat
from shared_schemas.rujukan import Pihak

_REFUSALS: dict[str, type[HubError]] = {
    "tidak_berlaku": AgreementEndedError,
    "tanpa_hak": NoRightError,
    "sakelar": SwitchedOffError,
    "kahar": PostponedError,
    "tujuan": PurposeError,
}


def refusal(larangan: Larangan) -> HubError:
    """Return the refusal that names the article."""
    return _REFUSALS[larangan.alasan](larangan.penjelasan, pasal=larangan.pasal)


class AgreementStore:
    """Answers from the agreement's file for the party that owns this registry."""

    def __init__(self, path: Path, pemilik: Pihak, clock: Clock) -> None:
        self._berkas = BerkasPerjanjian(path)
        self._clock = clock
        self.pemilik = pemilik
        self._sebab: str | None = None

    def now(self) -> dt.datetime:
        """Return the moment at which questions are answered."""
        return self._clock()

    def current(self) -> Perjanjian:
        """Return the agreement by what is signed up to now, as a later judge will see it.

        Raises AgreementUnreadableError: such a file permits nothing.
        """
        with self._history() as known:
            return known.dikenal(self._clock())

    @contextmanager
    def _history(self) -> Iterator[Riwayat]:
        try:
            yield self._berkas.current()
        except PerjanjianError as error:
            self._tell(str(error))
            raise AgreementUnreadableError from None
        self._sebab = None

    def _tell(self, sebab: str) -> None:
        """Log why nothing is answered, once as long as it is the same: every message asks."""
        if sebab != self._sebab:
            self._sebab = sebab
            get_logger().error("berkas perjanjian tidak terpakai", sebab=sebab)

    def scopes_of(self, penerima: Pihak) -> frozenset[str]:
        """Return the scopes that the articles give the asking party towards this registry."""
        at = self._clock()
        with self._history() as known:
            return known.dikenal(at).scopes(penerima, self.pemilik, at)

    def permit(self, penerima: Pihak, cakupan: str, tujuan: str | None = None) -> Izin:
        """Decide an exchange now. Raises the refusal that names the article."""
        answer = self.ask(penerima, cakupan, tujuan)
        if isinstance(answer, Larangan):
            raise refusal(answer)
        return answer

    def require_switched_on(self, penerima: Pihak, cakupan: str) -> None:
        """Raise SwitchedOffError where a right's switch is off, whatever holds of it otherwise."""
        answer = self.ask(penerima, cakupan)
        if isinstance(answer, Larangan) and answer.alasan == "sakelar":
            raise SwitchedOffError(answer.penjelasan, pasal=answer.pasal)

    def ask(self, penerima: Pihak, cakupan: str, tujuan: str | None = None) -> Izin | Larangan:
        """Return the decision about an exchange now, with what it went by."""
        with self._history() as known:
            return known.decide(penerima, self.pemilik, cakupan, self._clock(), tujuan)
