"""What the scripts beside other libraries share: CPU seconds of a task, and a row of one of our programs."""

import json
import time


def seconds_of(task, least):
    """CPU seconds per call, over at least `least` of them; the programs measure the same."""
    calls, start = 0, time.process_time()
    while True:
        task()
        calls += 1
        took = time.process_time() - start
        if took >= least:
            return took / calls


def command_of(program, name, least):
    """What makes a program measure one row, once, for at least so many seconds."""
    return [
        program,
        "--benchmark_filter=^" + name + "$",
        "--benchmark_min_time=%g" % least,
        "--benchmark_format=json",
    ]


def row_in(text):
    """The row that a program printed; nothing where this build has no such row."""
    try:
        found = json.loads(text)["benchmarks"]
    except (ValueError, KeyError):
        return None
    return found[0] if found else None


def cpu_seconds(row):
    return row["cpu_time"] * {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0}[row["time_unit"]]
