"""One batch of labels from minting to its files, in a process of its own.

`python -m bench.label_run COUNT` in the environment of a bench answers one line of
JSON: how many seconds it took, and the process's largest memory in MB. A process of its
own, because memory that was taken once is never seen to be given back.
"""

import json
import os
import resource
import subprocess
import sys
from dataclasses import dataclass
from time import perf_counter


@dataclass(frozen=True)
class LabelRun:
    """What one run took."""

    seconds: float
    peak_mb: float


def measured(count: int) -> LabelRun:
    """Mint, sign and print `count` labels in a new process on this run's database."""
    from django.db import connection

    told = subprocess.run(
        [sys.executable, "-m", "bench.label_run", str(count)],
        env=os.environ
        | {"XIANGJI_BENCH_DATABASE": str(connection.settings_dict["NAME"])},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return LabelRun(**json.loads(told))


def main(count: int) -> None:
    import django

    django.setup()
    from django.utils import timezone

    from bench.county import new_certificate, new_labels
    from traceability import operations
    from traceability.models import PrintJob

    certificate = new_certificate(quantity_g=count)
    start = perf_counter()
    batch = new_labels(certificate, count)
    printed = operations.print_labels(
        batch=batch,
        paper="50x30",
        first=batch.first_number,
        last=batch.last_number,
        by=certificate.issued_by,
        at=timezone.now(),
    )
    operations.write_print(print_id=printed.pk)
    seconds = perf_counter() - start
    assert PrintJob.objects.get(pk=printed.pk).written == count
    peak_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"seconds": seconds, "peak_mb": peak_kb / 1024}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
