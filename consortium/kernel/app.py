"""Builds an application from settings and the features it is given."""

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from flask import Flask
from flask_migrate import Migrate
from werkzeug.routing import Rule

from consortium.kernel import health, logs, metrics
from consortium.kernel import settings as settings_module
from consortium.kernel.api import init_api
from consortium.kernel.commands import install_commands
from consortium.kernel.composition import check_features
from consortium.kernel.db import db, init_db
from consortium.kernel.feature import Feature
from consortium.kernel.features import install_features
from consortium.kernel.kernel_feature import KERNEL
from consortium.kernel.mail import read_mail_route
from consortium.kernel.migrating import configure_alembic, migrations_of
from consortium.kernel.secret_keys import SOURCE, master_keys, name_source
from consortium.kernel.setting_values import make_file, make_folder
from consortium.kernel.settings import (
    BadSetting,
    Settings,
    check_settings,
    load_settings,
    warn_of_unknown,
)
from consortium.kernel.sms import file_of, read_sms_scheme
from consortium.kernel.web import init_web


class LateRule(Rule):
    """A route that learns to write its address when somebody asks for it.

    Werkzeug compiles two functions a route when the route is added: four fifths of the time an
    application takes to be built, and most processes write few addresses. Should this private
    name go, routes are built as Werkzeug builds them.
    """

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        compile_builder = super()._compile_builder
        made: list[Callable[..., tuple[str, str]]] = []

        def build(rule: Rule, **values: Any) -> tuple[str, str]:
            if not made:
                made.append(compile_builder(append_unknown))
            return made[0](rule, **values)

        return build


class Node(Flask):
    """Flask without coroutines: no view or hook of ours is one."""

    url_rule_class = LateRule

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """The function itself; Flask would look twenty times a request whether it is async."""
        return func


def build_app(features: Sequence[Feature], settings: Settings | None = None) -> Flask:
    """Build an application.

    Args:
        features: lowest floor first; each is used only through what it declares.
        settings: for tests; the environment is read if none are given.

    Raises:
        BadSetting: a setting cannot be used; nothing has been started.
        BadFeature: the features do not fit together.
    """
    if settings is None:
        warn_of_unknown(os.environ)
    checked = check_settings(settings) if settings else load_settings()
    _check_ways_out(checked)
    check_features((KERNEL, *features))
    keys_from = name_source(checked)
    checked = replace(checked, secret_keys=master_keys(checked))
    app = Node("consortium.kernel", static_folder=None, template_folder=None)
    app.extensions[settings_module.EXTENSION] = checked
    app.extensions[SOURCE] = keys_from
    app.config["SECRET_KEY"], *fallbacks = checked.secret_keys
    app.config["SECRET_KEY_FALLBACKS"] = fallbacks
    logs.init_logs(app)
    init_db(app, checked)
    install_features(app, (KERNEL, *features))
    _init_migrations(app, features)
    init_web(app)
    init_api(app, [blueprint for feature in features for blueprint in feature.api])
    health.init_health(app)
    metrics.init_metrics(app)
    for feature in features:
        _install(app, feature)
    install_commands(app)
    return app


def _check_ways_out(settings: Settings) -> None:
    """Refuse a route or a data folder that would only fail when it is used; make what it names.

    Raises:
        BadSetting: one of them cannot be used.
    """
    checks: tuple[tuple[str, Callable[[], object]], ...] = (
        # First: others may lie in it, and it is its owner's alone.
        ("DATA_DIR", lambda: make_folder(settings.data_dir, mode=0o700)),
        ("MAIL_URL", lambda: _check_mail(settings.mail_url)),
        ("SMS_URL", lambda: _check_sms(settings.sms_url)),
    )
    for name, check in checks:
        try:
            check()
        except ValueError as fault:
            raise BadSetting(f"CONSORTIUM_{name}: {fault}") from fault


def _check_mail(url: str) -> None:
    route = read_mail_route(url)
    if route.scheme == "file":
        make_folder(Path(route.directory))


def _check_sms(url: str) -> None:
    if read_sms_scheme(url) == "file":
        make_file(file_of(url))


def _install(app: Flask, feature: Feature) -> None:
    for blueprint in feature.blueprints:
        app.register_blueprint(blueprint)
    for command in feature.commands:
        app.cli.add_command(command)
    if feature.install is not None:
        feature.install(app)


def _init_migrations(app: Flask, features: Sequence[Feature]) -> None:
    migrate = Migrate(
        db=db, directory=str(migrations_of(features)[0]), compare_type=True, render_as_batch=True
    )
    migrate.configure(configure_alembic(features))
    migrate.init_app(app)
