#!/usr/bin/env python3
"""How fast is unitsphere beside this machine's limits and beside other libraries?

Runs the programs of bench/ and the compiler in interleaved rounds, then PyTorch and scikit-learn where they are
installed, and writes report.md, report.json, limit.svg and time.svg.
"""

import argparse
import dataclasses
import datetime
import json
import os
import pathlib
import platform
import re
import resource
import shutil
import subprocess
import sys
from statistics import median
from xml.sax.saxutils import escape

HERE = pathlib.Path(__file__).resolve().parent
NOTE = """
Times are medians of interleaved rounds: of the thread's CPU time where there is one thread, of the clock's where there
are several. *of the limit*: the longest of the multiply-add pipes' operations, bytes read, and bytes read and written
(copied, or scaled in place), at the machine's rates right before and right after the row. *error*: the largest
difference from double.
"""
PEERS = {"eigen": "Eigen", "openblas": "OpenBLAS", "onednn": "oneDNN", "faiss": "FAISS", "numkong": "NumKong",
         "usearch": "USearch", "hnswlib": "hnswlib", "pytorch": "PyTorch", "sklearn": "scikit-learn"}
TOLERANCE = 0.05
LARGEST_ERROR = 1e-5  # no result of ours is nearly so far from double: a wrong answer is never fast
LARGEST_ERROR_OF_CODES = {"fast bf16": 1e-3, "i8": 0.01, "i4": 0.05, "i1": 0.3}  # queries are rounded too


@dataclasses.dataclass
class Work:
    """What is measured, the goal for it, and a row for each contestant: its figures, round by round."""

    name: str
    program: str
    title: str
    shape: str
    type: str
    of_limit: tuple = ()  # at least; the second of two is for 2 MiB of L2 cache or more
    seconds: float = 0  # at most
    against: dict = dataclasses.field(default_factory=dict)  # libraries: our speed as a multiple of the fastest's
    slow: bool = False  # not for --quick
    rows: dict = dataclasses.field(default_factory=dict)

    def key(self):
        return self.name, self.shape, self.type

    def label(self):
        return self.shape if self.type == "f32" else self.shape + " " + self.type

    def time(self, who="unitsphere"):
        return median(self.rows[who]["seconds"])

    def speed_beside(self, who):
        """Our speed as a multiple of theirs, in the rounds that both ran in."""
        return self.time(who) / median(self.rows[who].get("our_seconds") or self.rows["unitsphere"]["seconds"])

    def fraction(self, who="unitsphere"):
        """Of the limit. A peer in another language has ours, by its speed."""
        if self.rows[who].get("of_limit"):
            return median(self.rows[who]["of_limit"])
        if who == "unitsphere" or "unitsphere" not in self.rows or not self.fraction():
            return None
        return self.fraction() / self.speed_beside(who)

    def checks(self, large_l2):
        """The goal in parts: (what, wanted, reached), where nothing is reached beside a library that is absent."""
        if self.of_limit:
            yield "limit", self.of_limit[-1 if large_l2 else 0], self.fraction()
        if self.seconds:
            yield time_text(self.seconds), 1, self.seconds / self.time()
        for libraries, wanted in self.against.items():
            for library in libraries.split():
                rows = [who for who in self.rows if who == library or who.startswith(library + "_")]
                yield "x " + library, wanted, min(map(self.speed_beside, rows), default=None)


def ask(name, program, title, shapes, types="f32", **goal):
    return [Work(name, program, title, shape, one, **goal) for one in types.split(", ") for shape in shapes.split(", ")]


