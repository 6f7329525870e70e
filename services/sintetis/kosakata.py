"""Word lists of the synthetic province: invented company words, common given names, codes.

Whoever reads a row should see at once that it is fictitious: streets are called "Contoh",
company words do not exist, addresses of e-mail end in `.example`, telephones lie in 0000.
"""

from __future__ import annotations

AWALAN_UMUM = (
    "Karsa", "Meli", "Nira", "Bina", "Surya", "Tirta", "Arga", "Loka", "Praja", "Wira", "Dharma",
    "Sekar", "Cipta", "Guna", "Rangga", "Saka", "Pusa", "Kenca", "Lintang", "Manda", "Padma",
    "Rasa", "Sari", "Tunas", "Yasa", "Bumi", "Candra", "Dipa", "Giri", "Jala", "Kerta", "Langit",
)  # fmt: skip
"""Beginnings of the words of companies that both sides know."""

AWALAN_SEPIHAK = (
    "Zena", "Vira", "Hexa", "Fajri", "Ulka", "Okta", "Quri", "Eka", "Xila", "Intan",
    "Vanda", "Zulfi", "Henda", "Firda", "Ulfa", "Orbi", "Egra", "Ilmi", "Vesti", "Humba",
)  # fmt: skip
"""Beginnings used only by companies of one side, so that absence never looks like misspelling."""

AKHIRAN = (
    "tama", "mas", "raya", "jaya", "indo", "nusa", "sakti", "makna", "prima", "graha", "dana",
    "lestari", "pratama", "citra", "karya", "usaha", "bakti", "sentra", "mitra", "daya", "kencana",
    "wangsa", "bhakta", "pura", "rupa", "tirta", "warna", "sena",
)  # fmt: skip
"""Endings of invented company words."""

KATA_KETIGA = (
    "Abadi", "Makmur", "Sentosa", "Mandiri", "Sejahtera", "Utama", "Perkasa", "Gemilang",
    "Bersama", "Lestari", "Mulia", "Nusantara", "Persada", "Internasional", "Teknik", "Logistik",
    "Konveksi", "Pangan", "Furnitur", "Plastik",
)  # fmt: skip

BENTUK_HUKUM = (("PT", 62), ("CV", 26), ("Koperasi", 6), ("Yayasan", 4), ("Firma", 2))
"""Legal forms with their weights."""

KBLI = (
    "01111", "01262", "03111", "10130", "10710", "10794", "13121", "14111", "15201", "16101",
    "20232", "22299", "25920", "31001", "41011", "42101", "43211", "45201", "46100", "47111",
    "47112", "49431", "52101", "55110", "56101", "62019", "68111", "78200", "80100", "86103",
)  # fmt: skip
"""A few codes whose first digits are plausible; leading zeros count."""

KPP = ("403", "404", "405", "406", "407", "408", "409", "421", "423", "424", "427", "429", "441")
"""Tax offices, digits 10 to 12 of an NPWP 15."""

JALAN = tuple(
    f"Contoh {kata}"
    for kata in (
        "Melati", "Mawar", "Kenanga", "Anggrek", "Flamboyan", "Cempaka", "Dahlia", "Teratai",
        "Seroja", "Bougenvil", "Kamboja", "Merpati", "Kutilang", "Rajawali", "Cendrawasih",
        "Elang", "Nuri", "Mangga", "Rambutan", "Jambu", "Durian", "Salak", "Manggis", "Jati",
        "Mahoni", "Pinus", "Akasia", "Beringin", "Gelatik", "Kepodang", "Merdeka", "Industri",
        "Niaga", "Stasiun", "Pasar Baru", "Bukit Indah", "Taman Sari", "Pabrik Lama",
    )
)  # fmt: skip

