"""Who could call under which key, and when: events about registrations, in a service's evidence."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from services.audit.catalogue import Peristiwa
from services.audit.record import Auditor, Bukti, Pelaku
from services.auth.clients import Klien
from services.auth.jwk_publik import canonical
from services.kit.database import Transaction

_HISTORY = """
SELECT waktu, peristiwa, pelaku, rincian FROM audit_peristiwa
WHERE starts_with(peristiwa, 'klien_') AND (%s::text IS NULL OR rincian->>'klien' = %s) ORDER BY id
"""


def record_changes(
    tx: Transaction,
    auditor: Auditor,
    who: Pelaku,
    before: Mapping[str, Klien],
    after: Mapping[str, Klien],
) -> None:
    """Record each registration that is new, has other keys or is gone; keys as thumbprints."""
    for client_id in dict.fromkeys((*before, *after)):
        found = _event(client_id, before.get(client_id), after.get(client_id))
        if found is not None:
            auditor.record(tx, Bukti(found[0], who, {"klien": client_id, **found[1]}))


def history(tx: Transaction, klien: str | None = None) -> list[dict[str, Any]]:
    """Return the events about one client, or about all: `waktu`, `peristiwa`, `pelaku`, `rincian`.

    Those of its keys, holds and certificates, the first one first; not what it did itself.
    """
    rows: list[tuple[dt.datetime, str, str, dict[str, Any]]] = tx.raw(
        _HISTORY, [klien, klien]
    ).fetchall()
    return [dict(zip(("waktu", "peristiwa", "pelaku", "rincian"), r, strict=True)) for r in rows]


def _event(
    client_id: str, former: Klien | None, now: Klien | None
) -> tuple[Peristiwa, dict[str, Any]] | None:
    if former == now:
        return None
    had = _thumbprints(former)
    if now is None:
        return Peristiwa.KLIEN_DICABUT, {"dibuang": had}
    has = _thumbprints(now)
    keys = {
        "sidik_kunci": _prints(client_id, now.kunci),
        "sidik_kunci_pesan": _prints(client_id, now.kunci_pesan),
        "dibuang": [k for k in had if k not in has],
    }
    if former is not None and _rights(former) == _rights(now):
        keys["ditambah"] = [k for k in has if k not in had]
        return Peristiwa.KLIEN_KUNCI_DIUBAH, keys
    rights = {"pihak": now.pihak and now.pihak.value, "cakupan": list(now.cakupan)}
    return Peristiwa.KLIEN_DIDAFTARKAN, rights | keys


def _rights(klien: Klien) -> tuple[object, ...]:
    return klien.pihak, sorted(klien.cakupan)


def _thumbprints(klien: Klien | None) -> list[str]:
    return [] if klien is None else _prints(klien.client_id, (*klien.kunci, *klien.kunci_pesan))


def _prints(client_id: str, keys: tuple[dict[str, Any], ...]) -> list[str]:
    return [canonical(jwk, f"Kunci klien {client_id}")["kid"] for jwk in keys]
