"""What was touched since the last comparison, noted in the transaction that touches it.

A worker's findings follow from the rows of one NIK and the standing of their companies; a
company's from its own row, its link and its workers. So a NIK is the unit of change for workers.
A full read notes nothing: after it everything is compared.
"""

from __future__ import annotations

from collections.abc import Sequence

from services.kit.database import Transaction
from services.sync.settings import NamaSisi
from shared_schemas.rujukan import Himpunan

BANDING = {Himpunan.BADAN_USAHA: "banding badan_usaha", Himpunan.PEKERJA: "banding pekerja"}
"""The stages whose remembered input says that the last comparison still stands."""

KABAR = "kabar status"
"""The stage of notices, which goes through all companies when it remembers nothing."""

_PEKERJA = "INSERT INTO pekerja_tersentuh (sisi, id, nik) {} ON CONFLICT DO NOTHING"
_BADAN_USAHA = (
    "INSERT INTO badan_usaha_tersentuh (sisi, id, dibandingkan) SELECT sisi, id, false FROM ({}) x"
    " GROUP BY sisi, id ON CONFLICT (sisi, id) DO UPDATE SET dibandingkan = false"
)
_PEKERJA_HILANG = "FROM cermin_pekerja WHERE sisi = %s AND id = ANY(%s)"

# The NIK that a row had, and the one that it gets.
_PEKERJA_HALAMAN = """
SELECT sisi, id, nik FROM {halaman}
UNION SELECT m.sisi, m.id, m.nik FROM {halaman} h JOIN cermin_pekerja m USING (sisi, id)
"""
# Companies care who works for them, not what is said of him.
_USAHA_HALAMAN = """
SELECT b.sisi, b.id
FROM {halaman} h LEFT JOIN cermin_pekerja m USING (sisi, id)
CROSS JOIN LATERAL (VALUES (h.sisi, h.id_badan_usaha), (m.sisi, m.id_badan_usaha)) b(sisi, id)
WHERE b.id IS NOT NULL AND (h.id_badan_usaha, h.isi->>'hubungan_kerja')
    IS DISTINCT FROM (m.id_badan_usaha, m.isi->>'hubungan_kerja')
"""
_BARU = """
SELECT h.sisi, h.id FROM {halaman} h
WHERE NOT EXISTS (SELECT FROM cermin_badan_usaha m WHERE m.sisi = h.sisi AND m.id = h.id)
"""


def note_page(tx: Transaction, himpunan: Himpunan, halaman: str) -> None:
    """Note what a staged page will change in the mirror; call it before it does."""
    if himpunan is Himpunan.PEKERJA:
        tx.raw(_PEKERJA.format(_PEKERJA_HALAMAN.format(halaman=halaman)))
        tx.raw(_BADAN_USAHA.format(_USAHA_HALAMAN.format(halaman=halaman)))
        return
    tx.raw(_BADAN_USAHA.format(f"SELECT sisi, id FROM {halaman}"))
    # As names: of a page the planner knows nothing, and would look through all workers for it.
    fresh = tx.raw(_BARU.format(halaman=halaman)).fetchall()
    if fresh:
        sides, ids = map(list, zip(*fresh, strict=True))
        _note_standing(tx, "SELECT * FROM unnest(%s::text[], %s::text[]) x(sisi, id)", [sides, ids])


def note_gone(tx: Transaction, sisi: NamaSisi, himpunan: Himpunan, ids: Sequence[str]) -> None:
    """Note the records that will be removed from a mirror; call it before they are."""
    chosen = [sisi.value, list(ids)]
    if himpunan is Himpunan.PEKERJA:
        tx.raw(_PEKERJA.format(f"SELECT sisi, id, nik {_PEKERJA_HILANG}"), chosen)
        tx.raw(_BADAN_USAHA.format(f"SELECT sisi, id_badan_usaha AS id {_PEKERJA_HILANG}"), chosen)
        return
    gone = "SELECT %s::text AS sisi, unnest(%s::text[]) AS id"
    tx.raw(_BADAN_USAHA.format(gone), chosen)
    _note_standing(tx, gone, chosen)


def note_worker(tx: Transaction, sisi: NamaSisi, id_: str) -> None:
    """Note a worker to be compared: something was decided about him."""
    chosen = "SELECT sisi, id, nik FROM cermin_pekerja WHERE sisi = %s AND id = %s"
    tx.raw(_PEKERJA.format(chosen), [sisi.value, id_])


def note_companies(tx: Transaction, companies: str) -> None:
    """Note companies to be compared; the query gives columns `sisi` and `id`."""
    tx.raw(_BADAN_USAHA.format(companies))


def note_standing(tx: Transaction, companies: str) -> None:
    """Note companies whose standing changed, and their workers.

    These are compared within another group now, or for the first time. Before the first comparison
    only the companies are noted: all workers are compared then, and noting each of twenty million
    takes longer. For the linking alone, which no comparison runs beside.
    """
    note_companies(tx, companies)
    query = "SELECT 1 FROM tahap_terakhir WHERE tahap = %s"
    if tx.raw(query, [BANDING[Himpunan.PEKERJA]]).fetchone() is not None:
        _note_standing(tx, companies)


