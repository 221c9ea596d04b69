"""Tests of report.py: what it judges, in which order it runs, what it reads and draws."""

import json
import types
import unittest
import xml.etree.ElementTree

import recall
import report


def work_with(rows, **goal):
    """A work whose rows are given as who: seconds, at a limit of 1 ms."""
    work = report.Work("cosine_large", "similarity_bench", "Cosine matrix", "2x3x4", "f32", **goal)
    for who, seconds in rows.items():
        work.rows[who] = {"seconds": [seconds], "of_limit": [1e-3 / seconds], "limit": "fma", "error": 1e-7}
    return work


def output(*names):
    """What a program prints for rows of 2 ms, and for a rate."""
    row = {"run_type": "iteration", "cpu_time": 2, "real_time": 3, "time_unit": "ms", "error": 1e-7, "of_limit": 0.5}
    rows = [dict(row, name=name, label="fma") for name in names]
    rates = [{"name": f"rate/copy/{how}/L1/1", "run_type": "iteration", "rate": rate}
             for how, rate in (("loop", 5e9), ("memcpy", 7e9))]
    return json.dumps({"context": {"eigen": "3.4.0", "num_cpus": 2}, "benchmarks": rows + rates})


class Verdicts(unittest.TestCase):
    def verdict(self, rows, **goal):
        return report.judge(work_with(rows, **goal))[0]

    def test_a_fraction_is_missed_when_it_is_more_than_5_percent_short(self):
        self.assertEqual(self.verdict({"unitsphere": 1e-3 / 0.856}, of_limit=(0.9,)), "met")
        self.assertEqual(self.verdict({"unitsphere": 1e-3 / 0.854}, of_limit=(0.9,)), "missed")

    def test_the_second_fraction_is_for_a_large_l2(self):
        work = work_with({"unitsphere": 1e-3 / 0.8}, of_limit=(0.9, 0.8))
        self.assertEqual([report.judge(work, large)[0] for large in (False, True)], ["missed", "met"])

    def test_a_time_is_missed_when_it_is_more_than_5_percent_longer(self):
        self.assertEqual(self.verdict({"unitsphere": 0.999}, seconds=0.95), "met")
        self.assertEqual(self.verdict({"unitsphere": 1.001}, seconds=0.95), "missed")

    def test_the_fastest_row_of_a_library_is_the_one_to_beat(self):
        rows = {"unitsphere": 1e-3, "onednn_sgemm": 4e-3, "onednn_matmul": 2e-3}
        self.assertEqual(self.verdict(rows, against={"onednn": 2.0}), "met")
        self.assertEqual(self.verdict(rows, against={"onednn": 2.2}), "missed")

    def test_an_absent_library_means_skipped_unless_something_is_missed(self):
        rows = {"unitsphere": 1e-3, "eigen": 2e-3}
        self.assertEqual(self.verdict(rows, against={"eigen faiss": 1}), "skipped")
        self.assertEqual(self.verdict(rows, against={"eigen faiss": 3}), "missed")

    def test_alternating_rounds_are_compared_with_our_time_in_those_rounds(self):
        work = work_with({"unitsphere": 1e-3})
        work.rows["pytorch"] = {"seconds": [6e-3], "our_seconds": [3e-3]}
        self.assertAlmostEqual(work.speed_beside("pytorch"), 2)
        self.assertAlmostEqual(work.fraction("pytorch"), 0.5)

    def test_a_wrong_result_misses_every_goal(self):
        work = work_with({"unitsphere": 1e-3}, of_limit=(0.1,))
        for error in (1e-3, float("nan")):
            work.rows["unitsphere"]["error"] = error
            self.assertEqual(report.judge(work)[0], "missed")

    def test_codes_may_be_as_far_from_double_as_their_bits_are_few(self):
        for type_, error, verdict in (("i8", 5e-3, "met"), ("i8", 2e-2, "missed"), ("i1", 0.1, "met")):
            work = work_with({"unitsphere": 1e-3})
            work.type, work.rows["unitsphere"]["error"] = type_, error
            self.assertEqual(report.judge(work)[0], verdict)

    def test_what_is_not_measured_is_skipped_and_what_failed_is_missed(self):
        self.assertEqual(report.judge(work_with({}))[0], "skipped")
        self.assertEqual(report.judge(work_with({}), failed={"similarity_bench"})[0], "missed")


