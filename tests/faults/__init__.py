"""What goes wrong is made to go wrong, and nothing said is lost by it."""
