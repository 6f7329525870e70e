"""Workers linked within many small groups, each by itself, as if there were no other.

An answer rests on its group alone: whoever asks again for one group gets what a run over all of
them says. A group is too small to tell a slip from another word (docs/keputusan/0006), so names
that are only near leave the pair to a steward.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa

from services.kit.compiled import jit
from services.taut import banding_kata as bk
from services.taut import banding_nilai as bn
from services.taut import bersih
from services.taut.hasil import Baris, Penulis
from services.taut.kata import Bulat, Panjang
from services.taut.keputusan import Keputusan, Pendapat
from services.taut.kunci_pasti import Bebas
from services.taut.model import Model, load_model
from services.taut.penilaian import Kerja
from services.taut.putusan import Putusan
from services.taut.rekaman import Pekerja
from services.taut.siapkan import birth_dates, numbered, prepare_pekerja, read_jkn, read_nik
from services.taut.sifat import Sifat
from services.taut.tautkan import run
from shared_schemas.rujukan import Himpunan

GRUP = "grup"
"""The column that names a record's group, beside `kunci` and the columns of the Lampiran."""

_SEMUA = Himpunan.PEKERJA
Rentang = tuple[int, int]


def link_groups(a: pa.Table, b: pa.Table, decisions: Keputusan) -> Iterator[pa.Table]:
    """Yield the answers of one group after the other, with the columns of `tautkan`.

    Groups of one side only, or in which nobody resembles anybody, have none. The decisions are
    those of stewards, as for `tautkan`.
    """
    a, b = (t.sort_by([(GRUP, "ascending"), ("kunci", "ascending")]) for t in (a, b))
    said: dict[str, Keputusan] = defaultdict(dict)
    for pair, verdict in decisions.items():
        said[pair[0]] = {**said[pair[0]], pair: verdict}
    model, keys, there = load_model(_SEMUA), a.column("kunci").to_pylist(), _spans(b)
    groups = [of_a + there[g] for g, of_a in _spans(a).items() if g in there]
    near = _resembling(a, b, groups)
    for (start, stop, first, last), resemble in zip(groups, near, strict=True):
        own = {p: v for k in keys[start:stop] for p, v in said.get(k, {}).items()} if said else {}
        if resemble or Pendapat.SAMA in own.values():
            yield _link(a[start:stop], b[first:last], own, model)


def _link(a: pa.Table, b: pa.Table, decisions: Keputusan, model: Model) -> pa.Table:
    keys = a.column("kunci").to_pylist() + b.column("kunci").to_pylist()
    # They all work for one company, whatever each side calls it.
    records = prepare_pekerja(_in_one_company(a), _in_one_company(b), keys, {GRUP: GRUP})
    work = Kerja(_SEMUA, records, model, np.ones(len(keys), np.bool_))
    run(work, decisions)
    rows = [part for row in (*work.baris, *_namesakes(work)) for part in _certain_or_not(row)]
    return Penulis(records, model).write(rows, []).tabel


def _in_one_company(table: pa.Table) -> pa.Table:
    same = pa.array([GRUP] * table.num_rows, pa.large_string())
    return table.append_column("id_badan_usaha", same)


def _namesakes(work: Kerja) -> Iterator[Baris]:
    """Yield who bears one name and birth date, whatever the NIK: in one company a steward's."""
    records, scored = work.rekaman, work.dinilai
    free = np.ones(len(records.kunci), np.bool_)
    assert scored is not None  # noqa: S101 - the run is over
    assert isinstance(records, Pekerja)  # noqa: S101 - for the type checker
    for row in work.baris:
        free[row.a] = free[row.b] = False
    both = free[scored.a] & free[scored.b]
    a, b = scored.a[both], scored.b[both]
    s = work.compare(a, b)
    born = records.lahir.isi  # also 1 January, which may be nobody's day: a steward knows
    one = (s.tingkat[:, 0] == bk.SAMA) & (born[a] == born[b]) & (born[a] > 0)
    a, b = a[one], b[one]
    if len(a):
        s = work.compare(a, b)
        yield Baris(Putusan.TINJAU, "skor", a, b, s, work.model.weigh(s))


def _certain_or_not(row: Baris) -> Iterator[Baris]:
    """Split linked pairs into those that are certain and those for a steward."""
    if row.putusan is not Putusan.TERTAUT or row.dasar == "keputusan":
        yield row
        return
    sure = _is_certain(row.sifat)
    answers = (sure, Putusan.TERTAUT, row.dasar), (~sure, Putusan.TINJAU, "skor")
    for chosen, verdict, basis in answers:
        if chosen.any():
            yield dataclasses.replace(
                row, putusan=verdict, dasar=basis, a=row.a[chosen], b=row.b[chosen],
                sifat=row.sifat.pick(chosen), bobot=row.bobot[chosen],
            )  # fmt: skip


def _is_certain(s: Sifat) -> Bebas:
    """Say which pairs are one person for sure: by one slip in the NIK, or by the JKN number.

    Twins share all but a given name and a digit; who has two JKN numbers may be two persons.
    """
    name, _, nik, jkn = (s.tingkat[:, k] for k in range(4))
    slip = (nik == bn.MIRIP) & (name == bk.SAMA) & (jkn != bn.BEDA)
    found: Bebas = slip | ((jkn == bn.SAMA) & (name >= bk.KURANG))
    return found


def _resembling(a: pa.Table, b: pa.Table, groups: Sequence[tuple[int, ...]]) -> list[bool]:
    """Say of each group whether a pair in it shares a number, part of a birth date, or a name.

    A name counts beside years that lie near. No other pair is linked or reviewed: the sieve of
    workers drops it. Most colleagues are of an age, so years alone would ask every group.
    """

    def text(name: str) -> list[str]:
        return [v or "" for t in (a, b) for v in t.column(name).to_pylist()]

    niks, jkn = text("nik"), text("nomor_kepesertaan_jkn")
    places = np.array(groups, np.int64).reshape(-1, 4)
    places[:, 2:] += a.num_rows
    found: list[bool] = _near(
        places,
        np.array(bersih.each(niks, read_nik), np.int64),
        np.array(bersih.each(jkn, read_jkn), np.int64),
        birth_dates(text("tanggal_lahir"), niks),
        numbered(
            [" ".join(sorted(n.split())) for n in bersih.each(text("nama"), bersih.person_name)]
        ),
    ).tolist()
    return found


@jit
def _near(groups: Panjang, nik: Panjang, jkn: Panjang, born: Panjang, name: Bulat) -> Bebas:
    found = np.zeros(len(groups), np.bool_)
    for g in range(len(groups)):
        for i in range(groups[g, 0], groups[g, 1]):
            for j in range(groups[g, 2], groups[g, 3]):
                date = bn.compare_date(born[i], born[j])
                found[g] |= date == bn.T_KOSONG or date > bn.T_DEKAT
                found[g] |= date == bn.T_DEKAT and name[i] == name[j] and name[i] >= 0
                found[g] |= bn.compare_number(nik[i], nik[j]) >= bn.MIRIP
                found[g] |= bn.compare_number(jkn[i], jkn[j]) >= bn.MIRIP
            if found[g]:
                break
    return found


def _spans(table: pa.Table) -> dict[str, Rentang]:
    """Return where each group stands in a table sorted by groups."""
    names = np.array(table.column(GRUP).to_pylist(), object)
    if not len(names):
        return {}
    starts = np.flatnonzero(np.concatenate([[True], names[1:] != names[:-1]])).tolist()
    return dict(zip(names[starts].tolist(), zip(starts, [*starts[1:], len(names)], strict=True),
                    strict=True))  # fmt: skip
