"""The command, one process of which dies: `dying_command.py RANK STEP ARGUMENTS...`, started by torchrun.

Process RANK kills itself in step STEP, unless torchrun has started it again.
"""

import os
import signal
import sys
from typing import Any

from echoic.cli import main
from echoic.training import Trainer

RANK, STEP = sys.argv[1:3]
sys.argv[1:3] = []


def dying(self: Any, batch: Any, step: Any = Trainer._step) -> None:
    again = os.environ["TORCHELASTIC_RESTART_COUNT"] != "0"
    if not again and (os.environ["RANK"], str(self.state.step)) == (RANK, STEP):
        os.kill(os.getpid(), signal.SIGKILL)
    step(self, batch)


Trainer._step = dying  # type: ignore[method-assign]
main()
