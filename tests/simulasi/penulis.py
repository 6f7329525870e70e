"""A program of the hub that says again what was said before: with a new signature, not asking.

It came back after its turn was over, or from a copy of the database, or does not know what the
agreement says by now. A copy of the bytes alone is stopped by its nonce; this one is not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import httpx

from services.auth import pesan
from services.auth.kunci_pesan import load_message_key
from services.auth.pesan import Permintaan, Tanda
from services.auth.saksi import SaksiKlien
from services.sync.settings import NamaSisi
from tests.simulasi.bencana import Bencana
from tests.simulasi.jaringan import Surat
from tests.simulasi.panggung import Panggung
from tests.simulasi.sistem import SYNC


@dataclass(frozen=True, slots=True)
class Penulis:
    """Writes the hub's requests anew, and records them as every program of the hub does."""

    panggung: Panggung
    bencana: Bencana
    witness: Callable[[NamaSisi], SaksiKlien | None]

    def sign(self, surat: Surat) -> Surat:
        """Return the same request, signed now."""
        sisi = self.panggung.sync.sisi(NamaSisi(surat.program))
        if sisi.kunci_pesan is None:
            return replace(surat, basi=False)
        headers = httpx.Headers(list(surat.headers))
        message = Permintaan(surat.method, sisi.base_url + surat.target, headers)
        key = load_message_key(sisi.kunci_pesan)
        tanda = pesan.sign_request(message, surat.isi, key, self.panggung.now("hub"))
        self._record(surat, message, tanda)
        signed = tuple((name.lower(), value) for name, value in headers.raw)
        return replace(surat, headers=signed, basi=False)

    def _record(self, surat: Surat, message: Permintaan, tanda: Tanda) -> None:
        witness = self.witness(NamaSisi(surat.program))
        if witness is None:
            return
        before, self.bencana.aktif = self.bencana.aktif, False  # its faults are not the hub's
        try:
            witness.leaving(message, surat.path, surat.isi, tanda)
        finally:
            self.bencana.aktif = before

    def write(self, surat: Surat) -> Surat:
        """Return the same request, signed now, under a token that was given now."""
        issuer = self.panggung.apps[surat.program].state.service.issuer
        token = issuer.issue(issuer.clients[SYNC[surat.program].client_id], None)["access_token"]
        kept = tuple(h for h in surat.headers if h[0] != b"authorization")
        named = (b"authorization", f"Bearer {token}".encode())
        return self.sign(replace(surat, headers=(*kept, named)))
