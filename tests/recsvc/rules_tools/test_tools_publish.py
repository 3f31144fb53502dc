"""`recsvc rules publish`, `history`, `restore`: swapped by one rename, kept by hash, signed, and guarded."""

import json
from hashlib import sha256
from pathlib import Path

import pytest
from tools_kit import rules_file, told, tool

from models.errors import RulesError
from recsvc.rules_tools.archive import Archive
from tiny_shop import RULES, TinyShop

SIGNED = ("--who", "ana", "--why", "autumn fair")
MORE = RULES + "  - {id: more, do: hide, product: t-1}\n"


def live(shop: TinyShop) -> str:
    return (shop.folder / "rules.yaml").read_text()


def kept(shop: TinyShop) -> Path:
    return shop.folder / ".rules-history" / "rules.yaml"


def test_a_good_file_goes_live_and_who_and_why_are_written(tiny_shop: TinyShop) -> None:
    """The live file is the new one; the log has who, why, both hashes and the time; the old one is kept."""
    done = tool(tiny_shop, "publish", rules_file(tiny_shop, MORE), *SIGNED)
    assert done.exit_code == 0, told(done)
    assert live(tiny_shop) == MORE and "entry 2 of the history" in done.output
    found, line = (json.loads(text) for text in (kept(tiny_shop) / "log.jsonl").read_text().splitlines())
    assert (line["who"], line["why"], line["rules"]) == ("ana", "autumn fair", 3)
    assert (line["before"], line["hash"]) == tuple(sha256(text.encode()).hexdigest() for text in (RULES, MORE))
    assert (found["who"], found["hash"], found["rules"]) == ("by hand", line["before"], None)
    assert line["time"].endswith("Z") and (kept(tiny_shop) / f"{line['before']}.yaml").read_text() == RULES
    assert not list(tiny_shop.folder.glob(".*.tmp"))


def test_a_file_that_does_not_load_changes_nothing(tiny_shop: TinyShop) -> None:
    """All faults with their lines; exit code 1; no history."""
    done = tool(
        tiny_shop, "publish", rules_file(tiny_shop, MORE.replace("do: hide, product", "do: hid, product")), *SIGNED
    )
    assert done.exit_code == 1 and "unknown verb 'hid'" in told(done) and live(tiny_shop) == RULES
    assert not kept(tiny_shop).exists()
    empty = tool(tiny_shop, "publish", rules_file(tiny_shop, "\n"), *SIGNED)
    assert empty.exit_code == 1 and "is empty" in told(empty) and live(tiny_shop) == RULES


def test_it_asks_before_half_of_the_rules_vanish_and_refuses_without_a_terminal(tiny_shop: TinyShop) -> None:
    """No terminal and no --yes: refused; --yes: published."""
    none = rules_file(tiny_shop, "version: 1\nrules: []\n")
    done = tool(tiny_shop, "publish", none, *SIGNED, stdin="y\n")
    assert done.exit_code == 1 and "say --yes" in told(done) and live(tiny_shop) == RULES
    assert "2 of the 2 live rules would vanish (chianti-first, recall-milk)" in done.output
    assert tool(tiny_shop, "publish", none, *SIGNED, "--yes").exit_code == 0 and "[]" in live(tiny_shop)


def test_exactly_half_of_the_rules_is_asked_about(tiny_shop: TinyShop) -> None:
    """One of two goes: a question; one more comes: none."""
    half = RULES.replace("id: recall-milk\n", "id: recall-milk\n    enabled: false\n")
    done = tool(tiny_shop, "publish", rules_file(tiny_shop, half), *SIGNED)
    assert done.exit_code == 1 and "1 of the 2 live rules would vanish (recall-milk)" in done.output
    assert tool(tiny_shop, "publish", rules_file(tiny_shop, MORE), *SIGNED).exit_code == 0


@pytest.mark.parametrize("broken", ["version: 1\nrules: [\n", "\n"])
def test_where_the_live_file_is_broken_the_last_kept_one_that_loads_is_counted(
    tiny_shop: TinyShop, broken: str
) -> None:
    """Saved by hand, twice broken: the rules that a service goes on with do not vanish without a question."""
    none = rules_file(tiny_shop, "version: 1\nrules: []\n", "none.yaml")
    assert tool(tiny_shop, "publish", rules_file(tiny_shop, MORE), *SIGNED).exit_code == 0
    (tiny_shop.folder / "rules.yaml").write_text(broken)
    done = tool(tiny_shop, "publish", none, *SIGNED)
    assert done.exit_code == 1 and live(tiny_shop) == broken
    assert "3 of the 3 rules of the last kept file that loads (the live one does not) would vanish" in done.output


