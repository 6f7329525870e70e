"""Mirrors loaded from snapshots: exactly the registry, whatever is cut, killed or tampered with."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from services.kit.clock import system_clock
from services.registry.ekspor import bagian, cuplikan
from services.sync import muat, sambungan, unduhan
from services.sync.errors import ContractError, SnapshotBrokenError
from services.sync.kepemimpinan import Kepemimpinan
from services.sync.pull import pull_pages
from services.sync.run import key_auth, load, open_context
from services.sync.settings import NamaSisi, SyncSettings
from shared_schemas.rujukan import Himpunan
from shared_schemas.v1.ekspor import BentukEkspor
from tests.conftest import MakeDatabase
from tests.e2e.conftest import Pasangan, open_pasangan
from tests.perantara import Perantara

BANYAK, SEBAGIAN = 700, 60
PEKERJA = [(NamaSisi.WLKP, Himpunan.PEKERJA)]
BENTUK = pytest.mark.parametrize("bentuk", list(BentukEkspor))


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bagian, "BARIS", SEBAGIAN)
    monkeypatch.setattr(cuplikan, "_HALAMAN", 2)
    monkeypatch.setattr(sambungan, "_LONGEST_PAUSE", 0.05)


@contextmanager
def filled(make_database: MakeDatabase, data: Path, *, polos: bool = False) -> Iterator[Pasangan]:
    with open_pasangan(make_database, data, polos=polos) as found:
        found.execute(
            "wlkp", "INSERT INTO badan_usaha (id, npwp, nomor_tdp_atau_nib, nama, kbli, alamat,"
            " telepon, email, nama_pengurus_atau_pic, alamat_pengurus_atau_pic,"
            " nama_pemilik_atau_pimpinan, alamat_pemilik) VALUES ('W-1', '0013000011001000',"
            " '9120000000001', 'PT Contoh Melati', '10130', 'Jalan Contoh No. 1', '+62225550001',"
            " 'info@melati.example', 'Contoh Satu', 'Jalan Contoh No. 2', 'Contoh Dua',"
            " 'Jalan Contoh No. 3')",
        )  # fmt: skip
        put(found, 1, BANYAK)
        yield found


@pytest.fixture(scope="module")
def isi(
    make_database: MakeDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pasangan]:
    with filled(make_database, tmp_path_factory.mktemp("muat")) as found:
        yield found


@pytest.fixture(scope="module")
def isi_polos(
    make_database: MakeDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pasangan]:
    with filled(make_database, tmp_path_factory.mktemp("polos"), polos=True) as found:
        yield found


@pytest.fixture
def panggung(isi: Pasangan) -> Pasangan:
    """The pair with an empty hub."""
    return emptied(isi)


@pytest.fixture
def polos(isi_polos: Pasangan) -> Pasangan:
    """The same without TLS and signatures, which would find what a proxy does before we do."""
    return emptied(isi_polos)


def emptied(isi: Pasangan) -> Pasangan:
    with isi.hub.begin() as hub:
        hub.execute(sa.text("TRUNCATE cermin_pekerja, kursor_tarik, muatan, muatan_bagian"))
    isi.execute("wlkp", "TRUNCATE ekspor CASCADE")
    shutil.rmtree(isi.sync.unduhan or Path("tidak-ada"), ignore_errors=True)
    return isi


def put(p: Pasangan, first: int, last: int) -> None:
    p.execute(
        "wlkp",
        "INSERT INTO pekerja (id, id_badan_usaha, nik, nama, tanggal_lahir, alamat, jabatan,"
        " status_pekerjaan, hubungan_kerja, dilaporkan_pada)"
        " SELECT 'P-' || n, 'W-1', '327301150895' || lpad(n::text, 4, '0'), 'Contoh Pekerja ' || n,"
        " '1995-08-15', 'Jalan Contoh No. ' || n, 'Operator', 'PKWTT', 'AKTIF',"
        " '2026-05-01 08:00+07' FROM generate_series(CAST(:a AS int), CAST(:z AS int)) n",
        a=first, z=last,
    )  # fmt: skip


def mirror(p: Pasangan) -> dict[str, tuple[int, str, Any]]:
    rows = p.fetch("hub", "SELECT id, versi, nik, isi ->> 'nama' FROM cermin_pekerja")
    assert len({r[0] for r in rows}) == len(rows)
    return {r[0]: (r[1], r[2], r[3]) for r in rows}


def registry(p: Pasangan) -> dict[str, tuple[int, str, Any]]:
    rows = p.fetch("wlkp", "SELECT id, versi, nik, nama FROM pekerja WHERE dihapus_pada IS NULL")
    return {r[0]: (r[1], r[2], r[3]) for r in rows}


def follow(settings: SyncSettings, on_progress: Any = None) -> int:
    """Pull the feed to its end as a round does; return how many records were read."""
    lock = Kepemimpinan(settings.database_url)
    lock.acquire(wait=False, tell=lambda _text: None)
    with closing(lock), open_context(settings, lock, on_progress, system_clock, key_auth) as ctx:
        total = 0
        for _ in range(100):
            read = pull_pages(ctx, NamaSisi.WLKP, Himpunan.PEKERJA)
            total += read["dibaca"]
            if read["habis"]:
                return total
        raise AssertionError("umpan tidak habis")


def muat_pekerja(p: Pasangan, bentuk: BentukEkspor = BentukEkspor.NDJSON, **more: Any) -> int:
    (loaded,) = load(p.sync, PEKERJA, bentuk, **more).values()
    return loaded


@BENTUK
def test_mirror_is_the_registry_and_the_feed_goes_on_from_there(
    panggung: Pasangan, bentuk: BentukEkspor
) -> None:
    said: list[str] = []
    assert muat_pekerja(panggung, bentuk, on_progress=lambda k: said.append(k.pesan)) == len(
        registry(panggung)
    )
    assert mirror(panggung) == registry(panggung)
    assert any("/detik, sisa" in text for text in said)
    assert panggung.fetch("hub", "SELECT 1 FROM muatan") == []
    assert not list((panggung.sync.unduhan or Path()).rglob("*.*"))
    panggung.execute("wlkp", "UPDATE pekerja SET nama = nama || ' Baru' WHERE id = 'P-3'")
    assert follow(panggung.sync) == 1
    assert mirror(panggung) == registry(panggung)


def test_both_forms_make_the_same_mirror(panggung: Pasangan) -> None:
    rows = []
    columns = "id, versi, nik, id_badan_usaha, dilaporkan_pada, isi::text, banding::text"
    for bentuk in BentukEkspor:
        muat_pekerja(panggung, bentuk)
        found = panggung.fetch("hub", f"SELECT {columns} FROM cermin_pekerja ORDER BY id")
        rows.append([tuple(r) for r in found])
    assert rows[0] == rows[1]


def test_row_that_the_registry_no_longer_has_goes(panggung: Pasangan) -> None:
    muat_pekerja(panggung)
    with panggung.hub.begin() as hub:
        hub.execute(sa.text("UPDATE cermin_pekerja SET id = 'P-HANTU' WHERE id = 'P-1'"))
    muat_pekerja(panggung)
    assert mirror(panggung) == registry(panggung)


@BENTUK
def test_writers_during_the_snapshot_lose_nothing(panggung: Pasangan, bentuk: BentukEkspor) -> None:
    """Writers add, change and delete all the time; snapshot and feed together are the registry."""
    stop = threading.Event()

    def write(seed: int) -> None:
        chance = random.Random(seed)
        for n in range(10_000):
            if stop.is_set():
                return
            one = f"P-{chance.randrange(1, BANYAK)}"
            if n % 5 == 0:
                change = "dihapus_pada = now()"
            else:
                change = f"nama = 'Contoh Ubah {seed} {n}', dihapus_pada = NULL"
            panggung.execute("wlkp", f"UPDATE pekerja SET {change} WHERE id = :id", id=one)

    writers = [threading.Thread(target=write, args=(seed,)) for seed in (1, 2)]
    for writer in writers:
        writer.start()
    try:
        muat_pekerja(panggung, bentuk)
    finally:
        stop.set()
        for writer in writers:
            writer.join()
    loaded = mirror(panggung)
    follow(panggung.sync)
    assert mirror(panggung) == registry(panggung)
    assert loaded != mirror(panggung), "nobody wrote after the snapshot: the test shows nothing"
    panggung.execute(
        "wlkp", "UPDATE pekerja SET dihapus_pada = NULL WHERE dihapus_pada > '2000-1-1'"
    )


def test_long_full_read_goes_on_from_a_snapshot_by_itself(
    panggung: Pasangan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(muat, "AMBANG", 500)
    monkeypatch.setattr("services.sync.pull.HALAMAN_PER_LANGKAH", 6)
    short = replace_pages(panggung, 100)
    said: list[str] = []
    follow(short, lambda k: said.append(k.tahap))
    assert "muat" in said
    assert mirror(panggung) == registry(panggung)
    ekspor = panggung.fetch("wlkp", "SELECT keadaan FROM ekspor")
    assert [e[0] for e in ekspor] == ["siap"]


def test_small_registry_is_read_from_the_feed(panggung: Pasangan) -> None:
    assert follow(panggung.sync) == BANYAK
    assert panggung.fetch("wlkp", "SELECT 1 FROM ekspor") == []
    assert mirror(panggung) == registry(panggung)


def test_folder_that_cannot_be_written_leaves_the_feed(
    panggung: Pasangan, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(muat, "AMBANG", 500)
    monkeypatch.setattr("services.sync.pull.HALAMAN_PER_LANGKAH", 6)
    (tmp_path / "berkas").touch()
    nowhere = {"batas_halaman": 100, "unduhan": tmp_path / "berkas" / "unduhan"}
    follow(panggung.sync.model_copy(update=nowhere))
    assert mirror(panggung) == registry(panggung)


@pytest.mark.parametrize("jalur", ["pekerja/x", "pekerja/x/y"], ids=["405", "404"])
def test_service_without_snapshots_is_read_from_its_feed(
    panggung: Pasangan, monkeypatch: pytest.MonkeyPatch, jalur: str
) -> None:
    """Asked under an address that it does not have, the service answers as an older one would."""
    monkeypatch.setattr(muat, "AMBANG", 500)
    monkeypatch.setattr("services.sync.pull.HALAMAN_PER_LANGKAH", 6)
    monkeypatch.setattr("services.sync.unduhan.JALUR", {Himpunan.PEKERJA: jalur})
    said: list[str] = []
    follow(replace_pages(panggung, 100), lambda k: said.append(f"{k.tahap} {k.pesan}"))
    assert any("dibaca dari umpan" in text for text in said)
    assert panggung.fetch("wlkp", "SELECT 1 FROM ekspor") == []
    assert mirror(panggung) == registry(panggung)


def replace_pages(p: Pasangan, batas: int) -> Any:
    return p.sync.model_copy(update={"batas_halaman": batas})


# -- cut, killed, tampered with ------------------------------------------------------------


def through(p: Pasangan, perantara: Perantara, **more: Any) -> Any:
    wlkp = p.sync.wlkp.model_copy(update={"base_url": perantara.url, "kunci_pesan": None})
    return p.sync.model_copy(update={"wlkp": wlkp, **more})


def port_of(p: Pasangan) -> int:
    return int(p.sync.wlkp.base_url.rsplit(":", 1)[1])


def _auth(p: Pasangan) -> Any:
    """Assertions name the service itself, not the proxy before it."""

    def make(sisi: Any) -> Any:
        real = p.sync.wlkp if sisi.client_id == p.sync.wlkp.client_id else p.sync.bpjs
        return key_auth(real)

    return make


@pytest.mark.parametrize("benih", range(3))
@BENTUK
def test_cut_at_any_byte_is_resumed(polos: Pasangan, bentuk: BentukEkspor, benih: int) -> None:
    chance = random.Random(benih)
    cuts = iter([chance.randrange(1, 2_500) for _ in range(40)])
    with closing(Perantara(port_of(polos), cuts)) as perantara:
        load(through(polos, perantara), PEKERJA, bentuk, make_auth=_auth(polos))
        assert perantara.terputus >= 10
    assert mirror(polos) == registry(polos)


def test_wrong_digest_is_refused_after_a_second_try(polos: Pasangan) -> None:
    with (
        closing(Perantara(port_of(polos), iter(()), ubah=True)) as perantara,
        pytest.raises(SnapshotBrokenError, match="juga kedua kali"),
    ):
        load(through(polos, perantara), PEKERJA, BentukEkspor.NDJSON, make_auth=_auth(polos))
    assert mirror(polos) == {}
    muat_pekerja(polos)
    assert mirror(polos) == registry(polos)


def test_wrong_signature_is_refused_and_moves_no_cursor(
    panggung: Pasangan, monkeypatch: pytest.MonkeyPatch
) -> None:
    from services.auth.jws import SigningKey, new_private_pem

    other = SigningKey(new_private_pem())
    monkeypatch.setattr(
        "services.auth.tokens.TokenIssuer.sign",
        lambda _, subjek, audiens, until, isi: other.sign(
            {"iss": "x", "sub": subjek, "aud": audiens, "iat": 0, "exp": until.timestamp()} | isi
        ),
    )
    with pytest.raises(SnapshotBrokenError, match="tanda tangan"):
        muat_pekerja(panggung)
    (kursor,) = panggung.fetch("hub", "SELECT kursor, penuh FROM kursor_tarik")
    assert tuple(kursor) == (None, True)


def test_row_that_is_not_valid_is_refused_by_its_field(panggung: Pasangan) -> None:
    nama = panggung.fetch("wlkp", "SELECT nik FROM pekerja WHERE id = 'P-5'")[0][0]
    panggung.execute("wlkp", "UPDATE pekerja SET nik = '12' WHERE id = 'P-5'")
    try:
        for bentuk in BentukEkspor:
            with pytest.raises(ContractError, match=r"isi\.nik tidak sah"):
                muat_pekerja(panggung, bentuk)
            assert "P-5" not in mirror(panggung)
            with panggung.hub.begin() as hub:
                hub.execute(sa.text("TRUNCATE muatan, muatan_bagian"))
    finally:
        panggung.execute("wlkp", "UPDATE pekerja SET nik = :n WHERE id = 'P-5'", n=nama)


def test_snapshot_that_went_away_is_replaced_by_another(
    panggung: Pasangan, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = muat._store
    seen: list[str] = []

    def once_gone(ctx: Any, muatan: Any, tiba: Any) -> None:
        stored(ctx, muatan, tiba)
        seen.append(tiba.bagian.nama)
        if len(seen) == 3:
            panggung.execute("wlkp", "UPDATE ekspor SET kedaluwarsa_pada = '2000-01-01'")
            panggung.execute("wlkp", "UPDATE ekspor SET keadaan = 'kedaluwarsa'")

    monkeypatch.setattr(muat, "_store", once_gone)
    muat_pekerja(panggung)
    assert mirror(panggung) == registry(panggung)
    assert panggung.fetch("wlkp", "SELECT count(*) FROM ekspor")[0][0] == 2


_GAGAL = ("UPDATE ekspor SET keadaan = 'gagal', alasan = 'x'", "DELETE FROM ekspor_bagian")
_LUPA = ("DELETE FROM ekspor_bagian", "DELETE FROM ekspor")


def before_the_third_part(monkeypatch: pytest.MonkeyPatch, then: Callable[[], None]) -> None:
    """Do something once, when the third part of the first snapshot is about to be asked for."""
    fetch = unduhan.Unduhan._fetch
    asked: list[str] = []

    def fetched(self: unduhan.Unduhan, ekspor: Any, part: Any) -> Path:
        asked.append(part.nama)
        if len(asked) == 3:
            then()
        return fetch(self, ekspor, part)

    monkeypatch.setattr(unduhan.Unduhan, "_fetch", fetched)


@pytest.mark.parametrize("akhir", [_GAGAL, _LUPA], ids=["gagal", "dilupakan"])
def test_snapshot_that_its_service_gave_up_is_replaced_by_another(
    panggung: Pasangan, monkeypatch: pytest.MonkeyPatch, akhir: tuple[str, ...]
) -> None:
    """As a service does that was restarted, after the list of parts was read."""
    said: list[str] = []

    def give_up() -> None:
        for query in akhir:
            panggung.execute("wlkp", query)

    before_the_third_part(monkeypatch, give_up)
    muat_pekerja(panggung, on_progress=lambda k: said.append(k.pesan))
    assert mirror(panggung) == registry(panggung)
    assert sum("mulai lagi" in text for text in said) == 1


def test_load_goes_on_long_after_its_snapshot_was_forgotten(
    panggung: Pasangan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The service still answers the key with the snapshot's id, which it knows no more."""

    def stop() -> None:
        raise SnapshotBrokenError

    before_the_third_part(monkeypatch, stop)
    with pytest.raises(SnapshotBrokenError):
        muat_pekerja(panggung)
    assert panggung.fetch("hub", "SELECT 1 FROM muatan")
    for query in _LUPA:
        panggung.execute("wlkp", query)
    muat_pekerja(panggung)
    assert mirror(panggung) == registry(panggung)


