"""What must hold when all is quiet (DESIGN, invariants), computed apart from the product's SQL."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from typing import Any

from services.kit.pohon import DIGIT_SIMPUL
from services.registry.read import record_json
from shared_schemas.perjanjian import CONTOH, FIELD_SETS, Perjanjian, hari
from shared_schemas.rujukan import Himpunan, Pihak, Wewenang
from shared_schemas.sidik import DIGIT_JALUR, MODULUS
from tests.simulasi import daftar
from tests.simulasi.daftar import ANTREAN, SISI, TABEL
from tests.simulasi.naskah import MULAI
from tests.simulasi.panggung import Panggung
from tests.simulasi.perjanjian import read_once
from tests.simulasi.suntingan import Suntingan

_AKHIR = {"diterapkan", "ditahan", "ditolak", "usang", "diterima", "dicabut"}


def check(panggung: Panggung, suntingan: Suntingan, now: dt.datetime) -> list[str]:
    """Return every violation found, a sentence each."""
    perjanjian = read_once(CONTOH.read_bytes())
    return [
        *_mirrors(panggung, perjanjian, suntingan, now),
        *_forgotten(panggung, suntingan),
        *_outbox(panggung),
        *_receipts(panggung),
        *_effects(panggung),
        *_authority(panggung, now),
        *_findings(panggung, now),
        *daftar.fields_equal(panggung, perjanjian, now),
        *daftar.everybody_is_listed(panggung),
        *_reports(panggung, suntingan),
        *_queues(panggung),
        *_grounds(panggung),
        *_evidence(panggung),
        *_balances(panggung, now),
    ]


def state(panggung: Panggung) -> list[Any]:
    """Return what a repeated delivery must not change."""
    queries = [
        "SELECT id, versi, nomor FROM badan_usaha ORDER BY id",
        "SELECT id, versi, nomor FROM pekerja ORDER BY id",
        "SELECT id_usulan, keadaan, kode, versi_hasil FROM usulan ORDER BY id_usulan",
        "SELECT count(*) FROM riwayat",
    ]
    found = [panggung.fetch(nama, q) for nama in SISI for q in queries]
    return found + [
        panggung.fetch(n, f"SELECT id, keadaan FROM {t} ORDER BY id") for n, t in ANTREAN.items()
    ]


def somebody_is_gone_again(panggung: Panggung) -> bool:
    """Say whether one who was registered is missing anew: the hub asks about him a while later."""
    query = (
        "SELECT count(*) FROM temuan WHERE berlaku AND keadaan = 'diterapkan'"
        " AND jenis IN ('hanya_wlkp', 'hanya_bpjs')"
    )
    return bool(panggung.fetch("hub", query)[0][0])


# Mirrors equal their sources


def _mirrors(
    panggung: Panggung, perjanjian: Perjanjian, suntingan: Suntingan, now: dt.datetime
) -> list[str]:
    """Compare each row with its source's record."""
    found = []
    for himpunan, tabel in TABEL.items():
        names = tuple(b.nama for b in perjanjian.bidang(himpunan, now))
        expression = record_json(himpunan, names)
        for nama in SISI:
            query = f"SELECT id, versi, nomor, ({expression})::json->'isi' FROM {tabel}"
            source = {
                r[0]: (r[1], r[2], {k: v for k, v in r[3].items() if v is not None})
                for r in panggung.fetch(nama, f"{query} WHERE dihapus_pada IS NULL")
            }
            query = f"SELECT id, versi, nomor, isi FROM cermin_{tabel} WHERE sisi = %s"
            mirror = {r[0]: (r[1], r[2], r[3]) for r in panggung.fetch("hub", query, nama)}
            wrong = {k for k in source.keys() | mirror.keys() if source.get(k) != mirror.get(k)}
            found += [f"cermin {tabel} {nama} tidak sama: {k}" for k in sorted(wrong)]
        found += _nodes(panggung, f"cermin_{tabel}")
    return found


def _nodes(panggung: Panggung, tabel: str) -> list[str]:
    """Compare the stored nodes of a digest tree with the sums of the rows' leaves."""
    expected: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    query = f"SELECT sisi, jalur, daun, daun_tambahan FROM {tabel} WHERE daun IS NOT NULL"
    rows = panggung.fetch("hub", query)
    for sisi, jalur, *leaf in rows:
        node = expected[sisi, f"{jalur:0{DIGIT_JALUR}x}"[:DIGIT_SIMPUL]]
        for at, value in enumerate((1, *leaf)):
            node[at] = (node[at] + value) % MODULUS
    query = f"SELECT sisi, jalur, jumlah, daun, daun_tambahan FROM simpul_{tabel}"
    stored = {
        (r[0], f"{r[1]:0{DIGIT_SIMPUL}x}"): [int(v) % MODULUS for v in r[2:]]
        for r in panggung.fetch("hub", query)
    }
    wrong = {
        k
        for k in expected.keys() | stored.keys()
        if expected.get(k, [0, 0, 0]) != stored.get(k, [0, 0, 0])
    }
    return [f"simpul {tabel} {sisi} tidak sama: {path}" for sisi, path in sorted(wrong)]


