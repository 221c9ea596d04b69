// Which goals are met on this machine? Runs the benchmark programs and judges every goal.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "hardware.hpp"
#include "plots.hpp"
#include "processes.hpp"

namespace report {

namespace {

struct arguments {
    settings run;
    std::vector<std::string> only;
    std::string how = "median";
    bool check = false;
};

void describe(CLI::App& app, arguments& given) {
    std::vector<std::string> ids;
    for (const goal& g : goals())
        if (ids.empty() || ids.back() != g.id) ids.push_back(g.id);
    app.add_option("--only", given.only, "A goal's id; may be given again")->check(CLI::IsMember(ids));
    app.add_option("--pin", given.run.pin, "Cores to run on, as in \"0\" or \"0,1\"; one-thread rows take the first");
    app.add_option("--threads", given.run.threads, "Threads of the goal `threads`")->check(CLI::Range(2, 1024));
    app.add_option("--out", given.run.out, "Folder for report.json, report.md and the plots")->capture_default_str();
    app.add_option("--programs", given.run.programs, "Folder of the benchmark programs")->capture_default_str();
    app.add_option("--statistic", given.how, "How rounds become one figure; `best` where others use the machine too")
        ->check(CLI::IsMember({"median", "best"}))
        ->capture_default_str();
    app.add_option("--rounds", given.run.rounds, "Rounds of every row; else 9, and 3 with --quick")
        ->check(CLI::Range(1, 1000));
    app.add_flag("--quick", given.run.quick, "A few short rounds: to see that everything runs");
    app.add_flag("--check", given.check, "Fail if a goal is missed");
}

results measure(const settings& s) {
    results all;
    all.how = s.how;
    std::vector<goal> wanted;
    for (const goal& g : goals())
        if (s.wants(g.id)) wanted.push_back(g);
    all.rates = run_rates(s);
    all.runs = run_programs(s);
    if (s.wants("compile")) all.runs.push_back(time_compiler(s));
    std::string pytorch, sklearn;
    all.alternating = run_pytorch(s, wanted, pytorch);
    for (pair_of_rows& pair : run_sklearn(s, wanted, sklearn)) all.alternating.push_back(std::move(pair));
    for (const goal& g : wanted) all.goals.push_back(judge(g, all.runs, all.alternating, s.how, cpus_of(s.pin)));

    all.machine = hardware();
    for (const char* name : {"compiler", "instruction_set", "eigen", "openblas", "onednn", "faiss"}) {
        const auto place = all.rates.context.find(name);
        all.machine.emplace_back(name, place != all.rates.context.end() ? place->second : "not in this build");
    }
    all.machine.emplace_back("pytorch", pytorch.empty() ? "not found" : pytorch);
    all.machine.emplace_back("scikit-learn", sklearn.empty() ? "not found" : sklearn);
    all.machine.emplace_back("pinned to", s.pin.empty() ? "nothing" : "core " + s.pin);
    return all;
}

void write(const results& all, const std::string& out) {
    std::ofstream(out + "/report.json") << to_json(all).dump(1) << "\n";
    std::ofstream(out + "/report.md") << markdown(all);
    if (!draw_plots(all, out)) std::cerr << "report: no plots (gnuplot is not there, or see the logs)\n";
}

int run_report(int argc, char** argv) {
    arguments given;
    given.run.programs = std::filesystem::absolute(argv[0]).parent_path().string();
    given.run.out = std::filesystem::path(given.run.programs).parent_path().string() + "/report";
    CLI::App app("Runs the benchmarks and says which goals of this library are met on this machine.");
    describe(app, given);
    CLI11_PARSE(app, argc, argv);
    given.run.only.insert(given.only.begin(), given.only.end());
    given.run.how = given.how == "best" ? statistic::best : statistic::median;

    std::filesystem::create_directories(given.run.out);
    const results all = measure(given.run);
    write(all, given.run.out);
    std::cout << markdown(all) << "\n" << given.run.out << "/report.md: " << summary(all.goals) << "\n";
    const bool missed =
        std::any_of(all.goals.begin(), all.goals.end(), [](const judged& j) { return j.result == verdict::missed; });
    return given.check && missed ? 1 : 0;
}

}  // namespace

}  // namespace report

int main(int argc, char** argv) {
    try {
        return report::run_report(argc, argv);
    } catch (const std::exception& error) {
        std::cerr << "report: " << error.what() << "\n";
        return 2;
    }
}
