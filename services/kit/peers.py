"""Who may speak to a service at all: the two ends of the VPN (Pasal 4 ayat (1)), nobody else.

This stands beside the firewall, not in its place: it holds where a rule was forgotten.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from functools import lru_cache

from starlette.datastructures import Headers
from starlette.types import Scope

from services.kit.errors import ConfigurationError

LOOPBACK = ("127.0.0.0/8", "::1/128")
OPERATIONS = frozenset({"/healthz", "/readyz", "/metrics"})
"""What the machine itself may always ask: its health check must not need a place in the list."""

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Peers:
    """The allow-list of one service.

    `X-Forwarded-For` counts only from an address in `proksi`: anybody can write that header. Of
    the addresses in it the last that is no proxy of ours is the caller's.
    """

    def __init__(self, rekan: Sequence[str], proksi: Sequence[str]) -> None:
        self._rekan = _networks("HUB_REKAN", rekan)
        self._proksi = _networks("HUB_PROKSI", proksi)
        self._loopback = _networks("HUB_REKAN", LOOPBACK)
        # The same few addresses ask again and again.
        self._decide = lru_cache(maxsize=1_024)(self._decided)

    def allows(self, scope: Scope) -> bool:
        """Say whether a request may be looked at."""
        client = scope.get("client")
        if not client:
            return False
        forwarded = ",".join(Headers(scope=scope).getlist("x-forwarded-for"))
        return self._decide(client[0], forwarded, scope["path"] in OPERATIONS)

    def _decided(self, host: str, forwarded: str, is_operations: bool) -> bool:  # noqa: FBT001
        caller = _address(host)
        hops = [h for h in forwarded.split(",") if h.strip()]
        while caller is not None and hops and _within(caller, self._proksi):
            caller = _address(hops.pop())
        if caller is None:
            return False
        own = is_operations and not forwarded and _within(caller, self._loopback)
        return own or _within(caller, self._rekan)


def _networks(setting: str, texts: Sequence[str]) -> tuple[_Network, ...]:
    try:
        return tuple(ipaddress.ip_network(t) for t in texts)
    except ValueError:
        raise ConfigurationError(
            f"{setting} harus daftar alamat atau CIDR dipisah koma, mis. 10.8.0.0/24,10.9.0.1."
        ) from None


def _address(text: str) -> _Address | None:
    try:
        found = ipaddress.ip_address(text.strip())
    except ValueError:
        return None
    # A socket for both families shows an IPv4 caller in the IPv6 form.
    return getattr(found, "ipv4_mapped", None) or found


def _within(address: _Address, networks: tuple[_Network, ...]) -> bool:
    return any(address in n for n in networks)