# --quick and the plots take the first work of each name.
PRODUCTS = "eigen openblas onednn"  # they get rows at unit length and only multiply
SIZES = "1x1000x512, 1x3000x512, 1x10000x512, 1x30000x512, 1x100000x512, 1x200000x512"
WORKS = [
    *ask("cosine_large", "similarity_bench", "Cosine matrix of raw rows",
         "1000x1000x512, 4096x4096x512, 10000x1000x512, 1000x1000x768, 1000x1000x1152",
         of_limit=(0.92, 0.80), against={PRODUCTS: 1.03}),
    *ask("cosine_mid", "similarity_bench", "Cosine matrix of some raw rows", "256x1000x512, 256x365x768",
         of_limit=(0.90, 0.78), against={PRODUCTS: 1.05}),
    *ask("cosine_32", "similarity_bench", "Cosine matrix of few raw rows", "32x1000x512",
         of_limit=(0.90, 0.70), against={PRODUCTS: 1.3}),
    *ask("cosine_1", "similarity_bench", "Cosines of one query, packed gallery", "1x1000x512",
         of_limit=(0.85,), against={"openblas_sgemv": 1}),
    *ask("zero_shot_large", "zero_shot_bench", "Zero-shot probabilities, many classes",
         "256x1000x512, 10000x1000x512, 4096x4096x512",
         of_limit=(0.90, 0.78), against={"openblas": 1.2, "pytorch": 1.2}),
    *ask("zero_shot_tall", "zero_shot_bench", "Zero-shot probabilities, few classes", "100000x10x512",
         of_limit=(0.75,), against={"eigen openblas pytorch": 4}),
    *ask("zero_shot_tall", "zero_shot_bench", "Zero-shot probabilities, few classes", "10000x10x512",
         of_limit=(0.50,), against={"eigen openblas pytorch": 4}),
    *ask("zero_shot_tall", "zero_shot_bench", "Zero-shot probabilities, few classes", "10000x100x512",
         of_limit=(0.75,)),
    *ask("zero_shot_tiny", "zero_shot_bench", "Zero-shot probabilities, one image", "1x10x512",
         seconds=0.25e-6, against={"eigen openblas pytorch": 1}),
    *ask("zero_shot_tiny", "zero_shot_bench", "Zero-shot probabilities, one image", "1x100x512",
         seconds=3.5e-6, against={"eigen openblas pytorch": 1}),
    *ask("normalize", "normalize_bench", "Rows to unit length", "1000x512, 512x512, 100000x512",
         "f32, f32 in place", of_limit=(0.92,), against={"eigen loop pytorch": 1}),
    *ask("normalize", "normalize_bench", "Rows to unit length", "1x512", "f32, f32 in place",
         against={"loop": 1.3, "eigen pytorch": 1}),
    *ask("softmax", "probability_bench", "Softmax", "256x1000, 1x1000, 10000x1000, 8x1000000",
         of_limit=(0.55,), against={"eigen loop onednn pytorch": 1.5}),
    *ask("top10_1", "search_bench", "Ten best of a packed gallery, one query", "1x200000x512",
         of_limit=(0.95,), against={"faiss pytorch": 1}),
    *ask("top10_1_raw", "search_bench", "Ten best of raw rows, one query", "1x200000x512",
         of_limit=(0.85,), against={"faiss pytorch": 4, "usearch": 1}),
    *ask("top10_many", "search_bench", "Ten best of a packed gallery", "32x200000x512",
         of_limit=(0.75,), against={"faiss": 1.3}),
    *ask("top10_many", "search_bench", "Ten best of a packed gallery", "1024x200000x512",
         of_limit=(0.90, 0.80), against={"faiss": 1.1}),
    *ask("top10_compact", "search_bench", "Ten best of a compact gallery, beside one of float", "1x200000x512",
         "f16, bf16", against={"gallery": 1 / 0.55}),
    *ask("top10_compact", "search_bench", "Ten best of a compact gallery, beside one of float",
         "32x200000x512, 1024x200000x512", "f16, bf16", against={"gallery": 1}),
    *ask("top10_compact", "search_bench", "Ten best of a compact gallery, beside one of float", "1x200000x512", "i8",
         against={"gallery": 1 / 0.30}),
    *ask("top10_compact", "search_bench", "Ten best of a compact gallery, beside one of float", "1x200000x512", "i4",
         against={"gallery": 1 / 0.17}),
    *ask("top10_compact", "search_bench", "Ten best of a compact gallery, beside one of float", "1x200000x512", "i1",
         against={"gallery": 1 / 0.06}),
    *ask("top10_compact", "search_bench", "Ten best of a compact gallery, beside one of float",
         "32x200000x512, 1024x200000x512", "i8, i4, i1", against={"gallery": 2.5}),
    *ask("top10_exact_int8", "search_bench", "Ten best by bytes, with the answers of float", "1x200000x512",
         against={"gallery": 1 / 0.30}),
    *ask("top10_exact_int8", "search_bench", "Ten best by bytes, with the answers of float",
         "32x200000x512, 1024x200000x512", against={"gallery": 2.5}),
    *ask("top10_many_raw", "search_bench", "Ten best of raw rows", "32x200000x512", against={"gallery": 1 / 1.3}),
    *ask("top10_sizes", "search_bench", "Ten best of packed galleries of several sizes", SIZES, slow=True),
    *ask("top10_sizes_raw", "search_bench", "Ten best of raw rows of several sizes", SIZES, slow=True),
    *ask("load_gallery", "files_bench", "Load a gallery file of 0.41 GB", "200000x512", seconds=0.205, slow=True),
    *ask("mapped", "files_bench", "First search of a mapped file of 2 GB", "1x1000000x512",
         against={"loaded": 1 / 1.1}, slow=True),
    *ask("filtered_clustered", "search_bench", "Ten best of 1 % of the rows, which lie together",
         "1x200000x512, 32x200000x512", against={"unfiltered": 20}),
    *ask("filtered_scattered", "search_bench", "Ten best of 1 % of the rows, scattered", "1x200000x512, 32x200000x512",
         against={"unfiltered": 1 / 0.35}),
    *ask("churn_lookup", "search_bench", "Look-ups of 1000 ids", "1000x200000x512", seconds=1e-3),
    *ask("churn_remove_add", "search_bench", "1000 ids removed one by one, and added again", "1000x200000x512",
         slow=True),
    *ask("retrieval", "retrieval_bench", "Ranks of all pairs, both ways", "20000x20000x512",
         against={"cosine_similarity": 1 / 1.15, "pytorch": 1}, slow=True),
    *ask("knn_classify", "search_bench", "Labels by the vote of 20 neighbours", "32x200000x512, 1024x200000x512",
         against={"faiss": 1.1, "eigen": 1.3}),
    *ask("max_sim", "retrieval_bench", "One query with documents of 160 rows", "32x160000x128",
         against={"cosine_similarity": 1, "eigen": 1.3}),
    *ask("max_sim_short", "retrieval_bench", "One query with documents of 4 rows", "32x160000x128",
         against={"cosine_similarity": 1, "eigen": 1.3}),
    *ask("near_duplicates", "retrieval_bench", "Near duplicates among all rows", "20000x512",
         of_limit=(0.80,), against={"faiss pytorch": 1.6}, slow=True),
    *ask("retrieval_exact_int8", "retrieval_bench", "Ranks of all pairs, both ways, by bytes, beside floats",
         "20000x20000x512", against={"gallery": 2.5}, slow=True),
    *ask("duplicates_exact_int8", "retrieval_bench", "Near duplicates among all rows, by bytes, beside floats",
         "20000x512", against={"gallery": 2.5}, slow=True),
    *ask("loss", "loss_bench", "CLIP's loss of a batch", "16384x16384x512", "f32, f32 gradients",
         against={"pytorch": 2.5}, slow=True),
    *ask("linear_probe", "linear_probe_bench", "Logistic regression, rows x dim x classes",
         "736x512x2, 10000x512x2, 736x512x37, 10000x512x10, 4000x4096x2", against={"sklearn": 1}),
    *ask("half_input", "similarity_types_bench", "Cosine matrix of 16-bit rows", "1000x1000x512", "f16, bf16",
         against={"float": 1 / 1.05}),
    *ask("half_input", "similarity_types_bench", "Cosine matrix of 16-bit rows", "100000x10x512", "f16, bf16",
         against={"float": 1 / 0.7}),
    *ask("compact_int8", "similarity_types_bench", "Cosines of a compact gallery of int8, beside products of int8 rows",
         "1000x1000x512, 32x200000x512", "i8"),
    *ask("compact_bfloat16", "similarity_types_bench",
         "Cosines of a compact gallery of fast_bfloat16, beside floats and products of bfloat16",
         "1000x1000x512, 32x200000x512", "fast bf16", against={"onednn": 0.95}),
    *ask("pairs", "similarity_types_bench", "Cosines of pairs of rows", "1000x512, 20000x512", against={"eigen": 1}),
    *ask("pairs", "similarity_types_bench", "Cosines of pairs of rows", "1000x512, 20000x512", "f32 in double",
         against={"eigen numkong": 1}),
    *ask("threads", "threads_bench", "Several threads beside one",
         "cosine 1000x1000x512, cosine 4096x4096x512, cosine 10000x1000x512, cosine 1000x1000x768, "
         "zero-shot 256x1000x512, zero-shot 10000x1000x512, zero-shot 4096x4096x512, top-10 1024x200000x512",
         against={"one_thread": 1.9}),
    *ask("threads", "threads_bench", "Several threads beside one", "cosine 32x1000x512",
         against={"one_thread": 1.7}),
    *ask("calls", "call_bench", "Calls of microseconds, beside their kernels alone",
         "normalize 1x512, softmax 1x10, softmax 1x100, softmax 1x1000, zero-shot 1x10, zero-shot 1x100, top-10 1x1000, "
         "cosine 1x1", against={"kernels": 1 / 1.4}),
    *ask("compile", "compile", "Compile the umbrella and one call", "-O2", "C++17", against={"xsimd": 1 / 3}),
]


