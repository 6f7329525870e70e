"""Large registers for linking: words by Zipf, so that blocks grow as in life."""

from __future__ import annotations

import random

import numpy as np
import pyarrow as pa

_SUKU = [a + b + c for a in "BCDGJKLMNPRST" for b in "AIUEO" for c in ("", "N", "R", "S")]


def _words(r: random.Random, count: int) -> list[str]:
    made: dict[str, None] = {}
    while len(made) < count:
        made["".join(r.choice(_SUKU) for _ in range(r.choice((2, 2, 3))))] = None
    return list(made)


def _slip(r: random.Random, word: str) -> str:
    if len(word) < 5:
        return word
    at = r.randrange(1, len(word) - 1)
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def large_companies(count_a: int, count_b: int, seed: int) -> tuple[pa.Table, pa.Table, int]:
    """Return registers of which two thirds of B are in A, half of these without an exact key.

    The third value is how many are in both.
    """
    r, n = random.Random(seed), np.random.default_rng(seed)
    vocab = _words(r, 120_000)
    common = np.minimum(n.zipf(1.3, (count_a + count_b, 2)) - 1, 3_000)
    rare = n.integers(3_000, len(vocab), count_a + count_b)
    both = 2 * count_b // 3
    rows: tuple[list[dict[str, str]], list[dict[str, str]]] = ([], [])
    for k in range(count_a + count_b - both):
        true = _company(r, vocab, k, int(rare[k]), common[k])
        if k < count_a:
            rows[0].append({"kunci": f"W{k}", **true})
        if k < both or k >= count_a:
            rows[1].append({"kunci": f"B{k}", **(_spoil(r, true) if k < both else true)})
    return pa.Table.from_pylist(rows[0]), pa.Table.from_pylist(rows[1]), both


def _address(r: random.Random, vocab: list[str], kab: int) -> str:
    street, number = vocab[r.randrange(30_000)], r.randrange(1, 200)
    return f"Jl {street} No {number}, Kel. {vocab[kab * 5 % 50_000]}"


def _company(
    r: random.Random,
    vocab: list[str],
    k: int,
    rare: int,
    common: np.ndarray[tuple[int], np.dtype[np.int64]],
) -> dict[str, str]:
    kab = f"{r.randrange(11, 95)}{r.randrange(1, 25):02d}"
    return {
        "nama": f"PT {vocab[rare]} {vocab[common[0]]} {vocab[common[1]]}",
        "alamat": _address(r, vocab, int(kab)),
        "kd_daerah": f"{kab}{r.randrange(1, 15):02d}{r.randrange(1001, 1009)}",
        "telepon": f"021{r.randrange(10**6, 10**7)}" if r.random() < 0.7 else "",
        "email": f"info@{vocab[rare].lower()}.example" if r.random() < 0.3 else "",
        "kbli": f"{10_000 + r.randrange(900) * 100}",
        "nama_pemilik_atau_pimpinan": f"{vocab[r.randrange(900)]} {vocab[r.randrange(4_000)]}",
        "npwp": f"{k + 10**8:09d}407000",
    }


def _spoil(r: random.Random, true: dict[str, str]) -> dict[str, str]:
    words = [_slip(r, w) if r.random() < 0.06 else w for w in true["nama"].split()]
    out = {**true, "nama": " ".join(words)}
    if r.random() < 0.5:
        out["npwp"] = ""
    for column in ("telepon", "email", "kbli"):
        if r.random() < 0.3:
            out[column] = ""
    return out


def large_workers(count: int, seed: int) -> tuple[pa.Table, pa.Table, int]:
    """Return two registers of `count` workers left over, two thirds on both sides.

    Half of those have a NIK with one digit wrong, half have none on one side.
    """
    r = random.Random(seed)
    vocab = _words(r, 60_000)
    rows: tuple[list[dict[str, str]], list[dict[str, str]]] = ([], [])
    both = 2 * count // 3
    for k in range(2 * count - both):
        true = _worker(r, vocab)
        if k < count:
            rows[0].append({"kunci": f"W{k}", **true})
        if k < both or k >= count:
            rows[1].append({"kunci": f"B{k}", **(_spoil_worker(r, true) if k < both else true)})
    return pa.Table.from_pylist(rows[0]), pa.Table.from_pylist(rows[1]), both


def _worker(r: random.Random, vocab: list[str]) -> dict[str, str]:
    day, month, year = r.randrange(1, 29), r.randrange(1, 13), r.randrange(1960, 2006)
    kab = f"{r.randrange(11, 95)}{r.randrange(1, 25):02d}"
    first, last = int(900 ** r.random()), int(40_000 ** r.random())
    return {
        "nama": vocab[first] if r.random() < 0.15 else f"{vocab[first]} {vocab[last]}",
        "tanggal_lahir": f"{year}-{month:02d}-{day:02d}",
        "nik": f"{kab}07{day:02d}{month:02d}{year % 100:02d}{r.randrange(1, 9999):04d}",
        "alamat": _address(r, vocab, int(kab)),
        "nomor_hp": f"08{r.randrange(10**9, 10**10)}" if r.random() < 0.7 else "",
        "id_badan_usaha": "",
    }


def _spoil_worker(r: random.Random, true: dict[str, str]) -> dict[str, str]:
    nik = true["nik"]
    at = r.randrange(1, 15)
    wrong = f"{nik[:at]}{(int(nik[at]) + r.randrange(1, 9)) % 10}{nik[at + 1 :]}"
    words = [_slip(r, w) if r.random() < 0.05 else w for w in true["nama"].split()]
    return {**true, "nik": wrong if r.random() < 0.5 else "", "nama": " ".join(words)}
