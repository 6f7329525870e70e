"""`hub klien tambah|kunci|cabut`: write `klien.yaml`, which the services read by themselves.

Each change is first an event in the evidence of the service: `klien_riwayat.changing`.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from services import kunci, persiapan
from services.auth.clients import INTERNAL, Klien
from services.auth.jwk_publik import read_public_jwks
from services.auth.kunci_pesan import is_message_jwk
from services.kit.errors import ConfigurationError
from services.perintah.klien_riwayat import changing, require_among, show_history
from services.perintah.umum import DATA, AsJson, Data, Sisi, Url, out, show_rows
from shared_schemas.perjanjian import load
from shared_schemas.rujukan import Pihak

Registri = Annotated[Sisi, typer.Argument(help="Registri tempat klien terdaftar.")]
IdKlien = Annotated[str, typer.Argument(metavar="ID", help="client_id.")]
Jwk = dict[str, str]

_TERLIHAT = (
    "Layanan yang berjalan membaca berkas ini lagi pada permintaan berikutnya, tanpa dimulai ulang;"
    " di mesin lain salin {path} ke sana."
)


def add_commands(group: typer.Typer) -> None:
    """Add the commands that change the registrations."""
    group.command("tambah")(add)
    group.command("kunci")(change_keys)
    group.command("cabut")(remove)
    group.command("riwayat")(show_history)


def add(
    nama: Registri,
    client_id: IdKlien,
    kunci_publik: Annotated[
        list[Path],
        typer.Option(
            "--kunci", help="Berkas JWK atau PEM publik (EC P-256; Ed25519: pesan); boleh ulang."
        ),
    ],
    pihak: Annotated[
        Pihak | None, typer.Option(help="Klien pertukaran: cakupannya menurut perjanjian.")
    ] = None,
    cakupan: Annotated[
        list[str] | None,
        typer.Option(help="Identitas lokal: cakupan internal:… layanan ini; boleh ulang."),
    ] = None,
    ganti: Annotated[bool, typer.Option("--ganti", help="Ganti isi ID yang sudah ada.")] = False,
    data: Data = DATA,
    database_url: Url = "",
) -> None:
    """Daftarkan klien dengan kunci publiknya. Yang sama dua kali tidak mengubah apa pun.

    Kunci EC P-256 memeriksa client_assertion; kunci Ed25519 memeriksa tanda tangan pesan, dan klien
    yang mempunyainya wajib menandatangani. Kunci privat ditolak. Yang berubah tercatat dahulu dalam
    bukti layanan, maka database-nya harus terjangkau. Contoh:

    hub klien tambah wlkp bpjs-pusat --pihak pihak_kedua --kunci token.pub --kunci pesan.pub

    dengan kunci yang dibuat di mesin mitra (pesan.key: -algorithm ED25519):

    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out token.key

    openssl pkey -in token.key -pubout -out token.pub

    Identitas lokal, dari JWK:

    hub klien tambah wlkp loket-kemnaker --cakupan internal:laporan --kunci loket.jwk
    """
    persiapan.require(data)
    _require_scopes(nama, pihak, cakupan or [], data)
    new = _client(client_id, pihak, cakupan or [], _read(kunci_publik))
    with changing(nama, database_url, data) as clients:
        former = clients.get(client_id)
        if former is not None and _content(former) == _content(new):
            out.print(f"{client_id} sudah terdaftar demikian; tidak ada yang diubah.")
            return
        if former is not None:
            _require_replaceable(former, new, ganti, data, nama)
        _require_own_keys(new, clients)
        clients[client_id] = new
    done = "diganti" if former else "terdaftar"
    counts = f"{len(new.kunci)} kunci token, {len(new.kunci_pesan)} kunci pesan"
    out.print(f"{client_id} {done}: {counts}.", highlight=False)
    _say_when(data, nama)


def change_keys(
    nama: Registri,
    client_id: IdKlien,
    tambah: Annotated[
        Path | None, typer.Option(help="Berkas JWK atau PEM publik yang mulai diterima.")
    ] = None,
    buang: Annotated[str, typer.Option(metavar="KID", help="Kunci yang tidak diterima lagi.")] = "",
    data: Data = DATA,
    database_url: Url = "",
    as_json: AsJson = False,
) -> None:
    """Kunci seorang klien: daftar, atau ganti tanpa jeda dengan menambah lalu membuang.

    Selama keduanya terdaftar, keduanya diterima. Urutannya:

    hub klien kunci wlkp bpjs-pusat --tambah baru.jwk

    (mitra memakai kunci baru)

    hub klien kunci wlkp bpjs-pusat --buang KID-LAMA
    """
    persiapan.require(data)
    new = _read([tambah]) if tambah else []
    with changing(nama, database_url, data) as clients:
        require_among(clients, nama, client_id)
        former = clients[client_id]
        if new or buang:
            _require_partners(former, data, nama)
        changed = _without(_with(former, new), buang)
        _require_own_keys(changed, clients)
        clients[client_id] = changed
    show_rows([{"untuk": untuk, "kid": k.get("kid", "")} for untuk, k in _keys(changed)], as_json)
    if changed != former and not as_json:
        _say_when(data, nama)


def remove(nama: Registri, client_id: IdKlien, data: Data = DATA, database_url: Url = "") -> None:
    """Cabut pendaftaran; token yang sudah diberikan pun tidak berlaku lagi.

    Untuk menahan sementara pakai `hub klien tahan`, yang mencatat alasannya. Contoh:

    hub klien cabut wlkp bpjs-pusat
    """
    persiapan.require(data)
    with changing(nama, database_url, data) as clients:
        require_among(clients, nama, client_id)
        del clients[client_id]
    out.print(f"{client_id} dicabut.")
    _say_when(data, nama)


def _path(data: Path, nama: str) -> Path:
    return data / nama / "klien.yaml"


def _say_when(data: Path, nama: str) -> None:
    out.print(_TERLIHAT.format(path=_path(data, nama)), highlight=False, soft_wrap=True)


def _read(paths: list[Path]) -> list[Jwk]:
    return [jwk for path in paths for jwk in read_public_jwks(path)]


def _require_scopes(nama: str, pihak: Pihak | None, cakupan: list[str], data: Path) -> None:
    """Raise unless the service has the scopes, or the agreement gives the party rights there."""
    from services.kebijakan import internal_scopes  # noqa: PLC0415 - both services, for one check

    if (pihak is None) == (not cakupan):
        raise ConfigurationError("Isi salah satu: --pihak (klien pertukaran) atau --cakupan.")
    if pihak is not None:
        perjanjian = load(data / "perjanjian.yaml")
        taking = {h.penerima for h in perjanjian.hak if perjanjian.registri(h.pemberi) == nama}
        if pihak not in taking:
            raise ConfigurationError(
                f"Perjanjian tidak memberi {pihak} hak atas {nama}; pilih {_listed(taking)}."
            )
    known = internal_scopes(nama)
    if wrong := [c for c in cakupan if c not in known]:
        hint = "" if wrong[0].startswith(INTERNAL) else " Hak pertukaran didapat dengan --pihak."
        raise ConfigurationError(
            f"{nama} tidak mempunyai cakupan {_listed(wrong)}; pilih {_listed(known)}.{hint}"
        )


def _client(client_id: str, pihak: Pihak | None, cakupan: list[str], keys: list[Jwk]) -> Klien:
    token, message = _by_use(keys)
    if not token:
        raise ConfigurationError("Beri sedikitnya satu kunci EC P-256 dengan --kunci.")
    try:
        return Klien(
            client_id=client_id,
            pihak=pihak,
            cakupan=tuple(cakupan),
            kunci=tuple(token),
            kunci_pesan=tuple(message),
        )
    except ValidationError:
        raise ConfigurationError(
            "ID berisi 3 sampai 64 huruf kecil, angka dan tanda hubung, diawali huruf atau angka."
        ) from None


def _content(klien: Klien) -> tuple[object, ...]:
    """Return what a registration says, whatever the order of its lists."""
    keys = sorted((untuk, sorted(k.items())) for untuk, k in _keys(klien))
    return klien.client_id, klien.pihak, sorted(klien.cakupan), keys


def _keys(klien: Klien) -> list[tuple[str, Jwk]]:
    return [("token", k) for k in klien.kunci] + [("pesan", k) for k in klien.kunci_pesan]


def _by_use(keys: list[Jwk]) -> tuple[list[Jwk], list[Jwk]]:
    message = [k for k in keys if is_message_jwk(k)]
    return [k for k in keys if k not in message], message


def _require_replaceable(former: Klien, new: Klien, ganti: bool, data: Path, nama: str) -> None:
    if not ganti:
        one, other = former.model_dump(), new.model_dump()
        unlike = _listed(n.replace("_", " ") for n in one if one[n] != other[n])
        raise ConfigurationError(
            f"{new.client_id} sudah terdaftar dengan {unlike} lain. Pakai `hub klien kunci` untuk"
            " menambah atau membuang kunci, atau --ganti untuk mengganti semuanya."
        )
    _require_partners(former, data, nama)


def _require_partners(klien: Klien, data: Path, nama: str) -> None:
    """Raise for a client of this folder: its private key must change along."""
    if klien.client_id in {r.client_id for r in kunci.held(data, nama)}:
        raise ConfigurationError(
            f"Kunci privat {klien.client_id} ada di folder ini: pakai `hub kunci putar`."
        )


def _require_own_keys(new: Klien, clients: dict[str, Klien]) -> None:
    """Raise where a key is another client's, or two keys have one name: either could be meant."""
    if len({(untuk, k.get("kid")) for untuk, k in _keys(new)}) < len(_keys(new)):
        raise ConfigurationError("Dua kunci klien ini mempunyai kid yang sama.")
    for other in clients.values():
        if other.client_id != new.client_id and _marks(new) & _marks(other):
            raise ConfigurationError(
                f"Kunci atau kid ini sudah terdaftar pada {other.client_id}; tiap klien memakai"
                " kuncinya sendiri."
            )