def _forgotten(panggung: Panggung, suntingan: Suntingan) -> list[str]:
    """What was deleted lives on nowhere in the hub, whether or not its tombstone was ever read."""
    found = []
    for nama, himpunan, id_ in sorted(suntingan.dihapus):
        tabel = TABEL[himpunan]
        query = f"SELECT 1 FROM {tabel} WHERE id = %s AND dihapus_pada IS NULL"
        if panggung.fetch(nama, query, id_):
            continue  # its source has named it again
        left = {
            "cermin": f"SELECT 1 FROM cermin_{tabel} WHERE sisi = %(sisi)s AND id = %(id)s",
            "tautan": f"SELECT 1 FROM tautan_badan_usaha WHERE id_{nama} = %(id)s",
            "temuan": f"SELECT 1 FROM temuan WHERE berlaku AND id_{nama} = %(id)s",
            "tinjauan": f"SELECT 1 FROM tinjauan_taut WHERE id_{nama} = %(id)s",
            "tak_tertaut": "SELECT 1 FROM tak_tertaut WHERE sisi = %(sisi)s AND id = %(id)s",
        }
        at = {"sisi": nama, "id": id_}
        found += [
            f"{tabel} {id_} sudah dihapus di {nama}, masih dalam {tempat}"
            for tempat, query in left.items()
            if panggung.admin["hub"].execute(query.encode(), at).fetchone()
        ]
    return found


# Sent, received, applied: each stream balances


def _outbox(panggung: Panggung) -> list[str]:
    rows = panggung.fetch("hub", "SELECT keadaan, isi IS NULL, jumlah, id FROM kotak_keluar")
    count: Counter[int] = Counter()
    for (batch,) in panggung.fetch("hub", "SELECT batch FROM usulan"):
        count[batch] += 1
    found = [f"kelompok {i} masih {k}" for k, _, _, i in rows if k == "siap"]
    found += [f"isi kelompok {i} masih disimpan" for _, empty, _, i in rows if not empty]
    found += [
        f"kelompok {i}: {jumlah} usulan, {count[i]} tanda terima"
        for k, _, jumlah, i in rows
        if k == "terkirim" and count[i] != jumlah
    ]
    return found


def _receipts(panggung: Panggung) -> list[str]:
    found = []
    for nama in SISI:
        query = "SELECT id_usulan, keadaan, kode, versi_hasil FROM usulan"
        there = {r[0]: r[1:] for r in panggung.fetch(nama, query)}
        query = "SELECT id, keadaan, kode, versi_hasil FROM usulan WHERE tujuan = %s"
        here = {r[0]: r[1:] for r in panggung.fetch("hub", query, nama)}
        for id_ in sorted(there.keys() | here.keys(), key=str):
            if id_ not in there:
                if here[id_][0] == "ditarik":
                    continue  # said so, never arrived, and said again if it still holds
                found.append(f"usulan ke {nama} tidak pernah diterima: {here[id_][0]}")
            elif id_ not in here:
                found.append(f"usulan {there[id_][0]} di {nama} tidak dikenal hub")
            elif there[id_][:2] != here[id_][:2]:
                found.append(f"usulan ke {nama}: di sana {there[id_][:2]}, di hub {here[id_][:2]}")
            elif here[id_][0] not in _AKHIR:
                found.append(f"usulan ke {nama} tanpa keadaan akhir: {here[id_][0]}")
    return found


