"""Records in bulk and snapshots asked for by hand, for the tests of snapshots."""

from __future__ import annotations

import io
import uuid
from typing import Any

import msgspec
import pyarrow as pa

from services.registry.ekspor import bagian
from tests.conftest import Registri

KECIL = 40
"""Rows of a part in these tests."""


def fill(registri: Registri, workers: int, first: int = 1) -> None:
    """Store one company and workers numbered from `first`, numbered by the trigger."""
    registri.execute(
        "INSERT INTO badan_usaha (id, npwp, nama, alamat) VALUES ('W-1', '0013000011001000',"
        " 'PT Contoh Melati', 'Jalan Contoh No. 1') ON CONFLICT DO NOTHING"
    )
    registri.execute(
        "INSERT INTO pekerja (id, id_badan_usaha, nik, nama, tanggal_lahir, alamat, jabatan,"
        " status_pekerjaan, hubungan_kerja, dilaporkan_pada)"
        " SELECT 'P-' || n, 'W-1', '327301150895' || lpad(n::text, 4, '0'), 'Contoh Pekerja ' || n,"
        " '1995-08-15', 'Jalan Contoh No. ' || n, 'Operator', 'PKWTT', 'AKTIF',"
        " '2026-05-01 08:00+07' FROM generate_series(CAST(:a AS int), CAST(:z AS int)) n",
        a=first,
        z=first + workers - 1,
    )


def ask(registri: Registri, bentuk: str = "ndjson", himpunan: str = "pekerja", **more: Any) -> Any:
    """Ask for a snapshot and return the answer."""
    headers = {"Idempotency-Key": more.pop("kunci", str(uuid.uuid4()))}
    klien = more.pop("klien", registri.klien)
    return klien.post(f"/v1/ekspor/{himpunan}", json={"bentuk": bentuk}, headers=headers)


def make(registri: Registri, bentuk: str = "ndjson", himpunan: str = "pekerja") -> dict[str, Any]:
    """Ask for a snapshot, make it here and now, and return how it stands."""
    id_ekspor = ask(registri, bentuk, himpunan).json()["id"]
    registri.app.state.service.petugas.work()
    return show(registri, id_ekspor)


def show(registri: Registri, id_ekspor: str) -> dict[str, Any]:
    """Return how a snapshot stands."""
    answer = registri.klien.get(f"/v1/ekspor/{id_ekspor}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def rows_of(bentuk: str, content: bytes) -> list[dict[str, Any]]:
    """Return the records of a part."""
    if bentuk == "arrow":
        return list(pa.ipc.open_stream(content).read_all().to_pylist())
    text = pa.CompressedInputStream(io.BytesIO(content), "zstd").read()
    return [msgspec.json.decode(line) for line in text.splitlines()]


def small_parts(monkeypatch: Any) -> None:
    """Make parts of a few rows."""
    monkeypatch.setattr(bagian, "BARIS", KECIL)
