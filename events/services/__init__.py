"""What events does: one verb, one transaction."""
