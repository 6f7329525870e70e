"""Letters that were thrown away or come late, over real HTTP: what stands, and that the sums hold.

Sent = received + in flight; received = the sum of what became of it, the same on both sides.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from services.kit.clock import system_clock
from services.sync import surat_mati
from services.sync.errors import Jawaban, RefusedError
from services.sync.imbang import KeadaanNeraca
from services.sync.klien import KlienRegistri
from services.sync.lihat_neraca import balances
from services.sync.settings import NamaSisi
from tests import contoh
from tests.conftest import MakeDatabase
from tests.e2e.conftest import Pasangan, open_pasangan
from tests.e2e.test_konvergensi import insert, seed


@pytest.fixture(scope="module")
def pasangan(
    make_database: MakeDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pasangan]:
    """A pair of registries where what failed is said again at once."""
    with open_pasangan(make_database, tmp_path_factory.mktemp("terlambat")) as found:
        found.sync = found.sync.model_copy(update={"ulang_jam": 0})
        seed(found)
        found.reconcile()
        yield found


def refusing(context: pytest.MonkeyPatch, chosen: Callable[[dict[str, Any]], bool]) -> None:
    """Let no batch arrive that has a chosen item: it becomes a dead letter."""
    send = KlienRegistri.send_usulan

    def refuse(self: KlienRegistri, isi: bytes, kunci: str) -> Any:
        if any(chosen(item) for item in json.loads(isi)["usulan"]):
            error = RefusedError("Contoh.")
            error.jawaban = Jawaban(422, "KLIEN-BENTUK-001")
            raise error
        return send(self, isi, kunci)

    context.setattr(KlienRegistri, "send_usulan", refuse)


def new_worker(pasangan: Pasangan, n: int) -> str:
    """Have WLKP alone know a worker, and return the record's id."""
    id_ = f"wlkp-baru-{n}"
    insert(
        pasangan,
        "wlkp",
        "pekerja",
        {"id": id_, "id_badan_usaha": "wlkp-1"} | contoh.pekerja_wlkp(n),
    )
    return id_


def summed(pasangan: Pasangan, sisi: NamaSisi = NamaSisi.BPJS) -> Counter[str]:
    """Return the balance of all days with one registry, after holding both sides' sums together."""
    total: Counter[str] = Counter()
    (hasil,) = balances(pasangan.sync, None, sisi=[sisi])
    ours, theirs = hasil.pengirim, hasil.penerima
    assert hasil.keadaan is KeadaanNeraca.COCOK, hasil.selisih
    assert theirs is not None
    assert ours.dikirim == ours.jumlah + ours.di_jalan
    assert ours.jumlah == theirs.jumlah == sum(ours.menurut_keadaan.values())
    assert ours.menurut_keadaan == {k.value: n for k, n in theirs.menurut_keadaan.items()}
    total.update(ours.menurut_keadaan)
    total.update(dikirim=ours.dikirim, di_jalan=ours.di_jalan, kembali=ours.kembali)
    return total


def since(pasangan: Pasangan, before: Counter[str], sisi: NamaSisi = NamaSisi.BPJS) -> Any:
    now = summed(pasangan, sisi)
    return {k: now[k] - before[k] for k in now if now[k] != before[k]}


def test_withdrawal_thrown_away_is_said_again_and_the_sums_hold(
    pasangan: Pasangan, monkeypatch: pytest.MonkeyPatch
) -> None:
    p, before = pasangan, summed(pasangan)
    asal = new_worker(p, 501)
    assert p.reconcile().converged
    assert since(p, before) == {"dikirim": 1, "diterima": 1}
    p.execute("wlkp", "UPDATE pekerja SET nik = NULL, dihapus_pada = now() WHERE id = :i", i=asal)
    with monkeypatch.context() as context:
        refusing(context, lambda item: item["jenis"] == "pencabutan")
        p.reconcile()
    assert since(p, before) == {"dikirim": 2, "diterima": 1, "di_jalan": 1}
    ((batch,),) = p.fetch("hub", "SELECT id FROM kotak_keluar WHERE keadaan = 'mati'")
    surat_mati.discard(p.hub, batch, "Petugas Contoh", "contoh", system_clock())
    assert since(p, before) == {"dikirim": 1, "diterima": 1, "kembali": 1}
    assert p.reconcile().converged
    assert since(p, before) == {"dikirim": 2, "dicabut": 1, "diterapkan": 1, "kembali": 1}
    query = "SELECT keadaan FROM pendaftaran WHERE id_asal = :i"
    assert p.fetch("bpjs", query, i=asal) == [("dicabut",)]


