"""A machine with registrations, beside a database that may be another's, too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from services import persiapan
from services.audit.record import Auditor, Pelaku
from services.auth import pendaftaran
from services.auth.clients import Klien, editing, load_clients
from services.auth.jws import public_jwk
from services.auth.pendaftaran import Keadaan
from services.auth.terdaftar import RegisteredClients
from services.kit.database import transaction

MITRA = "loket-contoh"
CAKUPAN = "internal:belum_lapor"
SISTEM = persiapan.SISTEM_KEMNAKER
PENUH = """
CREATE FUNCTION tolak() RETURNS trigger LANGUAGE plpgsql AS
 $$ BEGIN RAISE EXCEPTION 'penuh' USING ERRCODE = '53100'; END $$;
CREATE CONSTRAINT TRIGGER tolak AFTER INSERT ON audit_peristiwa DEFERRABLE INITIALLY DEFERRED
 FOR EACH ROW WHEN (starts_with(NEW.peristiwa, 'klien_')) EXECUTE FUNCTION tolak()
"""
"""No room for evidence about clients: found at the commit, when everything else is done."""


def jwk(pem: bytes) -> dict[str, Any]:
    return dict(public_jwk(pem))


def local(client_id: str, *pem: bytes) -> Klien:
    keys = tuple(jwk(p) for p in pem)
    return Klien(client_id=client_id, cakupan=(CAKUPAN,), kunci=keys)


@dataclass
class Mesin:
    """One machine's data folder beside a database, which may be another's, too."""

    url: str
    data: Path
    engine: sa.Engine

    @property
    def path(self) -> Path:
        """The registrations."""
        return self.data / "wlkp" / "klien.yaml"

    def loader(self, engine: sa.Engine | None = None) -> RegisteredClients:
        """Return the registrations of one more process."""
        auditor = Auditor(bytes(32))
        return RegisteredClients(self.path, engine or self.engine, auditor, Pelaku("layanan-wlkp"))

    def edit(self, **changes: Klien | None) -> None:
        """Change the file by hand: no command, no event."""
        with editing(self.path) as found:
            for name, klien in changes.items():
                client_id = name.replace("_", "-")
                if klien is None:
                    del found[client_id]
                else:
                    found[client_id] = klien

    def execute(self, statement: str) -> None:
        with self.engine.begin() as connection:
            connection.execute(sa.text(statement))

    def events(self, *, of: str | None = None) -> list[tuple[str, str, dict[str, Any]]]:
        """Return kind, actor and details of the events about registrations."""
        with transaction(self.engine) as tx:
            rows = pendaftaran.history(tx, of)
        return [(r["peristiwa"], r["pelaku"], r["rincian"]) for r in rows]

    def is_as_recorded(self) -> bool:
        """Say whether the ledger's last word is what the file says."""
        with transaction(self.engine) as tx:
            last = pendaftaran.last_recorded(tx)
        says = {k: Keadaan.of(klien) for k, klien in load_clients(self.path).items()}
        return last.keys() == says.keys() and all(last[k].is_as(says[k]) for k in says)


MakeMesin = Callable[[], Mesin]
