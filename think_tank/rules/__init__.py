"""Pure decisions about pools, briefs and panels."""
