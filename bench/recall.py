#!/usr/bin/env python3
"""The table and the plot of recall: what do compact storage and graphs find, and how fast?

recall.py PROGRAM [--data FOLDER] [--rows N] [--pin CORE] [--rounds N] [--page FILE.md] [--plot FILE.svg]
                  [--machine TEXT] [--built TEXT] [--lines FILE.json]

Without --data there are no real embeddings, with --rows 0 no synthetic ones. The table goes between the two comments
`recall` of the page. --lines keeps what the program printed, or, without a PROGRAM, is read instead.
"""

import argparse
import datetime
import json
import math
import os
import subprocess
from xml.sax.saxutils import escape

from page_section import rewrite
from report import PEERS, STYLE, peers_text, processor, time_text

TEXT = """## Recall and speed of compact storage

The share of the ten nearest rows that a search finds, in brackets that of the nearest one, and queries a second: one
query in a call, and 256; before, the CPU time in which the rows were packed or the graph was built. *x 2* and *x 4*
score as many candidates again with the rows (`top_k_rescored`; others' candidates by our loop, since not all of them
have one). What is exact needs none. HNSW are graphs of 16 neighbours a row (USearch's and hnswlib's own parameters;
*ef* candidates are kept on the way), whose answers are taken as they are; graphs of more than 100,000 rows are left
out. A row counts as found where its cosine in double reaches that of the k-th nearest row less 5e-7: a copy is as good
as the row. Queries and rows are of unit length, dim 512. The least CPU time of {rounds} interleaved rounds, {date};
those who would take too long get fewer queries. One thread of {machine};
{peers}.

![Recall over queries a second](plots/recall.svg)
"""
REAL = """
### Real embeddings

Oxford pets ({images} images; queries are 736 others) and the class names of LVIS, COCO, Objects365 and ImageNet
({texts} texts, each of which is a query that does not find itself) by CLIP ViT-B/32; text -> image asks for ImageNet's
names. Queries a second are those of image -> image: so few rows fit into the caches.
"""
SYNTHETIC = """
### {rows:,} synthetic rows

unit(m + R z): m, the cone, gives two rows a mean cosine of .4, and has three outlier elements, -.4, .3 and .3, where the
others are near .01; z has independent elements with variances (k + 4)^-1.3, scaled to .6 in all, the spectrum of real
images; R are random signs and Hadamard's matrix. (bench/recall_tasks.hpp.) 1000 queries are made alike.
"""
NOTE = """
*exact by bytes* is `shadow_gallery`: rows of float and a shadow of 8 bits, with the answers of *float*, bit for bit.
"""
TASKS = ("image -> image", "text -> text", "text -> image", "image -> text")
COLOURS = {"exact by bytes": "#d1242f", "float": "#57606a", "float16": "#2f7de1", "bfloat16": "#2f7de1",
           "fast_bfloat16": "#2f7de1",
           "int8": "#2f7de1", "int4": "#2f7de1", "one_bit": "#2f7de1", "FAISS": "#d98a1f", "USearch": "#7d9a2b",
           "hnswlib": "#a0694b"}


def speed(queries):
    """Three digits: 45,200 or 8.47."""
    return f"{float(f'{queries:.3g}'):,.{max(0, 2 - math.floor(math.log10(queries)))}f}"


def share(line):
    return f"{line['recall_10']:.3f} ({line['recall_1']:.3f})"


def name(line):
    return line["storage"] if line["who"] == "unitsphere" else f"{line['who']} {line['storage']}"


def label(line):
    """With its factor or `ef`, where it has one."""
    if "ef" in line:
        return f"{name(line)} ef {line['ef']}"
    return name(line) + ("" if line["factor"] == 1 else f" x {line['factor']}")


def table(head, lines, cells):
    text = "\n| storage | bytes a row | built in | " + " | ".join(head) + " |\n" + "|---" * (len(head) + 3) + "|\n"
    for line in lines:
        built = time_text(line["seconds"])
        text += f"| {label(line)} | {line['bytes']} | {built} | " + " | ".join(cells(line)) + " |\n"
    return text


def page(context, lines, rounds, machine, built):
    shown = {line["who"] for line in lines}
    shown |= {"NumKong"} if "USearch" in shown else set()  # has its kernels
    peers = peers_text(context, [peer for peer in PEERS if peer in context and PEERS[peer] in shown]) or "no peers"
    text = TEXT.format(date=datetime.date.today(), rounds=rounds, peers=peers + (", " + built if built else ""),
                       machine=machine or processor().get("model name", "this machine"))
    of = {(line["task"], label(line)): line for line in lines}
    real = [line for line in lines if line["task"] == TASKS[0]]
    if real:
        texts = next(line["rows"] for line in lines if line["task"] == TASKS[1])
        text += REAL.format(images=real[0]["rows"], texts=texts)
        text += table([*TASKS, "1 query", "256 queries"], real, lambda line: [
            *(share(of[task, label(line)]) for task in TASKS), speed(line["one"]), speed(line["many"])])
    synthetic = [line for line in lines if line["task"] == "synthetic"]
    if synthetic:
        text += SYNTHETIC.format(rows=synthetic[0]["rows"])
        text += table(["recall", "1 query", "256 queries"], synthetic, lambda line: [
            share(line), speed(line["one"]), speed(line["many"])])
    return text + NOTE


