"""Training: one loop for every job."""

from echoic.training.check import overfit_one_batch as overfit_one_batch
from echoic.training.loop import Batches as Batches
from echoic.training.loop import Outcome as Outcome
from echoic.training.loop import Phase as Phase
from echoic.training.loop import Progress as Progress
from echoic.training.loop import Trainer as Trainer
from echoic.training.loop import TrainingData as TrainingData
from echoic.training.loop import dev_loss as dev_loss
from echoic.training.loop import isolated_randomness as isolated_randomness
from echoic.training.loop import read_phase as read_phase
from echoic.training.loop import thread_count as thread_count
