"""The CLIP README's code in PyTorch, in rounds that alternate with ours.

    against_pytorch.py --programs DIR --rows ASKED.json --rounds N --seconds S --out ANSWER.json

report.py starts it. Each round times PyTorch here and then runs our benchmark program for the same row alone, in a
process of its own: both see the machine in the same state. The inputs are the numbers that bench/inputs.hpp makes,
bit for bit. PyTorch has one thread, as we have; where its memory allocator keeps what was freed it is faster, so it
does.
"""

import argparse
import ctypes
import json
import subprocess
import sys

import numpy
import torch

from program_rows import command_of, cpu_seconds, row_in, seconds_of

MULTIPLIER, INCREMENT = 1664525, 1013904223
QUERIES, GALLERY, LOGITS = 1, 2, 3


def keep_freed_memory():
    """Fresh pages for every result would cost PyTorch more than the work (mallopt: M_MMAP_MAX, M_TRIM_THRESHOLD)."""
    try:
        libc = ctypes.CDLL("libc.so.6")
        libc.mallopt(-4, 0)
        libc.mallopt(-1, 2**31 - 1)
    except (OSError, AttributeError):
        pass


def random_rows(rows, dim, seed):
    """random_rows of bench/inputs.hpp: after n steps the generator is at multiplier^n * seed + increment * sum."""
    block = 1 << 20
    with numpy.errstate(over="ignore"):
        powers = numpy.cumprod(numpy.full(4 * block, MULTIPLIER, numpy.uint32), dtype=numpy.uint32)
        sums = numpy.cumsum(numpy.concatenate(([1], powers[:-1])).astype(numpy.uint32), dtype=numpy.uint32)
        offsets = sums * numpy.uint32(INCREMENT)
        result = numpy.empty(rows * dim, numpy.float32)
        for first in range(0, rows * dim, block):
            count = min(block, rows * dim - first)
            states = powers[: 4 * count] * numpy.uint32(seed) + offsets[: 4 * count]
            seed = int(states[-1])
            parts = ((states >> 8).astype(numpy.float32) * numpy.float32(2.0**-24)).reshape(count, 4)
            total = numpy.full(count, -2.0, numpy.float32)
            for j in range(4):
                total += parts[:, j]
            result[first : first + count] = total
    return torch.from_numpy(result.reshape(rows, dim))


def unit(rows):
    return rows / rows.norm(dim=-1, keepdim=True)


def cosine_task(shape):
    queries, gallery = random_rows(shape[0], shape[2], QUERIES), random_rows(shape[1], shape[2], GALLERY)
    return lambda: unit(queries) @ unit(gallery).T


def packed_cosine_task(shape):
    queries = random_rows(shape[0], shape[2], QUERIES)
    gallery = unit(random_rows(shape[1], shape[2], GALLERY))
    return lambda: unit(queries) @ gallery.T


def zero_shot_task(shape):
    images = random_rows(shape[0], shape[2], QUERIES)
    classes = unit(random_rows(shape[1], shape[2], GALLERY))
    return lambda: (100.0 * unit(images) @ classes.T).softmax(dim=-1)


def normalize_task(shape):
    rows = random_rows(shape[0], shape[1], QUERIES)
    return lambda: unit(rows)


def normalize_in_place_task(shape):
    rows = random_rows(shape[0], shape[1], QUERIES)
    return lambda: rows.div_(rows.norm(dim=-1, keepdim=True))


def softmax_task(shape):
    logits = random_rows(shape[0], shape[1], LOGITS) * 30.0
    return lambda: logits.softmax(dim=-1)


def top_task(shape):
    queries = unit(random_rows(shape[0], shape[2], QUERIES))
    gallery = unit(random_rows(shape[1], shape[2], GALLERY))
    return lambda: (queries @ gallery.T).topk(10)


def retrieval_task(shape):
    """Both ranks of each pair, as open_clip's get_clip_metrics does without its sort: by counting."""
    images, texts = random_rows(shape[0], shape[2], QUERIES), random_rows(shape[1], shape[2], GALLERY)

    def ranks():
        scores = unit(images) @ unit(texts).T
        own = scores.diagonal()
        return (scores > own[:, None]).sum(1) + 1, (scores > own[None, :]).sum(0) + 1

    return ranks


def near_duplicates_task(shape):
    rows = random_rows(shape[0], shape[1], QUERIES)

    def pairs():
        unit_rows = unit(rows)
        return (unit_rows @ unit_rows.T > 0.94).nonzero()

    return pairs


def clip_loss(images, texts):
    logits = 100.0 * unit(images) @ unit(texts).T
    labels = torch.arange(len(logits))
    cross_entropy = torch.nn.functional.cross_entropy
    return (cross_entropy(logits, labels) + cross_entropy(logits.T, labels)) / 2


def loss_task(shape):
    images, texts = random_rows(shape[0], shape[2], QUERIES), random_rows(shape[1], shape[2], GALLERY)
    return lambda: clip_loss(images, texts)


def loss_gradients_task(shape):
    images = random_rows(shape[0], shape[2], QUERIES).requires_grad_()
    texts = random_rows(shape[1], shape[2], GALLERY).requires_grad_()

    def forward_and_backward():
        with torch.enable_grad():
            return torch.autograd.grad(clip_loss(images, texts), (images, texts))

    return forward_and_backward


TASKS = {
    "cosine_large": cosine_task,
    "cosine_mid": cosine_task,
    "cosine_32": cosine_task,
    "cosine_1": packed_cosine_task,
    "zero_shot_large": zero_shot_task,
    "zero_shot_tall": zero_shot_task,
    "zero_shot_tiny": zero_shot_task,
    "normalize": normalize_task,
    "softmax": softmax_task,
    "top10_1": top_task,
    "top10_1_raw": top_task,
    "top10_many": top_task,
    "top10_many_raw": top_task,
    "retrieval": retrieval_task,
    "near_duplicates": near_duplicates_task,
    "loss": loss_task,
}

OTHER_TASKS = {("normalize", "f32 in place"): normalize_in_place_task, ("loss", "f32 gradients"): loss_gradients_task}


def our_seconds(programs, row, least):
    """One repetition of our row in its program; nothing where this build has no such row."""
    name = "/".join((row["goal"], "unitsphere", row["shape"], row["type"]))
    command = command_of(programs + "/" + row["program"], name, least)
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    found = row_in(done.stdout)
    return cpu_seconds(found) if found else None


def measure(row, arguments):
    make = OTHER_TASKS.get((row["goal"], row["type"]), TASKS[row["goal"]])
    task = make([int(n) for n in row["shape"].split("x")])
    for _ in range(3):
        task()
    theirs, ours = [], []
    for _ in range(arguments.rounds):
        theirs.append(seconds_of(task, arguments.seconds))
        one = our_seconds(arguments.programs, row, arguments.seconds)
        if one is None:
            break
        ours.append(one)
    return dict(row, seconds=theirs, our_seconds=ours)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--programs", required=True)
    parser.add_argument("--rows", required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.1)
    parser.add_argument("--out", required=True)
    arguments = parser.parse_args()
    with open(arguments.rows, encoding="utf-8") as asked:
        rows = [row for row in json.load(asked) if row["goal"] in TASKS]
    keep_freed_memory()
    torch.set_num_threads(1)
    with torch.no_grad():
        measured = [measure(row, arguments) for row in rows]
    with open(arguments.out, "w", encoding="utf-8") as answer:
        json.dump({"version": torch.__version__, "rows": measured}, answer, indent=1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