def first_of_each(works):
    return list({work.name: work for work in reversed(works)}.values())[::-1]


def chosen(only, quick):
    works = [work for work in WORKS if (not only or work.name in only) and not (quick and work.slow)]
    return first_of_each(works) if quick else works


def judge(work, large_l2=False, failed=()):
    """A verdict and why: missed by more than 5 %, by a wrong result or by a program that failed; skipped; or met."""
    if "unitsphere" not in work.rows:
        return ("missed", "its program failed") if work.program in failed else ("skipped", "not measured")
    error = work.rows["unitsphere"].get("error") or 0
    if not error <= LARGEST_ERROR_OF_CODES.get(work.type, LARGEST_ERROR):
        return "missed", f"error {error:.1e}"
    checks = list(work.checks(large_l2))
    why = ", ".join(f"{what} absent" if reached is None else f"{what} {reached:.2f} of {wanted:.2f}"
                    for what, wanted, reached in checks)
    if any(reached is not None and reached < (1 - TOLERANCE) * wanted for _, wanted, reached in checks):
        return "missed", why
    return "skipped" if any(reached is None for _, _, reached in checks) else "met", why


def parse(text):
    """What a program printed: its context, its rows as (name, who, shape, type, figures), and the machine's rates."""
    output = json.loads(text, parse_constant=lambda _: sys.float_info.max)  # a NaN or Infinity, which JSON has not
    rows, rates = [], {}
    for entry in output["benchmarks"]:
        name = entry["name"].split("/")
        if entry["run_type"] != "iteration" or entry.get("error_occurred"):
            continue
        if name[0] == "rate":
            key = name[1] + " " + name[3], int(name[4])
            rates[key] = max(rates.get(key, 0), entry["rate"])  # the fastest way
        else:
            clock = "real_time" if name[-1] == "real_time" else "cpu_time"
            seconds = entry[clock] * {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1}[entry["time_unit"]]
            figures = {"seconds": [seconds], "error": entry["error"], "limit": entry.get("label", "")}
            rows.append((*name[:4], {**figures, "of_limit": [entry["of_limit"]] if "of_limit" in entry else []}))
    return {key: value for key, value in output["context"].items() if isinstance(value, str)}, rows, rates


