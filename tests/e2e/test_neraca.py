"""The balance of the exchange over real HTTP: it agrees, or the item that is missing is named."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Iterator

import httpx
import pytest
from typer.testing import CliRunner

from services.auth.jws import SigningKey, TokenError, VerifyingKey
from services.kit import logging
from services.kit.errors import TemporaryError
from services.perintah.neraca import TIDAK_SEIMBANG
from services.sync.errors import BalanceSignatureError
from services.sync.imbang import HasilNeraca, JenisSelisih, KeadaanNeraca
from services.sync.konteks import Kemajuan
from services.sync.lihat_neraca import balances
from services.sync.settings import NamaSisi
from tests.conftest import MakeDatabase
from tests.e2e.conftest import Pasangan, open_pasangan
from tests.e2e.jalur import changing, losing, rewrite
from tests.e2e.test_konvergensi import edit, seed
from tests.perintah import app


@pytest.fixture
def pasangan(
    make_database: MakeDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pasangan]:
    """A pair of registries of the test's own, with something to say in both directions."""
    with open_pasangan(make_database, tmp_path_factory.mktemp("neraca")) as found:
        seed(found)
        for n in range(1, 5):
            edit(found, "bpjs", n, "jabatan", n)
            edit(found, "wlkp", n + 4, "status_kepesertaan", 1)
        edit(found, "bpjs", 9, "nama", 1)  # a steward's matter: held
        yield found


def balance(pasangan: Pasangan, sisi: NamaSisi = NamaSisi.BPJS) -> HasilNeraca:
    (found,) = balances(pasangan.sync, None, sisi=[sisi])
    return found


def kinds(hasil: HasilNeraca) -> dict[str, JenisSelisih]:
    return {str(s.id_usulan): s.jenis for s in hasil.selisih}


def test_both_sides_agree_and_sign(pasangan: Pasangan) -> None:
    assert pasangan.reconcile().converged
    for sisi in NamaSisi:
        hasil = balance(pasangan, sisi)
        p, penerima = hasil.pengirim, hasil.penerima
        assert hasil.cocok
        assert penerima is not None
        assert p.dikirim == p.jumlah == penerima.jumlah > 0
        assert (p.akar, p.akar_keadaan) == (penerima.akar, penerima.akar_keadaan)
        counts = {k.value: n for k, n in penerima.menurut_keadaan.items()}
        assert counts == p.menurut_keadaan
        assert sum(counts.values()) == penerima.jumlah
        own = VerifyingKey(SigningKey(pasangan.sync.sisi(sisi).key_path.read_bytes()).public)
        claims = own.verify_lasting(
            hasil.tanda_pengirim, audience=pasangan.sync.sisi(sisi).base_url
        )
        assert claims["neraca"]["akar"] == penerima.akar
    kept = pasangan.fetch("hub", "SELECT cocok, kunci_penerima, tanda_penerima FROM neraca")
    assert kept
    for cocok, kunci, signed in kept:
        assert cocok
        VerifyingKey(kunci).verify_lasting(signed, audience=_audience(signed))


def _audience(signed: str) -> str:
    part = signed.split(".")[1]
    return str(json.loads(base64.urlsafe_b64decode(part + "=="))["aud"])


def test_both_sides_hold_both_signed_halves_after_a_round(pasangan: Pasangan) -> None:
    assert pasangan.reconcile().converged
    for sisi in NamaSisi:
        query = (
            "SELECT DISTINCT ON (tanggal) isi, tanda_pengirim, tanda_penerima FROM {}"
            " ORDER BY tanggal DESC, id DESC"
        )
        there = pasangan.fetch(sisi, query.format("audit_neraca"))[0]
        here = pasangan.fetch(
            "hub", query.format(f"(SELECT * FROM neraca WHERE tujuan = '{sisi}') n")
        )[0]
        assert there.tanda_pengirim == here.tanda_pengirim
        assert there.tanda_penerima == here.tanda_penerima
        assert there.isi == {k: here.isi[k] for k in ("pengirim", "penerima")}
        assert there.isi["pengirim"]["akar"] == there.isi["penerima"]["akar"]
        assert there.isi["penerima"]["jumlah"] > 0