class Reading(unittest.TestCase):
    def test_rows_rates_and_context_are_read(self):
        context, rows, rates = report.parse(output("normalize/loop/1x512/f32 in place", "threads/a/b/c/real_time"))
        self.assertEqual(context, {"eigen": "3.4.0"})
        self.assertEqual(rows[0][:4], ("normalize", "loop", "1x512", "f32 in place"))
        self.assertEqual([row[4]["seconds"] for row in rows], [[2e-3], [3e-3]])
        self.assertEqual(rates, {("copy L1", 1): 7e9})

    def test_peers_have_their_names_their_versions_and_the_rows_of_those_with_several(self):
        context = {"eigen": "3.4.0", "onednn": "2.6.3", "openblas": "OpenBLAS 0.3.21 NO_LAPACKE, core Zen",
                   "hnswlib": "of unknown version"}
        rows = ["eigen", "openblas_sgemm", "onednn_sgemm", "onednn_matmul", "hnswlib"]
        self.assertEqual(report.peers_text(context, rows),
                         "Eigen 3.4.0, OpenBLAS 0.3.21, oneDNN 2.6.3 (its sgemm and its matmul), hnswlib")

    def test_storages_are_labelled_with_their_factor_or_the_ef_of_a_graph(self):
        lines = [{"who": "unitsphere", "storage": "int8", "factor": 1}, {"who": "FAISS", "storage": "SQ8", "factor": 2},
                 {"who": "USearch", "storage": "HNSW int8", "ef": 64}]
        self.assertEqual([recall.label(line) for line in lines], ["int8", "FAISS SQ8 x 2", "USearch HNSW int8 ef 64"])

    def test_an_error_that_is_no_number_is_a_large_one(self):
        rows = report.parse(output("a/unitsphere/b/f32").replace("1e-07", "NaN"))[1]
        self.assertGreater(rows[0][4]["error"], 1e300)


class Running(unittest.TestCase):
    def measured(self, run, works, rounds=2):
        options = types.SimpleNamespace(programs="", threads=2, cpus=2, rounds=rounds, repetitions=1, seconds=0.1)
        measured = report.Measurement(options, works, run)
        measured.script = lambda *_: None
        measured.everything()
        return measured

    def test_programs_alternate_round_by_round(self):
        started = []
        works = report.chosen(["cosine_1", "softmax", "threads"], quick=True)
        self.measured(lambda name, command, threads: started.append((name, threads)), works)
        turn = [("similarity_bench", 1), ("probability_bench", 1), ("threads_bench", 2)]
        self.assertEqual(started, [("rates_bench", 2)] + turn + turn)

    def test_rounds_are_collected_and_a_failure_is_remembered(self):
        works = report.chosen(["cosine_1", "softmax"], quick=True)
        answers = {"similarity_bench": output("cosine_1/unitsphere/1x1000x512/f32"), "rates_bench": output()}
        measured = self.measured(lambda name, command, threads: answers.get(name), works, rounds=3)
        self.assertEqual(works[0].rows["unitsphere"]["seconds"], [2e-3] * 3)
        self.assertEqual(measured.failed, {"probability_bench"})

    def test_every_work_has_a_key_of_its_own(self):
        self.assertEqual(len({work.key() for work in report.WORKS}), len(report.WORKS))


class Writing(unittest.TestCase):
    def setUp(self):
        rows = {"unitsphere": 1.25e-3, "eigen": 2.5e-3}
        self.works = [work_with(rows, of_limit=(0.9,), against={"eigen": 1}), work_with(rows, against={"eigen": 1})]
        self.works[1].name = "a <b> & c"
        self.works[1].title = "<b> & c"

    def test_tables_have_a_line_for_each_contestant_and_goal(self):
        verdicts = [report.judge(work) for work in self.works]
        text = report.markdown(self.works, {"CPUs": 2}, {("copy L1", 1): 7e9}, verdicts)
        self.assertIn("| 2x3x4 | unitsphere | 1.25 ms | 0.80 fma |  | 1.0e-07 |", text)
        self.assertIn("| 2x3x4 | eigen | 2.50 ms | 0.40 fma | 2.00 x | 1.0e-07 |", text)
        self.assertIn("Goals: 1 met, 1 missed, 0 skipped", text)
        self.assertIn("| copy L1 | 7.0 |", text)

    def test_plots_are_well_formed_with_a_bar_for_each_row(self):
        for goals in (False, True):
            for text in report.plots(self.works, goals, False).values():
                root = xml.etree.ElementTree.fromstring(text)
                self.assertEqual(len(root.findall("{*}rect")), 1 + 2)
                self.assertEqual(text.count('class="goal"'), goals)

    def test_times_have_three_digits_and_a_unit(self):
        for seconds, text in ((70e-9, "70.0 ns"), (0.5e-6, "500 ns"), (1.234e-3, "1.23 ms"), (0.99996, "1.00 s")):
            self.assertEqual(report.time_text(seconds), text)


if __name__ == "__main__":
    unittest.main()
