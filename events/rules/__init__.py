"""Pure decisions about events: content, publication, prices, seats, dates."""
