"""The four measurements: import, single look-up, batch, change feed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from services.audit.record import Auditor
from services.impor import Importer
from services.kit.database import make_engine
from services.kit.rahasia import derive
from services.layanan import spec
from services.registry.write import fields_of
from shared_schemas.rujukan import Himpunan, Pihak
from tests.bench import beban, berkas, pembaca, pgbench
from tests.bench.panggung import Panggung, Proses, token
from tests.bench.pemanggil import CARI
from tests.bench.ukur import Hasil, Takaran, alternate, require, tell

PER_KUMPULAN = 1_000
_DITERIMA = 0.9  # of the province's rows; some are wrong on purpose


def impor(panggung: Panggung, takaran: Takaran) -> list[Hasil]:
    """Import with validation against COPY of the same rows: same indexes, same trigger."""
    tell("Impor terhadap COPY: CSV, Parquet, XLSX")
    url = panggung.database("bench_impor")
    engine = make_engine(url, 2)
    secret = (panggung.data / "wlkp" / "rahasia").read_bytes()
    auditor = Auditor(derive(secret, "sidik-nik"))
    importer = Importer(
        engine,
        auditor,
        Pihak.KESATU,
        pelaku="bench",
        refuse=lambda _: None,
        penjawab=spec("wlkp").penjawab,
    )
    importer.run(Himpunan.BADAN_USAHA, panggung.perusahaan)
    names = ("id_badan_usaha", "urutan", *fields_of(Himpunan.PEKERJA), "dilaporkan_pada")
    columns = ", ".join((*names, "sidik_sumber"))

    def ours(path: Path) -> float:
        with panggung.connect(url) as db:
            db.execute("TRUNCATE pekerja, riwayat, karantina")
        started = time.perf_counter()
        result = importer.run(Himpunan.PEKERJA, path)
        seconds = time.perf_counter() - started
        require(_rows(panggung, url) == result.baru > result.dibaca * _DITERIMA, f"{result}")
        return result.dibaca / seconds

    def theirs() -> float:
        with panggung.connect(url) as db, db.cursor() as cursor:
            with cursor.copy(f"COPY pekerja ({columns}) TO STDOUT") as out:
                rows = b"".join(out)
            db.execute("TRUNCATE pekerja")
            started = time.perf_counter()
            with cursor.copy(f"COPY pekerja ({columns}) FROM STDIN") as into:
                into.write(rows)
            seconds, copied = time.perf_counter() - started, cursor.rowcount
        require(_rows(panggung, url) == copied > 0, f"COPY {copied} baris")
        return copied / seconds

    figures = []
    for path in berkas.in_three_forms(panggung.pekerja):
        # XLSX without a target: nobody sends a nation as a workbook.
        goal = None if path.suffix == ".xlsx" else 0.2
        figure = Hasil(f"impor {path.suffix[1:]}, diperiksa", "COPY", "baris/s", sasaran=goal)
        figures += alternate(takaran.ulangan, partial(ours, path), [(figure, theirs)])
    engine.dispose()
    return figures


def _rows(panggung: Panggung, url: str = "") -> int:
    """Return how many workers there are. Raises AssertionError when one lacks its leaf."""
    query = "SELECT count(*), count(*) FILTER (WHERE daun IS NULL AND dihapus_pada IS NULL)"
    with panggung.connect(url) as db:
        row = db.execute(f"{query} FROM pekerja".encode()).fetchone()
    rows, bare = map(int, map(str, row or (0, 0)))
    require(bare == 0, f"{bare} dari {rows} rekaman tanpa daun")
    return rows


def require_same(panggung: Panggung, layanan: Proses, polos: Proses, nik: list[str]) -> None:
    """Raise AssertionError unless both know all these persons, and say the same of them."""
    head = {"Authorization": token(panggung, layanan.base), "Tujuan": "perluasan_kepesertaan"}
    said: list[list[dict[str, Any]]] = []
    for base, path in ((layanan, CARI), (polos, "/catat"), (polos, "/baca")):
        answer = httpx.post(base.base + path, json={"nik": nik}, headers=head, timeout=60)
        said.append(answer.raise_for_status().json()["jawaban"])
    found = [len(a["pekerja"]) for a in said[0] if a["ditemukan"]]
    require(len(found) == len(nik) and min(found) > 0, f"{len(found)} dari {len(nik)} ditemukan")
    require(said[0] == said[1] == said[2], "layanan dan polos menjawab lain")


def cari(panggung: Panggung, layanan: Proses, polos: Proses, takaran: Takaran) -> list[Hasil]:
    """One NIK a request: the product, the bare handler with and without ledger, pgbench."""
    tell("Pencarian satu NIK")
    asked = panggung.nik[:500]
    require_same(panggung, layanan, polos, asked)

    def over(port: int, path: str, authorization: str = "") -> float:
        requests = [beban.request(path, {"nik": [n]}, authorization) for n in asked]
        return beban.rate(port, requests, takaran.detik)

    def database() -> float:
        return pgbench.rate(panggung.server, panggung.url, asked[:1], takaran.detik)

    nama, satuan = "cari satu NIK", "permintaan/s"
    return alternate(
        takaran.ulangan,
        lambda: over(layanan.port, CARI, token(panggung, layanan.base)),
        [
            (
                Hasil(nama, "polos, pernyataan sama", satuan, sasaran=0.5),
                lambda: over(polos.port, "/catat"),
            ),
            (
                Hasil(nama, "polos, tanpa catatan akses", satuan),
                lambda: over(polos.port, "/baca"),
            ),
            (Hasil(nama, "pgbench", satuan), database),
        ],
    )


def kumpulan(panggung: Panggung, layanan: Proses, polos: Proses, takaran: Takaran) -> list[Hasil]:
    """A thousand NIK a request: the product against pgbench and the bare handler."""
    tell("Pencarian 1.000 NIK")
    nik = list(dict.fromkeys(panggung.nik))
    batches = [nik[at : at + PER_KUMPULAN] for at in range(0, len(nik), PER_KUMPULAN)]
    batches = [b for b in batches if len(b) == PER_KUMPULAN]
    require(bool(batches), f"provinsi tanpa {PER_KUMPULAN} NIK")
    require_same(panggung, layanan, polos, batches[0])

    def over(port: int, path: str, authorization: str = "") -> float:
        requests = [beban.request(path, {"nik": b}, authorization) for b in batches]
        return beban.rate(port, requests, takaran.detik)

    turns = _turns(batches)

    def database() -> float:
        return pgbench.rate(panggung.server, panggung.url, next(turns), takaran.detik)

    nama, satuan = "cari 1.000 NIK", "kumpulan/s"
    return alternate(
        takaran.ulangan,
        lambda: over(layanan.port, CARI, token(panggung, layanan.base)),
        [
            (Hasil(nama, "pgbench", satuan, sasaran=0.5), database),
            (
                Hasil(nama, "polos, pernyataan sama", satuan),
                lambda: over(polos.port, "/catat"),
            ),
        ],
    )


def _turns(batches: list[list[str]]) -> Iterator[list[str]]:
    while True:
        yield from batches


def umpan(panggung: Panggung, layanan: Proses, takaran: Takaran) -> list[Hasil]:
    """The whole feed in pages, validated by the client, against COPY TO of the same rows."""
    tell("Umpan perubahan")
    fields = ", ".join(("id", "nomor", "versi", "id_badan_usaha", *fields_of(Himpunan.PEKERJA)))
    query = f"COPY (SELECT {fields}, dilaporkan_pada FROM pekerja ORDER BY nomor) TO STDOUT"
    banyak = _rows(panggung)

    def copy() -> float:
        with panggung.connect() as db, db.cursor() as cursor:
            started = time.perf_counter()
            with cursor.copy(query) as out:
                for _ in out:
                    pass
            seconds, copied = time.perf_counter() - started, cursor.rowcount
        require(copied == banyak > 0, f"COPY TO {copied} dari {banyak} baris")
        return banyak / seconds

    def feed() -> float:
        return pembaca.rate(layanan.base, token(panggung, layanan.base), banyak)

    figure = Hasil("umpan, diperiksa klien", "COPY TO", "baris/s", sasaran=0.1)
    return alternate(takaran.ulangan, feed, [(figure, copy)])
