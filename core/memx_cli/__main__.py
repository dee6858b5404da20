"""`python -m memx_cli`, where no script is on the path."""

from memx_cli import main

main()