def _marks(klien: Klien) -> set[tuple[str, str]]:
    return {(n, str(k[n])) for _, k in _keys(klien) for n in ("kid", "x") if k.get(n)}


def _with(klien: Klien, new: list[Jwk]) -> Klien:
    """Return the client with keys before those it has; what it has already is not added."""
    token, message = _by_use(new)
    return klien.model_copy(
        update={
            "kunci": (*(k for k in token if k not in klien.kunci), *klien.kunci),
            "kunci_pesan": (
                *(k for k in message if k not in klien.kunci_pesan),
                *klien.kunci_pesan,
            ),
        }
    )


def _without(klien: Klien, kid: str) -> Klien:
    """Return the client without one key; the last of a kind stays.

    Without a key for messages it would not have to sign any more, and nobody has said so.
    """
    if not kid:
        return klien
    for name in ("kunci", "kunci_pesan"):
        held: tuple[Jwk, ...] = getattr(klien, name)
        kept = tuple(k for k in held if k.get("kid") != kid)
        if len(kept) == len(held):
            continue
        if not kept:
            raise ConfigurationError(
                f"{kid} kunci terakhir dari jenisnya: tambahkan yang baru dahulu, atau `hub klien"
                " cabut`, atau `hub klien tambah … --ganti`."
            )
        return klien.model_copy(update={name: kept})
    known = ", ".join(str(k.get("kid")) for _, k in _keys(klien))
    raise ConfigurationError(f"{klien.client_id} tidak mempunyai kunci itu; pilih: {known}.")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
