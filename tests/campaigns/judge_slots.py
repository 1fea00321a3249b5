"""Judges the effects of `jobs prove` by plain SQL. Imports nothing of the product.

Usage: judge_slots.py DATABASE_URL SLOTS PAGES
"""

import json
import sqlite3
import sys
from collections import Counter, defaultdict

QUERY = "SELECT slot, page, fence FROM job_proof_effect"


def read(url: str) -> list[tuple[str, int, int]]:
    if url.startswith("sqlite:///"):
        connection = sqlite3.connect(f"file:{url.removeprefix('sqlite:///')}?mode=ro", uri=True)
        rows = connection.execute(QUERY).fetchall()
    else:
        import psycopg

        connection = psycopg.connect(url.replace("postgresql+psycopg://", "postgresql://"))
        rows = connection.execute(QUERY).fetchall()
    connection.close()
    return [(str(slot), page, fence) for slot, page, fence in rows]


def main(url: str, slots: int, pages: int) -> dict[str, int]:
    seen: dict[str, Counter[int]] = defaultdict(Counter)
    fences: dict[str, set[int]] = defaultdict(set)
    for slot, page, fence in read(url):
        seen[slot][page] += 1
        fences[slot].add(fence)
    wanted = Counter(range(pages))
    return {
        "once": sum(found == wanted for found in seen.values()),
        "twice": sum(any(count > 1 for count in found.values()) for found in seen.values()),
        "missing": slots - sum(set(found) == set(wanted) for found in seen.values()),
        "taken_over": sum(len(found) > 1 for found in fences.values()),
    }


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))))
