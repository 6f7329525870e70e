"""Columns of any type as text, the same whoever read them: linking, digests, DuckDB's fetching.

Only a type that loses nothing has a text; the rules hold for a whole column at a time.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

_UTUH = {32: 2.0**24, 64: 2.0**53}
"""Up to here a float of so many bits tells every whole number from the next."""
_MIKRO = pa.timestamp("us")


class TextError(ValueError):
    """A column holds what no text says without loss."""


def is_text(kind: pa.DataType) -> bool:
    """Return whether a type is text as it stands."""
    return bool(
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    )


def has_text(kind: pa.DataType) -> bool:
    """Return whether a type holds one value a row, and one that `as_text` can write."""
    if pa.types.is_dictionary(kind):
        return has_text(kind.value_type)
    return bool(
        is_text(kind)
        or _is_binary(kind)
        or pa.types.is_integer(kind)
        or pa.types.is_boolean(kind)
        or pa.types.is_null(kind)
        or pa.types.is_date(kind)
        or pa.types.is_timestamp(kind)
        or (pa.types.is_floating(kind) and kind.bit_width in _UTUH)
        or (pa.types.is_decimal(kind) and kind.bit_width <= 128)
    )


def as_text(column: pa.Array) -> pa.Array:
    """Return a column as text, coded by its distinct values where it was no text before.

    Raises TextError, the text of which holds no value.
    """
    kind = column.type
    if is_text(kind):
        return column
    if pa.types.is_null(kind):
        return pa.nulls(len(column), pa.string())
    if _is_binary(kind):
        return plain_text(column)
    coded = column if isinstance(column, pa.DictionaryArray) else column.dictionary_encode()
    if is_text(coded.dictionary.type):
        return coded
    return pa.DictionaryArray.from_arrays(coded.indices, plain_text(coded.dictionary))


def plain_text(values: pa.Array) -> pa.Array:
    """Return values of any type but a dictionary as `string`. Raises TextError."""
    try:
        return _plain(values, values.type)
    except pa.ArrowException:
        raise TextError from None


def _plain(values: pa.Array, kind: pa.DataType) -> pa.Array:
    if _is_binary(kind):
        return values.cast(pa.binary()).cast(pa.string())
    if pa.types.is_floating(kind):
        return _floats(values, kind)
    if pa.types.is_decimal(kind):
        return _decimals(values)
    if pa.types.is_date(kind):
        return values.cast(pa.date32()).cast(pa.string())
    if pa.types.is_timestamp(kind):
        return _moments(values, kind)
    return values.cast(pa.string())


def _is_binary(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
        or pa.types.is_binary_view(kind)
        or pa.types.is_fixed_size_binary(kind)
    )


def _floats(values: pa.Array, kind: pa.DataType) -> pa.Array:
    """Write whole numbers as such: a column with gaps becomes floats in many a program."""
    exact = values.cast(pa.float64())
    exact = pc.if_else(pc.is_nan(exact), pa.scalar(None, pa.float64()), exact)
    if pc.any(pc.greater(pc.abs(exact), _UTUH[kind.bit_width])).as_py():
        raise TextError
    whole = pc.equal(pc.floor(exact), exact)
    numbers = pc.if_else(whole, exact, 0.0).cast(pa.int64()).cast(pa.string())
    return pc.if_else(whole, numbers, values.cast(pa.string()))


def _decimals(values: pa.Array) -> pa.Array:
    try:
        return values.cast(pa.decimal128(38, 0)).cast(pa.string())
    except pa.ArrowInvalid:
        texts = values.cast(pa.string()).to_pylist()
        return pa.array([t if t is None else _trimmed(t) for t in texts], pa.string())


def _trimmed(number: str) -> str:
    return number.rstrip("0").rstrip(".") if "." in number else number


def _moments(values: pa.Array, kind: pa.DataType) -> pa.Array:
    """Write a moment at midnight that names no zone as its day."""
    if kind.tz is not None:
        return values.cast(pa.timestamp("us", "UTC"), safe=False).cast(pa.string())
    moments = values.cast(_MIKRO, safe=False)
    days = moments.cast(pa.date32(), safe=False)
    at_midnight = pc.equal(days.cast(_MIKRO), moments)
    return pc.if_else(at_midnight, days.cast(pa.string()), moments.cast(pa.string()))
