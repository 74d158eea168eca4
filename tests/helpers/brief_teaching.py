"""`echoic` whose page trains as long as tones need: `python -m brief_teaching serve --teach RUN`."""

from echoic.cli import main
from echoic.web.teaching.defaults import SETTINGS

STEPS = 150

if __name__ == "__main__":
    SETTINGS["steps"] = STEPS
    main()
