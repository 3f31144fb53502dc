"""The project's pages and their fenced blocks, for the tests that hold them to the code."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)


@dataclass(frozen=True)
class Block:
    """A fenced block: which page, which line, which language, what text."""

    page: str
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def page(name: str) -> str:
    """Return the text of one page."""
    return (ROOT / name).read_text()


def blocks(language: str) -> list[Block]:
    """Return the blocks of ``language`` in all pages. ``sh``: run as they stand; ``console``: shown with their prompt."""
    return [
        Block(str(path.relative_to(ROOT)), text.count("\n", 0, found.start()) + 1, language, found[2])
        for path in PAGES
        for text in [path.read_text()]
        for found in FENCE.finditer(text)
        if found[1] == language
    ]


def told(name: str, *pages: str) -> bool:
    """Return whether ``name`` stands as code, as a whole word, in one of ``pages``."""
    word = re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])")
    return any(word.search(code) for text in map(page, pages) for code in re.findall(r"```.*?```|`[^`]+`", text, re.S))
