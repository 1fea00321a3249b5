"""Settings: read once, refused early, told with their name."""

from dataclasses import fields
from pathlib import Path

import pytest

from consortium.kernel.app import build_app
from consortium.kernel.secret_keys import master_keys
from consortium.kernel.settings import (
    BadSetting,
    Settings,
    describe_settings,
    load_settings,
    warn_of_unknown,
)

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
        *(
            ("ISSUER", issuer, "takes")
            for issuer in (
                "http://[::1",
                "https://host:abc",
                "https://a b",
                "https://exa\tmple.org",
                "https://example.org/a/../b",
                "https://example.org/./b",
                "https://example.org//b",
                "http://localhost:99999",
                "http://localhost:0",
                "http://localhost:43000?",
                "http://localhost:43000#",
                "https://会.example",
                "https://-",
                "https://",
                "",
            )
        ),
        ("ISSUER", "http://localhost:8640/", "takes no slash at the end; write http://localhost"),
        ("ISSUER", "https://example.org/a/", "takes no slash at the end; write https://example"),
        ("ISSUER", "localhost:8640", "or http://HOST.*on loopback"),
        ("DATABASE_URL", "postgresql://u:p@h:port/d", "takes"),
        ("DATABASE_URL", "postgresql+psycopg2://h/d", "takes"),
        ("DATABASE_URL", "sqlite:////nowhere/x.db", "no folder"),
        ("DATABASE_URL", "sqlite:////tmp", "is a folder"),
        ("DATABASE_URL", "sqlite:///x?mode=memory&uri=true", "name a file"),
        ("DATABASE_URL", "sqlite:///file:x?mode=memory&uri=true", "name a file"),
        ("DATA_DIR", "", "takes a folder"),
        ("METRICS_PORT", "99999", "at most 65535"),
        ("METRICS_PORT", "-1", "at least 0"),
        ("SESSION_COOKIE", "", "takes letters"),
        ("SESSION_COOKIE", "a b;c", "takes letters"),
        ("SESSION_COOKIE", "会话", "takes letters"),
        ("MAIL_FROM", "", "mail address"),
        ("MAIL_FROM", "not an address", "mail address"),
        ("MAIL_FROM", "a@b.example\nBcc: x@y.example", "mail address"),
        ("MAIL_FROM", "a@b.example, c@d.example", "mail address"),
        ("SMS_URL", "http://gateway.example", "plain http"),
        ("SMS_URL", "http://8.8.8.8/x", "plain http"),
        ("SMS_URL", "https://gateway.example:99999/x", "takes a port"),
        ("SMS_URL", "https://gate way/x", "no host name"),
        ("MAIL_URL", "smtp://ho st", "no host name"),
        ("MAIL_URL", "smtp://mail.example:0", "takes a port"),
        ("DATABASE_URL", "postgresql://u:p@localhost:99999/x", "takes a port"),
        ("DATABASE_URL", "postgresql://u:p@local host/x", "no host name"),
        ("DATA_DIR", "/tmp/\udcff", "takes text in UTF-8"),
        ("DATA_DIR", "/tmp/a\0b", "without a NUL"),
        ("DATA_DIR", "~nobody-of-this-name/x", "takes a folder"),
        ("SECRET_KEYS_FILE", "a\0b", "without a NUL"),
    ],
)
def test_a_wrong_setting_is_named_and_nothing_starts(name: str, value: str, told: str) -> None:
    environ = {"CONSORTIUM_SECRET_KEYS": KEY, f"CONSORTIUM_{name}": value}
    with pytest.raises(BadSetting, match=f"CONSORTIUM_{name}.*{told}"):
        load_settings(environ)


NUMBERS = [item.name for item in fields(Settings) if item.type == "int" or item.type is int]


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("value", ["1" * 20, "1" * 40, "1" * 5000, "²", "1.5", "１", "-1", ""])
def test_no_number_is_without_limits(name: str, value: str) -> None:
    with pytest.raises(BadSetting, match=f"CONSORTIUM_{name.upper()}: takes a whole number"):
        load_settings({"CONSORTIUM_SECRET_KEYS": KEY, f"CONSORTIUM_{name.upper()}": value})


