"""Who could call under which key, and when: events about registrations, in a service's evidence."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from services.audit.catalogue import Peristiwa
from services.audit.record import Auditor, Bukti, Pelaku
from services.auth.clients import Klien
from services.auth.jwk_publik import canonical
from services.kit import kunci_basisdata
from services.kit.database import Transaction

_HISTORY = """
SELECT waktu, peristiwa, pelaku, rincian FROM audit_peristiwa
WHERE starts_with(peristiwa, 'klien_') AND (%s::text IS NULL OR rincian->>'klien' = %s) ORDER BY id
"""
_LAST = """
SELECT peristiwa, rincian FROM (
    SELECT DISTINCT ON (rincian->>'klien', peristiwa) id, peristiwa, rincian FROM audit_peristiwa
    WHERE starts_with(peristiwa, 'klien_') AND peristiwa = ANY(%s)
    ORDER BY rincian->>'klien', peristiwa, id DESC
) terakhir ORDER BY id
"""
_MENGUBAH = [
    Peristiwa.KLIEN_DIDAFTARKAN.value,
    Peristiwa.KLIEN_KUNCI_DIUBAH.value,
    Peristiwa.KLIEN_DICABUT.value,
]


@dataclass(frozen=True, slots=True)
class Keadaan:
    """What a registration lets its client do; keys by their thumbprints, as events name them."""

    pihak: str | None = None
    cakupan: tuple[str, ...] = ()
    kunci: tuple[str, ...] = ()
    kunci_pesan: tuple[str, ...] = ()

    @classmethod
    def of(cls, klien: Klien) -> Self:
        """Return what a registration says."""
        return cls(
            klien.pihak and klien.pihak.value,
            klien.cakupan,
            _prints(klien.client_id, klien.kunci),
            _prints(klien.client_id, klien.kunci_pesan),
        )

    @property
    def hak(self) -> tuple[object, ...]:
        """Whose it is and what it may ask for, whatever the order."""
        return self.pihak, frozenset(self.cakupan)

    @property
    def semua_kunci(self) -> tuple[str, ...]:
        """The keys of both kinds."""
        return (*self.kunci, *self.kunci_pesan)

    def is_as(self, other: Keadaan) -> bool:
        """Return whether both say the same, whatever the order of their lists."""
        return self.hak == other.hak and all(
            set(a) == set(b)
            for a, b in ((self.kunci, other.kunci), (self.kunci_pesan, other.kunci_pesan))
        )

    def beside(self, other: Keadaan) -> Keadaan:
        """Return what a client can do that this holds for in one place, and `other` elsewhere."""
        return Keadaan(
            self.pihak,
            tuple(dict.fromkeys((*self.cakupan, *other.cakupan))),
            tuple(dict.fromkeys((*self.kunci, *other.kunci))),
            tuple(dict.fromkeys((*self.kunci_pesan, *other.kunci_pesan))),
        )


def take_turn(tx: Transaction) -> None:
    """Let nobody else compare or record registrations until the transaction ends.

    Raises DatabaseConflictError after the `lock_timeout`.
    """
    tx.raw("SELECT pg_advisory_xact_lock(%s)", [kunci_basisdata.PENDAFTARAN])


def record_changes(
    tx: Transaction,
    auditor: Auditor,
    who: Pelaku,
    before: Mapping[str, Klien],
    after: Mapping[str, Klien],
) -> None:
    """Record each registration that is new, has other keys or is gone; keys as thumbprints."""
    take_turn(tx)
    _record(tx, auditor, who, _states(before), _states(after))


def record_used(
    tx: Transaction, auditor: Auditor, who: Pelaku, clients: Mapping[str, Klien], *, baru: bool
) -> int:
    """Record how registrations differ from what the events say last; return how many do.

    Those that a service begins to use (`baru`) are what counts from now on. Those that it goes on
    with are added to what counts where anybody recorded less: the file of another machine on the
    same database says nothing of what is in use here. Whoever asks has taken its turn.
    """
    known, used = last_recorded(tx), _states(clients)
    if not baru:
        both = {k: used[k].beside(known[k]) for k in used.keys() & known.keys()}
        used = known | used | both
    return _record(tx, auditor, who, known, used)


def last_recorded(tx: Transaction) -> dict[str, Keadaan]:
    """Return the registrations as the events say them last."""
    found: dict[str, Keadaan] = {}
    for peristiwa, rincian in tx.raw(_LAST, [_MENGUBAH]):
        client_id = rincian["klien"]
        if peristiwa == Peristiwa.KLIEN_DICABUT:
            found.pop(client_id, None)
            continue
        # An event of keys alone says no rights: those of the registration before it hold.
        former = found.get(client_id, Keadaan())
        found[client_id] = Keadaan(
            rincian.get("pihak", former.pihak),
            tuple(rincian.get("cakupan", former.cakupan)),
            tuple(rincian["sidik_kunci"]),
            tuple(rincian["sidik_kunci_pesan"]),
        )
    return found


def history(tx: Transaction, klien: str | None = None) -> list[dict[str, Any]]:
    """Return the events about one client, or about all: `waktu`, `peristiwa`, `pelaku`, `rincian`.

    Those of its keys, holds and certificates, the first one first; not what it did itself.
    """
    rows: list[tuple[dt.datetime, str, str, dict[str, Any]]] = tx.raw(
        _HISTORY, [klien, klien]
    ).fetchall()
    return [dict(zip(("waktu", "peristiwa", "pelaku", "rincian"), r, strict=True)) for r in rows]


def _record(
    tx: Transaction,
    auditor: Auditor,
    who: Pelaku,
    before: Mapping[str, Keadaan],
    after: Mapping[str, Keadaan],
) -> int:
    count = 0
    for client_id in dict.fromkeys((*before, *after)):
        found = _event(before.get(client_id), after.get(client_id))
        if found is not None:
            auditor.record(tx, Bukti(found[0], who, {"klien": client_id, **found[1]}))
            count += 1
    return count


def _event(former: Keadaan | None, now: Keadaan | None) -> tuple[Peristiwa, dict[str, Any]] | None:
    had = () if former is None else former.semua_kunci
    if now is None:
        return Peristiwa.KLIEN_DICABUT, {"dibuang": list(had)}
    if former is not None and former.is_as(now):
        return None
    has = now.semua_kunci
    keys = {
        "sidik_kunci": list(now.kunci),
        "sidik_kunci_pesan": list(now.kunci_pesan),
        "dibuang": [k for k in had if k not in has],
    }
    if former is not None and former.hak == now.hak:
        keys["ditambah"] = [k for k in has if k not in had]
        return Peristiwa.KLIEN_KUNCI_DIUBAH, keys
    rights = {"pihak": now.pihak, "cakupan": list(now.cakupan)}
    return Peristiwa.KLIEN_DIDAFTARKAN, rights | keys


def _states(clients: Mapping[str, Klien]) -> dict[str, Keadaan]:
    return {client_id: Keadaan.of(klien) for client_id, klien in clients.items()}


def _prints(client_id: str, keys: tuple[dict[str, Any], ...]) -> tuple[str, ...]:
    return tuple(canonical(jwk, f"Kunci klien {client_id}")["kid"] for jwk in keys)