class Measurement:
    """Measures works. `run(log, command, threads)` returns what a command prints, or nothing where it fails."""

    def __init__(self, options, works, run):
        self.options, self.works, self.run = options, {work.key(): work for work in works}, run
        self.context, self.rates, self.failed = {}, {}, set()

    def start(self, name, command, threads=1):
        text = self.run(name, command, threads)
        self.failed |= {name} if text is None else set()
        return text

    def add(self, name, who, shape, type_, figures):
        row = self.works[name, shape, type_].rows.setdefault(who, {})
        for key in ("seconds", "our_seconds", "of_limit"):
            row[key] = row.get(key, []) + figures.get(key, [])
        row.update({key: figures[key] for key in ("limit", "error") if key in figures})

    def program(self, name, pattern, threads):
        text = self.start(name, [
            os.path.join(self.options.programs, name), f"--benchmark_filter=^({pattern})(/|$)",
            "--benchmark_format=json", "--benchmark_enable_random_interleaving=true",
            f"--benchmark_min_time={self.options.seconds}",
            f"--benchmark_repetitions={self.options.repetitions}"], threads)
        context, rows, rates = parse(text) if text else ({}, [], {})
        self.context.update(context)
        self.rates.update(rates)
        for row in rows:
            self.add(*row)

    def compiler(self):
        """CPU seconds for the umbrella and one call, and for xsimd alone, in turn."""
        command = pathlib.Path(self.options.programs, "compile_command.txt").read_text(encoding="utf-8").splitlines()
        for who, source in [("unitsphere", "umbrella.cpp"), ("xsimd", "xsimd_alone.cpp")] * self.options.repetitions:
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            done = self.start("compile", command + ["-c", str(HERE / "compile" / source), "-o", os.devnull])
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            if done is not None:
                seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
                self.add("compile", who, "-O2", "C++17", {"seconds": [seconds]})

    def script(self, who, module):
        """A library of Python, where an interpreter has it: its script alternates with our programs."""
        rows = [{"goal": work.name, "shape": work.shape, "type": work.type, "program": work.program}
                for work in self.works.values()]  # the script leaves out what it does not have
        pythons = [python for python in (sys.executable, shutil.which("python3", path="/usr/bin")) if python and
                   subprocess.run([python, "-c", "import " + module], stderr=subprocess.DEVNULL).returncode == 0]
        if not pythons:
            return
        asked, answer = [pathlib.Path(self.options.out, who + end) for end in ("_rows.json", ".json")]
        asked.write_text(json.dumps(rows), encoding="utf-8")
        rounds = self.options.rounds * self.options.repetitions
        if self.start(who, [pythons[0], str(HERE / f"against_{who}.py"), "--programs", self.options.programs,
                            "--rows", str(asked), "--rounds", str(rounds), "--seconds", str(self.options.seconds),
                            "--out", str(answer)]) is None:
            return
        found = json.loads(answer.read_text(encoding="utf-8"))
        self.context[who] = found["version"]
        for row in found["rows"]:
            if row["our_seconds"]:
                self.add(row["goal"], row.get("who", who), row["shape"], row["type"], row)

    def everything(self):
        several = self.options.threads if self.options.cpus > 1 else 1
        self.program("rates_bench", "rate", several)
        for _ in range(self.options.rounds):
            for name in dict.fromkeys(work.program for work in self.works.values()):
                if name == "compile":
                    self.compiler()
                elif name != "threads_bench" or several > 1:
                    patterns = [f"{work.name}/[^/]*/{work.shape}/{work.type}" for work in self.works.values()
                                if work.program == name]
                    self.program(name, "|".join(patterns), several if name == "threads_bench" else 1)
        self.script("pytorch", "torch")
        self.script("sklearn", "sklearn")


