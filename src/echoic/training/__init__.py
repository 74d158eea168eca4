"""Training: one loop for every job."""

from echoic.training.check import overfit_one_batch as overfit_one_batch
from echoic.training.context import isolated_randomness as isolated_randomness
from echoic.training.context import no_randomness as no_randomness
from echoic.training.evaluating import EvalResult as EvalResult
from echoic.training.evaluating import evaluate as evaluate
from echoic.training.evaluating import total_loss as total_loss
from echoic.training.loop import Trainer as Trainer
from echoic.training.records import Batches as Batches
from echoic.training.records import Phase as Phase
from echoic.training.records import Progress as Progress
from echoic.training.records import TrainingData as TrainingData
from echoic.training.records import TrainResult as TrainResult
from echoic.training.records import read_phase as read_phase
from echoic.training.threads import default_threads as default_threads
from echoic.training.threads import thread_count as thread_count
from echoic.training.threads import training_work as training_work
