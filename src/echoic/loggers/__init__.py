"""What to do with the progress of a training, for `on_progress`: show it, or log it to TensorBoard or MLflow."""

from echoic.loggers.combining import Several as Several
from echoic.loggers.lines import ProgressLines as ProgressLines
from echoic.loggers.mlflow import MLflowLogger as MLflowLogger
from echoic.loggers.notebook import NotebookBar as NotebookBar
from echoic.loggers.notebook import in_notebook as in_notebook
from echoic.loggers.tensorboard import TensorBoardLogger as TensorBoardLogger
