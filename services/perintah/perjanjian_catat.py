"""`hub perjanjian perpanjang|adendum|kahar|…`: write what happens to the agreement, and sign it.

Nothing recorded is ever changed; a command that is repeated finds its record and changes nothing.
"""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from services import persiapan
from services.auth import catat, riwayat
from services.auth.errors import RecordInvalidError
from services.auth.jws import SigningKey
from services.kit.berkas_masukan import trouble
from services.kit.clock import system_clock
from services.kit.errors import ConfigurationError
from services.perintah.umum import DATA, AsJson, Data, out, show_json, show_rows
from shared_schemas.perjanjian import JenisKahar, Ketepatan, PerjanjianError, hari, parse
from shared_schemas.perjanjian.catatan import (
    CatatanAdendum,
    CatatanKahar,
    CatatanMonitoring,
    CatatanPengakhiran,
    CatatanPerpanjangan,
    CatatanSelesaiKahar,
    Tercatat,
)
from shared_schemas.perjanjian.riwayat import Riwayat
from shared_schemas.rujukan import Pihak

Nomor = Annotated[str, typer.Argument(help="Nomor surat atau berita acara.")]
Sebagai = Annotated[Pihak, typer.Option(help="Pihak yang mencatat dan menandatangani.")]
Kunci = Annotated[
    Path | None, typer.Option(help="Kunci penanda tangan; bawaan <data>/pihak/<pihak>.pem.")
]
Hari = Annotated[dt.datetime, typer.Option(formats=["%Y-%m-%d"], help="YYYY-MM-DD, Jakarta.")]


def add_commands(group: typer.Typer) -> None:
    """Add the commands that write, sign and list records."""
    group.command("perpanjang")(extend)
    group.command("adendum")(add_addendum)
    group.command("kahar")(postpone)
    group.command("kahar-selesai")(resume)
    group.command("akhiri")(terminate)
    group.command("monitoring")(monitor)
    group.command("tandatangani")(countersign)
    group.command("riwayat")(show_history)


def read_history(data: Path) -> Riwayat:
    """Return the agreement of a data folder. Raises ConfigurationError that names the place."""
    try:
        known = riwayat.read(data / "perjanjian.yaml")
        known.kini  # noqa: B018 - contradictions are found here
    except PerjanjianError as error:
        raise ConfigurationError(str(error)) from None
    return known


