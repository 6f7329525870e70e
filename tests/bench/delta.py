"""What a round costs after a change, beside a round over everything: stage by stage.

The mirrors are filled by SQL as if they had been read; changes arrive over HTTP from a feed. The
full round has no reading in it, so that the ratios are worse than in life, where it has.
"""

from __future__ import annotations

import datetime as dt
import json
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from stdnum import luhn

from services.auth.riwayat import BerkasPerjanjian
from services.kit import migration
from services.kit.database import libpq_url, make_engine, transaction
from services.sync import sentuhan
from services.sync.cermin import normal_forms
from services.sync.compare import compare_all
from services.sync.klien import KlienRegistri
from services.sync.konteks import Konteks
from services.sync.link import link_companies
from services.sync.propose import propose_all
from services.sync.pull import pull_pages
from services.sync.settings import NamaSisi, Sisi, SyncSettings
from shared_schemas.perjanjian import CONTOH
from shared_schemas.rujukan import Himpunan, Pihak
from shared_schemas.v1.badan_usaha import BadanUsaha
from shared_schemas.v1.pekerja import Pekerja
from tests.bench.panggung import open_server
from tests.bench.ukur import tell
from tests.sync.registri_tiruan import Pelayan, RegistriTiruan

BAGIAN = (0.0, 0.0001, 0.001, 0.01)
PENUH, ULANG = "penuh, pertama", "penuh, ulang"
TAHAP = ("pull", "link", "compare", "propose")
_PER_USAHA = 40
_PER_HALAMAN = 1_000
_TERKECIL = 0.005  # seconds; below, a logarithmic plot shows the clock
_NOMOR = 10**12  # changes come after all that was read

# 2 % on one side each, 4 % with another position, 0.5 % at another company.
# Colleagues have unlike NIK and birth dates: numbers in a row would make each a near miss of the
# next, and the search for one person under two NIK would find somebody to ask in every company.
_KALI, _PRIMA = 1_103_515_245, 2_147_483_647
_NIK = """
lpad((327301 + m / 134390560 %% 30)::text, 6, '0') || lpad((m / 9999 %% 28 + 1)::text, 2, '0')
|| lpad((m / 279972 %% 12 + 1)::text, 2, '0') || lpad((m / 3359664 %% 40 + 60)::text, 2, '0')
|| lpad((m %% 9999 + 1)::text, 4, '0')
"""
_LAHIR = "'19' || substr(nik, 11, 2) || '-' || substr(nik, 9, 2) || '-' || substr(nik, 7, 2)"
_ISI = """
SELECT n, {nik} AS nik, 'U' || (n / %(per)s + CASE WHEN %(bpjs)s AND n %% 200 = 3 THEN 1 ELSE 0 END)
       %% %(usaha)s AS bu,
       CASE WHEN %(bpjs)s AND n %% 25 = 2 THEN 'Mandor' ELSE 'Operator' END AS jabatan
FROM (SELECT n, n * {kali} %% {prima} AS m FROM generate_series(0::bigint, %(banyak)s - 1) n) x
WHERE n %% 50 <> CASE WHEN %(bpjs)s THEN 0 ELSE 1 END
"""
_PEKERJA = f"""
INSERT INTO cermin_pekerja
    (sisi, id, versi, nomor, id_badan_usaha, nik, dilaporkan_pada, isi, banding, bacaan)
SELECT %(sisi)s, 'P' || n, 1, n + 1, bu, nik, NULL,
       jsonb_build_object('nik', nik, 'nama', 'Contoh Pekerja ' || n, 'tanggal_lahir', {_LAHIR},
           'alamat', 'Jalan Contoh No. ' || n || ', Kota Bandung', 'jabatan', jabatan,
           'status_pekerjaan', 'PKWTT'),
       jsonb_build_object('nama', 'CONTOH PEKERJA ' || n, 'tanggal_lahir', {_LAHIR},
           'alamat', 'JALAN CONTOH ' || n || ' KOTA BANDUNG', 'jabatan', upper(jabatan),
           'status_pekerjaan', 'PKWTT'), 1
FROM ({_ISI.format(nik=_NIK, kali=_KALI, prima=_PRIMA)}) x
"""