def _effects(panggung: Panggung) -> list[str]:
    """Every applied proposal changed its record once, from its version, and left a trace."""
    found = []
    for nama in SISI:
        trace: dict[str, list[tuple[str, str, int]]] = defaultdict(list)
        query = "SELECT dasar, id_rekaman, bidang, versi FROM riwayat WHERE dasar LIKE 'usulan %%'"
        for dasar, id_, bidang, versi in panggung.fetch(nama, query):
            trace[dasar.removeprefix("usulan ")].append((id_, bidang, versi))
        query = "SELECT id_usulan, jenis, keadaan, kode, id_sasaran, versi_sasaran FROM usulan"
        for id_usulan, jenis, keadaan, kode, sasaran, versi in panggung.fetch(nama, query):
            left = trace.pop(str(id_usulan), [])
            if len({b for _, b, _ in left}) != len(left):
                found.append(f"usulan di {nama} berakibat dua kali")
            applied = jenis == "penyelarasan" and keadaan == "diterapkan"
            if left and (not applied or {i for i, _, _ in left} != {sasaran}):
                found.append(f"usulan {keadaan} di {nama} mengubah rekaman")
            if applied and kode == "USULAN-DITERAPKAN":
                if not left:
                    found.append(f"usulan diterapkan di {nama} tanpa riwayat")
                if any(v != versi for _, _, v in left):
                    found.append(f"usulan di {nama} diterapkan pada versi lain")
            if applied and kode == "USULAN-PUTUSAN-PETUGAS":
                found += _overwritten(panggung, nama, sasaran, versi, left)
        found += [f"riwayat di {nama} tanpa usulan" for _ in trace]
    return found


def _overwritten(
    panggung: Panggung, nama: str, sasaran: str, versi: int, left: list[tuple[str, str, int]]
) -> list[str]:
    """A steward's yes to an old proposal must not undo what was changed since it was made."""
    query = (
        "SELECT 1 FROM riwayat WHERE id_rekaman = %s AND bidang = %s AND versi >= %s AND versi < %s"
    )
    return [
        f"putusan petugas di {nama} menimpa perubahan yang lebih baru"
        for _, bidang, at in left
        if panggung.fetch(nama, query, sasaran, bidang, versi, at)
    ]


def _authority(panggung: Panggung, now: dt.datetime) -> list[str]:
    """Nothing was changed by one to whom no text of the run has given the say."""
    rules: dict[tuple[str, str], set[str]] = defaultdict(set)
    for himpunan in Himpunan:
        for b in FIELD_SETS[himpunan].daftar_bidang():
            said = {p.wewenang(b, at) for p in panggung.perjanjian.pernah for at in (MULAI, now)}
            rules[himpunan.value, b.nama] = {rule.value for rule in said if rule is not None}
    found = []
    for nama, giver in (("wlkp", Pihak.KEDUA), ("bpjs", Pihak.KESATU)):
        lawful = {giver.value, Wewenang.LAPORAN_TERBARU.value}
        query = (
            "SELECT DISTINCT r.himpunan, r.bidang FROM riwayat r JOIN usulan u"
            " ON r.dasar = 'usulan ' || u.id_usulan WHERE u.kode = 'USULAN-DITERAPKAN'"
        )
        for himpunan, bidang in panggung.fetch(nama, query):
            if not rules[himpunan, bidang] & lawful:
                found.append(f"{bidang} di {nama} diubah tanpa wewenang")
    return found


def _findings(panggung: Panggung, now: dt.datetime) -> list[str]:
    """No finding waits for the program itself: a state that only a next round would change.

    What was refused for a while is left until it is time to ask again.
    """
    rows = panggung.fetch(
        "hub",
        "SELECT jenis, himpunan, keadaan FROM temuan"
        " WHERE (keadaan IN ('terbuka', 'diusulkan', 'tak_berwenang')"
        " OR keadaan = 'ditolak' AND kode = ANY(%s) AND diubah_pada < %s)"
        " AND NOT (jenis IN ('PWBD', 'PDS-TK') AND keadaan = 'terbuka')",
        ["USULAN-TANPA-WEWENANG", "USULAN-BIDANG-TAMBAHAN", "USULAN-SASARAN-TIDAK-ADA"],
        now - dt.timedelta(hours=panggung.sync.ulang_jam),
    )
    said = panggung.fetch(
        "hub",
        "SELECT t.jenis, t.keadaan, u.keadaan FROM temuan t JOIN usulan u ON u.id = t.id_usulan"
        " WHERE (t.keadaan = 'ditolak' AND u.keadaan <> 'ditolak'"
        " AND NOT (u.keadaan = 'usang' AND t.jenis LIKE 'hanya_%%'))"
        " OR (t.keadaan = 'diantre' AND u.keadaan <> 'diterima')",
    )
    return [f"temuan {j} {h} tertinggal {k}" for j, h, k in rows] + [
        f"temuan {j} {k}, usulannya {u}" for j, k, u in said
    ]


# The bodies' own work


