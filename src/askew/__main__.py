"""`python -m askew` is `askew`."""

from askew.cli.app import main

main()
