"""The register of societies and consortia, and what nodes tell each other."""
