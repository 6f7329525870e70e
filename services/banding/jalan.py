"""The whole comparison in one screen: open, digest, sieve, classify, fetch, write."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt

from services.banding.bangun import Tell, sidecar
from services.banding.beda import Pembanding, join_pairs
from services.banding.buka import Isi, open_sumber
from services.banding.catatan import BAGIAN, BARIS, TANPA_KUNCI, USAHA, Catatan, Pembaca
from services.banding.daftar import Daftar
from services.banding.kelas import Terkelas, classify
from services.banding.keluaran import open_output
from services.banding.kerja import Kerja, open_kerja
from services.banding.kosong import without_blank
from services.banding.rencana import plan, require_company
from services.banding.ringkasan import Ringkasan
from services.banding.saring import Tersaring, sieve
from services.banding.sumber import unchanged
from services.banding.tautan import Tautan, load_tautan
from services.kit.berkas_hasil import require_result
from services.kit.serentak import Serentak
from shared_schemas.rujukan import Himpunan

_MEMORI_DUCKDB = "1GB"  # for keys that repeat; more of them spill into the run's folder
Baris = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Pilihan:
    """How to compare; every default suits workers."""

    himpunan: Himpunan = Himpunan.PEKERJA
    kunci: str | None = None
    perusahaan: str | None = None
    tautan: Path | None = None


def bandingkan(
    a: Isi,
    b: Isi,
    keluar: Path,
    kerja: Path,
    pilihan: Pilihan = Pilihan(),
    tell: Tell = lambda *_: None,
) -> Ringkasan:
    """Compare two registries, write every difference to `keluar`, return the counts.

    Raises SourceError, ColumnError, LinkFileError, ResultFileError. An interrupted call leaves
    the former result as it was; side-cars that were finished are used again.
    """
    summary = Ringkasan()
    require_result(keluar, [*(i for i in (a, b) if isinstance(i, Path)), pilihan.tautan])
    with open_kerja(kerja) as work, open_output(keluar) as out:
        with summary.stage("buka"):
            sides = open_sumber(a, "A", work), open_sumber(b, "B", work)
            chosen = plan(pilihan.himpunan, *sides, pilihan.kunci, pilihan.perusahaan)
            if pilihan.tautan:
                require_company(chosen)
            links = load_tautan(pilihan.tautan, chosen, work) if pilihan.tautan else None
        summary.baris_a, summary.baris_b = (s.baris for s in sides)
        summary.tidak_dibandingkan = chosen.tak_ada
        with unchanged(sides):
            with summary.stage("sidik"):
                built = [sidecar(side, chosen, work, tell) for side in sides]
            summary.dibangun = tuple(
                s.nama for s, (_, fresh) in zip(sides, built, strict=True) if fresh
            )
            with summary.stage("gabung"):
                found = _join(built[0][0], built[1][0], links, work, tell)
            with summary.stage("tulis"):
                comparer = Pembanding(*sides, chosen, work, tell)
                comparer.run(join_pairs(found.beda, found.pindah), out)
                _list_rows(
                    Daftar(*sides, chosen, out, tell),
                    found,
                    built[0][0],
                    built[1][0],
                    summary,
                )
        _count(summary, found, comparer)
    return summary


def _join(a: Pembaca, b: Pembaca, links: Tautan | None, kerja: Kerja, tell: Tell) -> Terkelas:
    """Sieve every partition; give what repeats to the statements; return all of it."""

    def one(bagian: int) -> Tersaring:
        here, there = a.read(bagian), b.read(bagian)
        return sieve(here, there, _grup(here, links))

    parts: list[Tersaring] = []
    with Serentak() as threads:
        for part in threads.map(one, range(BAGIAN)):
            parts.append(part)
            tell("gabung", len(parts), BAGIAN)
    rest_a, rest_b = (np.concatenate([p.rumit[side] for p in parts]) for side in (0, 1))
    spill = str(kerja.sementara)
    with duckdb.connect(config={"memory_limit": _MEMORI_DUCKDB, "temp_directory": spill}) as db:
        rest = classify(db, rest_a, rest_b, _grup(rest_a, links))
    alone = tuple(
        np.concatenate([*(p.hanya[side] for p in parts), rest.hanya[side]]) for side in (0, 1)
    )
    return Terkelas(
        sama=rest.sama + sum(p.sama for p in parts),
        beda=np.concatenate([*(p.beda for p in parts), rest.beda]),
        pindah=np.concatenate([*(p.pindah for p in parts), rest.pindah]),
        pindah_lebih=rest.pindah_lebih,
        hanya=(alone[0], alone[1]),
        ganda=rest.ganda,
        lawan=rest.lawan,
        rangkap=rest.rangkap,
    )


def _grup(records: Catatan, links: Tautan | None) -> npt.NDArray[np.uint64]:
    usaha = np.ascontiguousarray(records[:, USAHA])
    return usaha if links is None else links.grup(usaha)


def _list_rows(daftar: Daftar, found: Terkelas, a: Pembaca, b: Pembaca, summary: Ringkasan) -> None:
    for side, nama, reader, sumber in ((0, "a", a, daftar.a), (1, "b", b, daftar.b)):
        daftar.rows(side, f"hanya_{nama}", found.hanya[side])
        daftar.rows(side, "kunci_ganda", found.ganda[side])
        daftar.rows(side, "lawan_ganda", found.lawan[side])
        nameless = np.sort(reader.read(TANPA_KUNCI)[:, BARIS].astype(np.int64))
        keyless = without_blank(sumber, nameless)
        summary.kosong[nama] = len(nameless) - len(keyless)
        summary.kelas[f"tanpa_kunci_{nama}"] = len(keyless)
        daftar.rows(side, "tanpa_kunci", np.column_stack((np.full(len(keyless), -1), keyless)))
    daftar.rows(0, "cabang_rangkap", found.rangkap)
    daftar.pairs(found.pindah_lebih)
    daftar.write()


def _count(summary: Ringkasan, found: Terkelas, comparer: Pembanding) -> None:
    counts = summary.kelas
    counts["sama"] = found.sama + comparer.kelas["sama"]
    counts["berbeda"] = comparer.kelas["berbeda"]
    counts["beda_perusahaan"] = comparer.kelas["beda_perusahaan"] + len(found.pindah_lebih)
    for side, nama in enumerate("ab"):
        counts[f"hanya_{nama}"] = len(found.hanya[side])
        counts[f"kunci_ganda_{nama}"] = len(found.ganda[side])
        counts[f"lawan_ganda_{nama}"] = len(found.lawan[side])
    counts["cabang_rangkap"] = len(found.rangkap)
    summary.bidang = dict(comparer.bidang)