def _note_standing(tx: Transaction, companies: str, parameters: Sequence[object] = ()) -> None:
    tx.raw(
        _PEKERJA.format(
            f"SELECT p.sisi, p.id, p.nik FROM ({companies}) c"
            " JOIN cermin_pekerja p ON p.sisi = c.sisi AND p.id_badan_usaha = c.id"
        ),
        parameters,
    )


def require_full(tx: Transaction) -> None:
    """Have the next comparison and the notices go through everything."""
    tx.raw("DELETE FROM tahap_terakhir WHERE tahap = ANY(%s)", [[*BANDING.values(), KABAR]])


def require_notices(tx: Transaction) -> None:
    """Have the notices go through all companies."""
    tx.raw("DELETE FROM tahap_terakhir WHERE tahap = %s", [KABAR])


def follows(tx: Transaction, tahap: str, masukan: str) -> bool:
    """Say whether a stage may follow change: it last ran over everything under the same input."""
    last = tx.raw(
        "SELECT 1 FROM tahap_terakhir WHERE tahap = %s AND masukan = %s", [tahap, masukan]
    ).fetchone()
    return last is not None


def remember(tx: Transaction, tahap: str, masukan: str) -> None:
    """Remember under which input a stage ran."""
    tx.raw(
        "INSERT INTO tahap_terakhir (tahap, masukan, hitungan) VALUES (%s, %s, '{}')"
        " ON CONFLICT (tahap) DO UPDATE SET masukan = excluded.masukan",
        [tahap, masukan],
    )


def forget_workers(tx: Transaction) -> None:
    """Drop what was noted of workers: all of them are compared."""
    tx.raw("DELETE FROM pekerja_tersentuh")


def take_workers(tx: Transaction) -> bool:
    """Move what was noted of workers into `sasaran_pekerja` and `sasaran_nik`; False: nothing.

    They end with the transaction: what is rolled back is noted still.
    """
    tx.raw("CREATE TEMP TABLE sasaran_pekerja (sisi text, id text, nik text) ON COMMIT DROP")
    taken = tx.raw(
        "WITH diambil AS (DELETE FROM pekerja_tersentuh RETURNING sisi, id, nik)"
        " INSERT INTO sasaran_pekerja SELECT sisi, id, nik FROM diambil"
    ).rowcount
    if not taken:
        return False
    tx.raw(
        "CREATE TEMP TABLE sasaran_nik ON COMMIT DROP AS SELECT DISTINCT nik FROM sasaran_pekerja"
    )
    tx.raw("ANALYZE sasaran_nik")
    tx.read_ahead("cermin_pekerja", "nik", "SELECT nik FROM sasaran_nik")
    tx.raw(
        "INSERT INTO sasaran_pekerja SELECT p.sisi, p.id, p.nik"
        " FROM sasaran_nik n JOIN cermin_pekerja p USING (nik)"
    )
    tx.raw("ANALYZE sasaran_pekerja")
    return True


# A touched company with its partner and the head of its body.
_MITRA = """
INSERT INTO sasaran_usaha
SELECT 'bpjs', t.id_bpjs FROM sasaran_usaha s JOIN tautan_badan_usaha t ON t.id_wlkp = s.id
WHERE s.sisi = 'wlkp' ON CONFLICT DO NOTHING
"""
_INDUK = """
INSERT INTO sasaran_usaha
SELECT 'wlkp', t.id_wlkp FROM sasaran_usaha s JOIN tautan_badan_usaha t ON t.id_bpjs = s.id
WHERE s.sisi = 'bpjs' AND NOT t.cabang ON CONFLICT DO NOTHING
"""


def take_companies(tx: Transaction, *, of_workers: bool) -> bool:
    """Put what was noted of companies into `sasaran_usaha`; False: nothing.

    `of_workers` adds the companies of the workers in `kerja`: a finding about them is theirs too.
    """
    tx.raw(
        "CREATE TEMP TABLE sasaran_usaha (sisi text, id text, PRIMARY KEY (sisi, id))"
        " ON COMMIT DROP"
    )
    extra = "UNION SELECT sisi, bu FROM kerja" if of_workers else ""
    taken = tx.raw(
        "INSERT INTO sasaran_usaha"
        f" SELECT sisi, id FROM badan_usaha_tersentuh WHERE NOT dibandingkan {extra}"
    ).rowcount
    tx.raw("UPDATE badan_usaha_tersentuh SET dibandingkan = true WHERE NOT dibandingkan")
    for statement in (_MITRA, _INDUK):
        tx.raw("ANALYZE sasaran_usaha")
        tx.raw(statement)
    return bool(taken)


def take_notices(tx: Transaction) -> None:
    """Put the companies of WLKP whose notice may have changed into `sasaran_kabar`.

    What was compared has then nothing left to say, and is forgotten.
    """
    tx.raw(
        "CREATE TEMP TABLE sasaran_kabar ON COMMIT DROP AS"
        " SELECT id AS id_wlkp FROM badan_usaha_tersentuh WHERE sisi = 'wlkp'"
        " UNION SELECT t.id_wlkp FROM badan_usaha_tersentuh s"
        " JOIN tautan_badan_usaha t ON t.id_bpjs = s.id WHERE s.sisi = 'bpjs' AND NOT t.cabang"
    )
    tx.raw("ANALYZE sasaran_kabar")
    tx.raw("DELETE FROM badan_usaha_tersentuh WHERE dibandingkan")
