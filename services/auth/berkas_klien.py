"""The text of `klien.yaml`: what changes is written anew, what operators wrote around it stays."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from typing import Any

import yaml

Butir = dict[str, Any]
_KOMENTAR = re.compile(r"(?:^|(?<=\s))#.*$", re.MULTILINE)


def as_text(entries: Sequence[Butir]) -> str:
    """Return registrations as YAML."""
    return yaml.safe_dump(list(entries), sort_keys=False)


def merged(text: str, entries: Sequence[Butir]) -> str:
    """Return the text of a file with these registrations in it, and all of its comments.

    A comment goes with the registration in whose lines it stands when that is removed, and before
    it when that changes.
    """
    try:
        spliced = _spliced(text, entries)
        if _by_id(yaml.safe_load(spliced)) == _by_id(entries):
            return spliced
    except (yaml.YAMLError, LookupError, TypeError):
        pass
    return _comments(text) + as_text(entries)  # laid out in a way that we do not


def _spliced(text: str, entries: Sequence[Butir]) -> str:
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(root, yaml.SequenceNode) or root.flow_style or not root.value:
        raise TypeError
    indent = " " * root.start_mark.column
    lines = text.removesuffix("\n").splitlines(keepends=True)
    lines[-1] += "\n"
    wanted = _by_id(entries)
    made: list[str] = []
    at = 0
    for node, held in zip(root.value, yaml.safe_load(text), strict=True):
        first, end = node.start_mark.line, _last_line(node) + 1
        made += lines[at:first]
        now = wanted.pop(held["client_id"], None)
        if now == held:
            made += lines[first:end]
        elif now is not None:
            block = _comments("".join(lines[first:end])) + as_text([now])
            made.append(textwrap.indent(block, indent))
        at = end
    new = textwrap.indent(as_text(list(wanted.values())), indent) if wanted else ""
    return "".join([*made, *lines[at:], new])


def _by_id(entries: Sequence[Butir]) -> dict[str, Butir]:
    return {e["client_id"]: e for e in entries}


def _last_line(node: yaml.Node) -> int:
    """Return the line that a node ends in; a block's own mark stands behind the comments after."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _last_line(last[1] if isinstance(last, tuple) else last)
    return int(node.end_mark.line)


def _comments(text: str) -> str:
    return "".join(f"{found}\n" for found in _KOMENTAR.findall(text))
