"""`python -m pmctl`: the same command line, for hooks that must not depend on PATH."""

from pmctl.start import run

run()