def peers_text(context, rows):
    """The peers of these rows: oneDNN 2.6.3 (its sgemm and its matmul), where there are rows of both."""
    texts = []
    for peer in dict.fromkeys(row.split("_")[0] for row in rows):
        version = re.search(r"\d+(\.\d+)+", context.get(peer, ""))
        parts = [row.split("_", 1)[1] for row in rows if row.startswith(peer + "_")]
        texts.append(" ".join([PEERS[peer], *([version[0]] if version else []),
                               *(["(its " + " and its ".join(parts) + ")"] if len(parts) > 1 else [])]))
    return ", ".join(texts)


def time_text(seconds):
    """Three digits and a unit."""
    size, unit = next(pair for pair in ((1, "s"), (1e-3, "ms"), (1e-6, "us"), (1e-9, "ns"))
                      if seconds >= 0.9995 * pair[0] or pair[1] == "ns")
    value = seconds / size
    return f"{value:.{2 if value < 9.995 else 1 if value < 99.95 else 0}f} {unit}"


def table(title, header, rows):
    lines = [header, ["---"] * len(header), *rows]
    return f"\n## {title}\n\n" + "".join("| " + " | ".join(map(str, line)) + " |\n" for line in lines)


def markdown(works, where, rates, verdicts):
    """The machine, a table of times and peers for each question, the goals if they were judged, the rates."""
    text = "# unitsphere beside the machine and other libraries\n\n"
    text += "".join(f"- {what}: {which}\n" for what, which in where.items()) + NOTE
    tables = {}
    for work in works:
        for who in sorted(work.rows, key=work.time):
            fraction, row = work.fraction(who), work.rows[who]
            tables.setdefault(f"{work.title} (`{work.name}`)", []).append([
                work.label(), who, time_text(work.time(who)),
                f"{fraction:.2f} {row.get('limit', '')}" if fraction else "",
                f"{work.speed_beside(who):.2f} x" if "unitsphere" in work.rows and who != "unitsphere" else "",
                f"{row['error']:.1e}" if "error" in row else ""])
    for title, rows in tables.items():
        text += table(title, ["work", "who", "time", "of the limit", "speed of unitsphere", "error"], rows)
    if verdicts:
        counts = [f"{sum(one == verdict for verdict, _ in verdicts)} {one}" for one in ("met", "missed", "skipped")]
        text += table("Goals: " + ", ".join(counts), ["goal", "work", "verdict", "reached and wanted"],
                      [[work.name, work.label(), *verdict] for work, verdict in zip(works, verdicts)])
    threads = sorted({count for _, count in rates})
    rows = [[what] + [f"{rates[what, count] / 1e9:.1f}" for count in threads] for what in sorted({w for w, _ in rates})]
    return text + table("The machine's rates, GFLOP/s and GB/s", ["threads", *threads], rows)


