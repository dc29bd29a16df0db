"""Which way of inserting suits this text in this target. Filled in by its own module work."""
