"""A simulator of one registry: the HTTP interface of wire.md, in memory, and it says so.

It lives in threads of the test's own process, so that the reconciler under test can be a
real process and be killed while the registry goes on.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from services.auth.jws import SigningKey, new_private_pem
from shared_schemas.neraca import digest_of
from shared_schemas.rujukan import Pihak
from shared_schemas.v1.badan_usaha import BadanUsaha
from shared_schemas.v1.pekerja import Pekerja
from shared_schemas.v1.usulan import (
    KumpulanUsulan,
    PemberitahuanStatus,
    Pencabutan,
    PenyelarasanBadanUsaha,
    PenyelarasanPekerja,
)

HIMPUNAN = {"badan-usaha": "badan_usaha", "pekerja": "pekerja"}
DITAHAN = {"nama", "tanggal_lahir"}
Rekaman = dict[str, Any]
_AWAL = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


@dataclass
class RegistriTiruan:
    """One registry with switches for everything that can go wrong."""

    sisi: str
    rekaman: dict[str, dict[str, Rekaman]] = field(
        default_factory=lambda: {"badan_usaha": {}, "pekerja": {}}
    )
    umpan: dict[str, dict[str, dict[str, Any]]] = field(
        default_factory=lambda: {"badan_usaha": {}, "pekerja": {}}
    )
    nomor: int = 0
    jawaban: dict[str, tuple[bytes, bytes]] = field(default_factory=dict)
    usulan: dict[str, dict[str, Any]] = field(default_factory=dict)
    isi_usulan: dict[str, dict[str, Any]] = field(default_factory=dict)
    diproses: Counter[str] = field(default_factory=Counter)
    tolak: set[str] = field(default_factory=set)
    mati: bool = False
    tanpa_pekerja: bool = False
    tanpa_kirim: bool = False
    berakhir: bool = False
    jawab_usulan: tuple[int, str] | None = None  # refuses every batch with status and code
    jawab_rusak: bool = False  # does the work, then answers what is no answer
    kursor_tertua: int = 0
    putus: float = 0.0  # share of answers lost on the way, after the work was done
    lambat: float = 0.0
    didatangi: threading.Event = field(default_factory=threading.Event)  # before any slowness
    kunci_tanda: SigningKey = field(default_factory=lambda: SigningKey(new_private_pem()))
    permintaan: Counter[str] = field(default_factory=Counter)
    kunci: threading.RLock = field(default_factory=threading.RLock)
    acak: random.Random = field(default_factory=lambda: random.Random(1))

    # -- what a test does to the registry ------------------------------------------------

    def put_badan_usaha(self, id_: str, isi: dict[str, Any], **meta: Any) -> None:
        profil = BadanUsaha.profil(self._pihak)
        clean = profil.model_validate(isi).model_dump(mode="json", exclude_none=True)
        self.put("badan_usaha", {"id": id_, "isi": clean, **meta})

    def put_pekerja(self, id_: str, bu: str, isi: dict[str, Any], **meta: Any) -> None:
        profil = Pekerja.profil(self._pihak)
        clean = profil.model_validate(isi).model_dump(mode="json", exclude_none=True)
        self.put("pekerja", {"id": id_, "id_badan_usaha": bu, "isi": clean, **meta})

    def put(self, himpunan: str, rekaman: Rekaman) -> None:
        with self.kunci:
            old = self.rekaman[himpunan].get(rekaman["id"])
            record = rekaman | {"versi": old["versi"] + 1 if old else 1}
            self.rekaman[himpunan][record["id"]] = record
            self._note(himpunan, "ubah", record["id"], record["versi"])

    def change(self, himpunan: str, id_: str, **values: Any) -> None:
        with self.kunci:
            old = self.rekaman[himpunan][id_]
            isi = {k: v for k, v in (old["isi"] | values).items() if v is not None}
            self.put(himpunan, old | {"isi": isi})

    def delete(self, himpunan: str, id_: str) -> None:
        with self.kunci:
            versi = self.rekaman[himpunan].pop(id_)["versi"]
            self._note(himpunan, "hapus", id_, versi + 1)

    def forget_history(self) -> None:
        """Make every cursor given out so far too old, and forget the tombstones."""
        with self.kunci:
            self.nomor += 1
            self.kursor_tertua = self.nomor
            for himpunan, feed in self.umpan.items():
                self.umpan[himpunan] = {k: v for k, v in feed.items() if v["jenis"] == "ubah"}

    def decide(self, id_usulan: str, keadaan: str) -> None:
        with self.kunci:
            self.usulan[id_usulan] |= {"keadaan": keadaan, "kode": "PUTUSAN", "alasan": "Petugas."}
            if keadaan == "diterapkan":
                self._write_values(self.isi_usulan[id_usulan])

    def snapshot(self) -> dict[str, Any]:
        """What the registry has come to, without the order in which it happened."""
        isi = {h: {k: r["isi"] for k, r in rows.items()} for h, rows in self.rekaman.items()}
        queue = sorted((u["jenis"], u["himpunan"], u["keadaan"]) for u in self.usulan.values())
        return {"isi": isi, "usulan": queue}

    # -- what the wire does ---------------------------------------------------------------

    @property
    def _pihak(self) -> Pihak:
        return Pihak.KESATU if self.sisi == "wlkp" else Pihak.KEDUA

    def _note(self, himpunan: str, jenis: str, id_: str, versi: int) -> None:
        self.nomor += 1
        self.umpan[himpunan].pop(id_, None)  # latest version only, in the order of changes
        self.umpan[himpunan][id_] = {
            "nomor": self.nomor, "jenis": jenis, "id": id_, "versi": versi
        }  # fmt: skip

    def page(self, himpunan: str, kursor: int, batas: int) -> bytes:
        rows: list[dict[str, Any]] = []
        more = False
        for item in self.umpan[himpunan].values():
            if item["nomor"] <= kursor:
                continue
            if len(rows) == batas:
                more = True
                break
            record = self.rekaman[himpunan].get(item["id"]) if item["jenis"] == "ubah" else None
            rows.append(item | ({"rekaman": record} if record else {}))
        last = rows[-1]["nomor"] if rows else max(kursor, self.kursor_tertua)
        return json.dumps({"data": rows, "kursor": str(last), "habis": not more}).encode()

    def receive(self, kunci: str, isi: bytes) -> bytes:
        if kunci in self.jawaban:
            assert self.jawaban[kunci][0] == isi, "kunci yang sama dengan isi lain"
            return self.jawaban[kunci][1]
        items = KumpulanUsulan.model_validate_json(isi).usulan
        raw = json.loads(isi)["usulan"]
        receipts = [
            {"posisi": n, "id_usulan": str(u.id_usulan), **self._receive_one(u, raw[n])}
            for n, u in enumerate(items)
        ]
        answer = {"tanda_terima": receipts, "tertanda": self.sign(kunci, isi, receipts)}
        self.jawaban[kunci] = isi, json.dumps(answer).encode()
        return self.jawaban[kunci][1]

    def sign(self, kunci: str, isi: bytes, receipts: list[dict[str, Any]]) -> str:
        jaminan = {
            "kunci": kunci,
            "sidik_isi": hashlib.sha256(isi).hexdigest(),
            "sidik_tanda_terima": digest_of(receipts).hex(),
            "jumlah": len(receipts),
            "diterima_pada": "2026-01-01T00:00:00Z",
        }
        head = {"iss": self.sisi, "sub": f"tanda_terima:{kunci}", "aud": "uji"}
        return self.kunci_tanda.sign(head | {"jaminan": jaminan})

    def _receive_one(self, usulan: Any, raw: dict[str, Any]) -> dict[str, Any]:
        id_ = str(usulan.id_usulan)
        if id_ in self.usulan:
            known = self.usulan[id_]
            return {k: known[k] for k in ("keadaan", "kode", "alasan", "diterima_pada")}
        self.diproses[id_] += 1
        self.isi_usulan[id_] = raw
        keadaan = self._judge(usulan, raw)
        self.usulan[id_] = {
            "id_usulan": id_, "jenis": raw["jenis"], "himpunan": raw["himpunan"],
            "id_sasaran": raw.get("id_sasaran"), "keadaan": keadaan,
            "kode": self._code(usulan, keadaan), "alasan": "Simulator.",
            "diterima_pada": (_AWAL + dt.timedelta(seconds=len(self.usulan))).isoformat(),
        }  # fmt: skip
        names = ("keadaan", "kode", "alasan", "diterima_pada")
        return {k: self.usulan[id_][k] for k in names}

    def _code(self, usulan: Any, keadaan: str) -> str:
        unknown = isinstance(usulan, Pencabutan) and str(usulan.id_dicabut) not in self.usulan
        return "USULAN-TIDAK-DIKENAL" if unknown else keadaan.upper()

    def _judge(self, usulan: Any, raw: dict[str, Any]) -> str:
        if isinstance(usulan, PemberitahuanStatus):
            return "diterapkan"
        if isinstance(usulan, Pencabutan):
            return self._withdraw(str(usulan.id_dicabut))
        if isinstance(usulan, (PenyelarasanBadanUsaha, PenyelarasanPekerja)):
            return self._align(usulan, raw)
        return "diterima"

    def _align(self, usulan: Any, raw: dict[str, Any]) -> str:
        target = self.rekaman[usulan.himpunan].get(usulan.id_sasaran)
        if target is None or target["versi"] != usulan.versi_sasaran:
            return "usang"
        if self.tolak & set(raw["nilai"]):
            return "ditolak"
        if DITAHAN & set(raw["nilai"]):
            return "ditahan"
        self._write_values(raw)
        return "diterapkan"

    def _withdraw(self, id_dicabut: str) -> str:
        if id_dicabut not in self.usulan:
            return "ditolak"
        known = self.usulan[id_dicabut]
        if known["keadaan"] not in {"diterima", "ditahan"}:
            return "usang"
        known |= {"keadaan": "dicabut", "kode": "USULAN-DICABUT", "alasan": "Simulator."}
        return "diterapkan"

    def _write_values(self, raw: dict[str, Any]) -> None:
        self.change(raw["himpunan"], raw["id_sasaran"], **raw["nilai"])

    def listing(self, kursor: int, batas: int, keadaan: str | None) -> bytes:
        found = [u for u in self.usulan.values() if keadaan in {None, u["keadaan"]}]
        rows, more = found[kursor : kursor + batas], kursor + batas < len(found)
        return json.dumps({"data": rows, "kursor": str(kursor + batas) if more else None}).encode()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    registri: RegistriTiruan

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Stay silent: paths could name persons."""

    def do_GET(self) -> None:
        self._handle(b"")

    def do_POST(self) -> None:
        self._handle(self.rfile.read(int(self.headers["Content-Length"])))

    def do_PUT(self) -> None:
        self._handle(self.rfile.read(int(self.headers["Content-Length"])))

    def _handle(self, body: bytes) -> None:
        registri = self.registri
        registri.didatangi.set()
        time.sleep(registri.lambat)
        with registri.kunci:
            if registri.mati:
                status, answer = 503, _problem("HUB-SISTEM-002", "Belum siap.")
            else:
                status, answer = self._answer(body)
            if registri.acak.random() < registri.putus:
                self.close_connection = True
                return
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        if status == 503:
            self.send_header("Retry-After", "0")
        if status == 200 and self.path.startswith("/v1/perubahan/"):
            page = json.loads(answer)
            if not page["habis"]:
                self.send_header("Link", f'<?kursor={page["kursor"]}>; rel="next"')
        self.end_headers()
        self.wfile.write(answer)

    def _answer(self, body: bytes) -> tuple[int, bytes]:
        r = self.registri
        url = urlsplit(self.path)
        query = {k: v[0] for k, v in parse_qs(url.query).items()}
        assert self.headers["Tujuan"] in {"perluasan_kepesertaan", "wajib_lapor"}
        r.permintaan[f"{self.command} {url.path}"] += 1
        refusal = self._refuse(url.path)
        if refusal is not None:
            return 403, refusal
        if self.command == "POST":
            return self._take(body)
        if url.path == "/.well-known/jwks.json":
            return 200, json.dumps({"keys": [r.kunci_tanda.public]}).encode()
        return self._read(url.path, query)

    def _read(self, path: str, query: dict[str, str]) -> tuple[int, bytes]:
        r = self.registri
        kursor, batas = int(query.get("kursor", "0")), int(query.get("batas", "1000"))
        if path == "/v1/usulan":
            return 200, r.listing(kursor, batas, query.get("keadaan"))
        if path.startswith("/v1/usulan/"):
            found = r.usulan.get(path.rsplit("/", 1)[-1])
            if found is None:
                return 404, _problem("KLIEN-USULAN-001", "Usulan tidak ditemukan.")
            return 200, json.dumps(found).encode()
        if not path.startswith("/v1/perubahan/"):
            return 404, _problem("KLIEN-BENTUK-004", "Alamat tidak dikenal.")
        himpunan = HIMPUNAN[path.rsplit("/", 1)[-1]]
        if "kursor" in query and kursor < r.kursor_tertua:
            return 410, _problem("KLIEN-KURSOR-003", "Kursor terlalu lama.")
        return 200, r.page(himpunan, kursor, batas)

    def _take(self, body: bytes) -> tuple[int, bytes]:
        r = self.registri
        if r.jawab_usulan is not None:
            return r.jawab_usulan[0], _problem(r.jawab_usulan[1], "Simulator.")
        answer = r.receive(self.headers["Idempotency-Key"], body)
        return 200, b'{"bukan": "tanda terima"}' if r.jawab_rusak else answer

    def _refuse(self, path: str) -> bytes | None:
        r = self.registri
        if r.berakhir:
            return _problem("KLIEN-PERJANJIAN-001", "Berakhir.", pasal="Pasal 8 ayat (1)")
        if self.command == "POST" and r.tanpa_kirim:
            return _problem("KLIEN-PERJANJIAN-002", "Tanpa hak.", pasal="Pasal 5")
        if path.endswith("/pekerja") and r.tanpa_pekerja:
            return _problem("KLIEN-PERJANJIAN-003", "Sakelar mati.", pasal="Pasal 5")
        return None


def _problem(kode: str, detail: str, **more: str) -> bytes:
    return json.dumps({"kode": kode, "detail": detail, **more}).encode()


class Pelayan:
    """The simulator behind a port of 127.0.0.1; can go away and come back on the same port."""

    def __init__(self, registri: RegistriTiruan) -> None:
        self.registri = registri
        self.port = 0
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        handler = type("Handler", (_Handler,), {"registri": self.registri})
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
