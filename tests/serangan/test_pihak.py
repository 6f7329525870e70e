"""One body's token shows it nothing of the other's, and one question nothing of another's."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from services import persiapan
from services.auth.clients import load_clients, save_clients
from services.auth.jws import new_private_pem, public_jwk
from services.auth.klien import KlienAuth
from tests import contoh
from tests.conftest import BASE, DEKAT, TUJUAN, Registri
from tests.serangan.alat import nothing_written, refused


@pytest.fixture
def rekan(wlkp: Registri, tmp_path: Path) -> TestClient:
    """A second client of the same party at the same service."""
    pem, path = new_private_pem(), wlkp.data / "wlkp" / "klien.yaml"
    clients = load_clients(path)
    twin = clients[persiapan.SYNC_WLKP.client_id].model_copy(
        update={"client_id": "rekan-serumah", "kunci": (dict(public_jwk(pem)),)}
    )
    save_clients(path, [*(c for c in clients.values() if c.client_id != twin.client_id), twin])
    key = tmp_path / "rekan.pem"
    key.write_bytes(pem)
    made = TestClient(wlkp.app, base_url=BASE, client=DEKAT, raise_server_exceptions=False)
    made.auth = KlienAuth(BASE, twin.client_id, key)
    made.headers["Tujuan"] = TUJUAN["wlkp"]
    return made


def addition(n: int) -> dict[str, Any]:
    return {
        "id_usulan": str(uuid.UUID(int=n)), "jenis": "penambahan", "himpunan": "badan_usaha",
        "isi": contoh.badan_usaha(n),
    }  # fmt: skip


def send(client: TestClient, kunci: str, n: int) -> Any:
    return client.post(
        "/v1/usulan", json={"usulan": [addition(n)]}, headers={"Idempotency-Key": kunci}
    )


def test_token_of_one_service_is_no_token_of_the_other(wlkp: Registri, bpjs: Registri) -> None:
    for own, other in ((wlkp, bpjs), (bpjs, wlkp)):
        token = own.klien.get("/v1/badan-usaha").request.headers["authorization"]
        headers = {"Authorization": token, "Tujuan": TUJUAN[other.nama]}
        with nothing_written(other):
            refused(
                other.anonim.get("/v1/badan-usaha", headers=headers), 401, "KLIEN-OTENTIKASI-002"
            )


def test_same_idempotency_key_of_another_client_is_another_key(
    wlkp: Registri, rekan: TestClient
) -> None:
    first, second = send(wlkp.klien, "kunci-bersama", 31), send(rekan, "kunci-bersama", 32)
    assert (first.status_code, second.status_code) == (200, 200)
    ids = {a.json()["tanda_terima"][0]["id_usulan"] for a in (first, second)}
    assert len(ids) == 2


def test_client_sees_its_own_proposals_and_balance_alone(wlkp: Registri, rekan: TestClient) -> None:
    send(wlkp.klien, "kunci-sendiri", 41)
    mine, theirs = str(uuid.UUID(int=41)), rekan.get("/v1/usulan").json()["data"]
    assert mine not in {u["id_usulan"] for u in theirs}
    refused(rekan.get(f"/v1/usulan/{mine}"), 404, "KLIEN-USULAN-001")
    assert wlkp.klien.get(f"/v1/usulan/{mine}").status_code == 200
    # Nor by the cursor of the one who sees them.
    send(wlkp.klien, "kunci-lagi-1", 42)
    kursor = wlkp.klien.get("/v1/usulan?batas=1").json()["kursor"]
    refused(rekan.get("/v1/usulan", params={"kursor": kursor}), 400, "KLIEN-KURSOR-001")


def test_one_token_with_many_bodies_at_once_gives_each_its_own(wlkp: Registri) -> None:
    """Two questions under the same token, at the same time: no answer holds another's row."""
    workers = [contoh.pekerja_wlkp(n) for n in range(1, 21)]
    wlkp.internal.post("/v1/laporan", json=contoh.laporan("PIHAK-1", workers))
    token = wlkp.klien.get("/v1/badan-usaha").request.headers["authorization"]
    headers = {"Authorization": token, "Tujuan": TUJUAN["wlkp"]}

    def ask(n: int) -> tuple[int, list[str]]:
        nik = contoh.nik(1 + n % 20)
        answer = wlkp.anonim.post("/v1/pekerja/cari", json={"nik": [nik]}, headers=headers)
        return n, [p["isi"]["nik"] for p in answer.json()["jawaban"][0]["pekerja"]]

    with ThreadPoolExecutor(8) as pool:
        for n, found in pool.map(ask, range(160)):
            assert found == [contoh.nik(1 + n % 20)]


def test_key_of_one_client_makes_no_token_of_another(
    wlkp: Registri, rekan: TestClient, tmp_path: Path
) -> None:
    assert rekan.get("/v1/badan-usaha").status_code == 200
    claimed = KlienAuth(BASE, persiapan.SYNC_WLKP.client_id, tmp_path / "rekan.pem")
    with pytest.raises(httpx.HTTPStatusError, match="401"):
        wlkp.anonim.get("/v1/badan-usaha", auth=claimed)
