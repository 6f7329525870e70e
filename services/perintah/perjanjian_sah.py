"""`hub perjanjian sah|kebijakan`: was a call lawful at its time, and what is allowed now."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from services.audit.bukti.catatan import read_moment
from services.kebijakan import policy
from services.kit.clock import system_clock
from services.kit.errors import ConfigurationError, RecordNotFoundError
from services.perintah.basisdata import registry_transaction
from services.perintah.perjanjian_catat import read_history
from services.perintah.umum import DATA, AsJson, Data, Sisi, Url, show_json, show_rows
from shared_schemas.perjanjian import WIB, Acuan, Izin, Perjanjian
from shared_schemas.perjanjian.riwayat import Riwayat
from shared_schemas.rujukan import Pihak

TIDAK_SAH = 5
"""Exit code when a call was not lawful by what was known at its time."""

_CARI = """
SELECT waktu, pihak, pasal, cakupan, tujuan FROM audit_akses
WHERE id_permintaan = %(id)s OR id::text = %(id)s
UNION ALL
SELECT waktu, pihak, pasal, NULL, NULL FROM audit_peristiwa
WHERE id_permintaan = %(id)s AND pasal IS NOT NULL
ORDER BY waktu
"""
# Without an index: a command of an operator, about one call. Rights that show nobody's data leave
# no entry in the ledger, and only an answer's record tells what the decision went by.
_CARI_PESAN = """
SELECT waktu, catatan->>'pihak', catatan->>'pasal', catatan->>'cakupan', catatan->>'tujuan',
    catatan->>'diputus', catatan->>'sidik_perjanjian', (catatan->>'status')::int
