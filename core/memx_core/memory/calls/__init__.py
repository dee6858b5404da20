"""The public methods once more, as flows: arguments are checked here, before anything happens.

Each function has a method's arguments and defaults and returns the flow to run in either colour.
"""
