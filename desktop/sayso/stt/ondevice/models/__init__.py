"""Models for on-device recognition: the catalog, their files and where they are."""
