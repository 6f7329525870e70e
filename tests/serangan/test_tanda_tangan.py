"""Signed messages changed on their way: one bit anywhere, another order, another content."""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import re
from collections.abc import Callable

import httpx
import pytest

from services.auth import pesan
from services.auth.errors import ClockSkewError, DigestMismatchError, SignatureInvalidError
from services.auth.pesan import Permintaan
from services.kit.errors import HubError
from tests.auth.test_pesan import SAAT, public, signed

ISI = b'{"nik":["3273011508950001"]}'
TERTUTUP = ("perjanjian", "idempotency-key", "content-digest", "signature-input", "signature")
_ASCII = range(0x21, 0x7F)


def flips(text: str) -> list[str]:
    """Return a text with one bit changed at each place, every bit in turn."""
    found = []
    for at, letter in enumerate(text):
        other = chr(ord(letter) ^ (1 << at % 7))
        if ord(other) in _ASCII or other == " ":  # the rest no server hands on
            found.append(text[:at] + other + text[at + 1 :])
    return found


def means_the_same(name: str, before: str, after: str) -> bool:
    """Say whether a field is only spelled otherwise: names' case, unused bits of Base64."""
    if name == "signature":
        said = [re.fullmatch(r"hub=:([A-Za-z0-9+/=]+):", t) for t in (before, after)]
        return all(said) and len({base64.b64decode(m[1]) for m in said if m}) == 1
    return before == after


@pytest.mark.parametrize("nama", TERTUTUP)
def test_one_bit_of_a_covered_field_breaks_the_signature(nama: str) -> None:
    message, key = signed(ISI)
    keys, whole = public(key), message.headers[nama]
    accepted = []
    for value in flips(whole):
        headers = httpx.Headers(message.headers)
        headers[nama] = value
        try:
            pesan.verify_request(
                dataclasses.replace(message, headers=headers), ISI, keys, lambda: SAAT
            )
        except HubError:
            continue
        accepted.append(value)
    assert [a for a in accepted if not means_the_same(nama, whole, a)] == []


@pytest.mark.parametrize("bagian", ["metode", "alamat", "isi"])
def test_one_bit_of_method_target_or_content_breaks_the_signature(bagian: str) -> None:
    message, key = signed(ISI)
    changed: list[tuple[Permintaan, bytes]] = []
    if bagian == "metode":
        changed = [(dataclasses.replace(message, method=m), ISI) for m in flips("POST")]
    elif bagian == "alamat":
        changed = [(dataclasses.replace(message, url=u), ISI) for u in flips(message.url)]
    else:
        for at in range(len(ISI) * 8):
            bits = int.from_bytes(ISI) ^ 1 << at
            changed.append((message, bits.to_bytes(len(ISI))))
    for other, body in changed:
        with pytest.raises((SignatureInvalidError, DigestMismatchError)):
            pesan.verify_request(other, body, public(key), lambda: SAAT)


def field(name: str, change: Callable[[str], str]) -> Callable[[httpx.Headers], None]:
    def apply(headers: httpx.Headers) -> None:
        headers[name] = change(headers[name])

    return apply


def added(name: str, value: str) -> Callable[[httpx.Headers], None]:
    def apply(headers: httpx.Headers) -> None:
        headers[name] = value

    return apply


def dropped(name: str) -> Callable[[httpx.Headers], None]:
    def apply(headers: httpx.Headers) -> None:
        del headers[name]

    return apply


SUSUNAN: dict[str, Callable[[httpx.Headers], None]] = {
    "komponen-bertukar-urutan": field(
        "signature-input", lambda t: t.replace('"@method" "@target-uri"', '"@target-uri" "@method"')
    ),
    "komponen-dibuang": field("signature-input", lambda t: t.replace('"@method" ', "")),
    "digest-tidak-ditutup": field("signature-input", lambda t: t.replace(' "content-digest"', "")),
    "tag-lain": field("signature-input", lambda t: t.replace("hub-permintaan", "hub-jawaban")),
    "alg-lain": field("signature-input", lambda t: f'{t};alg="hmac-sha256"'),
    "expires-diperpanjang": field(
        "signature-input", lambda t: re.sub(r"expires=\d+", "expires=9999999999", t)
    ),
    "label-kedua-dengan-tag-yang-sama": lambda h: h.update(
        {
            "signature-input": f"{h['signature-input']}, dua{h['signature-input'][3:]}",
            "signature": f"{h['signature']}, dua{h['signature'][3:]}",
        }
    ),
    "tujuan-ditambahkan": added("tujuan", "wajib_lapor"),
    "perjanjian-dua-kali": field("perjanjian", lambda t: f"{t}, LAIN/2020"),
    "digest-isi-lain": added("content-digest", f"sha-256=:{base64.b64encode(bytes(32)).decode()}:"),
    "digest-dibuang": dropped("content-digest"),
    "tanda-dibuang": dropped("signature"),
    "tanda-kosong": added("signature", "hub=::"),
    "parameter-bukan-bentuk": added("signature-input", "hub=(((("),
}


@pytest.mark.parametrize("nama", SUSUNAN)
def test_rearranged_message_is_refused(nama: str) -> None:
    message, key = signed(ISI)
    headers = httpx.Headers(message.headers)
    SUSUNAN[nama](headers)
    with pytest.raises(SignatureInvalidError):
        pesan.verify_request(
            dataclasses.replace(message, headers=headers), ISI, public(key), lambda: SAAT
        )


def test_order_of_the_fields_themselves_says_nothing() -> None:
    """What a proxy may do (RFC 9421 section 2.1) must not break a message."""
    message, key = signed(ISI)
    turned = httpx.Headers([*reversed(message.headers.multi_items()), ("via", "1.1 proksi")])
    again = dataclasses.replace(message, headers=turned)
    assert pesan.verify_request(again, ISI, public(key), lambda: SAAT).keyid == key.kid


@pytest.mark.parametrize("jeda", [dt.timedelta(minutes=2), dt.timedelta(days=400)])
def test_old_message_is_refused(jeda: dt.timedelta) -> None:
    message, key = signed(ISI)
    with pytest.raises(ClockSkewError):
        pesan.verify_request(message, ISI, public(key), lambda: SAAT + jeda)
