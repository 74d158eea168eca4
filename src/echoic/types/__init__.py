"""Data that every part of echoic shares: series, their time base, and songs as notes. Nothing here imports torch."""

from echoic.types.series import Covariates as Covariates
from echoic.types.series import Floats as Floats
from echoic.types.series import Json as Json
from echoic.types.series import Series as Series
