"""What the probe runs once it is locked down: say what was asked for, so that the host knows it came this far."""

import sys

sys.stdout.write(sys.argv[1])
