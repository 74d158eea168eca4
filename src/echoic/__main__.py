"""`python -m echoic`."""

from echoic.cli import main

main()