@pytest.mark.parametrize("name", NUMBERS)
def test_every_default_is_within_its_limits(name: str) -> None:
    default = getattr(Settings(), name)
    loaded = load_settings({f"CONSORTIUM_{name.upper()}": str(default)})
    assert getattr(loaded, name) == default


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ISSUER", "http://[::1]:8000"),
        ("ISSUER", "https://node-1.example.org:8443/math/a.b"),
        ("DATABASE_URL", "postgresql://postgres:@/main?host=/run/postgresql"),
        ("DATABASE_URL", "sqlite:///here.sqlite3"),
        ("MAIL_FROM", "学会 <office@math.example>"),
        ("SMS_URL", "http://127.0.0.1:8001/sms"),
        ("SMS_URL", "https://gateway.example/sms"),
        ("MAIL_URL", "smtps://user:p%40ss@[::1]:465"),
        ("DATABASE_URL", "postgresql://u:p@db-1.example.:5432/x"),
    ],
)
def test_a_right_setting_is_taken(name: str, value: str) -> None:
    loaded = load_settings({"CONSORTIUM_SECRET_KEYS": KEY, f"CONSORTIUM_{name}": value})
    assert str(getattr(loaded, name.lower())) == value


def test_a_gateway_in_a_network_that_is_let_through_may_do_without_tls() -> None:
    environ = {"CONSORTIUM_SMS_URL": "http://10.1.2.3/", "CONSORTIUM_HTTP_ALLOW": "10.0.0.0/8"}
    assert load_settings(environ).sms_url == "http://10.1.2.3/"


@pytest.mark.parametrize("path", ["/etc/passwd", "/proc/x", "/etc/passwd/below"])
def test_a_data_folder_that_cannot_be_one_is_refused_at_start(path: str) -> None:
    with pytest.raises(BadSetting, match="CONSORTIUM_DATA_DIR: takes a folder"):
        build_app((), Settings(secret_keys=(KEY,), data_dir=Path(path)))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SMS_URL", "file:/proc/x/y"),
        ("SMS_URL", "file:/proc/y"),
        ("SMS_URL", "file:/tmp"),
        ("SMS_URL", "file:/tmp/%00"),
        ("MAIL_URL", "file:/proc/x"),
        ("MAIL_URL", "file:/tmp/%00"),
        ("MAIL_URL", "file:/etc/passwd"),
    ],
)
def test_a_way_out_that_cannot_be_made_is_refused_at_start(
    name: str, value: str, tmp_path: Path
) -> None:
    settings = Settings(secret_keys=(KEY,), data_dir=tmp_path, **{name.lower(): value})
    with pytest.raises(BadSetting, match=f"CONSORTIUM_{name}: "):
        build_app((), settings)


@pytest.mark.parametrize("name", ["secret_keys", "given"])
def test_a_key_file_that_is_no_text_is_named(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"\xff\xfe" * 40)
    file = tmp_path / "given" if name == "given" else None
    with pytest.raises(BadSetting, match=f"CONSORTIUM_SECRET_KEYS.*{name} is no text"):
        master_keys(Settings(data_dir=tmp_path, secret_keys_file=file))


def test_a_file_with_the_issuer_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "issuer").write_bytes(b"\xff\xfe")
    with pytest.raises(BadSetting, match=f"CONSORTIUM_ISSUER: cannot read {tmp_path}"):
        load_settings({"CONSORTIUM_DATA_DIR": str(tmp_path)})


def test_a_name_that_is_no_setting_is_named_at_start(capsys: pytest.CaptureFixture[str]) -> None:
    warn_of_unknown({"CONSORTIUM_JOB_LEASE_SECOND": "5", "CONSORTIUM_DEMO": "1", "HOME": "/"})
    warn_of_unknown({"CONSORTIUM_XYZ": "5"})
    assert capsys.readouterr().err.splitlines() == [
        "warning: CONSORTIUM_JOB_LEASE_SECOND is no setting; "
        "did you mean CONSORTIUM_JOB_LEASE_SECONDS?",
        "warning: CONSORTIUM_XYZ is no setting",
    ]


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
