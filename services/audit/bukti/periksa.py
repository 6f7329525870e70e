"""Check an archive offline, with public keys alone, and name each record that is not as sealed.

Each link bears a signature of its own, so every record is judged by itself, whatever was done to
those around it; the seals then say which records there must be, and the signed head how many.
Whole seals that fit are believed without looking at their links one by one: the check of a sound
archive costs a digest a record, that of a damaged one a signature for the damaged seals.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any, Protocol

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from services.audit.bukti import cap, rantai
from services.audit.bukti.arsip import Arsip, Baris, SegelArsip
from services.audit.bukti.catatan import canonical, digest_of_text
from services.audit.bukti.rantai import AWAL, Mata, Segel
from services.audit.bukti.temuan import HasilPeriksa, Perkara, Temuan
from services.audit.bukti.urutan import longest_rise


class Pemeriksa(Protocol):
    """A public key."""

    def verify(self, signature: bytes, data: bytes) -> None:
        """Raise InvalidSignature."""


def check(
    archive: Arsip, keys: Mapping[str, Pemeriksa], jangkar: Collection[str] = ()
) -> HasilPeriksa:
    """Return all that is wrong with an archive; `keys` by their ids, from outside the archive.

    `jangkar` are seals that somebody wrote down before, each as NUMBER:DIGEST: an older archive, or
    one made anew by whoever holds the key, does not have them.
    """
    return _Pemeriksaan(archive, keys).run(jangkar)


def check_stamps(archive: Arsip, roots: list[x509.Certificate], result: HasilPeriksa) -> None:
    """Add what the time stamps of an archive say to the result of its check."""
    for each in archive.segel:
        if each.cap is None:
            continue
        nomor = _seal_number(each, 0)
        at = cap.verify(each.cap, rantai.seal_content(each.teks), roots)
        if at is None:
            result.temuan.append(Temuan(nomor, Perkara.CAP_PALSU))
        else:
            result.dicap[nomor] = at


def signed_by(keys: Mapping[str, Pemeriksa], kid: object, signature: bytes, data: bytes) -> bool:
    """Say whether a key that we were given signed this."""
    key = keys.get(str(kid))
    if key is None:
        return False
    try:
        key.verify(signature, data)
    except InvalidSignature:
        return False
    return True


class _Pemeriksaan:
    """One check. `_asli` are the links that were signed, by their numbers, each once."""

    def __init__(self, archive: Arsip, keys: Mapping[str, Pemeriksa]) -> None:
        self._archive = archive
        self._keys = keys
        self._found: set[Temuan] = set()
        self._seals: dict[int, Segel] = {}
        self._genuine: dict[int, Mata] = {}
        self._last_record = 0
        self._last_seal = 0

    def run(self, jangkar: Collection[str]) -> HasilPeriksa:
        kepala = self._archive.kepala
        self._head(kepala)
        self._check_seals()
        self._check_records()
        self._name_broken_seals()
        self._check_extent(kepala)
        self._check_anchors(jangkar)
        ujung = max(self._seals, default=0)
        return HasilPeriksa(
            self._archive.buku,
            len(self._archive.baris),
            len(self._archive.segel),
            rantai.seal_digest(self._seals[ujung].text()).hex() if ujung else AWAL.hex(),
            sorted(self._found),
        )

    def _say(self, nomor: int, perkara: Perkara) -> None:
        self._found.add(Temuan(nomor, perkara))

    def _head(self, kepala: dict[str, Any]) -> None:
        content = rantai.head_content(canonical(kepala))
        if signed_by(self._keys, kepala.get("penanda"), self._archive.tanda_kepala, content):
            self._last_record, self._last_seal = int(kepala["terakhir"]), int(kepala["segel"])
        else:
            self._say(0, Perkara.KEPALA)

    # Seals: which are genuine, and which are missing

    def _check_seals(self) -> None:
        doubtful: list[int] = []
        for at, each in enumerate(self._archive.segel, 1):
            segel = self._genuine_seal(each)
            if segel is None:
                doubtful.append(_seal_number(each, at))
            elif segel.nomor in self._seals:
                self._say(segel.nomor, Perkara.SEGEL_DISISIPKAN)
            else:
                self._seals[segel.nomor] = segel
        self._name_moved(list(self._seals), Perkara.SEGEL_DIPINDAHKAN)
        last = max([self._last_seal, *self._seals])
        missing = {nomor for nomor in range(1, last + 1) if nomor not in self._seals}
        for nomor in doubtful:
            changed = nomor in missing
            missing.discard(nomor)
            self._say(nomor, Perkara.SEGEL_DIUBAH if changed else Perkara.SEGEL_DISISIPKAN)
        for nomor in missing:
            self._say(nomor, Perkara.SEGEL_DIHAPUS)

    def _genuine_seal(self, each: SegelArsip) -> Segel | None:
        try:
            segel = Segel(**json.loads(each.teks))
        except (ValueError, TypeError, RecursionError):
            return None
        content = rantai.seal_content(each.teks)
        if segel.buku != self._archive.buku or segel.text() != each.teks:
            return None
        return segel if signed_by(self._keys, segel.kunci, each.tanda, content) else None

    def _name_broken_seals(self) -> None:
        """Name what was signed as a seal and does not follow the one before, or its own records.

        So it looks when whoever holds the key seals some batches anew, with other times: a later
        seal holds on to what was there. Times themselves are not compared: clocks step back.
        """
        for nomor, segel in self._seals.items():
            former = self._seals.get(nomor - 1)
            follows = (nomor > 1 and former is None) or segel.follows(former)
            last = self._genuine.get(segel.terakhir)
            if not follows or (last is not None and last.digest(segel.buku).hex() != segel.ujung):
                self._say(nomor, Perkara.SEGEL_PUTUS)

    def _check_extent(self, kepala: dict[str, Any]) -> None:
        """Name a head that was signed over less or other than this, and records without a seal.

        All of it is signed: so it looks when parts of two archives of one book are put together.
        """
        newest = max(self._seals, default=0)
        if newest < self._last_seal:  # the newest is gone, which is named
            return
        ends = rantai.seal_digest(self._seals[newest].text()) if newest else AWAL
        if ends.hex() != kepala.get("ujung") and Temuan(0, Perkara.KEPALA) not in self._found:
            self._say(0, Perkara.KEPALA_LAIN)
        sealed = max((s.terakhir for s in self._seals.values()), default=0)
        for nomor in self._genuine:
            if nomor > sealed:
                self._say(nomor, Perkara.TANPA_SEGEL)

    def _check_anchors(self, jangkar: Collection[str]) -> None:
        for each in jangkar:
            nomor, _, sidik = each.partition(":")
            segel = self._seals.get(int(nomor)) if nomor.isdecimal() else None
            if segel is None or rantai.seal_digest(segel.text()).hex() != sidik:
                self._say(int(nomor) if nomor.isdecimal() else 0, Perkara.JANGKAR)

    # Records: each by itself, then those that are not there

    def _check_records(self) -> None:
        rows = self._archive.baris
        genuine = self._genuine_rows()
        at_of: dict[int, int] = {}
        doubtful: list[int] = []
        for at, row in enumerate(rows):
            if not genuine[at]:
                doubtful.append(at)
            elif row.mata.nomor in at_of:
                self._say(row.mata.nomor, Perkara.DISISIPKAN)
            else:
                at_of[row.mata.nomor] = at
        self._genuine = {nomor: rows[at].mata for nomor, at in at_of.items()}
        self._name_moved(sorted(at_of, key=at_of.__getitem__), Perkara.DIPINDAHKAN)
        self._name_broken_links(at_of)
        last = max([self._last_record, *at_of, *(s.terakhir for s in self._seals.values())])
        missing = {nomor for nomor in range(1, last + 1) if nomor not in at_of}
        absent = missing - {rows[at].mata.nomor for at in doubtful}
        for at in doubtful:
            nomor = rows[at].mata.nomor
            unproven = nomor - 1 in absent and self._lacks_former(at)
            if nomor not in missing:
                self._say(nomor, Perkara.DISISIPKAN)
            else:
                missing.discard(nomor)
                self._say(nomor, Perkara.TAK_TERBUKTI if unproven else Perkara.DIUBAH)
        for nomor in missing:
            self._say(nomor, Perkara.DIHAPUS)

    def _name_moved(self, numbers: list[int], perkara: Perkara) -> None:
        """Name those that stand out of their order: the fewest whose leaving restores it."""
        in_order = set(longest_rise(numbers))
        for nomor in numbers:
            if nomor not in in_order:
                self._say(nomor, perkara)

    def _name_broken_links(self, at_of: dict[int, int]) -> None:
        """Name what was signed and does not follow what was signed before it: a book that forked.

        So it looks when a database was put back to an older state and went on from there.
        """
        for nomor, at in at_of.items():
            former = at_of.get(nomor - 1)
            follows = AWAL if nomor == 1 else None
            if former is not None:
                follows = self._archive.baris[former].mata.digest(self._archive.buku)
            if follows is not None and self._archive.baris[at].mata.sebelum != follows:
                self._say(nomor, Perkara.RANTAI_PUTUS)

    def _lacks_former(self, at: int) -> bool:
        """Say whether a row holds on to the one that stands before it in place of one that is gone.

        So the writer of an archive leaves it where the database lacks the link before: it cannot
        be proven then, and nothing says that it was changed.
        """
        rows = self._archive.baris
        former = rows[at - 1].mata.digest(self._archive.buku) if at else AWAL
        return self._is_whole(rows[at]) and rows[at].mata.sebelum == former

    def _genuine_rows(self) -> bytearray:
        """Say of each row, by its place, whether it is as it was sealed."""
        places: dict[int, list[int]] = {}
        for at, row in enumerate(self._archive.baris):
            places.setdefault(row.mata.nomor, []).append(at)
        # An octet a row: there are millions, and sets of numbers take sixty times as much.
        genuine, covered = bytearray(len(self._archive.baris)), bytearray(len(self._archive.baris))
        for segel in self._seals.values():
            fits = self._fits(segel, places)
            for nomor in range(segel.pertama, segel.terakhir + 1):
                for at in places.get(nomor, ()):
                    covered[at] = True
                    genuine[at] |= fits or self._is_signed(segel.kunci, self._archive.baris[at])
        for at, row in enumerate(self._archive.baris):
            if not covered[at]:  # the seal is gone: whose key it was is not known
                genuine[at] = any(self._is_signed(kid, row) for kid in self._keys)
        return genuine

    def _fits(self, segel: Segel, places: dict[int, list[int]]) -> bool:
        """Say whether a seal's rows are all there, once, as they were."""
        links = []
        for nomor in range(segel.pertama, segel.terakhir + 1):
            found = places.get(nomor, ())
            if len(found) != 1 or not self._is_whole(self._archive.baris[found[0]]):
                return False
            links.append(self._archive.baris[found[0]].mata)
        return rantai.batch_root(links, segel.buku).hex() == segel.akar

    def _is_signed(self, kid: str, row: Baris) -> bool:
        content = rantai.link_content(row.mata.digest(self._archive.buku))
        return self._is_whole(row) and signed_by(self._keys, kid, row.mata.tanda, content)

    def _is_whole(self, row: Baris) -> bool:
        return digest_of_text(row.catatan) == row.mata.sidik


def _seal_number(each: SegelArsip, at: int) -> int:
    try:
        return int(json.loads(each.teks)["nomor"])
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return at
