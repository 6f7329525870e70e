"""Noise of the training data: letters at random, words lost or shortened, digits exchanged."""

from __future__ import annotations

import random

HURUF = "ABCDEFGHIJKLMNOPRSTUWY"


def slip(r: random.Random, word: str) -> str:
    """Return a word with one letter lost, added, changed or exchanged with its neighbour."""
    if len(word) < 4:
        return word
    at = r.randrange(len(word) - 1)
    kind = r.randrange(4)
    if kind == 0:
        return word[:at] + word[at + 1 :]
    if kind == 1:
        return word[:at] + r.choice(HURUF) + word[at:]
    if kind == 2:
        return word[:at] + r.choice(HURUF) + word[at + 1 :]
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def slip_digit(r: random.Random, digits: str) -> str:
    """Return a number with one digit changed, or two neighbours exchanged."""
    at = r.randrange(len(digits) - 1)
    if r.random() < 0.5 and digits[at] != digits[at + 1]:
        return digits[:at] + digits[at + 1] + digits[at] + digits[at + 2 :]
    other = r.choice([d for d in "0123456789" if d != digits[at]])
    return digits[:at] + other + digits[at + 1 :]


def spoil_words(r: random.Random, words: list[str], share: float) -> list[str]:
    """Return words after slips, losses, shortenings and exchanges, each with some `share`."""
    out = [slip(r, w) if r.random() < share else w for w in words]
    if len(out) > 2 and r.random() < share:
        del out[r.randrange(1, len(out))]
    if len(out) > 1 and r.random() < share:
        at = r.randrange(1, len(out))
        out[at] = out[at][: r.randrange(3, 5)]
    if len(out) > 1 and r.random() < share:
        r.shuffle(out)
    return out
