"""Hold the sender's half of the balance against the receiver's, and name what does not agree.

Both sign what they counted and give it to the other; both keep both statements whenever they say
something new.
"""

from __future__ import annotations

import datetime as dt
import heapq
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import groupby, islice
from operator import attrgetter
from typing import Any, NamedTuple
from uuid import UUID

from services.kit.database import transaction
from services.sync import neraca, pernyataan
from services.sync.errors import (
    AgreementOverError,
    ContractError,
    NoSuchAddressError,
    NotAuthorisedError,
)
from services.sync.konteks import Konteks
from services.sync.neraca import SeparuhPengirim, Tercatat
from services.sync.settings import NamaSisi
from services.sync.tanda import Tanda
from shared_schemas.perjanjian import hari
from shared_schemas.v1.kode import TRANSISI_USULAN, KeadaanUsulan
from shared_schemas.v1.neraca import ButirNeraca, NeracaHarian

_DISIMPAN = 1_000
"""Differing items kept with a statement; there is no need to keep more to know what happened."""

_HALAMAN = 20_000  # our items read at once: each page looks through the whole day
_SEKALI = 1_000


class JenisSelisih(StrEnum):
    """Why an item stands on one side and not, or not so, on the other."""

    HILANG_DI_PENERIMA = "hilang_di_penerima"
    TIDAK_DIKENAL_PENGIRIM = "tidak_dikenal_pengirim"
    ISI_BERBEDA = "isi_berbeda"
    KEADAAN_BERBEDA = "keadaan_berbeda"
    HARI_BERBEDA = "hari_berbeda"
    BELUM_DIJAWAB = "belum_dijawab"
    MENYUSUL = "menyusul"


TERJELASKAN = frozenset({JenisSelisih.BELUM_DIJAWAB, JenisSelisih.MENYUSUL})
"""Differences that the next round settles: a lost answer is asked for, a decision is read."""

SEGEL_BERTENTANGAN = (
    "segel buktinya bertentangan dengan yang ditandatanganinya dahulu: rantainya dibuat baru, atau"
    " databasenya dipulihkan dari cadangan. Tanyakan; lihat hub bukti segel-lawan."
)


class KeadaanNeraca(StrEnum):
    """What the balance of one day came to."""

    COCOK = "cocok"
    SELISIH = "selisih"
    TIDAK_BERWENANG = "tidak_berwenang"
    TIDAK_BERLAKU = "tidak_berlaku"
    TIDAK_DILAYANI = "tidak_dilayani"


class Selisih(NamedTuple):
    """One item on which the sides do not agree; no value of it, only its id."""

    id_usulan: UUID
    jenis: JenisSelisih


@dataclass
class HasilNeraca:
    """Both halves of a day, what each signed, and the items that differ.

    `dinyatakan` says whether the receiver took ours, `segel_bertentangan` whether the seal of its
    evidence contradicts one that it signed before. `sebab` is why the receiver was not asked; its
    half is then the one that it signed last, at `ditandatangani`, if it ever did.
    """

    pengirim: SeparuhPengirim
    keadaan: KeadaanNeraca = KeadaanNeraca.COCOK
    penerima: NeracaHarian | None = None
    tanda_pengirim: str = ""
    tanda_penerima: str = ""
    dinyatakan: bool = False
    segel_bertentangan: bool = False
    sebab: str | None = None
    ditandatangani: dt.datetime | None = None
    selisih: list[Selisih] = field(default_factory=list)

    @property
    def cocok(self) -> bool:
        """Whether both sides were asked and nothing is left unexplained."""
        return self.keadaan is KeadaanNeraca.COCOK and not self.segel_bertentangan

    @property
    def tak_terjelaskan(self) -> list[Selisih]:
        """The differences that no next round settles."""
        return [s for s in self.selisih if s.jenis not in TERJELASKAN]


