"""The end of a case is the end of the proposals behind it: their sender learns of it from them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

from services.kit.database import Transaction
from services.registry.penilaian import Putusan
from shared_schemas.rujukan import Himpunan

_AKHIRI = """
UPDATE usulan u
SET keadaan = %s, kode = %s, alasan = %s, diputuskan_pada = %s, sidik_putusan = NULL
"""
_MENUNGGU = "u.keadaan = 'diterima' AND u.jenis = 'penambahan' AND u.himpunan = %s"
_MENURUT_ASAL = f"{_AKHIRI} WHERE {_MENUNGGU} AND u.isi->>'id_asal' = ANY(%s)"
# A proposal that names no record of its sender has a case of its own, which names the proposal.
_SENDIRI = f"""
{_AKHIRI} FROM {{antrean}} k
WHERE {_MENUNGGU} AND k.id = ANY(%s) AND k.id_asal IS NULL
  AND u.pelaku = k.pengirim AND u.id_usulan = k.id_usulan
"""

Kunci = tuple[UUID, str | None]
"""A case: its id, and what the other side knows its matter by."""


def settle(
    tx: Transaction,
    antrean: str,
    himpunan: Himpunan,
    kasus: Sequence[Kunci],
    putusan: Putusan,
    alasan: str | None,
    waktu: dt.datetime,
) -> int:
    """Give the proposals behind cases of the table `antrean` their end; return how many they were.

    The caller holds the cases, so that none is added meanwhile.
    """
    said = (putusan.keadaan.value, putusan.alasan.value, alasan or putusan.kalimat, waktu)
    known = [id_asal for _, id_asal in kasus if id_asal is not None]
    own = [id_ for id_, id_asal in kasus if id_asal is None]
    settled = 0
    if known:
        settled += tx.raw(_MENURUT_ASAL, (*said, himpunan.value, known)).rowcount
    if own:
        query = _SENDIRI.format(antrean=antrean)
        settled += tx.raw(query, (*said, himpunan.value, own)).rowcount
    return settled
