"""What is read: downloaded folders, files that are replaced meanwhile, odd names and types."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import stat
import threading
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from services.banding import bandingkan
from services.banding.errors import ColumnError, SourceError
from services.banding.kerja import open_kerja
from services.banding.ringkasan import Ringkasan
from tests.banding.conftest import findings, row, write

NIK = [f"32730115089590{n:02d}" for n in range(20)]
A = [row(nik=n, id_badan_usaha="BU-1", nama="Budi") for n in NIK]
DASAR = {"id_badan_usaha": ["BU-1"] * 2, "nik": NIK[:2], "nama": ["Budi", "Ani"]}


def compare(a: Path, b: Path, **given: Any) -> Ringkasan:
    folder = next(p for p in (a, *a.parents) if p.name.startswith("test_"))
    return bandingkan(a, b, folder / "hasil.parquet", folder / "kerja", **given)


def unduhan(folder: Path, *parts: list[str]) -> Path:
    """Return a folder as `hub unduh` leaves it, one part for each list of NIK."""
    folder.mkdir()
    bagian = []
    for number, keys in enumerate(parts, 1):
        path = folder / f"{number:05d}.arrow"
        table = pa.Table.from_pylist([r for r in A if r["nik"] in keys])
        with pa.ipc.new_stream(str(path), table.schema) as writer:
            writer.write_table(table)
        sidik = hashlib.sha256(path.read_bytes()).hexdigest()
        bagian.append(
            {"nama": path.name, "baris": len(table), "ukuran": path.stat().st_size, "sidik": sidik}
        )
    manifes = {
        "id": "8f14e45f-ceea-467f-9c8a-1f0c5a1b2c3d", "himpunan": "pekerja", "bentuk": "arrow",
        "bidang": ["nik"], "nomor": 1, "kursor": "x", "baris": len(A),
        "bagian": bagian, "perjanjian": "P", "pasal": "1", "dibuat_pada": "2026-01-01T00:00:00Z",
        "kedaluwarsa_pada": "2026-01-02T00:00:00Z",
    }  # fmt: skip
    payload = base64.urlsafe_b64encode(json.dumps({"manifes": manifes}).encode()).decode()
    (folder / "manifes.jws").write_text(f"e30.{payload.rstrip('=')}.x")
    return folder


def test_downloaded_folder_is_read_as_its_manifest_says(tmp_path: Path) -> None:
    folder = unduhan(tmp_path / "unduh", NIK[:10], NIK[10:])
    (folder / "00003.arrow").write_bytes((folder / "00001.arrow").read_bytes())
    summary = compare(write(tmp_path / "a.parquet", A), folder)
    assert (summary.baris_b, summary.kelas["sama"]) == (20, 20)


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 8)


def spoil(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1] + b"!")


@pytest.mark.parametrize(
    ("name", "harm", "said"),
    [
        ("manifes.jws", Path.unlink, "unduhan belum selesai; jalankan lagi hub unduh"),
        ("manifes.jws", lambda p: p.write_text("e30.e30"), "manifes.jws tidak terbaca"),
        ("00002.arrow", Path.unlink, "unduhan belum selesai; jalankan lagi hub unduh"),
        ("00002.arrow", cut, "unduhan belum selesai; jalankan lagi hub unduh"),
        ("00002.arrow", spoil, "00002.arrow: isinya tidak sesuai sidiknya"),
    ],
)
def test_download_that_is_not_whole_is_refused(
    tmp_path: Path, name: str, harm: Any, said: str
) -> None:
    folder = unduhan(tmp_path / "unduh", NIK[:10], NIK[10:])
    harm(folder / name)
    with pytest.raises(SourceError, match=said):
        compare(write(tmp_path / "a.parquet", A), folder)


def test_copy_of_a_csv_is_the_owners_and_goes_with_its_file(tmp_path: Path) -> None:
    a, b = tmp_path / "a.csv", tmp_path / "b.csv"
    kerja = tmp_path / "kerja"
    kerja.mkdir()
    (kerja / f"{'0' * 24}.parquet").write_text("salinan versi lama")
    for name in ("Budi", "Ahmd"):  # of one length, and of one moment
        for path in (a, b):
            path.write_text(f"id_badan_usaha,nik,nama\nBU-1,{NIK[0]},{name}\n")
            os.utime(path, (1.7e9, 1.7e9))
        b.write_text(b.read_text().replace("Ahmd", "Budi"))
        summary = compare(a, b)
        kept = [*kerja.glob("*.parquet"), *kerja.glob("*.sidik")]
        assert {stat.S_IMODE(p.stat().st_mode) for p in kept} == {0o600}
        assert len(kept) == 4
    assert summary.kelas["berbeda"] == 1
    assert compare(a, b).dibangun == ()


def test_file_that_is_replaced_meanwhile_gives_nobody_anothers_values(tmp_path: Path) -> None:
    a = write(tmp_path / "a.parquet", A)
    b = write(tmp_path / "b.parquet", [*A[:5], A[5] | {"nama": "Beda"}, *A[6:]])
    turned = write(tmp_path / "lain.parquet", [*A[1:], A[0]])

    def replace(at: str) -> Any:
        return lambda what, *_: turned.exists() and what == at and turned.replace(b)

    for at in ("gabung", "sidik B"):
        with pytest.raises(SourceError, match=r"b.parquet: berkas berubah selagi dibaca"):
            compare(a, b, tell=replace(at))
        assert not (tmp_path / "hasil.parquet").exists()
        turned = write(tmp_path / "lain.parquet", A)
    assert compare(a, b).kelas["sama"] == 20


@pytest.mark.parametrize("name", ["y[1].parquet", "y*.parquet", "nama=Zulu/x?.parquet"])
def test_name_of_a_file_is_no_pattern_and_no_column(tmp_path: Path, name: str) -> None:
    (tmp_path / "nama=Zulu").mkdir()
    for other in ("y1.parquet", "nama=Zulu/x1.parquet"):
        pq.write_table(pa.table(DASAR | {"nama": ["Salah", "Salah"]}), tmp_path / other)
    a = tmp_path / name
    pq.write_table(pa.table(DASAR), a)
    b = tmp_path / "b.parquet"
    pq.write_table(pa.table(DASAR | {"nama": ["Budi", "Anu"]}), b)
    compare(a, b)
    assert [f[6:] for f in findings(tmp_path / "hasil.parquet")] == [("nama", "Ani", "Anu")]


def odd(**columns: Any) -> pa.Table:
    return pa.table(DASAR | columns)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (odd(NAMA=["X", "Y"]), "kolom nama ada lebih dari sekali"),
        (pa.table([pa.array(["x", "y"]), *odd().columns], ["nama", *DASAR]), "lebih dari sekali"),
        (odd(nama=[["Budi"], ["Ani"]]), "kolom nama berjenis list"),
        (odd(nama=[{"a": "Budi"}, {"a": "Ani"}]), "kolom nama berjenis struct"),
        (odd(file_row_number=[1, 0]), "file_row_number tidak boleh ada"),
        (odd(nik=[1e17, 2.0]), r"kolom nik \(double\) memuat nilai"),
        (odd(nama=[b"Ren\xe9", b"Ani"]), r"kolom nama \(binary\) memuat nilai"),
    ],
)
def test_column_that_cannot_be_compared_is_named(
    tmp_path: Path, table: pa.Table, said: str
) -> None:
    a, b = tmp_path / "a.parquet", tmp_path / "b.parquet"
    pq.write_table(table, a)
    pq.write_table(pa.table(DASAR), b)
    with pytest.raises(ColumnError, match=rf"a\.parquet: .*{said}"):
        compare(a, b)


@pytest.mark.parametrize(
    "keys",
    [
        pa.array([n.encode() for n in NIK[:2]]),
        pa.array([float(n) for n in NIK[:2]]),
        pa.array([Decimal(n) for n in NIK[:2]], pa.decimal128(20, 2)),
        pa.array([int(n) for n in NIK[:2]]),
        pa.array(NIK[:2]).dictionary_encode(),
    ],
)
def test_key_and_company_of_any_type_meet_their_text(tmp_path: Path, keys: pa.Array) -> None:
    a, b = tmp_path / "a.parquet", tmp_path / "b.parquet"
    pq.write_table(odd(nik=keys, id_badan_usaha=keys, nama=[b"Budi", b"Ani"]), a)
    pq.write_table(odd(id_badan_usaha=[f" {NIK[0]} ", NIK[1]], nama=["Budi", "Anu"]), b)
    summary = compare(a, b)
    assert {k: n for k, n in summary.kelas.items() if n} == {"sama": 1, "berbeda": 1}
    assert findings(tmp_path / "hasil.parquet")[0][1:3] == (NIK[1], NIK[1])


def test_runs_that_begin_and_end_together_do_not_meet(tmp_path: Path) -> None:
    failed: list[BaseException] = []

    def run() -> None:
        try:
            for _ in range(150):
                with open_kerja(tmp_path / "kerja"):
                    pass
        except BaseException as error:  # noqa: BLE001 - told below
            failed.append(error)

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert not list((tmp_path / "kerja").glob("jalan-*"))


JUDUL = "id_badan_usaha,nik,nama\n"
BAIK = [f"BU-1,{n},Budi" for n in NIK]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        # The quote is never closed, closed by the next one, or by one of another column.
        ([f'BU-1,{NIK[0]},"Budi', *BAIK], "baris 2: tanda kutip"),
        ([BAIK[0], f'BU-1,{NIK[1]},"Budi', *BAIK, f'BU-1,{NIK[2]},"Ani"', *BAIK], "baris 3: tanda"),
        ([BAIK[0], f'BU-1,"{NIK[1]},Budi', f'BU-1,"{NIK[2]}",Ani', *BAIK], "baris 3: tanda kutip"),
        ([*BAIK, "BU-1,3273"], "baris 22: banyak selnya bukan 3"),
        ([*BAIK, f"BU-1,{NIK[0]},Ren\udce9"], "baris 22: bukan UTF-8"),
        ([*BAIK * 500, "BU-1,3273"], "baris 10,002: banyak selnya bukan 3"),
        ([f'BU-1,{NIK[0]},"{"x" * (17 << 20)}"'], "baris 2: sebuah nilai melebihi 8 MiB"),
    ],
)
def test_csv_row_that_is_none_is_named_and_not_shown(
    tmp_path: Path, rows: list[str], said: str
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(JUDUL + "\n".join(rows) + "\n", errors="surrogateescape")
    with pytest.raises(SourceError, match=rf"a\.csv, {said}") as caught:
        compare(path, path)
    assert "3273" not in str(caught.value)
    assert "Bud" not in str(caught.value)


def test_csv_cell_of_several_lines_is_a_cell(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    cells = ['"Jalan ""Contoh"",\nBandung"', '5" pipa', '"Gedung A,\nLantai 2,\nBandung"']
    rows = [f"BU-1,{n},{c}" for n, c in zip(NIK, cells, strict=False)]
    path.write_text(JUDUL + "\n".join(rows) + "\n\n")
    assert compare(path, path).kelas["sama"] == 3


@pytest.mark.parametrize(
    ("start", "said"),
    [
        (b"PK\x03\x04abc", "XLSX atau ZIP; simpan sebagai CSV"),
        (b"\x1f\x8b123", "GZIP; buka dahulu"),
        ("\ufeffnik\n".encode("utf-16-le"), "UTF-16; simpan ulang sebagai CSV UTF-8"),
    ],
)
def test_file_that_is_no_table_is_named_with_its_remedy(
    tmp_path: Path, start: bytes, said: str
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(start)
    with pytest.raises(SourceError, match=rf"a\.csv: berkas ini {said}"):
        compare(path, path)
