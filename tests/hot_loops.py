#!/usr/bin/env python3
"""Whether the inner loops of the multiply kernels keep their sums in registers.   hot_loops.py OBJDUMP OBJECT...

Fails if an innermost loop of kernel::multiply, or of its relatives for bytes, has a vector register that is loaded from
or stored to the stack, or if an object has no such loop of floats or of doubles, or one of bytes that it defines has
none. Prints the loops of each object.
"""

import re
import subprocess
import sys

LEAST_MULTIPLY_ADDS = 8  # of one turn; x86-64 without FMA has products and sums instead
LEAST_OF_BYTES = 2
MULTIPLY_ADD = re.compile(r"\s(vfn?madd\w+|v?mulp[sd]|v?pmadd\w+|vpdpbusd)\s")
VECTOR = re.compile(r"%[xyz]mm")


def functions(objdump, path):
    """(name, lines) of each function of an object: (address, text) of each instruction."""
    text = subprocess.run([objdump, "-dC", "--no-show-raw-insn", path], capture_output=True, text=True, check=True)
    name, lines = "", []
    for line in text.stdout.split("\n"):
        if start := re.match(r"[0-9a-f]+ <(.*)>:$", line):
            yield name, lines
            name, lines = start.group(1), []
        elif instruction := re.match(r"\s*([0-9a-f]+):\s*(.*)", line):
            lines.append((int(instruction.group(1), 16), instruction.group(2)))
    yield name, lines


def innermost_loops(lines):
    """The instructions of each loop that has no loop inside."""
    place = {address: i for i, (address, _) in enumerate(lines)}
    loops = []
    for i, (_, text) in enumerate(lines):
        jump = re.match(r"j\w+\s+(?:0x)?([0-9a-f]+)", text)
        if jump and place.get(int(jump.group(1), 16), i) < i:
            loops.append((place[int(jump.group(1), 16)], i))
    for first, last in loops:
        if not any(first <= a and b < last or first < a and b <= last for a, b in loops):
            yield [text for _, text in lines[first : last + 1]]


def touches_stack(text, frame_pointer):
    return VECTOR.search(text) and re.search(r"\(%rsp[,)]" + (r"|\(%rbp[,)]" if frame_pointer else ""), text)


def main():
    faults = 0
    for path in sys.argv[2:]:
        found, expected = set(), {"float"}
        for name, lines in functions(sys.argv[1], path):
            if "kernel::multiply" not in name or "multiply_block<1," in name or "unpacked" in name:
                continue  # one row waits for its panel, not for the stack; unpacked rows' squares lie on the stack
            numbers = {number for number in ("float", "double") if f"<{number}" in name or f", {number}" in name}
            expected |= numbers if "multiply_block<" in name else set()
            bits = re.search(r"multiply_(compact_row<\d|few_bits<\d|bytes)", name)
            if bits:
                numbers = {bits.group()}
                expected |= numbers
            frame_pointer = any(re.match(r"movq?\s+%rsp,\s*%rbp", text) for _, text in lines)
            for loop in innermost_loops(lines):
                operations = sum(bool(MULTIPLY_ADD.search(" " + text)) for text in loop)
                if operations < (LEAST_OF_BYTES if bits else LEAST_MULTIPLY_ADDS):
                    continue
                found |= numbers
                spills = [text for text in loop if touches_stack(text, frame_pointer)]
                faults += bool(spills)
                short = re.sub(r"unitsphere::\w+::kernel::", "", name)
                print(f"{operations:3} of {len(loop):3} instructions, {len(spills)} on the stack: {short}")
        for number in sorted(expected - found):
            print(f"{path}: no loop of kernel::multiply in {number} found")
            faults += 1
    return faults > 0


if __name__ == "__main__":
    sys.exit(main())