NAMA_LAKI_LAKI = (
    "Agus", "Ahmad", "Andi", "Asep", "Bambang", "Budi", "Cecep", "Dadang", "Dedi", "Deni", "Didin",
    "Eko", "Endang", "Fajar", "Galih", "Gilang", "Hendra", "Heri", "Iwan", "Jajang", "Joko",
    "Krisna", "Lukman", "Made", "Muhammad", "Nana", "Nyoman", "Oman", "Putu", "Rahmat", "Rizki",
    "Rudi", "Slamet", "Sugeng", "Suparno", "Taufik", "Tono", "Ujang", "Wahyu", "Wawan", "Yusuf",
    "Zainal", "Yohanes", "Benyamin", "Marthen", "Tigor",
)  # fmt: skip
NAMA_PEREMPUAN = (
    "Ani", "Ayu", "Citra", "Dewi", "Dian", "Eka", "Elis", "Euis", "Fitri", "Gita", "Hana", "Ida",
    "Indah", "Ika", "Juju", "Kartika", "Komariah", "Lestari", "Lilis", "Maya", "Mega", "Neneng",
    "Nining", "Novi", "Nur", "Oktavia", "Puspita", "Putri", "Rani", "Ratna", "Rina", "Rini",
    "Sari", "Siti", "Sri", "Sukinah", "Tuti", "Umi", "Vina", "Wati", "Wulan", "Yanti", "Yuni",
    "Zahra", "Maria", "Kristina",
)  # fmt: skip
NAMA_BELAKANG = (
    "Hidayat", "Saputra", "Nugraha", "Permana", "Setiawan", "Gunawan", "Kurniawan", "Firmansyah",
    "Ramdani", "Suherman", "Sutisna", "Wijaya", "Santoso", "Prasetyo", "Wibowo", "Susanto",
    "Hartono", "Purnama", "Mulyana", "Suryana", "Maulana", "Fauzi", "Hakim", "Iskandar", "Siregar",
    "Nasution", "Simanjuntak", "Harahap", "Pohan", "Lubis", "Tarigan", "Sembiring", "Manurung",
    "Pratiwi", "Rahayu", "Lestiani", "Anggraeni", "Maharani", "Handayani", "Puspitasari", "Safitri",
    "Kusuma", "Utami", "Wahyuni", "Nurjanah", "Rohmah", "Solihat", "Mulyani", "Rumengan", "Wenda",
)  # fmt: skip

JABATAN = (
    "Operator Produksi", "Staf Administrasi", "Kepala Regu", "Mandor", "Sopir", "Kurir", "Kasir",
    "Pramuniaga", "Petugas Gudang", "Teknisi Listrik", "Mekanik", "Juru Masak", "Pramusaji",
    "Penjahit", "Pemotong Kain", "Petugas Keamanan", "Petugas Kebersihan", "Staf Keuangan",
    "Staf Pemasaran", "Analis Mutu", "Pemrogram", "Perawat", "Bidan", "Guru", "Tukang Kayu",
    "Tukang Las", "Supervisor Produksi", "Manajer Pabrik", "Kepala Toko", "Staf Personalia",
)  # fmt: skip

# Only blocks that phonenumbers calls valid; the four zeros show that nobody has the number.
AWALAN_HP = tuple(
    f"+62{kode}0000"
    for kode in (
        "811", "812", "813", "821", "822", "852", "853", "856", "857", "858", "877", "878", "895",
        "896", "881",
    )
)  # fmt: skip
AWALAN_TELEPON = ("+62215550", "+62225550")
"""Landlines of companies, 021 and 022; four digits follow."""

STATUS_PEKERJAAN = (("PKWTT", 50), ("PKWT", 38), ("HARIAN_LEPAS", 9), ("LAINNYA", 3))
STATUS_KEPESERTAAN = (
    ("AKTIF", 92),
    ("TERDAFTAR_BELUM_BAYAR", 3),
    ("NONAKTIF_PREMI", 3),
    ("NONAKTIF_LAIN", 2),
)

GELAR_DEPAN_LAKI_LAKI = ("H. ", "Dr. ", "Ir. ", "Drs. ")
GELAR_DEPAN_PEREMPUAN = ("Hj. ", "Dr. ", "Ir. ", "Dra. ")
GELAR_BELAKANG = (", S.E.", ", S.H.", ", S.T.", ", S.Kom.", ", M.M.")

PUSAT_PROVINSI = {
    "11": (4.2, 96.9), "12": (2.2, 99.0), "13": (-0.8, 100.4), "14": (0.5, 101.7),
    "15": (-1.6, 102.8), "16": (-3.2, 104.2), "17": (-3.6, 102.3), "18": (-4.9, 105.1),
    "19": (-2.5, 106.5), "21": (0.9, 104.5), "31": (-6.2, 106.8), "32": (-6.9, 107.6),
    "33": (-7.2, 110.2), "34": (-7.8, 110.4), "35": (-7.7, 112.6), "36": (-6.4, 106.1),
    "51": (-8.4, 115.1), "52": (-8.6, 117.4), "53": (-9.0, 121.5), "61": (-0.1, 111.1),
    "62": (-1.6, 113.4), "63": (-3.0, 115.4), "64": (0.5, 116.4), "65": (3.0, 116.3),
    "71": (1.2, 124.5), "72": (-1.2, 121.2), "73": (-4.0, 120.1), "74": (-4.0, 122.3),
    "75": (0.7, 122.4), "76": (-2.5, 119.3), "81": (-3.6, 129.2), "82": (0.9, 127.8),
    "91": (-2.8, 139.0), "92": (-1.5, 133.2), "93": (-7.3, 139.5), "94": (-3.9, 136.3),
    "95": (-4.1, 139.3), "96": (-1.0, 131.6),
}  # fmt: skip
"""Latitude and longitude near the middle of each province."""
