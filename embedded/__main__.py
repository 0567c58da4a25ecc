"""`python -m embedded`: what `make run` starts."""

import sys

from embedded.supervisor import main

sys.exit(main())