def panel(lines, key, title, left):
    """Recall, by what is missed, over queries a second, both on logarithmic scales; a line joins the factors."""
    wide, high, top, decades = 350, 330, 120, 4
    ends = [math.log10(line[key]) for line in lines]
    low, span = min(ends) - 0.15, max(ends) - min(ends) + 0.75  # room for a name behind the last

    def place(line):
        missed = max(1 - line["recall_10"], 10 ** -decades)
        return left + (math.log10(line[key]) - low) / span * wide, top + high + math.log10(missed) * high / decades

    body = f'<text x="{left}" y="{top - 68}" font-weight="bold">{title}</text>\n'
    for exponent in range(math.ceil(low), math.floor(low + span) + 1):
        x = left + (exponent - low) / span * wide
        body += (f'<line class="grid" x1="{x:.0f}" x2="{x:.0f}" y1="{top}" y2="{top + high}"/>'
                 f'<text x="{x:.0f}" y="{top + high + 18}" text-anchor="middle">{10 ** exponent:,}</text>\n')
    for missed, tick in zip(range(decades + 1), ("0", ".9", ".99", ".999", "1")):
        y = top + high - missed * high / decades
        body += (f'<line class="grid" x1="{left}" x2="{left + wide}" y1="{y:.0f}" y2="{y:.0f}"/>'
                 f'<text x="{left - 8}" y="{y + 4:.0f}" text-anchor="end">{tick}</text>\n')
    for title in dict.fromkeys(map(name, lines)):
        points = [line for line in lines if name(line) == title]
        colour = COLOURS.get(points[0]["storage"]) or COLOURS[points[0]["who"]]
        places = [place(line) for line in points]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        body += f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.5"/>\n'
        for (x, y), line in zip(places, points):
            size = 6 if line["storage"] == "exact by bytes" else 3.5
            body += (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size}" fill="{colour}"><title>'
                     f'{escape(label(line))}: {line["recall_10"]:.4f}, {speed(line[key])} a second</title></circle>\n')
        x, y = places[0]
        above = points[0]["recall_10"] > 0.9999
        turn = f' transform="rotate(-35 {x:.1f} {y - 9:.1f})"' if above else ""
        body += (f'<text x="{x + (0 if above else 8):.1f}" y="{y + (-9 if above else 4):.1f}" font-size="11"{turn} '
                 f'style="fill:{colour}">{escape(title)}</text>\n')
    return body


def plot(lines):
    rows = max(line["rows"] for line in lines)
    task = next(line["task"] for line in lines if line["rows"] == rows)
    shown = [line for line in lines if line["task"] == task]
    body = panel(shown, "one", "one query at a time", 52) + panel(shown, "many", "256 queries at once", 472)
    title = f"Recall@10 over queries a second, {rows:,} rows, dim 512, one thread"
    return ('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 850 490" font-family="sans-serif" font-size="12">'
            f'<style>{STYLE}</style><rect class="page" width="850" height="490"/>\n'
            f'<text x="14" y="24" font-size="14" font-weight="bold">{title}</text>\n{body}</svg>\n')


def measured(options):
    if not options.program:
        with open(options.lines, encoding="utf-8") as file:
            return file.read()
    if options.pin is not None:
        os.sched_setaffinity(0, [options.pin])
    cpu = processor()
    if cpu.get("vendor_id") == "GenuineIntel" and "avx512f" in cpu["flags"]:
        os.environ.setdefault("OPENBLAS_CORETYPE", "SkylakeX")  # FAISS multiplies with it; see report.py
    command = [options.program, str(options.rounds), str(options.rows)] + ([options.data] if options.data else [])
    text = subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE).stdout
    if options.lines:
        with open(options.lines, "w", encoding="utf-8") as file:
            file.write(text)
    return text


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", nargs="?", help="recall of the build")
    parser.add_argument("--data", help="folder of real embeddings, as tests/real reads it")
    parser.add_argument("--rows", type=int, default=1000000, help="synthetic rows")
    parser.add_argument("--pin", type=int, help="the core to run on")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--page", default="recall.md")
    parser.add_argument("--plot", default="recall.svg")
    parser.add_argument("--machine", default="", help="what the page calls it; by default the processor's name")
    parser.add_argument("--built", default="", help="what the page says of FAISS' build")
    parser.add_argument("--lines", help="what the program printed")
    options = parser.parse_args()
    if not options.program and not options.lines:
        parser.error("a PROGRAM to run, or --lines to read")
    context, *lines = map(json.loads, measured(options).splitlines())
    rewrite(options.page, "recall", page(context, lines, options.rounds, options.machine, options.built))
    with open(options.plot, "w", encoding="utf-8") as file:
        file.write(plot(lines))


if __name__ == "__main__":
    main()
