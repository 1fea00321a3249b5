"""Pure decisions of auth: no Flask, no database, no clock."""
