"""The change feed: eight writers, one reader over HTTP; and news under `kill -9`."""

from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.harness import Figure, figure, migrated_databases
from tests.campaigns import news
from tests.campaigns.feed import WRITERS, Outcome, http_pages, run_feed
from tests.node import open_node

SECONDS = {"short": 10.0, "full": 20.0}
CHANGES_A_SECOND = 250
STORMS = {"short": news.SHORT, "full": news.FULL}


def run(scale: str, kinds: list[str]) -> list[Figure]:
    """Measure on each database."""
    found: list[Figure] = []
    for kind in kinds:
        with TemporaryDirectory(prefix="bench-feed-") as folder:
            home = Path(folder)
            with migrated_databases(kind, home) as fresh:
                found += _follow(kind, home / "feed", fresh(), SECONDS[scale])
                found += _survive(kind, home / "news", fresh(), STORMS[scale])
    return found


def _follow(kind: str, home: Path, url: str, seconds: float) -> list[Figure]:
    with open_node(home, url) as node:
        outcome = run_feed(node, http_pages(node, node.start_web()), seconds=seconds)
    lost = f"id > cursor lost {outcome.lost_by_id}, position > cursor {outcome.lost_by_position}"
    told = {"database": kind, "n": outcome.committed}
    return [
        figure(
            "feed.changes", outcome.committed, at_least=CHANGES_A_SECOND * seconds,
            unit=f"changes in {seconds:g} s", control=_describe(outcome), **told,
        ),
        figure(
            "feed.wrong", outcome.missing + outcome.repeated + outcome.foreign, at_most=0,
            unit="missing, repeated or foreign", control=lost, ok=outcome.lost_by_id > 0, **told,
        ),
        figure(
            "feed.lag_p99", outcome.lag_p99_seconds,
            unit="s from a transaction's start, its hold included", **told,
        ),
    ]  # fmt: skip


def _describe(outcome: Outcome) -> str:
    return (
        f"{WRITERS} writers, {outcome.transactions} transactions, {outcome.rolled_back} rolled"
        f" back, longest held {outcome.longest_hold:.1f} s"
    )


def _survive(kind: str, home: Path, url: str, storm: news.Storm) -> list[Figure]:
    with open_node(home, url, app=news.GUEST) as node:
        node.flask("consortium", "schema", "upgrade")
        outcome = news.run_news(node, storm)
    return [
        figure(
            "feed.news.wrong", outcome.twice + outcome.lost + outcome.foreign, at_most=0,
            unit="heard twice, never or from nowhere", database=kind, n=outcome.committed,
            control=f"{outcome.kills} processes killed",
        )
    ]  # fmt: skip
