"""python -m sayso"""

import sys

from .cli import main

sys.exit(main())