def extend(
    nomor: Nomor,
    sebagai: Sebagai,
    disepakati: Hari,
    berakhir: Hari,
    dasar: Annotated[str, typer.Option(help="Pasal dan surat.")] = "Pasal 8 ayat (2)",
    kunci: Kunci = None,
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Catat perpanjangan tertulis; berlaku setelah kedua pihak menandatangani."""
    isi = {"disepakati": disepakati.date(), "berakhir": berakhir.date(), "dasar": dasar}
    _record(CatatanPerpanjangan, nomor, sebagai, isi, kunci, data, as_json)


def add_addendum(
    berkas: Annotated[Path, typer.Argument(help="YAML: nomor, berlaku, perihal, dasar, isinya.")],
    sebagai: Sebagai,
    kunci: Kunci = None,
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Catat adendum: bidang D dengan skemanya atau dicabut, wewenang, tujuan, sakelar.

    Keduanya menandatangani. Bagian berkasnya: wewenang, bidang_tambahan dengan skema_bidang,
    bidang_dicabut, tujuan_tambahan, sakelar; semuanya sejak hari `berlaku`.
    """
    try:
        isi = yaml.safe_load(berkas.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise RecordInvalidError(f"{berkas.name} bukan YAML ({type(error).__name__}).") from None
    if not isinstance(isi, dict):
        raise RecordInvalidError(f"{berkas.name} harus memuat satu adendum.")
    _record(CatatanAdendum, isi.get("nomor"), sebagai, isi, kunci, data, as_json)


def postpone(
    nomor: Nomor,
    sebagai: Sebagai,
    kewajiban: Annotated[list[str], typer.Option(help="Pasal kewajiban sendiri; boleh diulang.")],
    jenis: Annotated[JenisKahar, typer.Option(help="Pasal 10 ayat (2).")],
    peristiwa: Annotated[str, typer.Option(help="Apa yang terjadi.")],
    akibat: Annotated[str, typer.Option(help="Akibatnya bagi kewajiban itu.")],
    bukti: Annotated[str, typer.Option(help="Surat atau dokumen buktinya.")],
    mulai: Hari,
    diberitahukan: Hari,
    kunci: Kunci = None,
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Catat keadaan kahar pihak sendiri; diberitahukan lebih dari 7 hari kalender: hak gugur."""
    isi = {
        "pihak": sebagai, "kewajiban": kewajiban, "jenis": jenis, "peristiwa": peristiwa,
        "akibat": akibat, "bukti": bukti, "mulai": mulai.date(),
        "diberitahukan": diberitahukan.date(),
    }  # fmt: skip
    _record(CatatanKahar, nomor, sebagai, isi, kunci, data, as_json)


def resume(
    nomor: Nomor,
    sebagai: Sebagai,
    kahar: Annotated[str, typer.Option(help="Nomor catatan kaharnya.")],
    berakhir: Hari,
    kewajiban: Annotated[
        list[str] | None,
        typer.Option(help="Pasal kewajiban yang dijalankan lagi; boleh diulang. Bawaan: semuanya."),
    ] = None,
    kunci: Kunci = None,
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Catat hari terakhir keadaan kahar; sesudahnya kewajiban dijalankan lagi."""
    isi = {"kahar": kahar, "berakhir": berakhir.date(), "kewajiban": kewajiban or []}
    _record(CatatanSelesaiKahar, nomor, sebagai, isi, kunci, data, as_json)


def terminate(
    nomor: Nomor,
    sebagai: Sebagai,
    disepakati: Hari,
    hari_terakhir: Hari,
    kunci: Kunci = None,
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Catat pengakhiran tertulis; berlaku setelah kedua pihak menandatangani."""
    isi = {"disepakati": disepakati.date(), "hari_terakhir": hari_terakhir.date()}
    _record(CatatanPengakhiran, nomor, sebagai, isi, kunci, data, as_json)


def monitor(
    nomor: Nomor,
    sebagai: Sebagai,
    dilaksanakan: Hari,
    hasil: Annotated[str, typer.Option(help="Ringkasan atau nomor berita acara.")],
    kunci: Kunci = None,
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Catat monitoring dan evaluasi (Pasal 9); keduanya menandatangani."""
    isi = {"dilaksanakan": dilaksanakan.date(), "hasil": hasil}
    _record(CatatanMonitoring, nomor, sebagai, isi, kunci, data, as_json)


def countersign(
    nomor: Nomor,
    sebagai: Sebagai,
    kunci: Kunci = None,
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Tandatangani catatan yang dibuat pihak lain."""
    key = _key(data, sebagai, kunci)
    done = catat.sign(data / "perjanjian.yaml", nomor, sebagai, key, system_clock())
    _tell(read_history(data), done, as_json)


def show_history(data: Data = DATA, as_json: AsJson = False) -> None:
    """Semua catatan, siapa yang sudah menandatangani, dan sejak kapan berlaku."""
    known = read_history(data)
    show_rows([row_of(known, t) for t in known.catatan], as_json)


def _record(
    kind: Any,
    nomor: Any,
    sebagai: Pihak,
    isi: dict[str, Any],
    kunci: Path | None,
    data: Path,
    as_json: bool,
) -> None:
    """Write and sign one record. `kind` is its class, `isi` what it says besides its number."""
    path = data / "perjanjian.yaml"
    content = {
        "perjanjian": read_history(data).naskah.nomor,
        "oleh": sebagai,
        "isi": {"nomor": nomor} | isi,
    }
    try:
        catatan = parse(kind, content, "Catatan")
    except PerjanjianError as error:
        raise RecordInvalidError(str(error)) from None
    done = catat.record(path, catatan, _key(data, sebagai, kunci), system_clock())
    _tell(read_history(data), done, as_json)


def _key(data: Path, sebagai: Pihak, kunci: Path | None) -> SigningKey:
    path = kunci or persiapan.signing_key_path(data, sebagai)
    try:
        return SigningKey(path.read_bytes())
    except OSError as error:
        raise ConfigurationError(
            f"Kunci {sebagai} tidak terbaca ({trouble(error)}); sebutkan --kunci."
        ) from None


def row_of(known: Riwayat, t: Tercatat) -> dict[str, Any]:
    """Return a record for a list: its number and kind, who signed, and what it does."""
    return {
        "nomor": t.nomor,
        "jenis": t.catatan.jenis,
        "oleh": t.catatan.oleh.value,
        "ditandatangani": " ".join(sorted(t.tanda_tangan)),
        "kurang": " ".join(sorted(t.kurang)) or None,
        "sejak": t.sah_sejak.isoformat() if t.sah_sejak else None,
        "kata": _word(known, t),
    }


def _word(known: Riwayat, t: Tercatat) -> str:
    """Return in a word what the record does, by all that is known now."""
    if isinstance(t.catatan, CatatanKahar) and t.catatan.isi.gugur:
        return "hak gugur: terlambat diberitahukan, kewajiban tetap berlaku (Pasal 10 ayat (1))"
    if t.asing:
        return f"menunggu: {unknown_key(t.asing)}"
    if t.kurang:
        return "menunggu tanda tangan"
    if (late := _without_effect(known, t)) is not None:
        return f"tanpa akibat: {late}"
    return _postponing(known, t.nomor) if isinstance(t.catatan, CatatanKahar) else "berlaku"


def _without_effect(known: Riwayat, t: Tercatat) -> str | None:
    for p, ketepatan in known.kini.ends():
        if p.nomor == t.nomor and ketepatan is Ketepatan.TANPA_AKIBAT:
            return "disepakati sesudah perjanjian berakhir (Pasal 8 ayat (3))"
    return known.tanpa_akibat.get(t.nomor)


def unknown_key(asing: frozenset[Pihak]) -> str:
    """Return what to do about signatures whose key is not known here."""
    who = " dan ".join(sorted(asing))
    return f"kunci {who} belum dikenal di sini; minta berkas .kunci dari perjanjian.d-nya"


def _postponing(known: Riwayat, nomor: str) -> str:
    """Say whether a postponement lasts, of which another record may have ended it."""
    today = hari(system_clock())
    parts = [k for k in known.kini.kahar if k.nomor == nomor]
    held = [d for k in parts if k.berakhir is None or k.berakhir >= today for d in k.kewajiban]
    if not held:
        return "selesai"
    whole = sum(len(k.kewajiban) for k in parts) == len(held)
    return "ditunda" if whole else f"ditunda: {', '.join(held)}; yang lain selesai"


def _wait_until_it_counts(t: Tercatat) -> None:
    """Wait for the second that the signature names: what is said next is what services do."""
    ahead = (max(t.tanda_tangan.values()) - system_clock()).total_seconds()
    time.sleep(min(max(ahead, 0.0), 1.0))  # not for a clock of the other party that is ahead


def _tell(known: Riwayat, t: Tercatat, as_json: bool) -> None:
    if t.tanda_tangan:
        _wait_until_it_counts(t)
    if as_json:
        show_json(row_of(known, t))
    else:
        say(known, t)


def say(known: Riwayat, t: Tercatat) -> None:
    """Tell in a line what a record does."""
    out.print(f"{t.nomor}: {_word(known, t)}.", highlight=False, markup=False, soft_wrap=True)
