"""What Kemnaker's system reports of the companies, and what may not win when it comes again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests import contoh
from tests.simulasi.sistem import Sistem

_UBAHAN_WLKP: dict[str, tuple[str, ...]] = {
    "jabatan": ("Operator", "Mandor", "Kasir"),
    "status_pekerjaan": ("PKWTT", "PKWT"),
    "alamat": ("Jalan Contoh No. 1", "Jalan Contoh No. 22", "Jalan Uji No. 7"),
    "nomor_hp": ("+6281200000001", "+6281200000002"),
    "nama": ("Contoh Satu", "Contoh Dua"),
}


@dataclass
class Pelaporan(Sistem):
    """The companies' staff as Kemnaker's system knows it, and the reports made of it."""

    staf: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    laporan: list[dict[str, Any]] = field(default_factory=list)
    terlapor: dict[str, frozenset[str]] = field(default_factory=dict)
    terakhir: dict[str, dict[str, Any]] = field(default_factory=dict)
    pelanggaran: list[str] = field(default_factory=list)

    def report(self) -> None:
        """Kemnaker's system sends a company's report: changed, new, moved and missing workers."""
        if self.staf:
            self.report_of(self.acak.choice(sorted(self.staf)))

    def report_of(self, id_bu: str) -> None:
        """Send the report of one company, which brings it back if it was deleted."""
        staf = self.staf[id_bu]
        for nik in sorted(staf):
            if self.acak.random() < 0.15:
                gone = staf.pop(nik)
                other = self.acak.choice(sorted(self.staf))
                if other != id_bu and self.acak.random() < 0.5:
                    self.staf[other][nik] = gone
            elif self.acak.random() < 0.4:
                bidang = self.acak.choice(sorted(_UBAHAN_WLKP))
                staf[nik] = {**staf[nik], bidang: self.acak.choice(_UBAHAN_WLKP[bidang])}
        if self.acak.random() < 0.4:
            isi = contoh.pekerja_wlkp(self.acak.randint(200, 212))
            staf[isi["nik"]] = isi
        n = int(id_bu.rpartition("-")[2])
        body = {
            "id_badan_usaha": id_bu,
            "dilaporkan_pada": self.moment(0),
            "badan_usaha": contoh.badan_usaha(
                n, alamat=f"Jalan Contoh No. {self.acak.randint(1, 3)}, Kota Bandung"
            ),
            "pekerja": [staf[nik] for nik in sorted(staf)],
        }
        self.laporan.append(body)
        if self.send("wlkp", "/v1/laporan", body) == 200:
            self.terlapor[id_bu] = frozenset(staf)
            self.terakhir[id_bu] = body
            if staf and self.acak.random() < 0.3:
                self._report_twice(body)

    def _report_twice(self, body: dict[str, Any]) -> None:
        """Another report of the moment that was just reported: neither is the newer."""
        other = {**body, "pekerja": body["pekerja"][1:]}
        self.laporan.append(other)
        self._may_not_win(other)

    def report_again(self) -> None:
        """An earlier report comes once more: the newest changes nothing, others are refused.

        Others are older, or of the same moment as the newest and came after it.
        """
        if not self.laporan:
            return
        self._may_not_win(self.acak.choice(self.laporan))

    def _may_not_win(self, body: dict[str, Any]) -> None:
        """Send a report again: the newest is known, others are refused, none has an effect."""
        id_bu = body["id_badan_usaha"]
        expected = 200 if body == self.terakhir.get(id_bu) else 409
        query = "SELECT id, versi FROM pekerja WHERE id_badan_usaha = %s ORDER BY id"
        before = self.panggung.fetch("wlkp", query, id_bu)
        status = self.send("wlkp", "/v1/laporan", body)
        if before != self.panggung.fetch("wlkp", query, id_bu):
            self.pelanggaran.append("laporan yang datang lagi mengubah pekerja")
        if status != expected:
            self.pelanggaran.append(f"laporan yang datang lagi dijawab {status}")
