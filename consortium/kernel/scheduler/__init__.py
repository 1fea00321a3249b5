"""Jobs: slots claimed by one conditional update, run page by page behind a fence."""