def test_where_the_live_file_was_deleted_the_last_kept_one_is_counted(tiny_shop: TinyShop) -> None:
    """Deleting it is no way round the question: a running service goes on with what was in it."""
    none = rules_file(tiny_shop, "version: 1\nrules: []\n", "none.yaml")
    assert tool(tiny_shop, "publish", rules_file(tiny_shop, MORE), *SIGNED).exit_code == 0
    (tiny_shop.folder / "rules.yaml").unlink()
    done = tool(tiny_shop, "publish", none, *SIGNED)
    assert done.exit_code == 1 and not (tiny_shop.folder / "rules.yaml").exists()
    assert "3 of the 3 rules of the last kept file that loads (the live one is gone) would vanish" in done.output
    assert "less than half" in done.output
    assert tool(tiny_shop, "publish", rules_file(tiny_shop, MORE), *SIGNED).exit_code == 0 and live(tiny_shop) == MORE


def test_it_asks_before_half_of_the_file_vanishes(tiny_shop: TinyShop) -> None:
    """The rules are all there, and most of the text is not."""
    (tiny_shop.folder / "rules.yaml").write_text(RULES + "# a long note\n" * 200)
    done = tool(tiny_shop, "publish", rules_file(tiny_shop, RULES), *SIGNED)
    assert done.exit_code == 1 and "less than half" in done.output


