"""The whole agreement and what is asked of it. Every question takes a moment with a zone."""

from __future__ import annotations

import datetime as dt
from functools import cached_property
from typing import Literal, Self

from pydantic import Field, model_validator

from shared_schemas.perjanjian.hari import hari, shift_months
from shared_schemas.perjanjian.jangkauan import check_reach
from shared_schemas.perjanjian.keadaan import Izin, Keadaan, Larangan
from shared_schemas.perjanjian.skema_bidang import FIELD_SETS, check_schema
from shared_schemas.perjanjian.unsur import (
    TUJUAN_DASAR,
    Adendum,
    Data,
    DataPihak,
    Hak,
    JangkaWaktu,
    Kahar,
    Ketepatan,
    Monitoring,
    Pengakhiran,
    Perpanjangan,
    timeliness,
)
from shared_schemas.rujukan import Himpunan, Pihak, Wewenang
from shared_schemas.v1.bidang import Bidang

BULAN_PERINGATAN = 6  # months before the end from which the agreement is said to be ending


class Perjanjian(Data):
    """The agreement as far as it is known. Made by `load`."""

    skema: Literal[1]
    nomor: str
    judul: str
    pihak: dict[Pihak, DataPihak]
    jangka_waktu: JangkaWaktu
    perpanjangan: tuple[Perpanjangan, ...] = ()
    pengakhiran: Pengakhiran | None = None
    sakelar: dict[str, bool] = Field(default_factory=dict)
    hak: tuple[Hak, ...]
    adendum: tuple[Adendum, ...] = ()
    kahar: tuple[Kahar, ...] = ()
    monitoring: tuple[Monitoring, ...] = ()

    @model_validator(mode="after")
    def _rights_are_coherent(self) -> Self:
        if set(self.pihak) != set(Pihak):
            raise ValueError("pihak: sebutkan pihak_kesatu dan pihak_kedua")
        known = {b.rujukan.nomor for m in FIELD_SETS.values() for b in m.daftar_bidang()}
        for hak in self.hak:
            if hak.penerima is hak.pemberi:
                raise ValueError(f"hak {hak.cakupan}: penerima dan pemberi harus berbeda")
            if hak.sakelar is not None and hak.sakelar not in self.sakelar:
                raise ValueError(f"hak {hak.cakupan}: sakelar {hak.sakelar} tidak ada")
            if unknown := set(hak.tujuan) - set(TUJUAN_DASAR):
                raise ValueError(f"hak {hak.cakupan}: tujuan {sorted(unknown)} perlu adendum")
            if unknown := set(hak.bidang) - known:
                raise ValueError(f"hak {hak.cakupan}: nomor Lampiran {sorted(unknown)}")
            check_reach(hak)
        obligations = {(h.pemberi, h.kewajiban) for h in self.hak}
        for kahar in self.kahar:
            for kewajiban in kahar.kewajiban:
                if (kahar.pihak, kewajiban) not in obligations:
                    own = "; ".join(sorted(k for p, k in obligations if p is kahar.pihak))
                    raise ValueError(
                        f"kahar: {kewajiban} bukan kewajiban {kahar.pihak}, yang ada: {own}"
                    )
        return self

    @model_validator(mode="after")
    def _addenda_are_coherent(self) -> Self:
        bidang = [b for model in FIELD_SETS.values() for b in model.daftar_bidang()]
        numbers = {b.rujukan.nomor for b in bidang if not b.tambahan}
        extra = {b.nama for b in bidang if b.tambahan}
        rights = {(h.penerima, h.cakupan) for h in self.hak}
        for adendum in self.adendum:
            if unknown := set(adendum.wewenang) - numbers:
                raise ValueError(f"adendum {adendum.nomor}: nomor Lampiran {sorted(unknown)}")
            if unknown := set(adendum.sakelar) - set(self.sakelar):
                raise ValueError(f"adendum {adendum.nomor}: sakelar {sorted(unknown)} tidak ada")
            if unknown := set(adendum.bidang_dicabut) - extra:
                raise ValueError(f"adendum {adendum.nomor}: {sorted(unknown)} bukan bidang D")
            if both := set(adendum.bidang_dicabut) & set(adendum.bidang_tambahan):
                raise ValueError(
                    f"adendum {adendum.nomor}: {sorted(both)} ditambahkan dan dicabut sekaligus"
                )
            if unknown := set(adendum.bidang_tambahan) - extra:
                raise ValueError(
                    f"adendum {adendum.nomor}: bidang D {sorted(unknown)} tanpa skema; tambahkan"
                    " dahulu ke shared_schemas/v1 dengan migrasinya, lalu catat adendum"
                )
            for tujuan in adendum.tujuan_tambahan:
                if (tujuan.penerima, tujuan.cakupan) not in rights:
                    raise ValueError(f"adendum {adendum.nomor}: tujuan {tujuan.tujuan} tanpa hak")
            check_schema(adendum)
        return self

    def ends(self) -> tuple[tuple[Perpanjangan, Ketepatan], ...]:
        """Return the extensions in their order, each with how timely it was agreed."""
        return tuple((p, ketepatan) for p, ketepatan, _ in self._ends())

    def _ends(self) -> list[tuple[Perpanjangan, Ketepatan, dt.date]]:
        end, found = self.jangka_waktu.berakhir, []
        for p in sorted(self.perpanjangan, key=lambda p: p.berakhir):
            # An extension after the end would revive a dead agreement: Pasal 8(3) forbids it.
            ketepatan = timeliness(p.disepakati, end)
            if ketepatan is not Ketepatan.TANPA_AKIBAT:
                end = max(end, p.berakhir)
            found.append((p, ketepatan, end))
        return found

    @cached_property
    def _akhir(self) -> tuple[dt.date, dt.date]:
        """The last day and the first on which the agreement is said to be ending."""
        found = self._ends()
        end = found[-1][2] if found else self.jangka_waktu.berakhir
        if self.pengakhiran is not None:
            end = min(end, self.pengakhiran.hari_terakhir)
        return end, shift_months(end, -BULAN_PERINGATAN)

    def last_day(self) -> dt.date:
        """Return the last day on which data may be exchanged."""
        return self._akhir[0]

    def keadaan(self, at: dt.datetime) -> Keadaan:
        """Return where the agreement stands at a moment."""
        day, (end, ending) = hari(at), self._akhir
        if day < self.jangka_waktu.mulai:
            return Keadaan.BELUM_BERLAKU
        if day <= end:
            return Keadaan.AKAN_BERAKHIR if day >= ending else Keadaan.AKTIF
        ended = self.pengakhiran is not None and day > self.pengakhiran.hari_terakhir
        return Keadaan.DIAKHIRI if ended else Keadaan.BERAKHIR

    def keadaan_hak(self, hak: Hak, at: dt.datetime) -> Keadaan:
        """Return where one direction stands: as the agreement, or held by force majeure."""
        keadaan = self.keadaan(at)
        held = keadaan.berlaku and self._held(hak, hari(at))
        return Keadaan.DITANGGUHKAN if held else keadaan

    def scopes(self, penerima: Pihak, pemberi: Pihak, at: dt.datetime) -> frozenset[str]:
        """Return the token scopes (`perjanjian:…`) that the articles give one party then."""
        return frozenset(
            f"perjanjian:{h.cakupan}"
            for h in self.hak
            if h.penerima is penerima and h.pemberi is pemberi and self._switched_on(h, at)
        )

    def decide(
        self,
        penerima: Pihak,
        pemberi: Pihak,
        cakupan: str,
        at: dt.datetime,
        tujuan: str | None = None,
    ) -> Izin | Larangan:
        """Decide one exchange at one moment, and its purpose when one is given.

        `cakupan` stands without the prefix `perjanjian:`.
        """
        keadaan = self.keadaan(at)
        if not keadaan.berlaku:
            kata = f"telah berakhir: hari terakhirnya {self.last_day()}"
            if keadaan is Keadaan.BELUM_BERLAKU:
                kata = f"baru berlaku mulai {self.jangka_waktu.mulai}"
            pasal = "Pasal 8 ayat (2)" if keadaan is Keadaan.DIAKHIRI else "Pasal 8 ayat (1)"
            return Larangan("tidak_berlaku", pasal, f"Perjanjian {self.nomor} {kata}.")
        for hak in self.hak:
            if (hak.penerima, hak.pemberi, hak.cakupan) == (penerima, pemberi, cakupan):
                return self._decide_right(hak, at, tujuan)
        return Larangan("tanpa_hak", "Pasal 5", "Perjanjian tidak memberi hak atas pertukaran ini.")

    def _decide_right(self, hak: Hak, at: dt.datetime, tujuan: str | None) -> Izin | Larangan:
        if not self._switched_on(hak, at):
            return Larangan("sakelar", hak.pasal, f"Sakelar {hak.sakelar} dalam perjanjian mati.")
        if self._held(hak, hari(at)):
            return Larangan(
                "kahar",
                "Pasal 10 ayat (1)",
                f"{hak.kewajiban} ditunda: keadaan kahar.",
                sementara=True,
            )
        allowed = self.tujuan(hak, at)
        if tujuan is not None and tujuan not in allowed:
            return Larangan(
                "tujuan", "Pasal 6 ayat (2)", f"Tujuan untuk hak ini: {', '.join(allowed)}."
            )
        return Izin(hak.pasal, allowed)

    def _held(self, hak: Hak, day: dt.date) -> bool:
        return any(
            k.pihak is hak.pemberi and hak.kewajiban in k.kewajiban and k.is_effective(day)
            for k in self.kahar
        )

    def _switched_on(self, hak: Hak, at: dt.datetime) -> bool:
        if hak.sakelar is None:
            return True
        on = self.sakelar[hak.sakelar]
        for adendum in self._in_force(at):
            on = adendum.sakelar.get(hak.sakelar, on)
        return on

    def _in_force(self, at: dt.datetime) -> list[Adendum]:
        """Return the addenda in force, in the order in which each replaces what was before."""
        day = hari(at)
        return [a for a in self._menurut_hari if a.berlaku <= day]

    @cached_property
    def _menurut_hari(self) -> list[Adendum]:
        return sorted(self.adendum, key=lambda a: a.berlaku)

    def tujuan(self, hak: Hak, at: dt.datetime) -> tuple[str, ...]:
        """Return what a right may be used for at a moment: Pasal 2 ayat (1) and addenda."""
        more = (
            t.tujuan
            for a in self._in_force(at)
            for t in a.tujuan_tambahan
            if (t.penerima, t.cakupan) == (hak.penerima, hak.cakupan)
        )
        return tuple(dict.fromkeys((*hak.tujuan, *more)))

    def wewenang(self, bidang: Bidang, at: dt.datetime) -> Wewenang | None:
        """Return whose value of a field wins on that day; None where no addendum says so."""
        found = None
        for adendum in self._in_force(at):
            found = adendum.wewenang.get(bidang.rujukan.nomor, found)
        return found

    def bidang_tambahan(self, at: dt.datetime) -> frozenset[str]:
        """Return the D fields that an addendum in force gives and none has taken back since."""
        found: set[str] = set()
        for adendum in self._in_force(at):
            found = found - set(adendum.bidang_dicabut) | set(adendum.bidang_tambahan)
        return frozenset(found)

    def bidang(self, himpunan: Himpunan, at: dt.datetime) -> tuple[Bidang, ...]:
        """Return the fields of a field set that may be exchanged at that moment."""
        extra = self.bidang_tambahan(at)
        daftar = FIELD_SETS[himpunan].daftar_bidang()
        return tuple(b for b in daftar if not b.tambahan or b.nama in extra)

    def registri(self, pihak: Pihak) -> str:
        """Return the name of a party's registry (`wlkp` or `bpjs`)."""
        return self.pihak[pihak].registri
