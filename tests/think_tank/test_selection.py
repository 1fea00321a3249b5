"""The panel is the one that trying every panel finds; its refusals are minimal and mendable."""

from dataclasses import replace
from fractions import Fraction

from hypothesis import HealthCheck, given, settings

from tests.think_tank.brute import best_panel, list_panels, missed, objective
from tests.think_tank.questions import questions
from think_tank.rules.checking import check_panel
from think_tank.rules.selection import select_panel
from think_tank.values import Question, Repair, Rule

thorough = settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))


@thorough
@given(questions())
def test_the_panel_is_the_best_and_the_first_among_equals(question: Question) -> None:
    expected = best_panel(question)
    answer = select_panel(question)
    if expected is None:
        assert answer.status == "infeasible"
        return
    assert (answer.status, answer.canonical) == ("optimal", True)
    assert (answer.objective, frozenset(answer.ids)) == expected
    assert answer.bound == answer.objective
    assert check_panel(question, answer.ids).ok


@thorough
@given(questions())
def test_the_order_of_the_pool_changes_nothing(question: Question) -> None:
    turned = replace(question, pool=question.pool[::-1], conflicts=question.conflicts[::-1])
    assert select_panel(turned) == select_panel(question)


@thorough
@given(questions())
def test_next_best_is_the_best_single_swap(question: Question) -> None:
    answer = select_panel(question)
    panels = {frozenset(c.id for c in p): objective(question, p) for p in list_panels(question)}
    seated, best = frozenset(answer.ids), answer.objective or Fraction(0)
    for seat in answer.seats:
        swaps = [
            worth for panel, worth in panels.items()
            if len(panel & seated) == len(seated) - 1 and seat.id not in panel
        ] if seat.id not in question.keep else []  # fmt: skip
        if seat.id not in question.keep:
            assert (seat.next_best is None) == (not swaps)
            if seat.next_best and seat.loss is not None:
                swapped = seated - {seat.id} | {seat.next_best}
                assert panels[swapped] == max(swaps) == best - seat.loss


@thorough
@given(questions())
def test_conflicting_rules_are_a_minimal_set(question: Question) -> None:
    answer = select_panel(question)
    if answer.status != "infeasible" or not answer.conflict_rules:
        return
    named = tuple(rule for rule in question.brief.rules if rule.id in answer.conflict_rules)
    assert not any(list_panels(question, named))
    for rule in named:
        assert any(list_panels(question, tuple(other for other in named if other != rule)))


@thorough
@given(questions())
def test_repairs_are_the_cheapest_that_mend(question: Question) -> None:
    answer = select_panel(question)
    if answer.status != "infeasible" or answer.conflict_with:
        return
    for repair in answer.repairs:
        assert any(list_panels(question, mend(question, repair)))
    expected = sorted(cost_of_panels(question))[:1]
    assert [repair.cost for repair in answer.repairs[:1]] == expected


def mend(question: Question, repair: Repair) -> tuple[Rule, ...]:
    """The brief's rules with a repair's changes made."""
    after = {change.rule: Fraction(change.after) for change in repair.changes}
    assert not any(rule.pinned for rule in question.brief.rules if rule.id in after)
    return tuple(
        replace(rule, value=after.get(rule.id, rule.value)) for rule in question.brief.rules
    )


def cost_of_panels(question: Question) -> list[Fraction]:
    """What each panel that keeps the pinned rules would cost in moved bounds."""
    hard = [rule for rule in question.brief.rules if rule.hard]
    pinned = tuple(rule for rule in hard if rule.pinned)
    return [
        sum((rule.weight * missed(rule, panel) for rule in hard), Fraction(0))
        for panel in list_panels(question, pinned)
    ]
