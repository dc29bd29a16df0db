"""Fault injection: no fault of server, network, disk or process loses dictated text."""
