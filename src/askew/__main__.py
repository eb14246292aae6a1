"""`python -m askew` is `askew`."""

from askew.cli import main

main()
