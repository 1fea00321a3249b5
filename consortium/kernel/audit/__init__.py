"""Who did what: unchained rows in the transaction, chained and sealed by the sequencer."""
