"""Walk through a part of a workbook as a stream of events, with no tree and no entities."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import IO
from xml.parsers import expat

_BLOCK = 2**15


class EntityError(ValueError):
    """The part declares a document type, with which a small file can grow without bound."""


class Uraian(ABC):
    """Base of the walkers: `start` and `end` are called with the element's name and no prefix."""

    def __init__(self) -> None:
        self._prefix = 0
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._begin
        self._parser.StartDoctypeDeclHandler = _refuse

    def walk(self, source: IO[bytes]) -> Iterator[None]:
        """Read the part; yields after every block, so that what was found can be taken."""
        while block := source.read(_BLOCK):
            self._parser.Parse(block, False)
            yield
        self._parser.Parse(b"", True)
        yield

    @abstractmethod
    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Take the beginning of an element."""

    @abstractmethod
    def end(self, name: str) -> None:
        """Take the end of an element."""

    def listen(self, into: list[str] | None) -> None:
        """Collect the text that follows, or None: stop collecting."""
        self._parser.CharacterDataHandler = None if into is None else into.append

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        """Learn from the first element whether names carry a prefix; Excel writes none."""
        self._prefix = name.find(":") + 1
        plain = self._prefix == 0
        self._parser.StartElementHandler = self.start if plain else self._start_prefixed
        self._parser.EndElementHandler = self.end if plain else self._end_prefixed
        self.start(name[self._prefix :], attributes)

    def _start_prefixed(self, name: str, attributes: dict[str, str]) -> None:
        self.start(name[self._prefix :], attributes)

    def _end_prefixed(self, name: str) -> None:
        self.end(name[self._prefix :])


def _refuse(*_: object) -> None:
    raise EntityError
