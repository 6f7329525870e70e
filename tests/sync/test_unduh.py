"""`hub unduh` and `hub sync muat`: over one client; parts are a registry to compare."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.auth.jws import VerifyingKey
from services.sync.errors import DownloadFolderError
from tests.conftest import MakeDatabase
from tests.e2e.conftest import Pasangan, open_pasangan
from tests.perintah import app

BANYAK = 30


@pytest.fixture(scope="module")
def isi(
    make_database: MakeDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pasangan]:
    with open_pasangan(make_database, tmp_path_factory.mktemp("unduh")) as found:
        found.execute("wlkp", "INSERT INTO badan_usaha (id, nama) VALUES ('W-1', 'PT Contoh')")
        found.execute(
            "wlkp",
            "INSERT INTO pekerja (id, id_badan_usaha, nik, nama, tanggal_lahir, alamat, jabatan,"
            " status_pekerjaan) SELECT 'P-' || n, 'W-1', '327301150895' || lpad(n::text, 4, '0'),"
            " 'Contoh Pekerja ' || n, '1995-08-15', 'Jalan Contoh No. ' || n, 'Operator', 'PKWTT'"
            f" FROM generate_series(1, {BANYAK}) n",
        )
        yield found


def hub(p: Pasangan, *arguments: str) -> object:
    urls = ["--wlkp-url", p.sync.wlkp.base_url, "--bpjs-url", p.sync.bpjs.base_url]
    done = CliRunner().invoke(app, [*arguments, "--data", str(p.data), *urls, "--json"])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_downloaded_parts_are_verified_files_of_their_owner(isi: Pasangan, tmp_path: Path) -> None:
    folder = tmp_path / "wlkp"
    said = hub(isi, "unduh", "wlkp", "pekerja", "--keluar", str(folder))
    assert isinstance(said, dict)
    assert (said["rekaman"], said["bagian"]) == (BANYAK, 1)
    modes = {stat.S_IMODE(p.stat().st_mode) for p in folder.iterdir()}
    assert modes == {0o600}
    assert {p.name for p in folder.iterdir()} == {".kunci", "00001.arrow", "manifes.jws"}
    key = isi.data / "wlkp" / "kunci.pem"
    from services.auth.jws import public_jwk

    claims = VerifyingKey(dict(public_jwk(key.read_bytes()))).verify(
        (folder / "manifes.jws").read_text(), audience=isi.sync.wlkp.client_id, now=0,
        leeway=1 << 40,
    )  # fmt: skip
    assert claims["manifes"]["id"] == said["id"]
    part = folder / "00001.arrow"
    whole = part.read_bytes()
    part.write_bytes(whole[:100])
    assert hub(isi, "unduh", "wlkp", "pekerja", "--keluar", str(folder)) == said
    assert part.read_bytes() == whole


def test_folder_with_other_files_is_refused(isi: Pasangan, tmp_path: Path) -> None:
    (tmp_path / "lain.txt").write_text("lain")
    done = CliRunner().invoke(
        app, ["unduh", "wlkp", "pekerja", "--keluar", str(tmp_path), "--data", str(isi.data)]
    )
    assert "tidak kosong" in str(done.exception)


def test_folder_of_another_download_is_refused_and_kept(isi: Pasangan, tmp_path: Path) -> None:
    folder = tmp_path / "unduhan"
    hub(isi, "unduh", "wlkp", "pekerja", "--keluar", str(folder))
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    for call in (
        ["bpjs", "pekerja"], ["wlkp", "badan-usaha"], ["wlkp", "pekerja", "--bentuk", "ndjson"],
    ):  # fmt: skip
        done = CliRunner().invoke(
            app, ["unduh", *call, "--keluar", str(folder), "--data", str(isi.data)]
        )
        assert "memuat unduhan lain (wlkp pekerja arrow)" in str(done.exception)
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before


def test_folder_that_is_a_file_or_cannot_be_is_named(isi: Pasangan, tmp_path: Path) -> None:
    (tmp_path / "berkas").write_text("isi")
    for name, said in (("berkas", "bukan folder"), ("berkas/dalam", "bukan folder")):
        done = CliRunner().invoke(
            app,
            ["unduh", "wlkp", "pekerja", "--keluar", str(tmp_path / name),
             "--data", str(isi.data)],
        )  # fmt: skip
        assert isinstance(done.exception, DownloadFolderError)
        assert said in str(done.exception)


def test_folder_of_parts_is_a_registry_to_compare(isi: Pasangan, tmp_path: Path) -> None:
    from services.banding import Pilihan, bandingkan
    from shared_schemas.rujukan import Himpunan

    hub(isi, "unduh", "wlkp", "pekerja", "--keluar", str(tmp_path / "a"))
    isi.execute("wlkp", "UPDATE pekerja SET nama = 'Contoh Lain' WHERE id = 'P-3'")
    hub(isi, "unduh", "wlkp", "pekerja", "--keluar", str(tmp_path / "b"))
    hasil = bandingkan(
        tmp_path / "a", tmp_path / "b", tmp_path / "beda.parquet", tmp_path / "kerja",
        Pilihan(Himpunan.PEKERJA, None, None, None),
    )  # fmt: skip
    kelas = hasil.row()["kelas"]
    assert (kelas["sama"], kelas["berbeda"]) == (BANYAK - 1, 1)


def test_muat_says_what_each_mirror_got(isi: Pasangan) -> None:
    url = isi.sync.database_url
    rows = hub(
        isi, "sync", "muat", "--sisi", "wlkp", "--himpunan", "pekerja", "--database-url", url
    )
    assert rows == [{"sisi": "wlkp", "himpunan": "pekerja", "rekaman": BANYAK}]
