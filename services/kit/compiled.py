"""Compiled functions: numba, with its results kept on disk so that a start costs nothing."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numba
from numba.core import cgutils, config, types
from numba.core.caching import FunctionCache
from numba.extending import intrinsic

_SETTING = "CACHE_DIR"
_KEPT_SECONDS = 30 * 86_400
_F = TypeVar("_F", bound=Callable[..., Any])


_Cache: Any = FunctionCache  # untyped


class _Simpanan(_Cache):  # type: ignore[misc]
    """What was compiled, kept where it can be: a full disk or a broken file costs time alone."""

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return what is kept, None where nothing usable is."""
        try:
            return super().load_overload(sig, target_context)
        except Exception:  # noqa: BLE001 - cut short by a crash, a pickle fails in any way
            with suppress(OSError):
                self.flush()  # or it would be read, and made in vain, at every start
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep what was compiled, if there is room."""
        with suppress(OSError):
            super().save_overload(sig, data)


def jit(function: _F) -> _F:
    """Compile on the first call, without the GIL; keep the result in the user's cache folder.

    numba's own choice, beside the source, fails in a read-only install and does not notice when
    a *called* function in another file changes. Without a folder each process compiles (10 s).
    """
    compiled: _F = numba.njit(function, nogil=True)
    folder = _folder(Path(function.__code__.co_filename).parent)
    if folder is None:
        return compiled
    before: Any = getattr(config, _SETTING)
    setattr(config, _SETTING, str(folder))
    try:
        # As `cache=True` has it, whose own errors would end the program that calls the function.
        compiled._cache = _Simpanan(function)  # type: ignore[attr-defined]  # noqa: SLF001
    except RuntimeError:  # numba finds the folder closed
        pass
    finally:
        setattr(config, _SETTING, before)
    return compiled


@cache
def _folder(package: Path) -> Path | None:
    """Return a private folder for these very sources of a package, None where none can be made."""
    digest = hashlib.sha256()
    for source in sorted(package.glob("*.py")):
        digest.update(source.read_bytes())
    try:
        home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hub-kepesertaan"
        folder = home / f"numba-{package.name}-{digest.hexdigest()[:16]}"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # What lies there is executed: a folder of somebody else's is no cache of ours.
        mine = folder.stat().st_uid == os.getuid() and os.access(folder, os.W_OK)
        _forget_former(folder, package.name)
    except (OSError, RuntimeError):
        return None
    return folder if mine else None


def _forget_former(folder: Path, package: str) -> None:
    """Remove what sources of long ago left; another version may still run beside this one."""
    os.utime(folder)
    for former in folder.parent.glob(f"numba-{package}-*"):
        if former != folder and time.time() - former.stat().st_mtime > _KEPT_SECONDS:
            shutil.rmtree(former, ignore_errors=True)


def _copy_bytes(
    _typing: Any, target: Any, at: Any, source: Any, start: Any, count: Any
) -> tuple[Any, Any]:

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        def place(array: int, index: int) -> Any:
            first = context.make_array(signature.args[array])(context, builder, given[array]).data
            offset = context.cast(builder, given[index], signature.args[index], types.intp)
            return builder.gep(first, [offset])

        size = context.cast(builder, given[4], signature.args[4], types.intp)
        cgutils.raw_memcpy(builder, place(0, 1), place(2, 3), size, 1)  # type: ignore[no-untyped-call]
        return context.get_dummy_value()

    return types.void(target, at, source, start, count), generate


copy_bytes: Any = intrinsic(_copy_bytes)
"""Copy bytes for compiled functions: into an array, at; from an array, at; how many.

It is memcpy: a loop moves one at a time.
"""


def inline(function: _F) -> _F:
    """Compile into each caller: as a call, writing one word doubled the cost of an address."""
    compiled: _F = numba.njit(function, inline="always")
    return compiled