COLOURS = {"unitsphere": "#2f7de1", "eigen": "#d98a1f", "openblas": "#2e9d78", "onednn": "#9a70d8", "faiss": "#cf5f86",
           "numkong": "#3a9fb5", "usearch": "#7d9a2b", "hnswlib": "#a0694b", "pytorch": "#e2603c", "sklearn": "#b0921d"}
STYLE = """
  .page { fill: #ffffff } text { fill: #1f2328 } .grid { stroke: #d1d9e0 }
  .goal { stroke: #1f2328; stroke-width: 2; stroke-dasharray: 4 2 }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117 } text { fill: #e6edf3 } .grid { stroke: #30363d } .goal { stroke: #e6edf3 }
  }
"""


def draw(title, groups, ticks=()):
    """An SVG of horizontal bars in groups: (heading, place of the goal or 0, [(who, length, texts at the right)])."""
    def text(x, y, content, more=""):
        return f'<text x="{x:.0f}" y="{y}" {more}>{escape(content)}</text>\n'

    bold, end, step, y, left, body = 'font-weight="bold"', 'text-anchor="end"', 19, 48, 150, ""
    unit = 470 / max([1] + [length for _, goal, bars in groups for length in (goal, *(bar[1] for bar in bars))])
    for heading, goal, bars in groups:
        y += 28
        body += text(14, y - 7, heading, bold)
        top = y - 2
        for who, length, texts in bars:
            colour = COLOURS.get(who.split("_")[0], "#8b8f98")
            body += text(left - 8, y + 13, who, end) + "".join(
                text(x, y + 13, content, end) for x, content in zip((766, 690), reversed(texts)))
            body += f'<rect x="{left}" y="{y + 1}" width="{unit * length:.1f}" height="16" fill="{colour}"/>\n'
            y += step
        body += f'<path class="goal" d="M{left + unit * goal:.1f} {top}V{y}"/>\n' if goal else ""
    grid = "".join(f'<path class="grid" d="M{left + unit * tick:.1f} 50V{y + 6}"/>'
                   + text(left + unit * tick, y + 20, f"{tick:g}", 'text-anchor="middle"') for tick in ticks)
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 780 {y + 32}" font-family="sans-serif" '
            f'font-size="13"><style>{STYLE}</style><rect class="page" width="780" height="{y + 32}"/>\n'
            + text(14, 30, title, bold) + grid + body + "</svg>\n")


def plots(works, with_goals, large_l2):
    """limit.svg has the works whose goal is a fraction of the limit, time.svg the others."""
    limits, times = [], []
    beside = [work for work in works if work.against and "unitsphere" in work.rows and len(work.rows) > 1]
    for work in first_of_each(beside):
        heading, checks = f"{work.title}: {work.label()}", list(work.checks(large_l2)) if with_goals else []
        seconds = {who: work.time() * (1 if who == "unitsphere" else work.speed_beside(who)) for who in work.rows}
        if work.of_limit:
            limits.append((heading, checks[0][1] if checks else 0, [
                (who, work.fraction(who), [f"{work.fraction(who):.2f}", time_text(seconds[who])])
                for who in sorted(seconds, key=work.fraction, reverse=True)]))
        else:
            slowest = max(seconds.values())
            goal = work.time() * min((reached / wanted for _, wanted, reached in checks if reached), default=0)
            times.append((heading, goal / slowest, [
                (who, seconds[who] / slowest, [time_text(seconds[who])]) for who in sorted(seconds, key=seconds.get)]))
    line = "; dashed: the goal" if with_goals else ""
    ticks = (0, 0.25, 0.5, 0.75, 1)
    return {"limit.svg": draw("Fraction of this machine's limit: longer is better" + line, limits, ticks),
            "time.svg": draw("Time, each group on its own scale: shorter is better" + line, times)}


