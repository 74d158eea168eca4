"""The run folder and its files."""

from echoic.run.files import read_json as read_json
from echoic.run.files import write_json as write_json
from echoic.run.folder import FORMAT as FORMAT
from echoic.run.folder import Checkpoint as Checkpoint
from echoic.run.folder import RunFolder as RunFolder
from echoic.run.versions import versions as versions
