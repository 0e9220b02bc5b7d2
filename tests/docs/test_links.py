"""Every relative link in a Markdown file leads to a file that is there, and to a heading that it has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.deploy.compositions import ROOT

LINK = re.compile(r"(?<!\\)\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#{1,6} +(.+?) *#*$", re.MULTILINE)
FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`[^`\n]*`")
ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)


def pages() -> list[Path]:
    folders = (ROOT / "docs", ROOT / "deploy", ROOT / "clients", ROOT / "tests", ROOT / "benchmarks")
    found = [page for folder in folders for page in folder.rglob("*.md") if "node_modules" not in page.parts]
    return sorted([*ROOT.glob("*.md"), *found])


@cache
def text_of(page: Path) -> str:
    """Without examples of code."""
    return FENCE.sub("", page.read_text())


@cache
def anchors_of(page: Path) -> frozenset[str]:
    seen: dict[str, int] = {}

    def anchors() -> Iterator[str]:
        for heading in HEADING.findall(text_of(page)):
            anchor = slug(heading)
            seen[anchor] = seen.get(anchor, -1) + 1
            yield f"{anchor}-{seen[anchor]}" if seen[anchor] else anchor

    return frozenset(anchors())


def slug(heading: str) -> str:
    """As GitHub has it, and the site where letters are plain."""
    plain = re.sub(r"[`*]|\]\([^)]*\)|\[", "", heading).lower()
    return re.sub(r"[^\w\- ]", "", plain).strip().replace(" ", "-")


def broken(page: Path) -> Iterator[str]:
    for link in LINK.findall(CODE.sub("", text_of(page))):
        if ELSEWHERE.match(link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists():
            yield f"{link}: no such file"
        elif anchor and target.suffix == ".md" and anchor not in anchors_of(target):
            yield f"{link}: no such heading"


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    assert list(broken(page)) == []


def test_a_broken_link_would_be_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# One `two`!\n[a](#one-two) [b](#three) [c](gone.md)\n```\n[d](gone.md)\n```\n")
    assert anchors_of(page) == {"one-two"}
    assert [link.partition(":")[0] for link in broken(page)] == ["#three", "gone.md"]


def test_every_page_is_in_the_sites_navigation() -> None:
    listed = set(re.findall(r": ([\w/-]+\.md)$", (ROOT / "properdocs.yml").read_text(), re.MULTILINE))
    assert listed == {str(page.relative_to(ROOT / "docs")) for page in (ROOT / "docs").rglob("*.md")}


def test_the_site_asks_no_other_host_for_anything() -> None:
    settings = (ROOT / "properdocs.yml").read_text()
    assert "highlightjs: false" in settings  # else it comes from a host of others
    assert "extra_javascript" not in settings and "extra_css" not in settings
