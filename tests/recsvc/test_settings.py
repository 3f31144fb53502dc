"""Settings: every one has a default and help, and what is wrong stops the start by name."""

from pathlib import Path

import pytest

from models.errors import ConfigError
from models.shop import Service, Shop
from recsvc.settings import SETTINGS, is_loopback, read_settings


def test_every_setting_has_a_sentence_of_help_and_a_name_in_the_environment() -> None:
    for setting in SETTINGS:
        assert setting.help.endswith(".") and len(setting.help) > 15
        assert setting.variable == f"RECSVC_{setting.name.upper()}"


def test_a_flag_beats_the_environment_which_beats_the_shop(bare_shop: Shop) -> None:
    shop = bare_shop.model_copy(update={"service": Service(port=1111)})
    assert read_settings(shop, {}, {}).port == 1111
    assert read_settings(shop, {"RECSVC_PORT": "2222"}, {"port": None}).port == 2222
    assert read_settings(shop, {"RECSVC_PORT": "2222"}, {"port": "3333"}).port == 3333


def test_what_is_saved_or_published_is_looked_for_often_enough_to_be_live_within_two_seconds() -> None:
    """A file counts when two looks in a row see the same of it, and something may change right after a look."""
    assert 3 * read_settings(None, {}, {}).poll_seconds < 2


def test_a_blank_variable_is_one_that_is_not_set() -> None:
    assert read_settings(None, {"RECSVC_PORT": ""}, {}).port == 8000


def test_an_unknown_variable_stops_the_start_with_the_nearest_name() -> None:
    with pytest.raises(ConfigError, match="RECSVC_WORKER: no such setting: did you mean 'RECSVC_WORKERS'"):
        read_settings(None, {"RECSVC_WORKER": "2", "HOME": "/root"}, {})


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("PORT", "http"), ("PORT", "70000"), ("PORT", "-1"), ("WORKERS", "0"), ("WORKERS", "²"), ("THREADS", "1.5"),
        ("POLL_SECONDS", "nan"), ("POLL_SECONDS", "soon"), ("ACCESS_LOG", "maybe"), ("CACHE_SECONDS", "x"),
        ("MAX_BODY_BYTES", "10"),
    ],
)  # fmt: skip
def test_a_value_that_does_not_parse_is_named_with_what_to_write(name: str, text: str) -> None:
    with pytest.raises(ConfigError, match=f"RECSVC_{name}: '.*': write "):
        read_settings(None, {f"RECSVC_{name}": text}, {})


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        read_settings(None, {"RECSVC_PORT": "x", "RECSVC_NOPE": "1"}, {"workers": "many"})
    assert len(str(caught.value).splitlines()) == 3
    assert "--workers: 'many'" in str(caught.value)


def test_a_wrong_key_setting_never_shows_the_key() -> None:
    with pytest.raises(ConfigError) as caught:
        read_settings(None, {"RECSVC_KEYS": "admn:sesame-open"}, {})
    assert "sesame" not in str(caught.value)
    assert "did you mean 'admin'" in str(caught.value)


def test_the_shop_names_the_rules_file_and_none_switches_it_off(bare_shop: Shop) -> None:
    shop = bare_shop.model_copy(update={"rules": bare_shop.rules.model_copy(update={"file": "rules.yaml"})})
    assert read_settings(shop, {}, {}).rules == shop.folder / "rules.yaml"
    assert read_settings(shop, {"RECSVC_RULES": "none"}, {}).rules is None
    assert read_settings(shop, {}, {"rules": "other.yaml"}).rules == Path("other.yaml")


def test_lists_are_separated_by_commas() -> None:
    settings = read_settings(None, {"RECSVC_CORS_ORIGINS": "https://a.example, https://b.example,"}, {})
    assert settings.cors_origins == ("https://a.example", "https://b.example")
    assert read_settings(None, {"RECSVC_ACCESS_LOG": "false"}, {}).access_log is False


@pytest.mark.parametrize(
    ("host", "inside"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("shop.example", False),
    ],
)
def test_loopback_addresses_are_told_from_others(host: str, inside: bool) -> None:
    assert is_loopback(host) is inside