@dataclass
class Umpan(RegistriTiruan):
    """A registry whose feeds are lists of pages made beforehand."""

    halaman: dict[str, list[bytes]] = field(default_factory=lambda: defaultdict(list))
    awal: Counter[str] = field(default_factory=Counter)

    def offer(self, himpunan: Himpunan, changes: list[dict[str, Any]]) -> None:
        """Put changes after those already read."""
        self.awal[himpunan] += len(self.halaman[himpunan])
        pages = range(0, len(changes), _PER_HALAMAN)
        self.halaman[himpunan] = [
            json.dumps(
                {
                    "data": changes[at : at + _PER_HALAMAN],
                    "kursor": str(self.awal[himpunan] + k + 1),
                    "habis": at + _PER_HALAMAN >= len(changes),
                }
            ).encode()
            for k, at in enumerate(pages)
        ]

    def page(self, himpunan: str, kursor: int, batas: int) -> bytes:  # noqa: ARG002
        at = kursor - self.awal[himpunan]
        if 0 <= at < len(self.halaman[himpunan]):
            return self.halaman[himpunan][at]
        return json.dumps({"data": [], "kursor": str(kursor), "habis": True}).encode()


@dataclass
class Delta:
    """The hub under measurement and the two feeds."""

    ctx: Konteks
    umpan: dict[NamaSisi, Umpan]
    banyak: int
    berikut: int = 0
    catatan: list[dict[str, Any]] = field(default_factory=list)

    def round(self, nama: str, banyak: int) -> None:
        """Do one round and note what each stage took."""
        row: dict[str, Any] = {"putaran": nama, "perubahan": banyak}
        for tahap, work in zip(TAHAP, (self._pull, link_companies, compare_all, propose_all),
                               strict=True):  # fmt: skip
            started = time.perf_counter()
            counts = work(self.ctx)
            row[tahap] = time.perf_counter() - started
            row |= {k: v for k, v in counts.items() if k in {"temuan", "diusulkan", "dibaca"}}
        row["semua"] = sum(row[t] for t in TAHAP)
        self.catatan.append(row)
        tell("  " + ", ".join(f"{k} {v:.2f}" if isinstance(v, float) else f"{k} {v}"
                              for k, v in row.items()))  # fmt: skip

    def _pull(self, ctx: Konteks) -> dict[str, int]:
        read = 0
        for himpunan in Himpunan:
            for sisi in NamaSisi:
                while True:
                    page = pull_pages(ctx, sisi, himpunan)
                    read += page["dibaca"]
                    if page["habis"]:
                        break
        return {"dibaca": read}

    def change(self, count: int) -> None:
        """Offer so many changes: of five, two values, an addition, a deletion, another NIK.

        And the same share of the companies of WLKP, each under another name and telephone.
        """
        wlkp: list[dict[str, Any]] = []
        bpjs: list[dict[str, Any]] = []
        stride = self.banyak // max(count, 1)
        for k in range(count):
            n = (k * stride + self.berikut) // 50 * 50 + 7 + k % 5 * 4
            if k % 5 == 3:
                bpjs.append({"nomor": _NOMOR + k, "jenis": "hapus", "id": f"P{n}", "versi": 9})
                continue
            other = self.banyak + self.berikut * 10_000 + k
            id_, nik = {2: (f"P{other}", other), 4: (f"P{n}", other)}.get(k % 5, (f"P{n}", n))
            isi = person(nik) | {"jabatan": f"Mandor {self.berikut}"}
            wlkp.append(
                {
                    "nomor": _NOMOR + k, "jenis": "ubah", "id": id_, "versi": 2 + self.berikut,
                    "rekaman": {
                        "id": id_, "versi": 2 + self.berikut,
                        "id_badan_usaha": f"U{n // _PER_USAHA % usaha(self.banyak)}", "isi": isi,
                    },
                }
            )  # fmt: skip
        companies = count // _PER_USAHA
        moved = [self._moved(k, usaha(self.banyak) // companies * k) for k in range(companies)]
        self.berikut += 1
        self.umpan[NamaSisi.WLKP].offer(Himpunan.PEKERJA, wlkp)
        self.umpan[NamaSisi.WLKP].offer(Himpunan.BADAN_USAHA, moved)
        self.umpan[NamaSisi.BPJS].offer(Himpunan.PEKERJA, bpjs)

    def _moved(self, k: int, n: int) -> dict[str, Any]:
        fresh = {"nama": f"PT Contoh {n} Melati {self.berikut}", "telepon": f"+62226{n:07d}"}
        meta = {"id": f"U{n}", "versi": 2 + self.berikut}
        record = {**meta, "isi": _company(n) | fresh}
        return {"nomor": _NOMOR + k, "jenis": "ubah", **meta, "rekaman": record}


def usaha(banyak: int) -> int:
    """Return how many companies so many workers have."""
    return max(banyak // _PER_USAHA, 2)


def person(n: int) -> dict[str, Any]:
    """Return the n-th worker as the filled mirror of WLKP has one."""
    m = n * _KALI % _PRIMA
    hari, bulan, tahun = m // 9999 % 28 + 1, m // 279972 % 12 + 1, m // 3359664 % 40 + 60
    nik = f"{327301 + m // 134390560 % 30:06d}{hari:02d}{bulan:02d}{tahun:02d}{m % 9999 + 1:04d}"
    return {
        "nik": nik, "nama": f"Contoh Pekerja {n}",
        "tanggal_lahir": f"19{tahun}-{bulan:02d}-{hari:02d}",
        "alamat": f"Jalan Contoh No. {n}, Kota Bandung", "jabatan": "Operator",
        "status_pekerjaan": "PKWTT",
    }  # fmt: skip


def _company(n: int) -> dict[str, Any]:
    body = f"0{n // 1_000_000 + 1}{n % 1_000_000:06d}"
    return {
        "npwp": f"0{body}{luhn.calc_check_digit(body)}001000", "nama": f"PT Contoh {n} Melati",
        "nomor_tdp_atau_nib": f"912{n:010d}", "kbli": "10130", "kd_daerah": "3273",
        "alamat": f"Jalan Contoh No. {n}, Kota Bandung", "telepon": f"+62225{n:07d}",
        "email": f"kantor@contoh-{n}.example", "nama_pengurus_atau_pic": "Contoh Pengurus",
        "alamat_pengurus_atau_pic": "Jalan Contoh No. 1, Kota Bandung",
        "nama_pemilik_atau_pimpinan": "Contoh Pemilik",
        "alamat_pemilik": "Jalan Contoh No. 2, Kota Bandung",
    }  # fmt: skip


def fill(url: str, banyak: int) -> None:
    """Fill both mirrors, as if they had been read to the end."""
    with psycopg.connect(libpq_url(url), autocommit=True) as db:
        for sisi in NamaSisi:
            _fill_companies(db, sisi, banyak)
            db.execute(
                _PEKERJA,
                {
                    "sisi": sisi.value, "bpjs": sisi is NamaSisi.BPJS, "banyak": banyak,
                    "per": _PER_USAHA, "usaha": usaha(banyak),
                },
            )  # fmt: skip
            for himpunan in Himpunan:
                db.execute(
                    "INSERT INTO kursor_tarik (sisi, himpunan, kursor, nomor, bacaan, penuh)"
                    " VALUES (%s, %s, '0', %s, 1, false)",
                    [sisi.value, himpunan.value, banyak],
                )
        db.execute("VACUUM ANALYZE")
        row = db.execute("SELECT banding FROM cermin_pekerja WHERE id = 'P7'").fetchone()
    isi = Pekerja.profil(Pihak.KESATU).model_validate(person(7))
    assert row is not None
    assert row[0] == normal_forms(Himpunan.PEKERJA, isi), (
        "cermin yang diisi SQL tidak sama dengan yang dibaca"
    )


def _fill_companies(db: psycopg.Connection[Any], sisi: NamaSisi, banyak: int) -> None:
    query = (
        "COPY cermin_badan_usaha (sisi, id, versi, nomor, status_pendaftaran, isi, banding, bacaan)"
        " FROM STDIN"
    )
    status = "TERDAFTAR" if sisi is NamaSisi.BPJS else None
    with db.cursor().copy(query) as copy:
        for n in range(usaha(banyak)):
            isi = _company(n)
            form = normal_forms(Himpunan.BADAN_USAHA, BadanUsaha.model_construct(None, **isi))
            copy.write_row(
                (sisi.value, f"U{n}", 1, n + 1, status, json.dumps(isi), json.dumps(form), 1)
            )


@contextmanager
def open_delta(folder: Path, banyak: int) -> Iterator[Delta]:
    """Start a server with a filled hub, and the two feeds."""
    umpan = {s: Umpan(s.value) for s in NamaSisi}
    pelayan = {s: Pelayan(u) for s, u in umpan.items()}
    with open_server(folder) as server:
        server.ensure_database("hub")
        url = server.url("hub")
        migration.upgrade(url, "hub")
        tell(f"Mengisi cermin dengan {banyak:,} pekerja sesisi …")
        fill(url, banyak)
        wlkp, bpjs = (
            Sisi(base_url=p.url, client_id="bench", key_path=folder) for p in pelayan.values()
        )
        settings = SyncSettings(database_url=url, perjanjian_path=CONTOH, wlkp=wlkp, bpjs=bpjs)
        klien = {
            s: KlienRegistri(
                s, p.url, None, tunggu_detik=60, batas=_PER_HALAMAN, check_stop=lambda: None
            )
            for s, p in pelayan.items()
        }
        clock: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC)  # noqa: E731
        engine = make_engine(url, 2)
        berkas = BerkasPerjanjian(CONTOH)
        ctx = Konteks(settings, engine, klien, berkas, clock, None, lambda: None)
        yield Delta(ctx, umpan, banyak)
        engine.dispose()
        for one in klien.values():
            one.close()
    for server_ in pelayan.values():
        server_.stop()


def measure(banyak: int, folder: Path | None = None) -> list[dict[str, Any]]:
    """Return the rounds: everything, after each share of change, everything once more."""
    with (
        tempfile.TemporaryDirectory(prefix="hub-delta-", dir=folder) as name,
        open_delta(Path(name), banyak) as delta,
    ):
        delta.round(PENUH, 0)
        for bagian in BAGIAN:
            delta.change(round(banyak * bagian))
            delta.round(f"{bagian:.2%}", round(banyak * bagian))
        with transaction(delta.ctx.engine) as tx:
            sentuhan.require_full(tx)
        delta.round(ULANG, 0)
        return delta.catatan


def lines(rows: list[dict[str, Any]]) -> list[str]:
    """Return a table: seconds by stage, and the ratio to both full rounds of this run."""
    full = {r["putaran"]: r["semua"] for r in rows}
    made = [f"| putaran | perubahan | {' | '.join(TAHAP)} | semua | : pertama | : ulang |"]
    made.append("|" + "---|" * (len(TAHAP) + 5))
    for r in rows:
        stages = " | ".join(f"{r[t]:.2f}" for t in (*TAHAP, "semua"))
        ratios = " | ".join(f"{r['semua'] / full[f]:.4f}" for f in (PENUH, ULANG))
        made.append(f"| {r['putaran']} | {r['perubahan']:,} | {stages} | {ratios} |")
    return made


def by_stage(rows: list[dict[str, Any]]) -> dict[str, list[tuple[float, float]]]:
    """Return the share of change and the seconds of each stage and of the whole round.

    Both full rounds go along as levels: what a round over everything would have cost.
    """
    series: dict[str, list[tuple[float, float]]] = defaultdict(list)
    shares = [b for b in BAGIAN if b]
    for row in rows:
        if row["putaran"] in (PENUH, ULANG):
            series[row["putaran"]] = [(b, row["semua"]) for b in (shares[0], shares[-1])]
        elif share := next((b for b in shares if f"{b:.2%}" == row["putaran"]), None):
            for name in ("semua", *TAHAP):
                series[name].append((share, row[name]))
    return {k: [p for p in v if p[1] >= _TERKECIL] for k, v in series.items()}
