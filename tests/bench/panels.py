"""Panels: the time to a proved optimum over whole pools, all conflicts in the model.

The pool is drawn with a fixed seed before any solver sees it: six societies, two disciplines
of nineteen each, three quarters at the front line, scores of 61 values so that most rows are
tied, conflict pairs drawn evenly (n experts, 2.5 n pairs).
"""

import random
import resource
import time
from datetime import date
from fractions import Fraction

from tests.bench.harness import Figure, figure
from think_tank.rules.briefs import parse_brief
from think_tank.rules.checking import check_panel
from think_tank.rules.selection import select_panel
from think_tank.values import Brief, Candidate, ConflictPair, Question

SOCIETIES = ("math", "phys", "comp", "mech", "chem", "bio")
SIZES = {"short": {2_000: 1.0}, "full": {2_000: 1.0, 20_000: 10.0}}
SEATS = (15, 25, 40)
ON = date(2026, 6, 1)


def run(scale: str, kinds: list[str]) -> list[Figure]:
    """Solve each size for 15, 25 and 40 seats; no database takes part."""
    del kinds
    rows = []
    for size, limit in SIZES[scale].items():
        pool, pairs = draw_pool(size)
        for seats in SEATS:
            question = Question(write_brief(seats), pool, pairs)
            rows.append(measure(question, size, seats, limit))
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    rows.append(figure("panels.memory", megabytes, unit="MiB", at_most=1024))
    return rows


def measure(question: Question, size: int, seats: int, limit: float) -> Figure:
    """One solve; the control is the same pool turned round, which must give the same panel."""
    start = time.perf_counter()
    answer = select_panel(question)
    seconds = time.perf_counter() - start
    turned = Question(question.brief, question.pool[::-1], question.conflicts[::-1])
    same = select_panel(turned).ids == answer.ids if size <= 2_000 else None
    verdict = check_panel(question, answer.ids)
    proved = answer.status == "optimal" and answer.canonical and verdict.ok
    return figure(
        f"panels.solve.{size}.{seats}",
        seconds,
        unit="s",
        n=size,
        at_most=limit,
        control={"conflicts": len(question.conflicts), "same_when_turned": same},
        ok=proved and verdict.objective == answer.bound and same is not False,
    )


def draw_pool(size: int, seed: int = 1) -> tuple[list[Candidate], list[ConflictPair]]:
    """A pool and its conflicts."""
    draw = random.Random(seed)
    pool = [
        Candidate(
            f"e{n}",
            Fraction(draw.randint(40, 100)),
            {
                "society": draw.choice(SOCIETIES),
                "front_line": draw.choice(("true", "true", "true", "false")),
                "birth_date": f"{draw.randint(1950, 1995)}-05-01",
                "seniority": draw.choice("123"),
                "disciplines": ";".join(draw.sample([f"A{code:02}" for code in range(1, 20)], 2)),
            },
        )
        for n in range(size)
    ]
    pairs = [
        ConflictPair(f"e{a}", f"e{b}")
        for a, b in (draw.sample(range(size), 2) for _ in range(size * 5 // 2))
    ]
    return pool, pairs


def write_brief(seats: int) -> Brief:
    """Fourteen rules, one of them soft."""

    def rule(
        name: str, kind: str, condition: tuple[str, str, object], value: object
    ) -> dict[str, object]:
        of = dict(zip(("field", "op", "value"), condition, strict=True))
        return {"id": name, "kind": kind, "of": of, "value": value}

    soft = rule("senior", "min_count", ("seniority", "ge", 3), seats // 2)
    rules = [
        rule("front", "min_share", ("front_line", "eq", True), "3/4"),
        rule("young", "min_share", ("birth_date", "ge", "1981-01-01"), "1/3"),
        *(rule(f"max-{c}", "max_share", ("society", "eq", c), "1/4") for c in SOCIETIES),
        *(rule(f"min-{c}", "min_count", ("disciplines", "contains", c), 2)
          for c in ("A01", "A02", "A03", "A04", "A05")),
        {**soft, "hard": False, "weight": 7},
    ]  # fmt: skip
    return parse_brief({"seats": seats, "rules": rules}, today=ON)
