"""The archives of both sides, message by message."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from services import persiapan
from services.audit.bukti import arsip, padan, periksa
from services.audit.bukti.arsip import Arsip, Baris
from services.audit.bukti.buku import BukuBukti
from services.audit.bukti.catatan import canonical, digest_of_text
from services.audit.bukti.isi import Amplop
from services.audit.bukti.rantai import Penanda
from services.audit.bukti.segel import Penyegel
from services.auth.kunci_pesan import load_message_key, read_jwk
from services.kit.clock import system_clock
from services.kit.database import transaction
from tests.bukti.conftest import Dunia
from tests.bukti.nanti import nanti


def of_another_client(row: Baris) -> Baris:
    said = json.loads(row.catatan)
    text = canonical({**said, "klien": "mitra-contoh", "nonce": f"{said['nonce']}-lain"})
    return replace(row, mata=replace(row.mata, sidik=digest_of_text(text)), catatan=text)


def test_messages_of_a_third_client_are_told_of_and_not_missed(dunia: Dunia) -> None:
    for _ in range(2):
        dunia.cari()
    wlkp = BukuBukti("wlkp", dunia.layanan, Amplop(bytes(32)), 0, system_clock)
    right = sealed(wlkp, load_message_key(dunia.data / "wlkp" / "pesan.pem"))
    left = sealed(dunia.buku, load_message_key(persiapan.hub_seal_key(dunia.data)))
    right.baris.extend([of_another_client(row) for row in right.baris])
    (found,) = padan.compare(left, right)
    assert (found.buku, found.nomor, found.jenis, found.berat) == (
        "wlkp", 0, "klien 'mitra-contoh'", False,
    )  # fmt: skip
    assert found.alasan.startswith("4 pesan")
    left.baris.clear()  # a book without any call: each that came in is missed
    assert sum(s.berat for s in padan.compare(left, right)) == 4


def test_both_books_are_whole_and_agree_and_a_missing_message_is_named(dunia: Dunia) -> None:
    for _ in range(3):
        dunia.cari()
    service_key = load_message_key(dunia.data / "wlkp" / "pesan.pem")
    hub_key = load_message_key(persiapan.hub_seal_key(dunia.data))
    wlkp = BukuBukti("wlkp", dunia.layanan, Amplop(bytes(32)), 0, system_clock)
    left = sealed(dunia.buku, hub_key)
    right = sealed(wlkp, service_key)
    assert padan.compare(left, right) == []
    gone = right.baris.pop(2)
    (found,) = padan.compare(left, right)
    assert (found.buku, found.berat, found.jenis) == ("hub", True, "permintaan")
    assert json.loads(left.baris[found.nomor - 1].catatan)["nonce"] in gone.catatan
    assert [t.nomor for t in periksa.check(right, public(service_key)).temuan] == [3]


def public(key: Penanda) -> dict[str, Any]:
    return {k["kid"]: read_jwk(k) for k in key.public}


def sealed(buku: BukuBukti, key: Penanda) -> Arsip:
    Penyegel(buku, lambda: key).seal()
    with transaction(buku.engine) as tx:
        archive = arsip.read(arsip.lines(tx, buku.nama, key, nanti(2 * padan.TEPI)))
    assert periksa.check(archive, public(key)).utuh
    return archive