def weigh(
    ctx: Konteks, sisi: NamaSisi, tanggal: dt.date, *, sesudah_berakhir: bool = False
) -> HasilNeraca:
    """Compare both halves of a day and keep what both signed.

    Raises BalanceSignatureError when the receiver's statement is not the receiver's, and
    AgreementOverError unless `sesudah_berakhir`: a round ends with the agreement.
    """
    with transaction(ctx.engine) as tx:
        hasil = HasilNeraca(neraca.own_half(tx, sisi, tanggal))
    hasil.tanda_pengirim = pernyataan.sign(ctx, hasil.pengirim)
    try:
        hasil.dinyatakan, answer = pernyataan.state(ctx, hasil.pengirim, hasil.tanda_pengirim)
    except NoSuchAddressError:
        hasil.keadaan = KeadaanNeraca.TIDAK_DILAYANI
        return hasil
    except (NotAuthorisedError, AgreementOverError) as error:
        hasil.sebab = f"{error.detail} ({error.pasal})" if error.pasal else error.detail
        hasil.keadaan = KeadaanNeraca.TIDAK_BERWENANG
        if isinstance(error, AgreementOverError):
            if not sesudah_berakhir:
                raise
            hasil.keadaan = KeadaanNeraca.TIDAK_BERLAKU
            hasil.sebab = error.detail.removesuffix(f" {error.saran}")
        return hasil
    hasil.penerima, hasil.tanda_penerima = answer.neraca, answer.tertanda
    signed = pernyataan.verified(ctx, sisi, answer)
    hasil.segel_bertentangan = pernyataan.keep_seal(ctx, sisi, answer.tertanda, signed)
    if not agree(hasil.pengirim, answer.neraca):
        hasil.selisih = _differences(ctx, sisi, tanggal)
        if any(s.jenis not in TERJELASKAN for s in hasil.selisih):
            hasil.keadaan = KeadaanNeraca.SELISIH
    _keep(ctx, hasil, signed)
    return hasil


def agree(pengirim: SeparuhPengirim, penerima: NeracaHarian) -> bool:
    """Say whether both halves stand for the same items in the same states."""
    return (pengirim.jumlah, pengirim.akar, pengirim.akar_keadaan) == (
        penerima.jumlah, penerima.akar, penerima.akar_keadaan,
    )  # fmt: skip


def _differences(ctx: Konteks, sisi: NamaSisi, tanggal: dt.date) -> list[Selisih]:
    """Name what differs; of a day of millions of items only some thousands are held at a time."""
    both = _abreast(_ours(ctx, sisi, tanggal), _theirs(ctx, sisi, tanggal))
    found: list[Selisih] = []
    while some := list(islice(both, _SEKALI)):
        found.extend(_unlike(ctx, sisi, tanggal, some))
    return found


class _Butir(NamedTuple):
    """An item with what the sender and the receiver have of it on a day."""

    id: UUID
    pengirim: Tercatat | None
    penerima: ButirNeraca | None


def _abreast(ours: Iterator[_Butir], theirs: Iterator[_Butir]) -> Iterator[_Butir]:
    """Yield each item once with both sides of it; both come in the order of their ids."""
    merged = heapq.merge(ours, theirs, key=attrgetter("id"))
    for id_usulan, sides in groupby(merged, key=attrgetter("id")):
        found = _Butir(id_usulan, None, None)
        for side in sides:
            pengirim, penerima = found.pengirim or side.pengirim, found.penerima or side.penerima
            found = _Butir(id_usulan, pengirim, penerima)
        yield found


def _ours(ctx: Konteks, sisi: NamaSisi, tanggal: dt.date) -> Iterator[_Butir]:
    # A transaction a page: none stays open while the receiver is waited for.
    after = UUID(int=0)
    while True:
        with transaction(ctx.engine) as tx:
            page = neraca.received_items(tx, sisi, tanggal, after, _HALAMAN)
        yield from (_Butir(i, tercatat, None) for i, tercatat in page)
        if len(page) < _HALAMAN:
            return
        after = page[-1][0]


