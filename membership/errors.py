"""Refusals of membership; every code is stable and documented in docs/api.md."""

from consortium.kernel.errors import N_, Conflict, Forbidden, InvalidInput, NotFound


class MemberNotFound(NotFound):
    """No member of that number in that society, or none that the caller may see."""

    code = "member-not-found"
    message = N_("There is no such member. Check the society code and the member number.")


class PersonUnknown(NotFound):
    """Nobody is known by this name."""

    code = "person-unknown"
    message = N_("No such person. Name her as society:member_number or by her subject.")


class MemberNumberTaken(Conflict):
    """A member number is unique inside one society."""

    code = "member-number-taken"
    message = N_("Member number %(number)s is taken. Use another or correct the existing file.")


class TermNotFound(NotFound):
    """No such term, or it belongs to a society whose roster the caller may not see."""

    code = "term-not-found"
    message = N_("There is no such term.")


class TermSuperseded(Conflict):
    """The term was corrected by someone else; only the newest row may be corrected."""

    code = "term-superseded"
    message = N_("This term has been corrected since you looked. Reload and try again.")


class TermEnded(Conflict):
    """The term has ended by then: ending it once more would only make it longer."""

    code = "term-ended"
    message = N_("This term has ended already. There is nothing left to end.")


class TermUncorrected(Conflict):
    """Nothing about the term was ever corrected, or all of it has been undone."""

    code = "term-uncorrected"
    message = N_("This term stands as it was first recorded. There is nothing to undo.")


class TermPeriodInvalid(InvalidInput):
    """A term must end after it begins."""

    code = "term-period-invalid"
    message = N_("The term must end after it begins.")


class TermStateUnknown(InvalidInput):
    """A term is active, suspended or void."""

    code = "term-state-unknown"
    message = N_("A term is active, suspended or void; %(state)s is none of these.")


class GradeUnknown(InvalidInput):
    """The society's catalogue has no such grade at that instant."""

    code = "grade-unknown"
    message = N_("%(society)s has no grade %(grade)s. Choose one of its grades: %(known)s.")


class ClassUnknown(InvalidInput):
    """The society's catalogue has no such class."""

    code = "class-unknown"
    message = N_("%(society)s has no membership class %(code)s. Choose one of: %(known)s.")


class CatalogueInvalid(InvalidInput):
    """A grade or class needs a code and a name in both languages."""

    code = "catalogue-invalid"
    message = N_(
        "A grade or class takes a code of small letters, digits and hyphens, and names in Chinese "
        "and English."
    )


class KnownAtAhead(InvalidInput):
    """As-of questions are answered up to the sequencer's watermark, so that answers stay."""

    code = "known-at-ahead"
    message = N_(
        "known_at is later than what has been recorded (%(watermark)s). Ask for an earlier "
        "instant, or leave known_at out for a live answer."
    )


class AgreementNotFound(NotFound):
    """No agreement, or no version, of that id."""

    code = "agreement-not-found"
    message = N_("There is no such agreement or version.")


class AgreementLapsed(Conflict):
    """The agreement has ended; it can be neither amended nor signed."""

    code = "agreement-lapsed"
    message = N_("The agreement ended on %(until)s. Make a new one.")


class AgreementTextInvalid(InvalidInput):
    """The clauses do not fit the agreement; `errors` name each fault."""

    code = "agreement-text-invalid"
    message = N_("The agreement text has faults. Correct the named clauses.")


class PartiesInvalid(InvalidInput):
    """The form does not fit the parties, or the agreement cannot be acceded to."""

    code = "parties-invalid"
    message = N_(
        "A bilateral agreement names two societies or more; only a multilateral one with a text "
        "can be acceded to."
    )


class AlreadySigned(Conflict):
    """A society signs a version once."""

    code = "already-signed"
    message = N_("%(society)s has signed this version already.")


class TextChanged(Conflict):
    """The hash the signer saw is not the hash of the stored text."""

    code = "text-changed"
    message = N_("The text differs from the one you read. Read it again before signing.")


class NotYourEnding(Forbidden):
    """Who ended an agreement may take that back; the other parties have no say in it."""

    code = "not-your-ending"
    message = N_("%(society)s ended this agreement; only it can take that back.")


class NotAParty(Forbidden):
    """Only a party may version, sign or end an agreement."""

    code = "not-a-party"
    message = N_("%(society)s is not a party to this agreement.")


class SignatureInvalid(Conflict):
    """A stored signature does not verify over the stored text."""

    code = "signature-invalid"
    message = N_("A signature under this agreement does not verify.")


class DecisionErased(NotFound):
    """The decision's evidence was erased at the person's wish."""

    code = "decision-erased"
    message = N_("The facts behind this decision have been erased.")


class WorldInvalid(InvalidInput):
    """A line of a world or of its questions cannot be read."""

    code = "world-invalid"
    message = N_("Line %(line)s of %(file)s cannot be read: %(fault)s. See decide --schema.")
