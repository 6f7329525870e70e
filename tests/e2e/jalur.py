"""Paths between the hub and a registry on which something happens to an answer."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

import httpx

from services.sync.run import key_auth
from services.sync.settings import Sisi

Jalur = Callable[[Sisi], httpx.Auth]


def changing(path: str, change: Callable[[httpx.Response], None]) -> Jalur:
    """Return a maker of authentication that lets `change` at each answer of one address."""

    class Berubah(httpx.Auth):
        requires_response_body = True

        def __init__(self, sisi: Sisi) -> None:
            self._inner = key_auth(sisi)

        def auth_flow(
            self, request: httpx.Request
        ) -> Generator[httpx.Request, httpx.Response, None]:
            flow = self._inner.auth_flow(request)
            answer = yield next(flow)
            while True:
                try:
                    answer = yield flow.send(answer)
                except StopIteration:
                    break
            if request.url.path == path and answer.status_code == 200:
                change(answer)

    return Berubah


def losing(path: str, method: str) -> Jalur:
    """Return a path that loses the answers of one address, after the work was done."""

    def lose(answer: httpx.Response) -> None:
        if answer.request.method == method:
            raise httpx.ReadError("jawaban hilang")

    return changing(path, lose)


def rewrite(answer: httpx.Response, content: Any) -> None:
    """Put other content into an answer, as somebody between the two ends would."""
    answer._content = content
