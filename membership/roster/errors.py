"""Refusals of a whole roster file, and the fault of a single cell."""

from consortium.kernel.errors import (
    N_,
    Conflict,
    ConsortiumError,
    FieldError,
    InvalidInput,
    NotFound,
)


class RosterUnreadable(ConsortiumError):
    """The file is no roster that can be read."""

    status, code = 422, "roster-unreadable"
    message = N_(
        "This file is %(found)s, not a spreadsheet. Open it in Excel or WPS and save it as .xlsx."
    )


class RosterDamaged(RosterUnreadable):
    """The file is cut short or damaged."""

    code = "roster-unreadable"
    message = N_(
        "The file is damaged or was cut short on its way. Open it in Excel or WPS, save it as "
        ".xlsx and send it again."
    )


class RosterOldXml(RosterUnreadable):
    """The file is an XML spreadsheet of Excel 2003."""

    code = "roster-unreadable"
    message = N_(
        "This is an XML spreadsheet as Excel 2003 wrote it. Open it in Excel or WPS, save it as "
        ".xlsx and send it again."
    )


class RosterQuoteOpen(RosterUnreadable):
    """A quotation mark is opened and never closed."""

    code = "roster-damaged"
    message = N_(
        "The quotation mark in line %(line)s is not closed, so it swallows the rows after it. "
        "Close or delete it, or save the file as .xlsx, and send it again."
    )


class RosterUncalculated(ConsortiumError):
    """Formulas stand in the file without their results."""

    status, code = 422, "roster-uncalculated"
    message = N_(
        "The file holds formulas without their results. Open it in LibreOffice, Excel or WPS, save "
        "it there and send it again."
    )


class RosterEncrypted(ConsortiumError):
    """The file asks for a password."""

    status, code = 422, "roster-encrypted"
    message = N_(
        "The file is protected by a password. Open it, remove the password (Save as, Tools, "
        "General options) and send it again."
    )


class RosterEmpty(ConsortiumError):
    """The file holds nothing."""

    status, code = 422, "roster-empty"
    message = N_("The file is empty. Choose the file that holds the roster.")


class RosterHeaderMissing(ConsortiumError):
    """No row names the columns."""

    status, code = 422, "roster-header-missing"
    message = N_(
        "No header was found in the first %(rows)s rows of any sheet. One row must name the "
        "columns, a name column among them, such as 会员号, 姓名, 会员级别."
    )


class SheetHeaderless(RosterHeaderMissing):
    """No row of the chosen sheet names the columns."""

    code = "roster-header-missing"
    message = N_(
        "No header was found in the first %(rows)s rows of the sheet %(sheet)s. One row must name "
        "the columns, a name column among them, such as 会员号, 姓名, 会员级别."
    )


class SheetUnknown(ConsortiumError):
    """The workbook has no sheet of that name."""

    status, code = 422, "roster-sheet-unknown"
    message = N_("There is no sheet %(name)s. Choose one of: %(sheets)s.")


class RosterTooLarge(ConsortiumError):
    """The file unpacks to more than a roster can be."""

    status, code = 413, "roster-too-large"
    message = N_(
        "The file unpacks to more than %(limit)s. Delete unused sheets, rows and columns, save it "
        "as .xlsx and send it again."
    )


class MappingInvalid(ConsortiumError):
    """The column mapping names a column or field that is not there."""

    status, code = 422, "roster-mapping-invalid"
    message = N_("The mapping names %(name)s, which is neither a column of the file nor a field.")


class MappingNotJson(MappingInvalid):
    """The file of the mapping cannot be parsed."""

    code = "roster-mapping-invalid"
    message = N_("%(name)s is not JSON: %(fault)s (line %(line)s, column %(column)s).")


class MappingShapeless(MappingInvalid):
    """The mapping is JSON of another shape."""

    code = "roster-mapping-invalid"
    message = N_(
        "%(name)s must hold a JSON object from columns to fields, or the columns of a report; "
        "it holds %(found)s."
    )


class MappingContradictory(MappingInvalid):
    """Two entries of the mapping speak of one column or of one field."""

    code = "roster-mapping-invalid"
    message = N_(
        "The mapping takes %(first)s and %(second)s for the same. Give each field one column and "
        "each column one field."
    )


