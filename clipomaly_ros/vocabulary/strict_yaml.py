"""YAML from outside: plain data only, no duplicate keys, no aliases, bounded size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

MAX_BYTES = 1 << 20


class StrictYamlError(ValueError):
    """A YAML text is refused; the text says why and where."""


class _StrictLoader(yaml.SafeLoader):
    """Safe loader that refuses what YAML allows but a data file has no use for."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        # An alias can make a few bytes stand for gigabytes.
        if self.check_event(yaml.AliasEvent):
            raise StrictYamlError(
                f"line {self.line + 1}: aliases (*name) are not allowed; write the value out"
            )
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode) or key_node.tag == "tag:yaml.org,2002:merge":
                raise StrictYamlError(f"line {line}: a key must be a plain text")
            key = self.construct_object(key_node)
            if key in seen:
                raise StrictYamlError(f"line {line}: key {key!r} is there twice")
            seen.add(key)
        return super().construct_mapping(node, deep=deep)


def parse_strict(text: str) -> Any:
    """Return the one document of a YAML text as plain data.

    Raises StrictYamlError for more than 1 MiB, malformed text, tags, duplicate keys, aliases.
    """
    size = len(text.encode("utf-8", errors="replace"))
    if size > MAX_BYTES:
        raise StrictYamlError(f"{size} bytes; at most {MAX_BYTES} are allowed")
    try:
        loader = _StrictLoader(text)
        try:
            return loader.get_single_data()
        finally:
            loader.dispose()
    except StrictYamlError:
        raise
    except RecursionError:
        raise StrictYamlError("nested too deeply") from None
    # ValueError and TypeError: what looks like a date or a number to YAML, but is none to Python.
    except (yaml.YAMLError, ValueError, TypeError, LookupError) as error:
        raise StrictYamlError(f"not valid YAML: {' '.join(str(error).split())[:300]}") from error


def read_text(path: Path) -> str:
    """Return the text of a YAML file; StrictYamlError when it cannot be read or has more than 1 MiB."""
    try:
        if path.exists() and not path.is_file():
            raise StrictYamlError("expected a file, found a folder or a device")
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise StrictYamlError(f"more than {MAX_BYTES} bytes")
        return content.decode("utf-8")
    except OSError as error:
        raise StrictYamlError(f"cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise StrictYamlError(f"cannot be read as UTF-8 text: {error}") from error
