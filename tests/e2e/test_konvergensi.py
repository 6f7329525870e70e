"""Random edits; interrupted, repeated, reordered deliveries: both registries end equal."""

from __future__ import annotations

import random
import uuid
from collections.abc import Generator
from contextlib import suppress
from typing import Any

import httpx
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from services.kit.clock import system_clock
from services.sync.run import key_auth, key_transport
from services.sync.settings import Sisi
from shared_schemas.bentuk_normal import differ, normal
from shared_schemas.perjanjian import CONTOH, FIELD_SETS, load
from shared_schemas.rujukan import Himpunan, Wewenang
from tests import contoh
from tests.conftest import SABAR
from tests.e2e.conftest import Pasangan

PERUSAHAAN, PEKERJA = 3, 12

_NILAI: dict[str, list[Any]] = {
    "jabatan": ["Operator", "Mandor", "Kasir"],
    "status_pekerjaan": ["PKWTT", "PKWT"],
    "alamat": ["Jalan Contoh No. 1", "Jalan Contoh No. 22", "JL. CONTOH NO 1"],
    "nomor_hp": ["+6281200000001", "+6281200000002", None],
    "nomor_kepesertaan_jkn": ["0009000000001", "0009000000002"],
    "tmt_jkn": ["2020-01-01", "2021-02-03"],
    "jumlah_anggota_keluarga": [0, 3],
    "status_kepesertaan": ["AKTIF", "NONAKTIF_PREMI"],
    "nama": ["Contoh Satu", "Contoh Dua"],
    "dilaporkan_pada": ["2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z", None],
}
# What a giver must fill it never empties; the other side may.
_WAJIB = {
    nama: {b.nama for b in FIELD_SETS[Himpunan.PEKERJA].daftar_bidang() if pihak in b.rujukan.wajib}
    for nama, pihak in (("wlkp", "pihak_kesatu"), ("bpjs", "pihak_kedua"))
}

suntingan = st.lists(
    st.tuples(
        st.sampled_from(["wlkp", "bpjs"]),
        st.integers(1, PEKERJA),
        st.sampled_from(sorted(_NILAI)),
        st.integers(0, 2),
    ),
    min_size=1,
    max_size=12,
)


def seed(pasangan: Pasangan) -> None:
    """Fill both registries with the same few companies and workers, once."""
    if pasangan.fetch("wlkp", "SELECT 1 FROM badan_usaha"):
        return
    for c in range(1, PERUSAHAAN + 1):
        company = contoh.badan_usaha(c)
        for nama in ("wlkp", "bpjs"):
            insert(pasangan, nama, "badan_usaha", {"id": f"{nama}-{c}", **company})
    for n in range(1, PEKERJA + 1):
        both = {**contoh.pekerja_wlkp(n), **contoh.pekerja_bpjs(n)}
        for nama in ("wlkp", "bpjs"):
            row = {"id": f"{nama}-tk-{n}", "id_badan_usaha": f"{nama}-{n % PERUSAHAAN + 1}", **both}
            insert(pasangan, nama, "pekerja", row)


def insert(pasangan: Pasangan, nama: str, table: str, row: dict[str, Any]) -> None:
    names, values = ", ".join(row), ", ".join(f":{k}" for k in row)
    pasangan.execute(nama, f"INSERT INTO {table} ({names}) VALUES ({values})", **row)


def edit(pasangan: Pasangan, nama: str, n: int, bidang: str, pilihan: int) -> None:
    values = _NILAI[bidang]
    value = values[pilihan % len(values)]
    if value is None and bidang in _WAJIB[nama]:
        return
    pasangan.execute(
        nama, f"UPDATE pekerja SET {bidang} = :v WHERE id = :id", v=value, id=f"{nama}-tk-{n}"
    )


Batch = tuple[Sisi, str, str, bytes]
"""To whom, under which key, for what purpose, and the body."""


class Perekam:
    """Stands in for the client's authentication and keeps a copy of every batch that goes out."""

    def __init__(self) -> None:
        self.batches: list[Batch] = []

    def __call__(self, sisi: Sisi) -> httpx.Auth:
        inner, batches = key_auth(sisi), self.batches

        class Recording(httpx.Auth):
            requires_response_body = True

            def auth_flow(
                self, request: httpx.Request
            ) -> Generator[httpx.Request, httpx.Response, None]:
                if request.method == "POST" and request.url.path == "/v1/usulan":
                    kunci, tujuan = (request.headers[h] for h in ("idempotency-key", "tujuan"))
                    batches.append((sisi, kunci, tujuan, request.content))
                yield from inner.auth_flow(request)

        return Recording()


