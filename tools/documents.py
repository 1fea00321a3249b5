"""Writes the pages that are made from the code: .env.example and docs/settings.md, CHANGELOG.md.

`--check` only says whether the committed ones are up to date.
"""

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

KINDS = {"added": "Added", "changed": "Changed", "fixed": "Fixed", "removed": "Removed"}


def main() -> int:
    """Write or compare every generated page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    check: bool = parser.parse_args().check
    pages = {
        ".env.example": env_example(),
        "docs/settings.md": settings_table(),
        "CHANGELOG.md": changelog(),
        "docs/openapi.json": openapi(),
    }
    stale = [name for name, text in pages.items() if _read(name) != text]
    if check:
        for name in stale:
            print(f"{name} is out of date: run make fix", file=sys.stderr)
        return 1 if stale else 0
    for name in stale:
        (ROOT / name).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / name).write_text(pages[name], encoding="utf-8")
    return 0


def _read(name: str) -> str | None:
    path = ROOT / name
    return path.read_text(encoding="utf-8") if path.exists() else None


def env_example() -> str:
    """Every setting with its meaning, commented out at its default."""
    from consortium.kernel.settings import describe_settings

    lines = ["# Copy to .env and change what you need. Made from the settings schema.\n"]
    for name, default, meaning in describe_settings():
        lines.append(f"\n# {meaning}\n#{name}={default}\n")
    return "".join(lines)


def settings_table() -> str:
    """Every setting as a table."""
    from consortium.kernel.settings import describe_settings

    lines = [
        "# Settings\n\n",
        "Read from the environment or from `.env` at start; a wrong one is named and nothing ",
        "starts. Made from the settings schema by `make fix`.\n\n",
        "| Setting | Default | Meaning |\n| --- | --- | --- |\n",
    ]
    for name, default, meaning in describe_settings():
        shown = f"`{default}`" if default else ""
        lines.append(f"| `{name}` | {shown} | {meaning} |\n")
    return "".join(lines)


def changelog() -> str:
    """What users notice, from the fragments `changes/<slug>.<kind>.md`."""
    lines = [
        "# Changelog\n\nMade from the fragments in `changes/` by `make fix`.\n\n## Unreleased\n"
    ]
    for kind, title in KINDS.items():
        found = sorted((ROOT / "changes").glob(f"*.{kind}.md"))
        if found:
            lines.append(f"\n### {title}\n\n")
            lines += [f"- {path.read_text(encoding='utf-8').strip()}\n" for path in found]
    return "".join(lines)


def openapi() -> str:
    """The OpenAPI document that version 1 promises; `docs/api.md` says how it may grow."""
    import json
    import os
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        for name in [name for name in os.environ if name.startswith("CONSORTIUM_")]:
            del os.environ[name]
        os.environ["CONSORTIUM_DATA_DIR"] = folder
        import wsgi

        answer = wsgi.app.test_client().get("/api/v1/openapi.json")
        return json.dumps(answer.get_json(), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


if __name__ == "__main__":
    sys.exit(main())
