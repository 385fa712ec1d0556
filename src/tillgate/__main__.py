"""`python -m tillgate` is the installed command."""

from __future__ import annotations

import sys

from tillgate.app.cli import main

sys.exit(main())