def reconcile_with_interruption(pasangan: Pasangan, after: int, perekam: Perekam) -> None:
    """Stop the reconciler by Ctrl-C at its `after`-th sign of progress, then let it finish."""
    seen = 0

    def interrupt(_: object) -> None:
        nonlocal seen
        seen += 1
        if seen == after:
            raise KeyboardInterrupt

    with suppress(KeyboardInterrupt):
        pasangan.reconcile(on_progress=interrupt, make_auth=perekam)
    assert pasangan.reconcile(make_auth=perekam).converged


def repeat_deliveries(batches: list[Batch], order: random.Random) -> None:
    """Send every batch again, in another order, under its own key and under a new one."""
    order.shuffle(batches)
    for sisi, kunci, tujuan, isi in batches:
        with httpx.Client(
            base_url=sisi.base_url,
            auth=key_auth(sisi),
            transport=key_transport(sisi, load(CONTOH).nomor),
            timeout=SABAR,
        ) as client:
            for key in (kunci, str(uuid.uuid4())):
                headers = {
                    "Idempotency-Key": key,
                    "Content-Type": "application/json",
                    "Tujuan": tujuan,
                }
                answer = client.post("/v1/usulan", content=isi, headers=headers)
                assert answer.status_code == 200, answer.text


def unequal(pasangan: Pasangan) -> list[tuple[int, str]]:
    """Return (worker, field) pairs that differ although nobody holds them."""
    perjanjian, now = load(CONTOH), system_clock()
    held = {
        (row.id_wlkp, row.bidang)
        for row in pasangan.fetch(
            "hub", "SELECT id_wlkp, bidang FROM temuan WHERE keadaan IN ('tertahan', 'ditolak')"
        )
    }
    rows = {
        nama: {r.nik: r for r in pasangan.fetch(nama, "SELECT * FROM pekerja")}
        for nama in ("wlkp", "bpjs")
    }
    found = []
    for n in range(1, PEKERJA + 1):
        w, b = rows["wlkp"][contoh.nik(n)], rows["bpjs"][contoh.nik(n)]
        for bidang in FIELD_SETS[Himpunan.PEKERJA].daftar_bidang():
            wewenang = perjanjian.wewenang(bidang, now)
            if not bidang.rujukan.dibandingkan or wewenang is None:
                continue
            left, right = getattr(w, bidang.nama), getattr(b, bidang.nama)
            wins = {Wewenang.PIHAK_KESATU: left, Wewenang.PIHAK_KEDUA: right}
            if wewenang in wins and wins[wewenang] is None:
                continue  # an empty value never wins
            cara = bidang.rujukan.perbandingan
            unlike = differ(cara, normal(cara, left), normal(cara, right))
            if unlike and (w.id, bidang.nama) not in held:
                found.append((n, bidang.nama))
    return found


@settings(
    max_examples=6,
    deadline=None,
    phases=[Phase.generate],  # shrinking would repeat whole reconciliations for minutes
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(edits=suntingan, after=st.integers(1, 40), order=st.integers(0, 1_000))
def test_random_edits_converge_to_equality(
    pasangan: Pasangan, edits: list[tuple[str, int, str, int]], after: int, order: int
) -> None:
    seed(pasangan)
    for nama, n, bidang, pilihan in edits:
        edit(pasangan, nama, n, bidang, pilihan)
    perekam = Perekam()
    reconcile_with_interruption(pasangan, after, perekam)
    before = (
        pasangan.fetch("wlkp", "SELECT max(nomor) FROM pekerja"),
        pasangan.fetch("bpjs", "SELECT max(nomor) FROM pekerja"),
    )
    repeat_deliveries(perekam.batches, random.Random(order))
    after_repeat = (
        pasangan.fetch("wlkp", "SELECT max(nomor) FROM pekerja"),
        pasangan.fetch("bpjs", "SELECT max(nomor) FROM pekerja"),
    )
    assert after_repeat == before  # a repeated delivery changes nothing
    assert unequal(pasangan) == []
    again = pasangan.reconcile()
    assert again.converged
    assert again.counts.get("diusulkan", 0) == 0  # a round over unchanged registries is silent
