"""The only place that talks to HiGHS, which is loaded at first use."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import floor
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import highspy

# Data are whole numbers: a proof that nothing better exists needs a gap below one unit only.
GAP = 0.9
SLACK = 1e-4
Outcome = Literal["optimal", "stopped", "infeasible"]


@dataclass(frozen=True)
class Row:
    """least <= sum of weight * variable <= most; without weights all are 1."""

    places: Sequence[int]
    least: float
    most: float
    weights: Sequence[int] | None = None


@dataclass(frozen=True)
class Program:
    """Maximise costs over whole variables between `lower` and `upper` that keep every row."""

    costs: Sequence[int]
    lower: Sequence[int]
    upper: Sequence[int]
    rows: Sequence[Row] = field(default_factory=tuple)

    def extend(
        self, *, costs: Sequence[int], upper: Sequence[int], rows: Sequence[Row]
    ) -> "Program":
        """More variables from zero up, and more rows; only the new variables' costs count."""
        zeros = [0] * len(self.costs)
        lower = [*self.lower, *([0] * len(costs))]
        return Program([*zeros, *costs], lower, [*self.upper, *upper], [*self.rows, *rows])

    def within(self, lower: Sequence[int], upper: Sequence[int]) -> "Program":
        """The program with other bounds."""
        return replace(self, lower=lower, upper=upper)


@dataclass(frozen=True)
class Solution:
    """What HiGHS found: whole values, and a bound that no solution exceeds."""

    outcome: Outcome
    values: tuple[int, ...] = ()
    bound: int = 0


@dataclass(frozen=True)
class Relaxation:
    """The linear relaxation: its optimum and reduced costs."""

    optimum: float
    reduced: tuple[float, ...]


def solve_program(program: Program, *, seconds: float) -> Solution:
    """Solve exactly, up to the whole-number gap.

    One thread and a fixed seed: the same program gives the same answer.
    Values are rounded here and must be re-checked by the caller (HiGHS returns 12591.999).
    """
    import highspy

    if not program.costs:
        # HiGHS calls a model without variables empty, whatever its rows ask.
        kept = all(row.least <= 0 <= row.most for row in program.rows)
        return Solution("optimal" if kept else "infeasible")
    highs = _load(program, seconds=seconds, whole=True)
    highs.run()

    status = highs.getModelStatus()
    infeasible = (
        highspy.HighsModelStatus.kInfeasible,
        highspy.HighsModelStatus.kUnboundedOrInfeasible,
    )
    if status in infeasible:
        return Solution("infeasible")
    info = highs.getInfo()
    found = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    values = tuple(round(value) for value in highs.getSolution().col_value) if found else ()
    if status == highspy.HighsModelStatus.kOptimal and found:
        achieved = sum(cost * value for cost, value in zip(program.costs, values, strict=True))
        top = info.mip_dual_bound if abs(info.mip_dual_bound) < highspy.kHighsInf else achieved
        return Solution("optimal", values, max(achieved, floor(top + SLACK)))
    top = min(info.mip_dual_bound, _trivial_bound(program))
    return Solution("stopped", values, floor(top + SLACK))


def _trivial_bound(program: Program) -> float:
    sides = zip(program.costs, program.lower, program.upper, strict=True)
    return float(sum(max(cost * low, cost * high) for cost, low, high in sides))


def relax_program(program: Program, *, seconds: float) -> Relaxation | None:
    """Solve the linear relaxation; None if there is no optimum to be had in time."""
    import highspy

    highs = _load(program, seconds=seconds, whole=False)
    highs.run()
    if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return None
    optimum = highs.getInfo().objective_function_value
    return Relaxation(optimum, tuple(highs.getSolution().col_dual))


def _load(program: Program, *, seconds: float, whole: bool) -> "highspy.Highs":
    import highspy
    import numpy as np

    starts, index, value = [0], list[int](), list[int]()
    for row in program.rows:
        index.extend(row.places)
        value.extend(row.weights or [1] * len(row.places))
        starts.append(len(index))
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = len(program.costs), len(program.rows)
    lp.sense_ = highspy.ObjSense.kMaximize
    lp.col_cost_ = np.array(program.costs, dtype=np.double)
    lp.col_lower_ = np.array(program.lower, dtype=np.double)
    lp.col_upper_ = np.array(program.upper, dtype=np.double)
    lp.row_lower_ = np.array([row.least for row in program.rows], dtype=np.double)
    lp.row_upper_ = np.array([row.most for row in program.rows], dtype=np.double)
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_ = np.array(starts, dtype=np.int32)
    lp.a_matrix_.index_ = np.array(index, dtype=np.int32)
    lp.a_matrix_.value_ = np.array(value, dtype=np.double)
    if whole:
        lp.integrality_ = [highspy.HighsVarType.kInteger] * len(program.costs)
    highs: highspy.Highs = highspy.Highs()  # type: ignore[no-untyped-call]  # its stub lacks types
    for option, setting in (
        ("output_flag", False),
        ("threads", 1),
        ("random_seed", 0),
        ("time_limit", max(0.01, seconds)),
        ("mip_rel_gap", 0.0),
        ("mip_abs_gap", GAP),
        ("mip_feasibility_tolerance", 1e-7),
    ):
        highs.setOptionValue(option, setting)
    highs.passModel(lp)
    return highs