_LOADER = """
import sys, time, json
from pathlib import Path
from services.sync import muat, sambungan
from services.sync.run import load
from services.sync.settings import NamaSisi, SyncSettings
from shared_schemas.rujukan import Himpunan
from shared_schemas.v1.ekspor import BentukEkspor
store = muat._store
def slowly(ctx, muatan, tiba):
    print("tiba", flush=True)
    store(ctx, muatan, tiba)
    print("simpan", flush=True)
muat._store = slowly
settings = SyncSettings.model_validate_json(sys.argv[1])
load(settings, [(NamaSisi.WLKP, Himpunan.PEKERJA)], BentukEkspor.NDJSON)
print("selesai", flush=True)
"""


@pytest.mark.parametrize("kata", [1, 4, 7])
def test_killed_loader_goes_on_and_ends_in_the_same_mirror(panggung: Pasangan, kata: int) -> None:
    command = [sys.executable, "-c", _LOADER, panggung.sync.model_dump_json()]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=os.environ, text=True)
    assert process.stdout is not None
    for _ in range(kata):
        assert process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    process.wait()
    begun = panggung.fetch("hub", "SELECT count(*) FROM muatan_bagian")[0][0]
    assert len(panggung.fetch("hub", "SELECT 1 FROM muatan")) == 1
    muat_pekerja(panggung)
    assert mirror(panggung) == registry(panggung)
    assert panggung.fetch("wlkp", "SELECT count(*) FROM ekspor")[0][0] == 1
    assert begun >= (kata - 1) // 2
