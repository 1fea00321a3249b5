from typing import IO

from odf.element import Element

class OpenDocument:
    spreadsheet: Element
    def write(self, stream: IO[bytes]) -> None: ...

def OpenDocumentSpreadsheet() -> OpenDocument: ...