def test_nothing_new_is_said_twice(pasangan: Pasangan) -> None:
    tables = (("hub", "neraca"), ("wlkp", "audit_neraca"), ("bpjs", "audit_neraca"))

    def said() -> list[int]:
        return [pasangan.fetch(n, f"SELECT count(*) FROM {t}")[0][0] for n, t in tables]

    pasangan.reconcile()
    before = said()
    pasangan.reconcile()
    assert said() == before


def test_receiver_that_takes_no_statement_is_asked_for_its_half(pasangan: Pasangan) -> None:
    """As before the two had exchanged their halves: each side is put into service by itself."""
    pasangan.reconcile()

    def unknown(answer: httpx.Response) -> None:
        if answer.request.method == "PUT":
            answer.status_code = 405

    for hasil in balances(pasangan.sync, None, make_auth=changing("/v1/neraca", unknown)):
        assert hasil.cocok
        assert not hasil.dinyatakan
    assert all(h.dinyatakan for h in balances(pasangan.sync, None))


def test_item_deleted_at_the_receiver_is_named_within_one_round(pasangan: Pasangan) -> None:
    pasangan.reconcile()
    ((gone,),) = pasangan.fetch("bpjs", "SELECT id_usulan FROM usulan ORDER BY nomor LIMIT 1")
    pasangan.execute("bpjs", "DELETE FROM usulan WHERE id_usulan = :i", i=gone)
    told: list[Kemajuan] = []
    hasil = pasangan.reconcile(on_progress=told.append)
    assert hasil.counts["neraca_selisih"] == 1
    assert any(str(gone) in k.pesan for k in told if k.tahap == "neraca")
    now = balance(pasangan)
    assert now.keadaan is KeadaanNeraca.SELISIH
    assert kinds(now) == {str(gone): JenisSelisih.HILANG_DI_PENERIMA}
    ((isi,),) = pasangan.fetch("hub", "SELECT isi FROM neraca ORDER BY id DESC LIMIT 1")
    assert isi["selisih"] == [[str(gone), "hilang_di_penerima"]]


def test_item_changed_at_the_receiver_and_one_it_invented_are_named(pasangan: Pasangan) -> None:
    pasangan.reconcile()
    rows = pasangan.fetch("bpjs", "SELECT id_usulan FROM usulan ORDER BY nomor LIMIT 2")
    changed, moved = (r.id_usulan for r in rows)
    pasangan.execute(
        "bpjs", "UPDATE usulan SET sidik = sha256('x') WHERE id_usulan = :i", i=changed
    )
    pasangan.execute("bpjs", "UPDATE usulan SET keadaan = 'usang' WHERE id_usulan = :i", i=moved)
    invented = uuid.uuid4()
    pasangan.execute(
        "bpjs",
        "INSERT INTO usulan (pelaku, id_usulan, jenis, himpunan, bidang, isi, sidik, keadaan, kode,"
        " alasan, diterima_pada) SELECT pelaku, :baru, jenis, himpunan, bidang, isi, sidik,"
        " keadaan, kode, alasan, diterima_pada FROM usulan WHERE id_usulan = :i",
        baru=invented,
        i=changed,
    )
    assert kinds(balance(pasangan)) == {
        str(changed): JenisSelisih.ISI_BERBEDA,
        str(moved): JenisSelisih.KEADAAN_BERBEDA,
        str(invented): JenisSelisih.TIDAK_DIKENAL_PENGIRIM,
    }


def test_lost_answer_is_in_flight_and_explained_until_the_next_round(pasangan: Pasangan) -> None:
    sync = pasangan.sync
    pasangan.sync = sync.model_copy(update={"tunggu_detik": 0.0})
    with pytest.raises(TemporaryError):
        pasangan.reconcile(make_auth=losing("/v1/usulan", "POST"))
    pasangan.sync = sync
    first = next(s for s in NamaSisi if balance(pasangan, s).pengirim.di_jalan)
    hasil = balance(pasangan, first)
    p, penerima = hasil.pengirim, hasil.penerima
    assert penerima is not None
    assert (p.jumlah, p.di_jalan) == (0, penerima.jumlah)
    assert p.dikirim == penerima.jumlah > 0
    assert set(kinds(hasil).values()) == {JenisSelisih.BELUM_DIJAWAB}
    assert hasil.cocok
    assert pasangan.reconcile().converged
    assert all(balance(pasangan, s).selisih == [] for s in NamaSisi)
    assert balance(pasangan, first).pengirim.di_jalan == 0