@pytest.mark.parametrize(("answer", "published"), [("y\n", True), ("n\n", False)])
def test_on_a_terminal_a_person_decides(
    tiny_shop: TinyShop, answer: str, published: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Yes publishes, no does not."""
    monkeypatch.setattr("recsvc.rules_publish_cli.at_terminal", lambda: True)
    done = tool(tiny_shop, "publish", rules_file(tiny_shop, "version: 1\nrules: []\n"), *SIGNED, stdin=answer)
    assert (done.exit_code == 0) is published is (live(tiny_shop) != RULES)


def test_what_is_live_already_is_not_published_again(tiny_shop: TinyShop) -> None:
    """The history gets no second entry; a file that was changed by hand is signed by publishing it as it is."""
    tool(tiny_shop, "publish", rules_file(tiny_shop, MORE), *SIGNED)
    again = tool(tiny_shop, "publish", rules_file(tiny_shop, MORE), *SIGNED)
    assert again.exit_code == 0 and "nothing to publish" in again.output
    assert len(tool(tiny_shop, "history").output.splitlines()) == 2
    (tiny_shop.folder / "rules.yaml").write_text(MORE + "# by hand\n")
    assert "published" in tool(tiny_shop, "publish", rules_file(tiny_shop, MORE + "# by hand\n"), *SIGNED).output


@pytest.mark.parametrize("words", [("--who", " ", "--why", "fair"), ("--who", "ana", "--why", "")])
def test_nobody_and_no_reason_are_refused(tiny_shop: TinyShop, words: tuple[str, ...]) -> None:
    """The history keeps who and why: a blank is neither."""
    done = tool(tiny_shop, "publish", rules_file(tiny_shop, MORE), *words)
    assert done.exit_code == 2 and "the history keeps it" in told(done) and live(tiny_shop) == RULES


def test_a_reason_of_several_lines_is_one_line_of_the_history(tiny_shop: TinyShop) -> None:
    """One entry a line, whatever was pasted; the log keeps it as it was given."""
    tool(tiny_shop, "publish", rules_file(tiny_shop, MORE), "--who", "ana", "--why", "first\nsecond  line")
    lines = tool(tiny_shop, "history").output.splitlines()
    assert len(lines) == 2 and lines[1].endswith("ana: first second line")


def test_a_broken_live_file_can_be_replaced(tiny_shop: TinyShop) -> None:
    """What does not load has no rules that could vanish."""
    (tiny_shop.folder / "rules.yaml").write_text("version: 1\nrules: [\n")
    assert tool(tiny_shop, "publish", rules_file(tiny_shop, RULES), *SIGNED).exit_code == 0


def test_history_lists_what_was_live_and_restore_brings_it_back(tiny_shop: TinyShop) -> None:
    """By number or by hash; a restore is an entry of its own, and a change by hand is told."""
    assert "nothing yet" in tool(tiny_shop, "history").output
    for text in (MORE, RULES + "# third\n"):
        tool(tiny_shop, "publish", rules_file(tiny_shop, text), *SIGNED)
    first = sha256(RULES.encode()).hexdigest()
    assert tool(tiny_shop, "restore", "2", *SIGNED).exit_code == 0 and live(tiny_shop) == MORE
    assert tool(tiny_shop, "restore", f"sha256:{first[:8]}", *SIGNED).exit_code == 0 and live(tiny_shop) == RULES
    lines = tool(tiny_shop, "history").output.splitlines()
    assert [line.split()[0] for line in lines] == ["1", "2", "3", "4", "5"] and "ana: autumn fair" in lines[1]
    assert "by hand: found live" in lines[0]
    (tiny_shop.folder / "rules.yaml").write_text(RULES + "# by hand\n")
    assert "was changed since" in tool(tiny_shop, "history").output


@pytest.mark.parametrize("name", ["9", "ffffff", "ab", "../../x"])
def test_what_is_not_in_the_history_is_told(tiny_shop: TinyShop, name: str) -> None:
    """A wrong number or hash restores nothing."""
    tool(tiny_shop, "publish", rules_file(tiny_shop, MORE), *SIGNED)
    done = tool(tiny_shop, "restore", name, *SIGNED)
    assert done.exit_code == 1 and "recsvc rules history" in told(done) and live(tiny_shop) == MORE


def test_a_kept_file_that_was_changed_is_not_restored(tiny_shop: TinyShop) -> None:
    """Its name is the hash of what it held; nor is one that is gone, or a log that is none."""
    tool(tiny_shop, "publish", rules_file(tiny_shop, MORE), *SIGNED)
    file = kept(tiny_shop) / f"{sha256(MORE.encode()).hexdigest()}.yaml"
    file.write_text(RULES)
    assert "was changed after it was kept" in told(tool(tiny_shop, "restore", "2", *SIGNED))
    file.unlink()
    assert "cannot be read" in told(tool(tiny_shop, "restore", "2", *SIGNED))
    (kept(tiny_shop) / "log.jsonl").write_text("{}\n")
    assert "a line is none of ours" in told(tool(tiny_shop, "history"))


def test_a_link_stays_a_link_and_the_mode_stays(tiny_shop: TinyShop) -> None:
    """The file behind the link is replaced, and may be read by whom it could be read before."""
    real = tiny_shop.folder / "real.yaml"
    (tiny_shop.folder / "rules.yaml").rename(real)
    real.chmod(0o640)
    (tiny_shop.folder / "rules.yaml").symlink_to("real.yaml")
    tool(tiny_shop, "publish", rules_file(tiny_shop, MORE), "--to", str(tiny_shop.folder / "rules.yaml"), *SIGNED)
    assert (tiny_shop.folder / "rules.yaml").is_symlink() and real.read_text() == MORE
    assert real.stat().st_mode & 0o777 == 0o640


def test_a_swap_that_fails_leaves_no_half(tmp_path: Path) -> None:
    """The live file cannot be written: it stays, and nothing lies about."""
    archive = Archive.of(tmp_path / "gone" / "rules.yaml")
    (tmp_path / "gone").mkdir()
    (tmp_path / "gone" / "rules.yaml").mkdir()
    with pytest.raises(OSError):
        archive.put(b"version: 1\n", "ana", "x", 0, "now")
    assert not list((tmp_path / "gone").glob(".*.tmp"))


def test_a_shop_without_rules_needs_a_name(tiny_shop: TinyShop) -> None:
    """Nothing under [rules], no --to: say which file; with --to a first file is written."""
    text = tiny_shop.toml.read_text()
    tiny_shop.toml.write_text(text.replace('[rules]\nfile = "rules.yaml"\n', ""))
    new = rules_file(tiny_shop, RULES)
    assert "names no rules file" in told(tool(tiny_shop, "publish", new, *SIGNED))
    target = tiny_shop.folder / "other.yaml"
    assert tool(tiny_shop, "publish", new, "--to", str(target), *SIGNED).exit_code == 0 and target.read_text() == RULES
    with pytest.raises(RulesError):
        Archive.of(target).find("7")
