"""What the two bodies do meanwhile: reports, enrolments, decisions, corrections, deletions.

Everything goes through the services' own routes and write functions; a body repeats what got no
answer, as its own system would.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from services.kit.database import Transaction
from services.kit.errors import PermanentError, TemporaryError
from services.registry import write
from services.sync import tinjau
from services.taut.keputusan import Pendapat
from shared_schemas.rujukan import Himpunan
from tests import contoh
from tests.simulasi.bencana import Padam
from tests.simulasi.penghapusan import Penghapusan
from tests.simulasi.sistem import KALI, SISTEM

PERUSAHAAN, ORANG = 4, 9

_UBAHAN_BPJS: dict[str, tuple[Any, ...]] = {
    "nomor_kepesertaan_jkn": ("0009000000001", "0009000000002"),
    "tmt_jkn": ("2020-01-01", "2021-02-03"),
    "jumlah_anggota_keluarga": (0, 3),
    "status_kepesertaan": ("AKTIF", "NONAKTIF_PREMI"),
    "alamat": ("Jalan Contoh No. 3", "Jalan Uji No. 8"),
    "jabatan": ("Operator", "Pengawas"),
    "tanggal_lahir": ("1995-08-15", "1995-08-16"),
}


@dataclass
class Suntingan(Penghapusan):
    """Both bodies' own work in one run."""

    sisa: int = 0
    sering: dict[Callable[[Suntingan], None], int] = field(init=False)

    def __post_init__(self) -> None:
        # Some runs do without a kind of work and others hardly know another: what would be undone
        # or hidden by the rest then comes to light.
        self.sering = {kind: often * self.acak.choice((0, 1, 1, 4)) for kind, often in _KERJA}
        if not any(self.sering.values()):
            self.sering = dict(_KERJA)

    # The beginning

    def seed(self) -> None:
        """Fill both registries: most of it known to both, some to one."""
        a = self.acak
        rows: dict[tuple[str, Himpunan], list[dict[str, Any]]] = {
            (nama, himpunan): [] for himpunan in Himpunan for nama in SISTEM
        }
        for n in range(1, PERUSAHAAN + 1):
            sides = a.choices((("wlkp", "bpjs"), ("wlkp",), ("bpjs",)), (8, 1, 1))[0]
            for nama in sides:
                rows[nama, Himpunan.BADAN_USAHA].append(self._company(nama, n))
            for orang in range(ORANG * n, ORANG * n + a.randint(1, 4)):
                known = a.choices((sides, sides[:1], sides[-1:]), (6, 1, 1))[0]
                for nama in known:
                    rows[nama, Himpunan.PEKERJA].append(self._worker(nama, n, orang))
        for (nama, himpunan), many in rows.items():
            self.bring(nama, himpunan, *many)

    def _company(self, nama: str, n: int) -> dict[str, Any]:
        row = {**contoh.badan_usaha(n), "id": f"{nama}-{n}"}
        if nama == "bpjs":
            row["status_pendaftaran"] = "TERDAFTAR"
        else:
            self.staf[f"wlkp-{n}"] = {}
        return row

    def _worker(self, nama: str, n: int, orang: int) -> dict[str, Any]:
        if nama == "wlkp":
            isi = contoh.pekerja_wlkp(orang)
            self.staf[f"wlkp-{n}"][isi["nik"]] = isi
        else:
            isi = contoh.pekerja_bpjs(orang)
            if self.acak.random() < 0.25:  # the civil registry's fields are held for a steward
                isi = {**isi, "nama": "Contoh Lain"}
        if self.acak.random() < 0.7:
            isi = {**isi, "dilaporkan_pada": self.moment(-self.acak.randint(1, 400))}
        if self.acak.random() < 0.2:  # a D field, which not every addendum gives
            isi = {**isi, "hubungan_kerja": "AKTIF"}
        return {**isi, "id_badan_usaha": f"{nama}-{n}", "urutan": 1}

    # One edit

    def once(self) -> None:
        """Let one body do one thing."""
        self.acak.choices(list(self.sering), list(self.sering.values()))[0](self)

    def enrol(self) -> None:
        """BPJS Kesehatan enrols somebody, perhaps known to Kemnaker elsewhere."""
        if (id_bu := self.any_id("bpjs", "badan_usaha")) is not None:
            orang = self.acak.choice((self.acak.randint(200, 212), self.acak.randint(9, 40)))
            row = {**contoh.pekerja_bpjs(orang), "id_badan_usaha": id_bu, "urutan": 1}
            self.bring("bpjs", Himpunan.PEKERJA, row)

    def duplicate_nik(self) -> None:
        """The same NIK stands twice in one company of a file that came in."""
        nama = self.acak.choice(("wlkp", "bpjs"))
        found = self.worker_key(nama)
        if found is not None:
            isi = contoh.pekerja_wlkp(1) if nama == "wlkp" else contoh.pekerja_bpjs(1)
            row = {**isi, "id_badan_usaha": found[0], "nik": found[1], "urutan": 2}
            self.bring(nama, Himpunan.PEKERJA, row)

    def correct_member(self) -> None:
        """BPJS Kesehatan's own system changes a member, with or without a date of report."""
        found = self.worker_key("bpjs")
        if found is None:
            return
        row = {"id_badan_usaha": found[0], "nik": found[1], "urutan": found[2]}
        for bidang in self.acak.sample(sorted(_UBAHAN_BPJS), 2):
            row[bidang] = self.acak.choice(_UBAHAN_BPJS[bidang])
        if self.acak.random() < 0.5:
            row["dilaporkan_pada"] = self.moment(-self.acak.randint(0, 30))
        self.bring("bpjs", Himpunan.PEKERJA, row)

    def change_company(self) -> None:
        """BPJS Kesehatan changes a company's address or its registration."""
        if (id_bu := self.any_id("bpjs", "badan_usaha")) is None:
            return
        alamat = f"Jalan Contoh No. {self.acak.randint(1, 3)}, Kota Bandung"
        status = self.acak.choice(("TERDAFTAR", "TIDAK_TERDAFTAR"))

        def work(tx: Transaction) -> None:
            tx.raw("SELECT 1 FROM badan_usaha WHERE id = %s FOR UPDATE", (id_bu,))
            tx.raw("UPDATE badan_usaha SET status_pendaftaran = %s WHERE id = %s", (status, id_bu))
            koreksi = write.Koreksi(id_bu, {"alamat": alamat}, "sistem bpjs")
            write.correct(tx, Himpunan.BADAN_USAHA, [koreksi], pelaku="sistem-bpjs", pasal=None)

        self.persist("bpjs", work)

    def register(self) -> None:
        """A company becomes known to one body alone."""
        nama, n = self.acak.choice(("wlkp", "bpjs")), self.acak.randint(1, PERUSAHAAN + 2)
        if not self.panggung.fetch(
            nama, "SELECT 1 FROM badan_usaha WHERE npwp = %s", contoh.npwp(n)
        ):
            self.bring(nama, Himpunan.BADAN_USAHA, self._company(nama, n))

    def name_again(self, nama: str, id_: str) -> None:
        """A company that was deleted is in a source again, under the id that it had."""
        if nama == "wlkp":
            self.report_of(id_)
        elif id_.startswith("bpjs-"):  # not one that a case had registered
            self.bring(nama, Himpunan.BADAN_USAHA, self._company(nama, int(id_.split("-")[1])))

    def decide_held(self) -> None:
        """A steward decides a held proposal."""
        self._decide(self.acak.choice(("wlkp", "bpjs")))

    def decide_what_is_held(self) -> bool:
        """Stewards of both bodies decide some of what is held; return whether they did."""
        decided = [self._decide(nama) for nama in ("wlkp", "bpjs") for _ in range(2)]
        return any(decided)

    def _decide(self, nama: str) -> bool:
        """Decide a held proposal, at times after its field has moved on."""
        found = self.pick(
            nama,
            "SELECT id_usulan, id_sasaran, 'nama' = ANY(bidang) AND himpunan = 'pekerja'"
            " FROM usulan WHERE keadaan = 'ditahan' ORDER BY 1",
        )
        if found is None:
            return False
        if found[2] and self.acak.random() < 0.4:
            self._rename(nama, found[1])
        body = {"keadaan": self.acak.choice(("diterapkan", "ditolak")), "alasan": "Contoh."}
        self.send(nama, f"/v1/usulan/{found[0]}/keputusan", body)
        return True

    def _rename(self, nama: str, id_: str) -> None:
        def work(tx: Transaction) -> None:
            query = "SELECT 1 FROM pekerja WHERE id = %s AND dihapus_pada IS NULL FOR UPDATE"
            if tx.raw(query, (id_,)).fetchone() is not None:
                koreksi = write.Koreksi(id_, {"nama": "Contoh Tiga"}, f"sistem {nama}")
                write.correct(tx, Himpunan.PEKERJA, [koreksi], pelaku=f"sistem-{nama}", pasal=None)

        self.persist(nama, work)

    def decide_case(self) -> None:
        """A body decides a case of its queue; a registration takes two decisions."""
        nama = self.acak.choice(("wlkp", "bpjs", "bpjs"))
        if nama == "wlkp":
            found = self.pick(
                nama, "SELECT id FROM belum_lapor WHERE keadaan = 'terbuka' ORDER BY 1"
            )
            if found is not None:
                keadaan = self.acak.choice(("bukan_wajib_lapor", "tidak_ditemukan"))
                body = {"keadaan": keadaan, "alasan": "Contoh."}
                self.send(nama, f"/v1/belum-lapor/{found[0]}/keputusan", body)
            return
        query = "SELECT id, himpunan FROM pendaftaran WHERE keadaan = ANY(%s) ORDER BY id"
        found = self.pick(nama, query, ["potensial", "terverifikasi"])
        if found is None:
            return
        path = f"/v1/pendaftaran/{found[0]}/keputusan"
        if self.acak.random() < 0.25:
            self.send(nama, path, {"keadaan": "ditolak", "alasan": "Contoh."})
            return
        self.send(nama, path, {"keadaan": "terverifikasi"})
        given = {k: contoh.pekerja_bpjs(1)[k] for k in (
            "nomor_kepesertaan_jkn", "tmt_jkn", "jumlah_anggota_keluarga", "status_kepesertaan"
        )}  # fmt: skip
        more = given if found[1] == "pekerja" else {}
        self.send(nama, path, {"keadaan": "terdaftar", **more})

    def review(self) -> None:
        """A steward says of two companies whether they are one."""
        fetch = self.panggung.fetch
        query = "SELECT id FROM cermin_badan_usaha WHERE sisi = %s ORDER BY id"
        w, b = fetch("hub", query, "wlkp"), fetch("hub", query, "bpjs")
        if not (w and b):
            return
        pair = self.acak.choice(w)[0], self.acak.choice(b)[0]
        verdict = Pendapat.SAMA if pair[0][-1] == pair[1][-1] else Pendapat.BERBEDA
        if self.acak.random() < 0.2:
            verdict = Pendapat.BERBEDA
        self.jejak.catat("petugas", *pair, verdict)
        for _ in range(KALI):
            try:
                tinjau.decide(
                    self.panggung.hub, pair, verdict, by="petugas", why="contoh", replace=True,
                    clock=self.panggung.jam.untuk("hub"),
                )  # fmt: skip
            except TemporaryError:
                continue
            except PermanentError:
                return
            except Padam:
                self.panggung.restart("hub")
                continue
            return


_KERJA: tuple[tuple[Callable[[Suntingan], None], int], ...] = (
    (Suntingan.report, 6), (Suntingan.enrol, 2), (Suntingan.correct_member, 6),
    (Suntingan.decide_held, 6), (Suntingan.decide_case, 4), (Suntingan.delete, 3),
    (Suntingan.prune, 1), (Suntingan.report_again, 4), (Suntingan.change_company, 2),
    (Suntingan.review, 1), (Suntingan.duplicate_nik, 1), (Suntingan.register, 1),
    (Suntingan.hold, 3), (Suntingan.register_and_delete, 2),
    (Suntingan.delete_proposed, 2), (Suntingan.delete_company, 1),
)  # fmt: skip
"""What a body may do, and how often one of these beside the others."""