def test_addition_sent_again_after_a_newer_one_changes_nothing_and_the_sums_hold(
    pasangan: Pasangan, monkeypatch: pytest.MonkeyPatch
) -> None:
    p, before = pasangan, summed(pasangan)
    with monkeypatch.context() as context:
        refusing(context, lambda item: item["jenis"] == "penambahan")
        asal = new_worker(p, 502)
        p.reconcile()
    p.execute("wlkp", "UPDATE pekerja SET nama = 'Contoh Betul' WHERE id = :i", i=asal)
    assert p.reconcile().converged
    assert since(p, before) == {"dikirim": 2, "diterima": 1, "di_jalan": 1}
    shown = "SELECT isi->>'nama', keadaan FROM pendaftaran WHERE id_asal = :i"
    assert p.fetch("bpjs", shown, i=asal) == [("Contoh Betul", "potensial")]
    assert surat_mati.resend(p.hub, None, "petugas", system_clock()).jumlah == 1
    for _ in range(2):
        assert p.reconcile().converged
    assert p.fetch("bpjs", shown, i=asal) == [("Contoh Betul", "potensial")]
    assert since(p, before) == {"dikirim": 2, "diterima": 1, "usang": 1}
    answered = "SELECT kode FROM usulan WHERE id_asal = :i ORDER BY batch"
    kinds = [("USULAN-LEBIH-LAMA",), ("USULAN-TERCATAT",)]
    assert p.fetch("hub", answered, i=asal) == kinds
    found = "SELECT keadaan FROM temuan WHERE jenis = 'hanya_wlkp' AND id_wlkp = :i"
    assert p.fetch("hub", found, i=asal) == [("diantre",)]


def test_notice_sent_again_after_a_newer_one_is_followed_by_it_and_the_sums_hold(
    pasangan: Pasangan, monkeypatch: pytest.MonkeyPatch
) -> None:
    p, before = pasangan, summed(pasangan, NamaSisi.WLKP)
    counted = "SELECT jumlah_pekerja, versi_asal FROM status_jkn WHERE id_badan_usaha = 'wlkp-2'"
    p.execute("bpjs", "UPDATE badan_usaha SET status_pendaftaran = 'TERDAFTAR' WHERE id = 'bpjs-2'")
    assert p.reconcile().converged
    ((count, versi),) = p.fetch("wlkp", counted)

    def hire(n: int) -> None:
        both = {**contoh.pekerja_wlkp(n), **contoh.pekerja_bpjs(n)}
        for nama in ("wlkp", "bpjs"):
            row = {"id": f"{nama}-tk-{n}", "id_badan_usaha": f"{nama}-2", **both}
            insert(p, nama, "pekerja", row)

    with monkeypatch.context() as context:
        refusing(context, lambda item: item["jenis"] == "status_pendaftaran")
        hire(511)
        p.reconcile()
    hire(512)
    assert p.reconcile().converged
    assert p.fetch("wlkp", counted) == [(count + 2, versi)]
    assert surat_mati.resend(p.hub, None, "petugas", system_clock()).jumlah == 1
    for _ in range(2):
        assert p.reconcile().converged
    assert p.fetch("wlkp", counted) == [(count + 2, versi)]
    assert since(p, before, NamaSisi.WLKP) == {"dikirim": 4, "diterapkan": 4}
