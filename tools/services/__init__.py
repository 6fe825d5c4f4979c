"""Real servers for tests and measurements, on a machine that has none running.

    python -m tools.services start           PostgreSQL, Redis and Elasticsearch
    python -m tools.services env             how to reach them, as a shell's exports
    python -m tools.services use -- COMMAND  run a command on them
    python -m tools.services stop            end exactly these, and forget their data
    python -m tools.services run -- COMMAND  run a command on a PostgreSQL of its own

`start` (which is `make services`) gives each a free port of loopback, waits until
each answers, and keeps processes and passwords in `var/services`. Again is harmless:
what runs stays, what is missing starts. `run` ends its server and data with the
command, whatever happened, and exits as the command did.

PostgreSQL and Redis come from the distribution, Elasticsearch from Maven Central.
What is missing is installed where we are root; otherwise the error says what to ask
for. Servers refuse to run as root, so root starts them as somebody else. They are
for tests: no commit of theirs survives a power cut, unless `--durable` says so.
"""