def _theirs(ctx: Konteks, sisi: NamaSisi, tanggal: dt.date) -> Iterator[_Butir]:
    """Yield the receiver's items. Raises ContractError where they do not come in their order."""
    kursor, last = None, None
    while True:
        ctx.check()
        page = ctx.klien[sisi].list_butir(tanggal, kursor)
        for butir in page.data:
            if last is not None and butir.id_usulan <= last:
                raise ContractError(f"{sisi.upper()}: butir neraca tidak urut menurut id.")
            last = butir.id_usulan
            yield _Butir(last, None, butir)
        kursor = page.kursor
        if kursor is None:
            return


def _unlike(
    ctx: Konteks, sisi: NamaSisi, tanggal: dt.date, some: Sequence[_Butir]
) -> Iterator[Selisih]:
    with transaction(ctx.engine) as tx:
        others = neraca.items_by_id(tx, sisi, [b.id for b in some if b.pengirim is None])
    for id_usulan, pengirim, penerima in some:
        if penerima is None:
            kind: JenisSelisih | None = JenisSelisih.HILANG_DI_PENERIMA
        elif pengirim is None:
            kind = _elsewhere(others.get(id_usulan), penerima, tanggal)
        else:
            kind = _unequal(pengirim, penerima)
        if kind is not None:
            yield Selisih(id_usulan, kind)


def _elsewhere(known: Tercatat | None, butir: ButirNeraca, tanggal: dt.date) -> JenisSelisih | None:
    """Say of an item that the receiver alone has on this day why that is so."""
    if known is None:
        return JenisSelisih.TIDAK_DIKENAL_PENGIRIM
    if known.sidik != butir.sidik:
        return JenisSelisih.ISI_BERBEDA
    if known.diterima_pada is None:
        return JenisSelisih.BELUM_DIJAWAB
    # Answered while we looked: no difference.
    return None if hari(known.diterima_pada) == tanggal else JenisSelisih.HARI_BERBEDA


def _unequal(known: Tercatat, butir: ButirNeraca) -> JenisSelisih | None:
    if known.sidik != butir.sidik:
        return JenisSelisih.ISI_BERBEDA
    if known.keadaan == butir.keadaan.value:
        return None
    later = butir.keadaan in TRANSISI_USULAN.get(KeadaanUsulan(known.keadaan), ())
    return JenisSelisih.MENYUSUL if later else JenisSelisih.KEADAAN_BERBEDA


_TERAKHIR = """
SELECT isi FROM neraca WHERE tujuan = %s AND tanggal = %s ORDER BY id DESC LIMIT 1
"""
_SIMPAN = """
INSERT INTO neraca (tujuan, tanggal, cocok, isi, tanda_pengirim, tanda_penerima, kunci_penerima,
    pada) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
"""


def _keep(ctx: Konteks, hasil: HasilNeraca, signed: Tanda) -> None:
    """Append both statements with the receiver's key, unless the last ones said the same."""
    p, isi = hasil.pengirim, _content(hasil)
    with transaction(ctx.engine) as tx:
        last = tx.raw(_TERAKHIR, (p.tujuan.value, p.tanggal)).fetchone()
        if last is not None and last[0] == isi:
            return
        tx.raw(
            _SIMPAN,
            (
                p.tujuan.value, p.tanggal, hasil.cocok, json.dumps(isi), hasil.tanda_pengirim,
                hasil.tanda_penerima, json.dumps(signed.kunci), ctx.now(),
            ),
        )  # fmt: skip


def _content(hasil: HasilNeraca) -> dict[str, Any]:
    assert hasil.penerima is not None  # noqa: S101 - kept only after an answer
    penerima = hasil.penerima.model_dump(mode="json", exclude={"dihitung_pada"})
    named = [[str(s.id_usulan), s.jenis.value] for s in hasil.selisih[:_DISIMPAN]]
    return {"pengirim": hasil.pengirim.as_claims(), "penerima": penerima, "selisih": named}
