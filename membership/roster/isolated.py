"""Read a workbook in a process of its own; run by its path, it imports nothing of ours.

The reader allocates what a file's headers claim and aborts the process when that fails, so a
damaged or hostile file may end this process only. Exit codes: 0 read, 3 a password is asked for,
any other: the file is damaged.
"""

import io
import os
import pickle
import resource
import sys

MEMORY_BYTES = 3 << 30
CPU_SECONDS = 60
ENCRYPTED = 3


def main() -> int:
    """Read the file from stdin; write name, visibility, rows and merged areas of each sheet."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # After the limits, so that they hold for all it does.
    from python_calamine import CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

    row_limit, column_limit, sheet_limit = (int(word) for word in sys.argv[1:4])
    data = sys.stdin.buffer.read()
    sheets = []
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(data)) as book:
            for one in book.sheets_metadata[:sheet_limit]:
                if one.typ is not SheetTypeEnum.WorkSheet:
                    continue
                sheet = book.get_sheet_by_name(one.name)
                is_large = sheet.total_height > row_limit or sheet.total_width > column_limit
                rows = None if is_large else list(sheet.iter_rows())
                merged = sheet.merged_cell_ranges or []
                visible = one.visible is SheetVisibleEnum.Visible
                sheets.append((one.name, visible, rows, merged))
    except PasswordError:
        return ENCRYPTED
    pickler = pickle.Pickler(sys.stdout.buffer, protocol=pickle.HIGHEST_PROTOCOL)
    # Nothing stands in two places, so nothing has to be remembered: ten times as quick.
    pickler.fast = True
    pickler.dump(sheets)
    sys.stdout.flush()
    # The system takes back a million cells at once, which Python would do one by one.
    os._exit(0)


if __name__ == "__main__":
    raise SystemExit(main())
