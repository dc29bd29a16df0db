"""Files, databases and the keyring. Each module translates the errors of its library."""
