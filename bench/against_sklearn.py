"""Logistic regression in scikit-learn, in rounds that alternate with ours.

    against_sklearn.py --programs DIR [--rows ASKED.json] [--rounds N] [--seconds S] [--out ANSWER.json]

report.py starts it; alone it prints a table of time, peak memory and error. Each round times scikit-learn here and then
our benchmark program for the same row in a process of its own. The rows are the numbers that bench/inputs.hpp makes,
raw, and both sides normalize them. Both are asked for a gradient of 1e-6, scikit-learn in float64: float32 does not
get there, and neither does its default solver, lbfgs, which stops where the objective's digits end. So it is timed
twice: lbfgs, and the solver that gets there (newton-cholesky for two classes up to dim 1024, else newton-cg), which is
whom the report compares with. The error is the largest component of the gradient that is left, from rows that are unit
in float64. Peak memory is that of a process that makes the rows and fits, interpreter and all.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import warnings

import numpy
import sklearn
from sklearn.linear_model import LogisticRegression

from program_rows import command_of, cpu_seconds, row_in, seconds_of

QUERIES = 1
SHAPES = ["736x512x2", "10000x512x2", "736x512x37", "10000x512x10", "4000x4096x2"]


def random_rows(rows, dim, seed):
    """random_rows of bench/inputs.hpp, by doubling: n steps of the generator are one multiplication and addition."""
    count = 4 * rows * dim
    states = numpy.empty(count, numpy.uint32)
    with numpy.errstate(over="ignore"):
        states[0] = numpy.uint32(seed) * numpy.uint32(1664525) + numpy.uint32(1013904223)
        known, multiplier, increment = 1, numpy.uint32(1664525), numpy.uint32(1013904223)
        while known < count:
            more = min(known, count - known)
            states[known : known + more] = states[:more] * multiplier + increment
            increment = multiplier * increment + increment
            multiplier = multiplier * multiplier
            known += more
    parts = ((states >> 8).astype(numpy.float32) * numpy.float32(2.0**-24)).reshape(rows * dim, 4)
    total = numpy.full(rows * dim, -2.0, numpy.float32)
    for j in range(4):
        total += parts[:, j]
    return total.reshape(rows, dim)


def labels_of(rows, classes):
    """labels_of of bench/linear_probe_bench.cpp."""
    wide = rows.astype(numpy.float64)
    sums = numpy.stack([wide[:, c::classes].sum(axis=1) for c in range(classes)], axis=1)
    labels = sums.argmax(axis=1)
    seventh = numpy.arange(0, len(rows), 7)
    labels[seventh] = seventh // 7 % classes
    return labels


def inputs_of(shape):
    n, dim, classes = [int(part) for part in shape.split("x")]
    rows = random_rows(n, dim, QUERIES)
    return rows, labels_of(rows, classes)


def solver_of(rows, labels):
    return "newton-cholesky" if labels.max() == 1 and rows.shape[1] <= 1024 else "newton-cg"


def fit(rows, labels, solver):
    unit = rows.astype(numpy.float64)
    unit /= numpy.linalg.norm(unit, axis=1, keepdims=True)
    return LogisticRegression(tol=1e-6, max_iter=10000, solver=solver).fit(unit, labels)


def gradient_at(found, rows, labels):
    unit = rows.astype(numpy.float64)
    unit /= numpy.linalg.norm(unit, axis=1, keepdims=True)
    rest = found.predict_proba(unit)
    rest[numpy.arange(len(labels)), labels] -= 1
    if rest.shape[1] == 2:
        rest = rest[:, 1:]
    slopes = rest.T @ unit + found.coef_
    return max(numpy.abs(slopes).max(), numpy.abs(rest.sum(axis=0)).max())


# A small process between: a process begins with the peak of the one that started it.
SMALL_PARENT = """
import os, sys
child = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ)
_, status, used = os.wait4(child, 0)
print("peak", used.ru_maxrss * 1024)
sys.exit(os.WEXITSTATUS(status) if os.WIFEXITED(status) else 1)
"""


def run(command):
    """What a command prints, and the peak of its memory in bytes."""
    wrapped = [sys.executable, "-S", "-c", SMALL_PARENT] + command
    done = subprocess.run(wrapped, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False, text=True)
    text, _, peak = done.stdout.rpartition("peak ")
    return text, int(peak)


def ours(programs, shape, least):
    """Seconds, error and peak memory of our row in its program; nothing where this build has no such row."""
    text, peak = run(command_of(programs + "/linear_probe_bench", "linear_probe/unitsphere/" + shape + "/f32", least))
    found = row_in(text)
    return (cpu_seconds(found), found["error"], peak) if found else None


def measure(row, arguments):
    shape = row["shape"]
    rows, labels = inputs_of(shape)
    solvers = {"sklearn": solver_of(rows, labels), "lbfgs_of_sklearn": "lbfgs"}
    found = {who: dict(row, who=who, solver=solver, seconds=[], our_seconds=[]) for who, solver in solvers.items()}
    for one in found.values():
        one["error"] = gradient_at(fit(rows, labels, one["solver"]), rows, labels)
        one["peak"] = run([sys.executable, __file__, "--once", shape, one["solver"]])[1]
    for _ in range(arguments.rounds):
        for one in found.values():
            one["seconds"].append(seconds_of(lambda: fit(rows, labels, one["solver"]), arguments.seconds))
        mine = ours(arguments.programs, shape, arguments.seconds)
        if mine is None:
            break
        for one in found.values():
            one["our_seconds"].append(mine[0])
            one["our_error"], one["our_peak"] = mine[1], mine[2]
    return list(found.values())


def show(measured):
    print("| rows x dim x classes | who | time, ms | peak memory, MiB | gradient left |\n|---|---|---|---|---|")
    for row in measured:
        lines = [("scikit-learn " + sklearn.__version__ + ", " + row["solver"],
                  row["seconds"], row["peak"], row["error"])]
        if row["who"] == "sklearn" and row["our_seconds"]:
            lines.insert(0, ("unitsphere", row["our_seconds"], row["our_peak"], row["our_error"]))
        for who, seconds, peak, error in lines:
            print("| %s | %s | %.1f | %.0f | %.1e |"
                  % (row["shape"], who, 1e3 * statistics.median(seconds), peak / 2**20, error))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--programs")
    parser.add_argument("--rows")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.1)
    parser.add_argument("--out")
    parser.add_argument("--once", nargs=2, metavar=("SHAPE", "SOLVER"),
                        help="fits and ends: what memory is measured on")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    if arguments.once:
        fit(*inputs_of(arguments.once[0]), arguments.once[1])
        return 0
    if not arguments.programs:
        parser.error("--programs is missing")
    rows = [{"goal": "linear_probe", "shape": shape, "type": "f32"} for shape in SHAPES]
    if arguments.rows:
        with open(arguments.rows, encoding="utf-8") as asked:
            rows = [row for row in json.load(asked) if row["goal"] == "linear_probe"]
    measured = [found for row in rows for found in measure(row, arguments)]
    show(measured)
    if arguments.out:
        with open(arguments.out, "w", encoding="utf-8") as answer:
            json.dump({"version": sklearn.__version__, "rows": measured}, answer, indent=1)
    return 0


if __name__ == "__main__":
    # One thread, as we have: the libraries beneath read these when they are loaded.
    if os.environ.get("OPENBLAS_NUM_THREADS") != "1":
        one = {name: "1" for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")}
        os.execve(sys.executable, [sys.executable] + sys.argv, dict(os.environ, **one))
    sys.exit(main())
