"""`hub kunci sertifikat`: a certificate for a partner, which keeps its private key to itself."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer
from cryptography.hazmat.primitives.serialization import Encoding

from services import persiapan
from services.audit.catalogue import Peristiwa
from services.audit.record import Bukti, Pelaku
from services.auth import sertifikat
from services.auth.permintaan_sertifikat import read_request
from services.kit.clock import system_clock
from services.kit.files import write_new, write_public
from services.kit.tls import thumbprint
from services.perintah.klien_riwayat import evidence, require_known
from services.perintah.umum import DATA, Data, Sisi, Url, out

_PALING_LAMA = 90
"""Days. Nothing but its end revokes a certificate; without a registration it opens nothing."""


def issue(
    nama: Annotated[Sisi, typer.Argument(help="Registri tempat klien terdaftar.")],
    client_id: Annotated[str, typer.Argument(metavar="ID", help="client_id.")],
    csr: Annotated[Path, typer.Option(help="Berkas CSR (PKCS #10, PEM) dari mitra.")],
    keluar: Annotated[Path, typer.Option(help="Berkas sertifikat baru; yang ada tidak ditimpa.")],
    hari: Annotated[
        int, typer.Option(min=1, max=_PALING_LAMA, help="Masa berlaku.")
    ] = sertifikat.UMUR_SERTIFIKAT.days,
    data: Data = DATA,
    database_url: Url = "",
) -> None:
    """Terbitkan sertifikat TLS klien untuk mitra dari CSR-nya; kunci privatnya tetap di mitra.

    CN harus ID yang terdaftar; kunci EC P-256, P-384, atau RSA 3072 sampai 4096 bit. Dari CSR hanya
    kunci yang diambil: sertifikatnya selalu untuk klien TLS (clientAuth) dan bukan CA. Berakhir
    paling lambat bersama CA. Klien yang belum terdaftar: `hub klien tambah` dahulu. Tercatat dahulu
    dalam bukti layanan, maka database-nya harus terjangkau. Contoh, di mesin mitra:

    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out mitra.key

    openssl req -new -key mitra.key -subj /CN=bpjs-pusat -out mitra.csr

    di mesin layanan, lalu kirim kembali bersama <data>/tls/ca.pem:

    hub kunci sertifikat wlkp bpjs-pusat --csr mitra.csr --keluar mitra.crt

    openssl verify -CAfile data/tls/ca.pem -purpose sslclient mitra.crt
    """
    persiapan.require(data)
    require_known(data, nama, client_id)
    public = read_request(csr, client_id)
    now, authority = system_clock(), persiapan.otoritas(data)
    made = sertifikat.sign_client(authority, client_id, public, now, dt.timedelta(days=hari))
    pem = sertifikat.as_pem(made)
    rincian = {
        "klien": client_id,
        "nomor_seri": f"{made.serial_number:x}",
        "sidik_sertifikat": thumbprint(made.public_bytes(Encoding.DER)),
        "berlaku_sampai": made.not_valid_after_utc.isoformat(),
    }

    def record() -> None:
        bukti = Bukti(Peristiwa.KLIEN_SERTIFIKAT_DITERBITKAN, Pelaku(f"operator-{nama}"), rincian)
        with evidence(nama, database_url, data) as (tx, auditor):
            auditor.record(tx, bukti)

    # A copy for us: `hub kunci pangkas` leaves its authority, and `daftar` tells when it ends. Both
    # files are on the disk when the event is recorded, and then take their names.
    kept = persiapan.partner_certificate(data, client_id)
    write_new(keluar, pem, lambda: write_public(kept, pem, record))
    out.print(
        f"{keluar}: sertifikat {client_id} sampai {made.not_valid_after_utc:%Y-%m-%d %H:%M}Z, sidik"
        f" {rincian['sidik_sertifikat']}. Kirim kepada mitra bersama {authority.dipercaya}.",
        highlight=False,
        soft_wrap=True,
        markup=False,
    )
