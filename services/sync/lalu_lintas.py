"""What a client of a registry asked and was answered, counted as it travelled."""

from __future__ import annotations

from dataclasses import dataclass, replace

import httpx


@dataclass
class LaluLintas:
    """What was asked and answered: bodies in octets, those that carry records also apart."""

    permintaan: int = 0
    oktet: int = 0
    oktet_rekaman: int = 0

    def copy(self) -> LaluLintas:
        """Return the counts as they stand."""
        return replace(self)

    def note(self, answer: httpx.Response) -> None:
        """Count one question with its answer, as large as they travelled."""
        octets = len(answer.request.content) + answer.num_bytes_downloaded
        self.permintaan += 1
        self.oktet += octets
        if answer.request.method == "POST":
            self.oktet_rekaman += octets