def _reports(panggung: Panggung, suntingan: Suntingan) -> list[str]:
    query = (
        "SELECT id_badan_usaha, nik FROM pekerja WHERE dihapus_pada IS NULL AND urutan = 1"
        " AND hubungan_kerja IS DISTINCT FROM 'BERHENTI'"
    )
    active: dict[str, set[str]] = defaultdict(set)
    for id_bu, nik in panggung.fetch("wlkp", query):
        active[id_bu].add(nik)
    return [
        f"{id_bu}: laporan terakhir tidak menyebut pekerja yang aktif"
        for id_bu, named in suntingan.terlapor.items()
        if active[id_bu] - named
    ]


def _queues(panggung: Panggung) -> list[str]:
    """A proposal waits in a queue as long as its case is open, and a case as long as one waits."""
    found = []
    for nama, tabel in ANTREAN.items():
        query = (
            f"SELECT u.keadaan, k.keadaan FROM usulan u LEFT JOIN {tabel} k"
            " ON k.himpunan = u.himpunan AND k.id_asal = u.isi->>'id_asal'"
            " WHERE u.jenis = 'penambahan' AND u.keadaan = 'diterima'"
            " AND coalesce(k.keadaan, '-') NOT IN ('terbuka', 'potensial', 'terverifikasi')"
        )
        found += [f"usulan {u} di {nama}, kasusnya {k}" for u, k in panggung.fetch(nama, query)]
        query = (
            f"SELECT k.keadaan FROM {tabel} k"
            " WHERE k.id_asal IS NOT NULL AND k.dicabut_pada IS NULL"
            " AND k.keadaan IN ('terbuka', 'potensial', 'terverifikasi') AND NOT EXISTS ("
            " SELECT FROM usulan u WHERE u.jenis = 'penambahan' AND u.keadaan = 'diterima'"
            " AND u.himpunan = k.himpunan AND u.isi->>'id_asal' = k.id_asal)"
        )
        found += [f"kasus {k} di {nama} tanpa usulan" for (k,) in panggung.fetch(nama, query)]
    return found


def _grounds(panggung: Panggung) -> list[str]:
    """Whatever waits for a steward still says what its sender's record says now."""
    found = []
    for nama, asal in (("wlkp", "bpjs"), ("bpjs", "wlkp")):
        query = (
            "SELECT jenis, himpunan, keadaan, isi FROM usulan"
            " WHERE keadaan IN ('ditahan', 'diterima') AND kode <> 'USULAN-CACAT'"
        )
        for jenis, himpunan, keadaan, isi in panggung.fetch(nama, query):
            tabel = TABEL[Himpunan(himpunan)]
            living = f"SELECT to_jsonb(r) FROM {tabel} r WHERE id = %s AND dihapus_pada IS NULL"
            row = panggung.fetch(asal, living, isi["id_asal"])
            if not row:
                found.append(f"{jenis} {himpunan} {keadaan} di {nama}: rekaman {asal} sudah tiada")
            elif jenis == "penyelarasan":
                found += [
                    f"penyelarasan {bidang} ditahan di {nama}: {asal} kini lain"
                    for bidang, nilai in isi["nilai"].items()
                    if row[0][0][bidang] != nilai
                ]
    return found


def _evidence(panggung: Panggung) -> list[str]:
    """Every proposal that was received is in the evidence, once."""
    query = (
        "SELECT coalesce(sum((rincian->>'jumlah')::int), 0), (SELECT count(*) FROM usulan)"
        " FROM audit_peristiwa WHERE peristiwa = 'usulan_diterima'"
    )
    rows = {n: panggung.fetch(n, query)[0] for n in SISI}
    return [f"bukti di {n}: {a} usulan, tercatat {b}" for n, (a, b) in rows.items() if a != b]


def _balances(panggung: Panggung, now: dt.datetime) -> list[str]:
    """Both sides hold both halves of the last two days, the same on either side, and they agree."""
    found = []
    there = "SELECT isi, hasil FROM audit_neraca WHERE tanggal = %s"
    here = "SELECT isi FROM neraca WHERE tujuan = %s AND tanggal = %s ORDER BY id DESC LIMIT 1"
    for nama in SISI:
        for tanggal in (hari(now) - dt.timedelta(days=1), hari(now)):
            said = panggung.fetch(nama, f"{there} ORDER BY dinyatakan_pada DESC, id DESC", tanggal)
            kept = panggung.fetch("hub", here, nama, tanggal)
            halves = [{k: r[0][k] for k in ("pengirim", "penerima")} for r in kept]
            if halves != [r[0] for r in said[:1]]:
                found.append(f"neraca {nama} {tanggal}: kedua sisi menyimpan yang berbeda")
            elif said and said[0][1] != "cocok":
                found.append(f"neraca {nama} {tanggal}: {said[0][1]}")
    return found
