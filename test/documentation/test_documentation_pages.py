"""What the pages name exists, and what exists is named."""

import ast
import re
from pathlib import Path

import pytest
from catkin_pkg.package import parse_package

from clipomaly_ros.cli.main import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
PAGES = [
    README,
    *(ROOT / name / "README.md" for name in ("clipomaly_msgs", "compat", "models", "scripts/requirements")),
    *sorted((ROOT / "docs").glob("*.md")),
]


def anchors(text: str) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path):
    text = page.read_text()
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith(("http://", "https://")):
            continue
        path, _, anchor = target.partition("#")
        found = page.parent / path if path else page
        assert found.exists(), f"{page.name}: {target} is not there"
        if anchor:
            assert anchor in anchors(found.read_text()), f"{page.name}: {target} has no such heading"


def test_readme_names_every_launch_argument():
    tree = ast.parse((ROOT / "launch" / "apron.launch.py").read_text())
    rows = next(
        node.value.elts
        for node in tree.body
        if isinstance(node, ast.AnnAssign) and getattr(node.target, "id", "") == "ARGUMENTS"
    )
    table = README.read_text().split("### Launch files")[1].split("\n\n")[1]
    body = table.split("\n")[2:]
    assert [re.match(r"\| `(\w+)`", line)[1] for line in body] == [row.elts[0].value for row in rows]


def test_folders_of_the_readme_are_those_of_the_repository():
    table = README.read_text().split("## Where things are")[1].split("\n## ")[0]
    named = {name.rstrip("/") for name in re.findall(r"`([\w/]+/)`", table.replace("`, `", "` `"))}
    assert [name for name in named if not (ROOT / name).is_dir()] == []
    packages = {f"clipomaly_ros/{path.parent.name}" for path in ROOT.glob("clipomaly_ros/*/__init__.py")}
    assert packages <= named


def test_commands_that_the_pages_name_exist():
    for page in PAGES:
        used = set(re.findall(r"(?:^ *|`)clipomaly ([a-z][\w-]*)", page.read_text(), re.MULTILINE))
        assert used <= set(COMMANDS), page
        assert used or page != README


def test_scripts_of_the_readme_can_be_run():
    for name in set(re.findall(r"scripts/(demo|test|lint)\b", README.read_text())):
        assert (ROOT / "scripts" / name).stat().st_mode & 0o111, name


def test_message_page_lists_every_message_and_service_once():
    text = (ROOT / "clipomaly_msgs" / "README.md").read_text()
    listed = re.findall(r"^\| `(\w+)`", text, re.MULTILINE)
    files = [*ROOT.glob("clipomaly_msgs/msg/*.msg"), *ROOT.glob("clipomaly_msgs/srv/*.srv")]
    assert sorted(listed) == sorted(path.stem for path in files)


def test_changelog_begins_with_the_version_of_the_package():
    version = parse_package(str(ROOT / "package.xml")).version
    first = re.search(r"^## \[(.+)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert first
    assert version in first[1]


def test_licence_is_the_one_declared():
    assert "Apache License\n                           Version 2.0" in (ROOT / "LICENSE").read_text()