def processor():
    """The lines of /proc/cpuinfo by name."""
    path = pathlib.Path("/proc/cpuinfo")
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)}


def machine(options, context):
    cpu = processor()
    names = ("compiler", "instruction_set", "cache_sizes", *PEERS)
    return {"date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
            "processor": ", ".join(f"{name} {cpu.get(name, '')}" for name in ("model name", "cpu family", "model")),
            "CPUs": options.cpus, "system": platform.platform(),
            **{name: context.get(name, "absent") for name in names}, "pinned to": options.pin or "nothing"}


def runner(options, cores):
    """What starts a command, on the first core or for several threads on all; what it complains of is kept."""
    def run(name, command, threads):
        print("report:", name, file=sys.stderr, flush=True)
        if cores:
            os.sched_setaffinity(0, cores if threads > 1 else cores[:1])
        log = os.path.join(options.out, name + ".log")
        environment = dict(os.environ, BENCH_THREADS=str(threads))
        try:
            with open(log, "w", encoding="utf-8") as errors:
                return subprocess.run(command, env=environment, check=True, text=True, stdout=subprocess.PIPE,
                                      stderr=errors).stdout
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"report: {error}; see {log}", file=sys.stderr)
            return None
    return run


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--programs", default=str(HERE.parent / "build/bench/bench"), help="folder of the programs")
    parser.add_argument("--out", help="folder of the report; else `report` beside that of the programs")
    parser.add_argument("--only", action="append", choices=list(dict.fromkeys(work.name for work in WORKS)),
                        help="the name of a question; may be given again")
    parser.add_argument("--pin", default="", help="cores, as in 0,1; rows of one thread take the first")
    parser.add_argument("--threads", type=int, default=2, help="of the question `threads`")
    parser.add_argument("--quick", action="store_true", help="a short round of a few rows: does everything run?")
    parser.add_argument("--goals", action="store_true", help="judges the goals too")
    parser.add_argument("--check", action="store_true", help="the same, and fails on a missed goal")
    options = parser.parse_args()
    options.out = options.out or str(pathlib.Path(options.programs).resolve().parent / "report")
    options.goals |= options.check
    options.rounds, options.repetitions, options.seconds = (1, 1, 0.01) if options.quick else (3, 3, 0.1)
    return options


def main():
    options = arguments()
    cores = [int(core) for core in options.pin.split(",") if core]
    options.cpus = len(cores) or os.cpu_count()
    os.makedirs(options.out, exist_ok=True)
    cpu = processor()
    if cpu.get("vendor_id") == "GenuineIntel" and "avx512f" in cpu["flags"]:
        os.environ.setdefault("OPENBLAS_CORETYPE", "SkylakeX")  # it takes a processor newer than itself for a Prescott
    works = chosen(options.only, options.quick)
    measured = Measurement(options, works, runner(options, cores))
    measured.everything()

    large_l2 = int(measured.context.get("cache_sizes", "0 0 0").split()[1]) >= 2 << 20
    where = machine(options, measured.context)
    verdicts = [judge(work, large_l2, measured.failed) for work in works] if options.goals else []
    text = markdown(works, where, measured.rates, verdicts)
    files = {"report.md": text, **plots(works, options.goals, large_l2), "report.json": json.dumps({
        "machine": where, "works": [dataclasses.asdict(work) for work in works], "verdicts": verdicts,
        "rates": [[*key, value] for key, value in measured.rates.items()]}, indent=1) + "\n"}
    for name, content in files.items():
        pathlib.Path(options.out, name).write_text(content, encoding="utf-8")
    print(text + f"\n{options.out}/report.md")
    missed = options.check and any(verdict == "missed" for verdict, _ in verdicts)
    return 1 if missed or measured.failed else 0


if __name__ == "__main__":
    sys.exit(main())
