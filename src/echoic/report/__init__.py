"""Drawing: figures for paper, and one HTML page that needs nothing else. Knows charts and tables, not runs."""

from echoic.report.figures import write_figures as write_figures
from echoic.report.page import Section as Section
from echoic.report.page import page as page
from echoic.report.tables import Table as Table
