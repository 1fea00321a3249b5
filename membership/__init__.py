"""Members, terms, agreements and the recognition that follows from them."""
