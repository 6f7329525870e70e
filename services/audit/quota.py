"""How many persons a client may ask for or be given in a Jakarta day, counted with the ledger.

The limit is of one purpose (Pasal 2 ayat (1)): what is left for another is no reason to go on with
this one. One row for each client, right and day holds what each purpose took. A single statement
adds to it and refuses in the transaction of the read, so that concurrent requests cannot pass the
limit together and a read that fails costs nothing. The same row knows how many NIK asked for were
nobody's, whatever the purpose: a client most of whose questions hit nothing is trying numbers out,
and another purpose must not let it begin anew, nor another right: what the client's other rights
came to is added. A right is judged by itself, too, or a feed of the known under one would hide
guessing under another. Other rights count as the statement finds them: what is under way under
them at that moment is not yet in.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from services.audit.errors import EnumerationError, QuotaError
from services.kit.clock import Clock
from services.kit.database import Statements, Transaction
from shared_schemas.perjanjian import WIB

KEBIJAKAN = "orang-per-hari"
_HARI = 86_400

# `dikenal` becomes the SQL that says how many of those asked for are known. A right without a row
# is judged by the other ones when its row is made, any other once its row is locked.
_TAKE = """
WITH lain AS (
    SELECT coalesce(sum(tak_dikenal) FILTER (WHERE perihal <> %(kuota_perihal)s::text), 0)
        AS takada,
        coalesce(sum(terpakai) FILTER (WHERE perihal <> %(kuota_perihal)s::text), 0) AS semua,
        coalesce(bool_or(perihal = %(kuota_perihal)s::text), false) AS ada
    FROM kuota WHERE pelaku = %(kuota_pelaku)s::text AND hari = %(kuota_hari)s::date)
INSERT INTO kuota AS k (pelaku, perihal, hari, terpakai, tak_dikenal, menurut_tujuan)
SELECT %(kuota_pelaku)s::text, %(kuota_perihal)s::text, %(kuota_hari)s::date, %(kuota_n)s::bigint,
    %(kuota_n)s::bigint - {dikenal},
    jsonb_build_object(%(kuota_tujuan)s::text, %(kuota_n)s::bigint)
FROM lain
WHERE %(kuota_n)s::bigint <= %(kuota_batas)s::bigint AND (ada OR
    takada <= greatest(%(kuota_ambang)s::bigint, semua * %(kuota_bagian)s::float8))
ON CONFLICT (pelaku, perihal, hari) DO UPDATE SET terpakai = k.terpakai + excluded.terpakai,
    tak_dikenal = k.tak_dikenal + excluded.tak_dikenal,
    menurut_tujuan = k.menurut_tujuan
        || jsonb_build_object(%(kuota_tujuan)s::text, {terpakai} + excluded.terpakai)
WHERE {terpakai} + excluded.terpakai <= %(kuota_batas)s::bigint
    AND k.tak_dikenal <= greatest(%(kuota_ambang)s::bigint, k.terpakai * %(kuota_bagian)s::float8)
    AND (SELECT k.tak_dikenal + takada <= greatest(%(kuota_ambang)s::bigint,
        (k.terpakai + semua) * %(kuota_bagian)s::float8) FROM lain)
