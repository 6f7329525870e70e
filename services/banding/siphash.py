"""SipHash-1-3 with a secret key: whoever lacks the key cannot make two values collide.

Aumasson and Bernstein, "SipHash: a fast short-input PRF" (2012). The round counts 1-3 are those of
Python's own strings: enough against chosen collisions, at two thirds of the cost of 2-4.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

import numpy as np

from services.kit.compiled import jit

_MASK = (1 << 64) - 1
_START = (0x736F6D6570736575, 0x646F72616E646F6D, 0x6C7967656E657261, 0x7465646279746573)


@dataclass(frozen=True, slots=True)
class Kunci:
    """A key of 128 bits."""

    k0: int
    k1: int

    @staticmethod
    def from_bytes(raw: bytes) -> Kunci:
        """Return the key that 16 bytes hold."""
        return Kunci(int.from_bytes(raw[:8], "little"), int.from_bytes(raw[8:16], "little"))

    @staticmethod
    def make() -> Kunci:
        """Return a fresh random key."""
        return Kunci.from_bytes(secrets.token_bytes(16))

    def to_bytes(self) -> bytes:
        """Return the key as 16 bytes."""
        return self.k0.to_bytes(8, "little") + self.k1.to_bytes(8, "little")

    def derive(self, purpose: str) -> Kunci:
        """Return a key for one purpose, so that equal values of two fields never cancel out."""
        return Kunci(
            siphash(self, f"{purpose}/0".encode(), 2, 4),
            siphash(self, f"{purpose}/1".encode(), 2, 4),
        )


def siphash(kunci: Kunci, data: bytes, c: int = 1, d: int = 3) -> int:
    """Return the 64-bit SipHash-c-d of `data`; the definition that the compiled form follows."""
    keys = (kunci.k0, kunci.k1, kunci.k0, kunci.k1)
    v = [a ^ b for a, b in zip(_START, keys, strict=True)]
    whole = len(data) - len(data) % 8
    blocks = [int.from_bytes(data[i : i + 8], "little") for i in range(0, whole, 8)]
    blocks.append(int.from_bytes(data[whole:], "little") | (len(data) & 0xFF) << 56)
    for block in blocks:
        v[3] ^= block
        _rounds(v, c)
        v[0] ^= block
    v[2] ^= 0xFF
    _rounds(v, d)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def _rounds(v: list[int], times: int) -> None:
    for _ in range(times):
        for a, b, turn_b, turn_a in ((0, 1, 13, 32), (2, 3, 16, 0), (0, 3, 21, 0), (2, 1, 17, 32)):
            v[a] = (v[a] + v[b]) & _MASK
            v[b] = _turn(v[b], turn_b) ^ v[a]
            v[a] = _turn(v[a], turn_a)


def _turn(x: int, by: int) -> int:
    return (x << by | x >> (64 - by)) & _MASK


_V0, _V1, _V2, _V3 = (np.uint64(v) for v in _START)
_FF = np.uint64(0xFF)
_BYTE = np.uint64(8)
_S13, _S51 = np.uint64(13), np.uint64(51)
_S16, _S48 = np.uint64(16), np.uint64(48)
_S17, _S47 = np.uint64(17), np.uint64(47)
_S21, _S43 = np.uint64(21), np.uint64(43)
_S32 = np.uint64(32)
_S56 = np.uint64(56)
_ONE = np.uint64(1)


@jit
def round_once(v0: Any, v1: Any, v2: Any, v3: Any) -> Any:
    """Return the state after one SipRound."""
    v0 += v1
    v1 = ((v1 << _S13) | (v1 >> _S51)) ^ v0
    v0 = (v0 << _S32) | (v0 >> _S32)
    v2 += v3
    v3 = ((v3 << _S16) | (v3 >> _S48)) ^ v2
    v0 += v3
    v3 = ((v3 << _S21) | (v3 >> _S43)) ^ v0
    v2 += v1
    v1 = ((v1 << _S17) | (v1 >> _S47)) ^ v2
    v2 = (v2 << _S32) | (v2 >> _S32)
    return v0, v1, v2, v3


@jit
def hash_words(words: Any, n: Any, k0: Any, k1: Any) -> Any:
    """Return SipHash-1-3 of the first `n` bytes that the 64-bit `words` hold."""
    v0, v1, v2, v3 = _V0 ^ k0, _V1 ^ k1, _V2 ^ k0, _V3 ^ k1
    whole = n >> 3
    for i in range(whole):
        m = words[i]
        v3 ^= m
        v0, v1, v2, v3 = round_once(v0, v1, v2, v3)
        v0 ^= m
    rest = np.uint64(n & 7)
    m = (words[whole] & ((_ONE << (rest * _BYTE)) - _ONE)) | (np.uint64(n & 255) << _S56)
    v3 ^= m
    v0, v1, v2, v3 = round_once(v0, v1, v2, v3)
    v0 ^= m
    v2 ^= _FF
    for _ in range(3):
        v0, v1, v2, v3 = round_once(v0, v1, v2, v3)
    return v0 ^ v1 ^ v2 ^ v3
