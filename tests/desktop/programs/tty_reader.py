"""Writes every byte that the terminal sends to a file, without delay."""

import os
import sys
import tty

tty.setraw(0)
output = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
while data := os.read(0, 65536):
    os.write(output, data)
