#include "runs.hpp"

#include <cstdlib>
#include <fstream>
#include <iostream>

#include "processes.hpp"

namespace report {

namespace {

using nlohmann::json;

std::string contents(const std::string& path) {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
}

std::string alternatives(const std::set<std::string>& names) {
    std::string all;
    for (const std::string& name : names) all += (all.empty() ? "" : "|") + name;
    return all;
}

/// One program, its rows of these goals and the rates. What it prints stays beside the report.
run run_program(const settings& s, const std::string& program, const std::string& filter, const std::string& cores) {
    std::cerr << "report: " << program << std::endl;
    const std::string stem = s.out + "/" + program;
    const finished done =
        run_command(pinned(cores, {s.programs + "/" + program, "--benchmark_filter=" + filter,
                                   "--benchmark_enable_random_interleaving=true",
                                   "--benchmark_repetitions=" + std::to_string(s.repetitions()),
                                   "--benchmark_min_time=" + std::to_string(s.seconds()), "--benchmark_format=json"}),
                    stem + ".json", stem + ".log");
    try {
        if (done.code == 0) return parse(program, contents(stem + ".json"));
    } catch (const json::exception& error) {
        std::cerr << "report: " << error.what() << std::endl;
    }
    std::cerr << "report: " << program << " failed, see " << stem << ".log" << std::endl;
    run nothing;
    nothing.program = program;
    nothing.failed = true;
    return nothing;
}

void set_threads(int threads) { ::setenv("BENCH_THREADS", std::to_string(threads).c_str(), 1); }

/// A library of Python, and the script of bench/ that runs it in rounds that alternate with ours.
struct python_peer {
    const char *who, *module, *script;
    bool (*can)(const goal&);
};

/// The first interpreter that imports the module.
std::string python_with(const char* module) {
    const std::string imports = std::string("import numpy, ") + module;
    for (const char* python : {"python3", "/usr/bin/python3"})
        if (run_command({python, "-c", imports}, "/dev/null", "/dev/null").code == 0) return python;
    return "";
}

pair_of_rows to_pair(const python_peer& peer, const json& row) {
    pair_of_rows p;
    p.theirs.goal = row.at("goal").get<std::string>();
    p.theirs.shape = row.at("shape").get<std::string>();
    p.theirs.type = row.at("type").get<std::string>();
    p.theirs.who = row.value("who", peer.who);
    p.theirs.seconds = row.at("seconds").get<std::vector<double>>();
    p.our_seconds = row.at("our_seconds").get<std::vector<double>>();
    return p;
}

}  // namespace

std::vector<run> run_programs(const settings& s) {
    std::vector<std::string> programs;
    std::map<std::string, std::set<std::string>> ids;
    for (const goal& g : goals()) {
        const std::string program = program_of(g.id);
        if (program.empty() || !s.wants(g.id)) continue;
        if (ids[program].insert(g.id).second && ids[program].size() == 1) programs.push_back(program);
    }
    if (ids.count("search_bench") > 0) ids["search_bench"].insert({"top10_sizes", "top10_sizes_raw"});
    std::vector<run> all;
    for (const std::string& program : programs) {
        const bool threaded = program == "threads_bench";
        if (threaded && cpus_of(s.pin) < 2) continue;
        set_threads(threaded ? s.threads : 1);
        all.push_back(run_program(s, program, "^(rate|" + alternatives(ids[program]) + ")/",
                                  threaded ? s.pin : first_core(s.pin)));
    }
    return all;
}

run run_rates(const settings& s) {
    const bool several = cpus_of(s.pin) >= 2;
    set_threads(several ? s.threads : 1);
    return run_program(s, "rates", "^rate/", several ? s.pin : first_core(s.pin));
}

namespace {

std::vector<pair_of_rows> run_python(const python_peer& peer, const settings& s, const std::vector<goal>& wanted,
                                     std::string& version) {
    std::vector<pair_of_rows> pairs;
    json rows = json::array();
    for (const goal& g : wanted)
        if (peer.can(g))
            rows.push_back({{"goal", g.id}, {"shape", g.shape}, {"type", g.type}, {"program", program_of(g.id)}});
    const std::string python = rows.empty() ? "" : python_with(peer.module);
    if (python.empty()) return pairs;
    std::cerr << "report: " << peer.script << std::endl;
    const std::string stem = s.out + "/" + peer.who, asked = stem + "_rows.json", answered = stem + ".json";
    std::ofstream(asked) << rows.dump(1) << "\n";
    set_threads(1);
    const finished done =
        run_command(pinned(first_core(s.pin), {python, std::string(BENCH_SOURCE_DIR "/") + peer.script, "--programs",
                                               s.programs, "--rows", asked, "--rounds", std::to_string(s.repetitions()),
                                               "--seconds", std::to_string(s.seconds()), "--out", answered}),
                    stem + "_table.md", stem + ".log");
    const json output = json::parse(contents(answered), nullptr, false);
    if (done.code != 0 || output.is_discarded()) {
        std::cerr << "report: " << peer.script << " failed, see " << stem << ".log" << std::endl;
        return pairs;
    }
    version = output.at("version").get<std::string>();
    for (const json& row : output.at("rows")) pairs.push_back(to_pair(peer, row));
    return pairs;
}

}  // namespace

std::vector<pair_of_rows> run_pytorch(const settings& s, const std::vector<goal>& wanted, std::string& version) {
    return run_python({"pytorch", "torch", "against_pytorch.py", pytorch_can}, s, wanted, version);
}

std::vector<pair_of_rows> run_sklearn(const settings& s, const std::vector<goal>& wanted, std::string& version) {
    return run_python({"sklearn", "sklearn", "against_sklearn.py", sklearn_can}, s, wanted, version);
}

run time_compiler(const settings& s) {
    std::cerr << "report: compile" << std::endl;
    run result;
    result.program = "compile";
    const std::vector<std::string> flags = json::parse(BENCH_COMPILE_COMMAND).get<std::vector<std::string>>();
    const char* const files[] = {"umbrella.cpp", "xsimd_alone.cpp"};
    for (const char* who : {"unitsphere", "xsimd"}) {
        measurement m;
        m.goal = "compile", m.who = who, m.shape = "umbrella and one call", m.type = "-O2";
        result.rows.push_back(m);
    }
    for (int round = 0; round < s.repetitions(); ++round)
        for (std::size_t i = 0; i < 2; ++i) {
            auto command = flags;
            command.insert(command.end(),
                           {"-c", std::string(BENCH_SOURCE_DIR "/compile/") + files[i], "-o", "/dev/null"});
            const finished done = run_command(pinned(first_core(s.pin), command), "", s.out + "/compile.log");
            if (done.code != 0) {
                std::cerr << "report: the compiler failed, see " << s.out << "/compile.log" << std::endl;
                result.rows.clear();
                result.failed = true;
                return result;
            }
            result.rows[i].seconds.push_back(done.cpu_seconds);
        }
    return result;
}

}  // namespace report
