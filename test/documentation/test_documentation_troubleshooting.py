"""Every trouble of the page has an answer and tests, and the tests it names exist."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "troubleshooting.md").read_text()
ANSWERS, TESTS = (re.findall(r"^\| (\d+) \| (.+) \|$", part, re.MULTILINE) for part in TEXT.split("## Tests"))


def functions_of(path: Path) -> set[str]:
    tree = ast.parse(path.read_text())
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_each_of_the_troubles_is_answered_and_tested():
    numbers = [number for number, _ in ANSWERS]
    assert numbers == [number for number, _ in TESTS] == [str(number + 1) for number in range(22)]
    assert all(re.fullmatch(r"(`test/\S+::test_\w+` ?)+", names) for _, names in TESTS)


def test_every_test_that_a_page_names_exists():
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        for path, name in re.findall(r"`(test/\S+\.py)::(\w+)`", page.read_text()):
            assert name in functions_of(ROOT / path), f"{page.name}: {path}::{name}"
