"""Reports: charts and tables as one self-contained HTML page, and as figures for print. Independent of runs."""

from echoic.report.figures import write_figures as write_figures
from echoic.report.page import Section as Section
from echoic.report.page import page as page
from echoic.report.tables import Table as Table
