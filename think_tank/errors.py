"""Refusals of the think tank."""

from consortium.kernel.errors import N_, ConsortiumError


class BriefInvalid(ConsortiumError):
    """The brief has faults"""

    status, code = 422, "brief-invalid"
    message = N_("The brief cannot be used as written. Mend each place named below.")


class BriefInfeasible(ConsortiumError):
    """No panel can meet the brief"""

    status, code = 409, "brief-infeasible"
    message = N_(
        "No panel can meet these together: %(rules)s. Relax one of them, or widen the pool."
    )


class PoolInvalid(ConsortiumError):
    """The pool cannot be read"""

    status, code = 422, "pool-invalid"
    message = N_(
        "The pool has rows that cannot be used. Mend each cell named below, then try again."
    )


class ConflictsInvalid(ConsortiumError):
    """The conflict pairs cannot be read"""

    status, code = 422, "conflicts-invalid"
    message = N_("The conflict pairs cannot be used as written. Mend each cell named below.")


class ExpertUnknown(ConsortiumError):
    """No such expert in the pool"""

    status, code = 422, "expert-unknown"
    message = N_("These are not in the pool: %(ids)s.")


class KeptAndExcluded(ConsortiumError):
    """The same expert is to be kept and left out"""

    status, code = 422, "kept-and-excluded"
    message = N_("These are to be kept and left out at once: %(ids)s. Take each out of one list.")


class SolveInvalid(ConsortiumError):
    """The run cannot be asked for as written"""

    status, code = 422, "solve-invalid"
    message = N_("Mend each place named below, then ask again.")


class TableUnreadable(ConsortiumError):
    """The file is not a table"""

    status, code = 422, "table-unreadable"
    message = N_("This file cannot be read as a table. Save it as .xlsx or as .csv and try again.")


class SolverStopped(ConsortiumError):
    """No panel was found in time"""

    status, code = 503, "solver-stopped"
    message = N_(
        "No panel was found within %(seconds)s seconds. Try again with more time or a smaller pool."
    )


class SolverDisagrees(ConsortiumError):
    """The solver's panel fails the check"""

    status, code = 500, "solver-disagrees"
    message = N_(
        "The solver proposed a panel that our own check refuses. Nothing was stored; report it."
    )


class PanelUnreadable(ConsortiumError):
    """The panel file cannot be read"""

    status, code = 422, "panel-unreadable"
    message = N_("This is not a panel file. Use the answer of `panel solve` as it was printed.")


class LinkRefused(ConsortiumError):
    """This link cannot be used"""

    status, code = 410, "link-refused"
    message = N_("The link was used, has expired or is not ours. Ask your society for another.")


class InstituteUnknown(ConsortiumError):
    """No such institute"""

    status, code = 404, "institute-unknown"
    message = N_("There is no institute at this address.")


class InstituteInvalid(ConsortiumError):
    """The institute cannot be founded"""

    status, code = 422, "institute-invalid"
    message = N_("The institute cannot be founded as written. Mend each place named below.")


class SlugTaken(ConsortiumError):
    """The address is taken"""

    status, code = 409, "slug-taken"
    message = N_("Another institute has the address %(slug)s. Choose another.")


class PanelOutdated(ConsortiumError):
    """The proposal no longer holds"""

    status, code = 409, "panel-outdated"
    message = N_(
        "Since it was solved the pool has changed, and the panel breaks what is named below. "
        "Solve the brief again."
    )


class BriefSeated(ConsortiumError):
    """The brief has its panel already"""

    status, code = 409, "brief-seated"
    message = N_("A panel has been seated for this brief. Write a new brief for another.")


class SolveUnfinished(ConsortiumError):
    """There is no proposal to seat"""

    status, code = 409, "solve-unfinished"
    message = N_("This run has no proposed panel. Solve the brief first.")


class PanelConfidential(ConsortiumError):
    """The panel is confidential"""

    status, code = 409, "panel-confidential"
    message = N_("The brief keeps this panel confidential; it cannot be published.")
