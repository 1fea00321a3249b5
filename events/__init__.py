"""Joint events: hosts that sign the same content, and seats that are never sold twice."""
