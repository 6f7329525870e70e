"""Link two registers: decisions, exact keys, candidates, score, one-to-one answers.

This is the face of the package for the command line; the reconciler follows changes with
`services.taut.lanjut`.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import pyarrow as pa

from services.taut.blok import LaporanBlok
from services.taut.hasil import Hasil, Penulis
from services.taut.keputusan import Keputusan, count_unmet
from services.taut.model import Model, load_model
from services.taut.penilaian import Kerja
from services.taut.rekaman import BadanUsaha, Pekerja
from services.taut.siapkan import prepare_badan_usaha, prepare_pekerja
from services.taut.tahap import (
    apply_decisions,
    attach_branches,
    link_by_keys,
    link_by_score,
    score_candidates,
    teach,
)
from shared_schemas.rujukan import Himpunan


def tautkan(
    himpunan: Himpunan,
    a: pa.Table,
    b: pa.Table,
    keputusan: Keputusan | None = None,
    *,
    kolom_kunci: str = "kunci",
    perusahaan: dict[str, str] | None = None,
    model: Model | None = None,
) -> Hasil:
    """Return who in `a` is who in `b`, with the reasons, and a report of the run.

    Both tables hold columns of text, named as in the Lampiran, and one of unique keys; columns
    that are missing are empty. `keputusan` are a steward's decisions; `perusahaan` maps companies
    of `a` to those of `b` (workers only). The order of the rows does not matter, and with the
    sides exchanged, decisions and companies with them, the answers are the same, mirrored.

    Raises KeputusanTidakSahError where decisions name the records of the sides exchanged.
    """
    a, b = a.sort_by(kolom_kunci), b.sort_by(kolom_kunci)
    decisions = keputusan or {}
    keys_a, keys_b = (t.column(kolom_kunci).to_pylist() for t in (a, b))
    unmet = count_unmet(decisions, set(keys_a), set(keys_b)) if decisions else 0
    keys = keys_a + keys_b
    records: BadanUsaha | Pekerja
    if himpunan is Himpunan.BADAN_USAHA:
        records = prepare_badan_usaha(a, b, keys)
    else:
        records = prepare_pekerja(a, b, keys, perusahaan)
    work = Kerja(
        himpunan, records, model or load_model(himpunan), np.ones(len(keys), np.bool_)
    )  # fmt: skip
    blocks = run(work, decisions)
    found = Penulis(work.rekaman, work.model).write(work.baris, blocks)
    report = dataclasses.replace(found.laporan, keputusan_tak_bertemu=unmet)
    return dataclasses.replace(found, laporan=report)


def run(work: Kerja, decisions: Keputusan) -> list[LaporanBlok]:
    """Fill `work` with answers, stage by stage; returns what the blocks left out."""
    apply_decisions(work, decisions)
    link_by_keys(work)
    scored, blocks = score_candidates(work)
    if teach(work, scored):  # the links found tell which companies are one
        scored, blocks = score_candidates(work)
    work.dinilai, work.tersisa = scored, work.bebas.copy()
    link_by_score(work, scored)
    if isinstance(work.rekaman, BadanUsaha):
        attach_branches(work, work.rekaman)
    return blocks
