"""`python -m pmctl`: the same command line, for hooks that must not depend on PATH."""

import sys

from pmctl.cli import main

sys.exit(main())
