"""What the evidence must say when all is quiet: every message, on both sides, in whole chains."""

from __future__ import annotations

import datetime as dt

from services import persiapan
from services.audit.bukti import arsip, padan, periksa
from services.audit.bukti.arsip import Arsip
from services.audit.bukti.rantai import Penanda
from services.audit.bukti.temuan import HasilPeriksa
from services.auth.kunci_pesan import load_message_key, read_jwk
from services.kit.database import DatabaseError, transaction
from services.kit.errors import TemporaryError
from tests.simulasi.bencana import Padam
from tests.simulasi.daftar import SISI
from tests.simulasi.jaringan import Jaringan
from tests.simulasi.panggung import Panggung

_TERCATAT = """
SELECT m.catatan->>'nonce', k.catatan->>'status' FROM audit_pesan m
LEFT JOIN audit_pesan k ON k.catatan->>'permintaan' = encode(m.sidik, 'hex')
WHERE m.catatan->>'jenis' = 'permintaan'
"""


def seal(panggung: Panggung, nama: str) -> None:
    """Let a service's sealer have its turn, whatever hits it."""
    try:
        panggung.apps[nama].state.service.pengurus_bukti.penyegel.seal()
    except (TemporaryError, DatabaseError):
        pass
    except Padam as padam:
        panggung.restart(padam.program)


def check(panggung: Panggung, sent: Jaringan) -> list[str]:
    """Return what the evidence does not say or does not prove.

    What left the hub stands in its book, what a service answered in the service's, and what the
    hub was given of an answer in its own: what is not recorded was not sent and not used.
    """
    records = {p: dict(panggung.fetch(p, _TERCATAT)) for p in (*SISI, "hub")}
    found = [
        f"pesan ke {p} tanpa catatan di hub"
        for p, nonce in sent.berangkat
        if nonce not in records["hub"]
    ]
    found += [
        f"jawaban {status} dari {p} tanpa catatannya"
        for p, nonce, status in sent.dilayani
        if status < 300 and records[p].get(nonce) != str(status)
    ]
    found += [
        f"jawaban {status} dari {p} dipakai hub tanpa catatannya"
        for p, nonce, status in sent.dipakai
        if records["hub"].get(nonce) != str(status)
    ]
    return found or _chains(panggung)  # a chain with holes tells less than what is missing


def _chains(panggung: Panggung) -> list[str]:
    archives = {}
    for nama in SISI:
        seal(panggung, nama)
        key = panggung.apps[nama].state.service.message_key()
        archives[nama] = _archive(panggung, nama, key)
    archives["hub"] = _archive(
        panggung, "hub", load_message_key(persiapan.hub_seal_key(panggung.data))
    )
    found = []
    for nama, (archive, result) in archives.items():
        found += [f"bukti {nama}: {t.perkara} {t.nomor}" for t in result.temuan]
        (waiting,) = panggung.fetch(nama, "SELECT count(*) FROM bukti_isi WHERE nomor IS NULL")
        if waiting[0]:
            found.append(f"bukti {nama}: {waiting[0]} catatan tidak tersegel")
        if nama != "hub":
            differences = padan.compare(archives["hub"][0], archive)
            found += [f"bukti hub dan {nama}: {s.alasan} {s.jenis}" for s in differences if s.berat]
    return found


def _archive(panggung: Panggung, nama: str, key: Penanda) -> tuple[Arsip, HasilPeriksa]:
    def later() -> dt.datetime:  # so that the last minute is compared as well
        return panggung.now(nama) + 2 * padan.TEPI

    with transaction(panggung.pembaca[nama]) as tx:
        archive = arsip.read(arsip.lines(tx, nama, key, later))
    return archive, periksa.check(archive, {k["kid"]: read_jwk(k) for k in key.public})
