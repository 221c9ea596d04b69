#!/usr/bin/env python3
"""The page of similarity_map: where are matrices of cosines fast, where not?

similarity_map.py PROGRAM [--pin CORE] [--rounds N] [--name NAME] [--machine TEXT] [--note TEXT]
                  [--page FILE.md] [--plot FILE.svg]

The page has a part for each name, of which only this one is rewritten.
"""

import argparse
import datetime
import json
import os
import subprocess

from page_section import rewrite
from report import STYLE, peers_text, processor

TEXT = """## {machine}

Peers: {peers}.
{cpu}, one thread, {date}; medians of {rounds} interleaved rounds.{note}

![Factor beside the best product](plots/{plot})
"""


def colour(factor):
    """Blue where unitsphere is faster, red where it is slower, white at 1; half or double is as dark as it gets."""
    strength = min(abs(factor - 1) / (1.0 if factor > 1 else 0.5), 1.0)
    light, dark = (255, 255, 255), (47, 125, 225) if factor > 1 else (226, 96, 60)
    return "#" + "".join(f"{round(a + (b - a) * strength):02x}" for a, b in zip(light, dark))


def axes(shapes):
    return [sorted({shape[name] for shape in shapes}) for name in ("dim", "queries", "gallery")]


def page(context, shapes, options):
    dims, queries, galleries = axes(shapes)
    cell = {(s["dim"], s["queries"], s["gallery"]): f"{s['of_limit']:.2f}, {s['factor']:.2f} x" for s in shapes}
    cpu = processor().get("model name", "this machine")
    text = TEXT.format(machine=options.machine or cpu, peers=peers_text(context, context["products"]), cpu=cpu,
                       date=datetime.date.today(), rounds=options.rounds,
                       note=options.note and " " + options.note, plot=os.path.basename(options.plot))
    for dim in dims:
        text += f"\n### dim {dim}\n\n| queries \\ gallery | " + " | ".join(map(str, galleries)) + " |\n"
        text += "|---" * (len(galleries) + 1) + "|\n"
        for q in queries:
            text += f"| {q} | " + " | ".join(cell[dim, q, g] for g in galleries) + " |\n"
    return text


def plot(shapes):
    dims, queries, galleries = axes(shapes)
    wide, high, left, top = 62, 26, 60, 56
    width = left + len(galleries) * wide + 16
    panel = top + len(queries) * high
    body = ""
    for s in shapes:
        x = left + galleries.index(s["gallery"]) * wide
        y = dims.index(s["dim"]) * panel + top + queries.index(s["queries"]) * high
        body += (f'<rect x="{x}" y="{y}" width="{wide - 2}" height="{high - 2}" fill="{colour(s["factor"])}"/>'
                 f'<text x="{x + wide / 2 - 1}" y="{y + 17}" text-anchor="middle" style="fill:#1f2328">'
                 f'{s["factor"]:.2f}</text>\n')
    for i, dim in enumerate(dims):
        y = i * panel
        body += f'<text x="{left}" y="{y + 26}" font-weight="bold">dim {dim}: queries down, gallery across</text>\n'
        body += "".join(f'<text x="{left + (j + 0.5) * wide}" y="{y + top - 8}" text-anchor="middle">{g}</text>'
                        for j, g in enumerate(galleries))
        body += "".join(f'<text x="{left - 8}" y="{y + top + j * high + 17}" text-anchor="end">{q}</text>'
                        for j, q in enumerate(queries))
    height = len(dims) * panel + 16
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
            f'font-family="sans-serif" font-size="12"><style>{STYLE}</style>'
            f'<rect class="page" width="{width}" height="{height}"/>\n{body}</svg>\n')


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", help="similarity_map of the build")
    parser.add_argument("--pin", type=int, help="the core to run on")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--name", default="map", help="of the part of the page")
    parser.add_argument("--machine", default="", help="its title; by default the processor's name")
    parser.add_argument("--note", default="", help="what else is to be said of it")
    parser.add_argument("--page", default="similarity_map.md")
    parser.add_argument("--plot", default="similarity_map.svg")
    options = parser.parse_args()
    if options.pin is not None:
        os.sched_setaffinity(0, [options.pin])
    lines = subprocess.run([options.program, str(options.rounds)], check=True, text=True, stdout=subprocess.PIPE)
    context, *shapes = map(json.loads, lines.stdout.splitlines())
    rewrite(options.page, options.name, page(context, shapes, options))
    with open(options.plot, "w", encoding="utf-8") as file:
        file.write(plot(shapes))
    slower = [s for s in shapes if s["factor"] < 1]
    print(f"{len(shapes)} shapes, {len(slower)} of them slower than the best product alone")


if __name__ == "__main__":
    main()
