"""The run folder and its files."""

from echoic.run.checkpoints import Checkpoint as Checkpoint
from echoic.run.checkpoints import last_step as last_step
from echoic.run.creation import ensure_new as ensure_new
from echoic.run.creation import make_room as make_room
from echoic.run.damage import damage_named as damage_named
from echoic.run.folder import RunFolder as RunFolder
from echoic.run.versions import versions as versions