FROM audit_pesan
WHERE catatan->>'id_permintaan' = %(id)s AND catatan->>'jenis' = 'jawaban'
AND catatan->>'cakupan' IS NOT NULL
ORDER BY waktu
"""
_SAMA = "sama"
_LAIN = "naskah atau catatan lain"


@dataclass(frozen=True, slots=True)
class Panggilan:
    """One call of the exchange: who asked, with which right, what for, when.

    `acuan` is what the giver went by, and `status` what it answered, where its record of the answer
    tells: by one of 400 or more nothing was given.
    """

    pihak: Pihak
    cakupan: str
    tujuan: str | None
    pada: dt.datetime
    acuan: Acuan | None = None
    status: int | None = None


def add_commands(group: typer.Typer) -> None:
    """Add the commands that judge and that show the policy."""
    group.command("sah")(judge)
    group.command("kebijakan")(show_policy)


def judge(
    pihak: Annotated[Pihak | None, typer.Option(help="Pihak yang meminta.")] = None,
    cakupan: Annotated[str, typer.Option(help="mis. pekerja:baca.")] = "",
    pada: Annotated[str, typer.Option(help="RFC 3339; tanpa zona berarti Jakarta.")] = "",
    tujuan: Annotated[str | None, typer.Option(help="Tujuan yang disebut pemanggil.")] = None,
    permintaan: Annotated[str, typer.Option(help="id permintaan atau id catatan akses.")] = "",
    layanan: Annotated[Sisi, typer.Option(help="Registri yang menjawab permintaan.")] = "wlkp",
    data: Data = DATA,
    database_url: Url = "",
    as_json: AsJson = False,
) -> None:
    """Apakah panggilan sah pada waktunya: menurut yang diketahui saat itu, dan menurut kini.

    Sebutkan --pihak, --cakupan dan --pada, atau --permintaan. Dengan --permintaan juga dijawab apa
    yang menjadi acuan pemberi: sama, atau catatan mana yang waktu itu belum sampai padanya. Juga
    panggilan yang ditolaknya menurut perjanjian (status 403 atau 503).
    Kode keluar 5 bila tidak sah.
    """
    known = read_history(data)
    if permintaan:
        calls = _calls(known.kini, layanan, permintaan, data, database_url)
    elif pihak is None or not cakupan or not pada:
        raise ConfigurationError("Sebutkan --pihak, --cakupan dan --pada, atau --permintaan.")
    else:
        calls = [Panggilan(pihak, cakupan, tujuan, _moment(pada))]
    found = [judgement(known, call) for call in calls]
    if as_json:
        show_json(found)
    else:
        show_rows(found, as_json=False)
    if not all(f["sah"] for f in found):
        raise typer.Exit(TIDAK_SAH)


def judgement(known: Riwayat, call: Panggilan) -> dict[str, Any]:
    """Return whether a call was lawful by what was known then and by what is known now.

    And what its giver went by: the same, the same without records that had not come to it yet
    (then also what it had to answer by that), or what is not known here.
    """

    def ask(perjanjian: Perjanjian) -> tuple[bool, str, str]:
        giver = call.pihak.lawan
        answer = perjanjian.decide(call.pihak, giver, call.cakupan, call.pada, call.tujuan)
        lawful = isinstance(answer, Izin)
        return lawful, answer.pasal, "" if isinstance(answer, Izin) else answer.penjelasan

    then, now = ask(known.dikenal(call.pada)), ask(known.kini)
    records = (t for t in known.catatan if t.sah_sejak is not None and t.sah_sejak <= call.pada)
    return {
        "pada": call.pada.astimezone(WIB).isoformat(timespec="seconds"),
        "pihak": call.pihak.value,
        "cakupan": call.cakupan,
        "tujuan": call.tujuan,
        "status": call.status,
        "sah": then[0],
        "pasal": then[1],
        "penjelasan": then[2],
        "sah_menurut_kini": now[0],
        "pasal_menurut_kini": now[1],
        "catatan": " ".join(t.nomor for t in records),
        **_went_by(known, call, ask),
    }


def _went_by(
    known: Riwayat, call: Panggilan, ask: Callable[[Perjanjian], tuple[bool, str, str]]
) -> dict[str, Any]:
    if call.acuan is None:
        return {"acuan_pemberi": None, "sah_menurut_pemberi": None}
    late = known.belum_sampai(call.acuan)
    if late is None:
        return {"acuan_pemberi": _LAIN, "sah_menurut_pemberi": None}
    then = known.tanpa(late).dikenal(call.pada)
    said = f"belum sampai: {' '.join(late)}" if late else _SAMA
    return {"acuan_pemberi": said, "sah_menurut_pemberi": ask(then)[0]}


def _moment(text: str) -> dt.datetime:
    try:
        found = dt.datetime.fromisoformat(text)
    except ValueError:
        raise ConfigurationError("--pada: isi waktu RFC 3339, mis. 2026-06-01T09:00.") from None
    return found if found.tzinfo else found.replace(tzinfo=WIB)


def _calls(
    perjanjian: Perjanjian, layanan: Sisi, id_: str, data: Path, url: str
) -> list[Panggilan]:
    """Return what a registry's evidence of messages and its ledger say of a request.

    What stands in the ledger after the answer is a snapshot that was ready later.
    """
    with registry_transaction(layanan, url, data) as (tx, _):
        told = tx.raw(_CARI_PESAN, {"id": id_}).fetchall()
        rows = [r for r in tx.raw(_CARI, {"id": id_}).fetchall() if r[1]]
    if not told and not rows:
        raise RecordNotFoundError("Tidak ada pertukaran dengan id ini dalam catatan registri itu.")
    answered = told[-1][0] if told else None
    return [_told(*row) for row in told] + [
        Panggilan(
            Pihak(pihak), cakupan or _right_of(perjanjian, Pihak(pihak), pasal), tujuan, waktu
        )
        for waktu, pihak, pasal, cakupan, tujuan in rows
        if answered is None or waktu > answered
    ]


def _told(
    waktu: dt.datetime,
    pihak: str,
    _pasal: str,
    cakupan: str,
    tujuan: str | None,
    diputus: str | None,
    sidik: str | None,
    status: int | None,
) -> Panggilan:
    """Return the call that a record of an answer tells of; an old one names no decision."""
    if diputus is None or sidik is None:
        return Panggilan(Pihak(pihak), cakupan, tujuan, waktu, None, status)
    acuan = Acuan(read_moment(diputus), sidik)
    return Panggilan(Pihak(pihak), cakupan, tujuan, acuan.pada, acuan, status)


def _right_of(perjanjian: Perjanjian, pihak: Pihak, pasal: str) -> str:
    """Return the right of an entry that names its article only."""
    found = [h.cakupan for h in perjanjian.hak if (h.penerima, h.pasal) == (pihak, pasal)]
    return found[0] if found else "-"


def show_policy(data: Data = DATA, as_json: AsJson = False) -> None:
    """Tabel kebijakan: hak, bidang, tujuan, pasal dan rute, disusun dari data perjanjian."""
    now = system_clock()
    rows = [asdict(k) for k in policy(read_history(data).dikenal(now), now)]
    if as_json:
        show_json(rows)
        return
    for row in rows:
        for name in ("tujuan", "himpunan", "bidang", "rute"):
            row[name] = "\n".join(row[name])
    show_rows(rows, as_json=False)
