"""The agreement as it stands now: file and records are read again whenever they change."""

from __future__ import annotations

import datetime as dt
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
from shared_schemas.perjanjian import Izin, Larangan, Perjanjian, PerjanjianError
from shared_schemas.rujukan import Pihak

_REFUSALS = {
    "tidak_berlaku": AgreementEndedError,
    "tanpa_hak": NoRightError,
    "sakelar": SwitchedOffError,
    "kahar": PostponedError,
    "tujuan": PurposeError,
}


class AgreementStore:
    """Answers from the agreement's file for the party that owns this registry."""

    def __init__(self, path: Path, pemilik: Pihak, clock: Clock) -> None:
        self._berkas = BerkasPerjanjian(path)
        self._clock = clock
        self.pemilik = pemilik

    def now(self) -> dt.datetime:
        """Return the moment at which questions are answered."""
        return self._clock()

    def current(self) -> Perjanjian:
        """Return the agreement. Raises AgreementUnreadableError: such a file permits nothing."""
        try:
            return self._berkas.current().kini
        except PerjanjianError:
            raise AgreementUnreadableError from None

    def scopes_of(self, penerima: Pihak) -> frozenset[str]:
        """Return the scopes that the articles give the asking party towards this registry."""
        return self.current().scopes(penerima, self.pemilik)

    def permit(self, penerima: Pihak, cakupan: str, tujuan: str | None = None) -> Izin:
        """Decide an exchange now. Raises the refusal that names the article."""
        answer = self.current().decide(penerima, self.pemilik, cakupan, self._clock(), tujuan)
        if isinstance(answer, Larangan):
            raise _REFUSALS[answer.alasan](answer.penjelasan, pasal=answer.pasal)
        return answer

    def require_switched_on(self, penerima: Pihak, cakupan: str) -> None:
        """Raise SwitchedOffError where a right's switch is off, whatever holds of it otherwise."""
        answer = self.current().decide(penerima, self.pemilik, cakupan, self._clock())
        if isinstance(answer, Larangan) and answer.alasan == "sakelar":
            raise SwitchedOffError(answer.penjelasan, pasal=answer.pasal)