class MappingAmbiguous(MappingInvalid):
    """Two columns have the name that the mapping gives."""

    code = "roster-mapping-invalid"
    message = N_("More than one column is called %(name)s: %(columns)s. Give the column's letter.")


class MappingSensitive(MappingInvalid):
    """The mapping would store political, ethnic or religious data."""

    code = "roster-mapping-invalid"
    message = N_(
        "The column %(name)s asks for sensitive data and is never imported. Leave it out of the "
        "mapping, or rename it if it holds something else."
    )


class MappingNameless(MappingInvalid):
    """The mapping leaves no column for the name."""

    code = "roster-mapping-invalid"
    message = N_(
        "The mapping leaves out the name: %(columns)s is not imported or taken for something else. "
        "Give the name a column."
    )


class NamesTied(ConsortiumError):
    """Two columns could be the name."""

    status, code = 422, "roster-names-tied"
    message = N_(
        "More than one column fits the name equally well: %(columns)s. Rename or delete all but "
        "the members' own."
    )


class DatesUnclear(ConsortiumError):
    """A column of dates may hold the last day of membership."""

    status, code = 422, "dates-unclear"
    message = N_(
        "These columns hold dates and no column was found for the last day of membership: "
        "%(columns)s. Choose what they hold, or that they are not used, on the page or with "
        "--columns, and read the file again."
    )


class FirstDayUnclear(DatesUnclear):
    """A column of dates may hold the first day of membership."""

    code = "dates-unclear"
    message = N_(
        "These columns hold dates and no column was found for the first day of membership: "
        "%(columns)s. Choose what they hold, or that they are not used, on the page or with "
        "--columns, and read the file again."
    )


class CellFault(ValueError):
    """One cell cannot be used; `message` says what to do about it."""

    def __init__(self, code: str, message: str, **params: str) -> None:
        """Refuse a cell with a stable code and a message whose places `params` fill."""
        super().__init__(code)
        self.code = code
        self.message = message
        self.params = params


class RosterNotFound(NotFound):
    """No such society, or another society's roster."""

    code = "roster-not-found"


class ImportNotFound(NotFound):
    """No import of that id, or another society's."""

    code = "import-not-found"
    message = N_("There is no such import.")


class ImportApplied(Conflict):
    """An import is applied once."""

    code = "import-applied"
    message = N_("This import has been applied already. Send the file again to start a new one.")


class ImportAllRefused(Conflict):
    """No row of the file can be taken."""

    code = "import-all-refused"
    message = N_(
        "Every row of this file is refused, so there is nothing to apply. Correct the cells that "
        "the report names and send the file again."
    )


class ImportNotApplied(Conflict):
    """Only an applied import can be undone, and only once."""

    code = "import-not-applied"
    message = N_("This import is not in force: it was never applied, or it has been undone.")


class ImportExpired(Conflict):
    """The file has been deleted after its 30 days."""

    status, code = 410, "import-expired"
    message = N_("The file was deleted after 30 days. Send it again.")


class FileSeveral(InvalidInput):
    """More than one file was sent."""

    code = "file-several"
    message = N_("Send one file at a time; each roster is an import of its own.")

    def __init__(self) -> None:
        """Point at the form's field."""
        fault = FieldError(code=self.code, message=self.message, pointer="/file")
        super().__init__(errors=[fault])


class DecisionUnknown(InvalidInput):
    """A form asks for something that its page does not offer."""

    code = "decision-unknown"
    message = N_("Nothing was done: choose one of the buttons of this page.")

    def __init__(self) -> None:
        """Point at the field."""
        error = FieldError("decision-unknown", self.message, pointer="/decision")
        super().__init__(errors=(error,))


class FileMissing(InvalidInput):
    """No file was chosen."""

    code = "file-missing"
    message = N_("Choose the file that holds the roster.")

    def __init__(self) -> None:
        """Point at the form's field."""
        fault = FieldError(code=self.code, message=self.message, pointer="/file")
        super().__init__(errors=[fault])
