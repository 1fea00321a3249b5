"""Settings: read once, refused early, told with their name."""

from pathlib import Path

import pytest

from consortium.kernel.secret_keys import master_keys
from consortium.kernel.settings import BadSetting, Settings, describe_settings, load_settings

KEY = "k" * 40


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("ISSUER", "http://example.org", "loopback"),
        ("ISSUER", "https://example.org/", "slash"),
        ("ISSUER", "ftp://example.org", "https"),
        ("ISSUER", "https://user@example.org", "user"),
        ("DATABASE_URL", "mysql://x/y", "takes"),
        ("DATABASE_URL", "sqlite:///:memory:", "name a file"),
        ("SECRET_KEYS", "short", "32"),
        ("HTTP_ALLOW", "not-a-network", "does not appear"),
        ("TRUSTED_PROXIES", "-1", "at least 0"),
        ("JOB_LEASE_SECONDS", "x", "takes a whole number"),
        ("DEMO", "maybe", "1 or 0"),
    ],
)
def test_a_wrong_setting_is_named_and_nothing_starts(name: str, value: str, told: str) -> None:
    environ = {"CONSORTIUM_SECRET_KEYS": KEY, f"CONSORTIUM_{name}": value}
    with pytest.raises(BadSetting, match=f"CONSORTIUM_{name}.*{told}"):
        load_settings(environ)


def test_a_node_that_others_reach_needs_its_keys_given() -> None:
    with pytest.raises(BadSetting, match="CONSORTIUM_SECRET_KEYS"):
        load_settings({"CONSORTIUM_ISSUER": "https://node.example"})


def test_on_loopback_a_key_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    settings = load_settings({"CONSORTIUM_DATA_DIR": str(tmp_path / "var")})
    first = master_keys(settings)
    assert first == master_keys(settings)
    assert (tmp_path / "var" / "secret_keys").stat().st_mode & 0o077 == 0


def test_a_key_file_gives_the_newest_key_first(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    path.write_text(f"{'n' * 40}\n{'o' * 40}\n")
    settings = load_settings({"CONSORTIUM_SECRET_KEYS_FILE": str(path)})
    assert master_keys(settings) == ("n" * 40, "o" * 40)


@pytest.mark.parametrize("plain", ["postgresql://h/d", "postgres://h/d"])
def test_a_plain_postgresql_address_gets_its_driver(plain: str) -> None:
    settings = load_settings({"CONSORTIUM_DATABASE_URL": plain})
    assert settings.database == "postgresql+psycopg://h/d"


def test_every_setting_is_described() -> None:
    described = describe_settings()
    assert len(described) == len(vars(Settings()))
    assert all(meaning for _, _, meaning in described)


def test_commands_beside_a_running_demo_know_its_address(tmp_path: Path) -> None:
    (tmp_path / "issuer").write_text("http://localhost:8900\n")
    settings = load_settings({"CONSORTIUM_DATA_DIR": str(tmp_path)})
    assert settings.issuer == "http://localhost:8900"
