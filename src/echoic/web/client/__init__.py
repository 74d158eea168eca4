"""A client of a server of runs: it sends data as they come, for `echoic live --to`."""
