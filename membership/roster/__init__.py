"""Reading rosters as offices send them: bytes in, typed columns and faults out.

Nothing here touches Flask or the database; the catalogue of grades, today's date and the widths of
member numbers already in use are told to it as `Vocabulary`.
"""