def test_decision_after_the_round_moves_columns_and_follows(pasangan: Pasangan) -> None:
    pasangan.reconcile()
    query = "SELECT id_usulan FROM usulan WHERE keadaan = 'ditahan'"
    held = {n: pasangan.fetch(n, query) for n in ("wlkp", "bpjs")}
    nama = next(n for n, rows in held.items() if rows)
    sisi, id_usulan = NamaSisi(nama), held[nama][0].id_usulan
    before = balance(pasangan, sisi)
    pasangan.execute(
        nama, "UPDATE usulan SET keadaan = 'ditolak' WHERE id_usulan = :i", i=id_usulan
    )
    later = balance(pasangan, sisi)
    assert later.cocok
    assert kinds(later) == {str(id_usulan): JenisSelisih.MENYUSUL}
    assert later.penerima is not None
    assert before.penerima is not None
    assert (later.penerima.jumlah, later.penerima.akar) == (
        before.penerima.jumlah, before.penerima.akar,
    )  # fmt: skip
    pasangan.reconcile()
    assert balance(pasangan, sisi).selisih == []


def test_statement_of_another_is_not_believed(pasangan: Pasangan) -> None:
    pasangan.reconcile()

    def change(answer: httpx.Response) -> None:
        said = answer.json()
        said["neraca"]["jumlah"] += 1
        rewrite(answer, json.dumps(said).encode())

    with pytest.raises(BalanceSignatureError):
        balances(pasangan.sync, None, make_auth=changing("/v1/neraca", change))


def test_statement_is_the_service_s_and_no_client_can_have_made_it(pasangan: Pasangan) -> None:
    pasangan.reconcile()
    hasil = balance(pasangan)
    with pytest.raises(TokenError):
        VerifyingKey(SigningKey(pasangan.sync.bpjs.key_path.read_bytes()).public).verify_lasting(
            hasil.tanda_penerima, audience=pasangan.sync.bpjs.client_id
        )


def test_command_shows_both_halves_and_says_when_they_differ(pasangan: Pasangan) -> None:
    pasangan.reconcile()
    arguments = [
        "neraca", "--data", str(pasangan.data), "--database-url", pasangan.sync.database_url,
        "--wlkp-url", pasangan.sync.wlkp.base_url, "--bpjs-url", pasangan.sync.bpjs.base_url,
    ]  # fmt: skip
    try:
        shown = CliRunner().invoke(app, arguments)
        assert shown.exit_code == 0, shown.output
        ((gone,),) = pasangan.fetch("bpjs", "SELECT id_usulan FROM usulan LIMIT 1")
        pasangan.execute("bpjs", "DELETE FROM usulan WHERE id_usulan = :i", i=gone)
        shown = CliRunner().invoke(app, [*arguments, "--sisi", "bpjs", "--json"])
    finally:
        logging.configure("uji", "CRITICAL")
    assert shown.exit_code == TIDAK_SEIMBANG
    (said,) = json.loads(shown.output)
    assert said["selisih"] == [{"id_usulan": str(gone), "jenis": "hilang_di_penerima"}]


def test_command_shows_the_registry_s_operator_both_halves(pasangan: Pasangan) -> None:
    pasangan.reconcile()
    url = pasangan.bpjs.url.render_as_string(hide_password=False)
    arguments = [
        "neraca", "--registri", "bpjs", "--data", str(pasangan.data), "--database-url", url,
    ]  # fmt: skip
    try:
        shown = CliRunner().invoke(app, arguments)
        assert shown.exit_code == 0, shown.output
        told = CliRunner().invoke(app, [*arguments, "--json"])
        ((gone,),) = pasangan.fetch("bpjs", "SELECT id_usulan FROM usulan LIMIT 1")
        pasangan.execute("bpjs", "DELETE FROM usulan WHERE id_usulan = :i", i=gone)
        missing = CliRunner().invoke(app, arguments)
    finally:
        logging.configure("uji", "CRITICAL")
    (said,) = json.loads(told.output)
    assert said["klien"] == pasangan.sync.bpjs.client_id
    assert said["hasil"] == "cocok"
    assert said["pengirim"]["akar"] == said["penerima"]["akar"]
    own = VerifyingKey(said["kunci_pengirim"])
    claims = own.verify_lasting(said["tanda_pengirim"], audience=pasangan.sync.bpjs.base_url)
    assert claims["neraca"] == said["pengirim"]
    assert missing.exit_code == TIDAK_SEIMBANG, missing.output