RETURNING (menurut_tujuan ->> %(kuota_tujuan)s::text)::bigint AS terpakai
"""
_TERPAKAI = "coalesce((k.menurut_tujuan ->> %(kuota_tujuan)s::text)::bigint, 0)"


@dataclass(frozen=True, slots=True)
class Batas:
    """The limits of one service: persons a day, and from when unknown NIK look like guessing."""

    bawaan: int
    khusus: Mapping[str, int]
    tak_dikenal: int
    tak_dikenal_bagian: float

    def of(self, pelaku: str, perihal: str, tujuan: str) -> int:
        """Return the limit of a client for a right and purpose; the narrowest named counts."""
        named = (
            f"{siapa}{untuk}"
            for siapa in (f"{pelaku}/{perihal}", pelaku, perihal, "")
            for untuk in (f"@{tujuan}", "")
        )
        return next((self.khusus[n] for n in named if n in self.khusus), self.bawaan)


@dataclass(slots=True)
class Jatah:
    """What one request may take; it travels with who asks and knows what is left afterwards."""

    pelaku: str
    perihal: str
    tujuan: str
    batas: Batas
    clock: Clock
    sisa: int | None = field(default=None, init=False)

    @staticmethod
    def statement(dikenal: str) -> str:
        """Return the SQL that takes, with `dikenal` as the number of persons that are known."""
        return _TAKE.format(dikenal=dikenal, terpakai=_TERPAKAI)

    def parameters(self, n: int) -> dict[str, Any]:
        """Return the parameters of `statement` for `n` persons."""
        return {
            "kuota_pelaku": self.pelaku,
            "kuota_perihal": self.perihal,
            "kuota_tujuan": self.tujuan,
            "kuota_hari": self._now().date(),
            "kuota_n": n,
            "kuota_batas": self._limit,
            "kuota_ambang": self.batas.tak_dikenal,
            "kuota_bagian": self.batas.tak_dikenal_bagian,
        }

    def take(self, tx: Transaction, n: int, dikenal: int | None = None) -> None:
        """Take `n` persons that were given, or asked for when only `dikenal` of them are known.

        Raises QuotaError or EnumerationError: the caller must give nothing.
        """
        query = self.statement("%(kuota_dikenal)s::bigint")
        known = {"kuota_dikenal": n if dikenal is None else dikenal}
        self.taken(tx, n, tx.raw(query, self.parameters(n) | known).fetchone())

    def taken(self, tx: Statements, n: int, row: tuple[Any, ...] | None) -> None:
        """Note what is left after `statement`, whose row this is.

        Raises QuotaError or EnumerationError when there is none: nothing was taken.
        """
        if row is not None:
            self.sisa = self._limit - int(row[0])
            return
        found = tx.raw(
            "SELECT menurut_tujuan ->> %s FROM kuota WHERE (pelaku, perihal, hari) = (%s, %s, %s)",
            (self.tujuan, self.pelaku, self.perihal, self._now().date()),
        ).fetchone()
        used = int(found[0] or 0) if found else 0
        self.sisa = max(self._limit - used, 0)
        error = QuotaError if used + n > self._limit else EnumerationError
        raise error(headers={"Retry-After": str(self._seconds_left)})

    def mark(self, tx: Statements) -> bool:
        """Note that this client is suspected of guessing; say whether that is new today.

        On all of its rights: the one it is refused under may have no row yet.
        """
        day = (self.pelaku, self._now().date())
        done = tx.raw(
            "UPDATE kuota SET diduga = true WHERE (pelaku, hari) = (%s, %s) AND NOT diduga"
            " AND NOT EXISTS (SELECT 1 FROM kuota WHERE (pelaku, hari) = (%s, %s) AND diduga)",
            (*day, *day),
        )
        return done.rowcount > 0

    def headers(self) -> dict[str, str]:
        """Return what the answer tells of the quota (draft-ietf-httpapi-ratelimit-headers).

        Each purpose is a policy of its own: a caller that keeps count by name keeps it right.
        """
        if self.sisa is None:
            return {}
        kebijakan = f'"{KEBIJAKAN}:{self.tujuan}"'
        return {
            "RateLimit-Policy": f"{kebijakan};q={self._limit};w={_HARI}",
            "RateLimit": f"{kebijakan};r={self.sisa};t={self._seconds_left}",
        }

    @property
    def _limit(self) -> int:
        return self.batas.of(self.pelaku, self.perihal, self.tujuan)

    @property
    def _seconds_left(self) -> int:
        now = self._now()
        tomorrow = dt.datetime.combine(now.date() + dt.timedelta(days=1), dt.time(), WIB)
        return max(int((tomorrow - now).total_seconds()), 1)

    def _now(self) -> dt.datetime:
        return self.clock().astimezone(WIB)
