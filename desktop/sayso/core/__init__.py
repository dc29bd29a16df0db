"""Pure: no Qt, threads, sockets, files or clock."""
