"""A carrier played on this machine, in 快递100's shape, for the demo and the tests.

    python -m logistics.carriers.standin --port 8002

It shares no code with the client it talks to, so that a mistake in either shows. It
refuses to start with any settings but the demo's and the tests'.
"""
