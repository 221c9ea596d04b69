#include "plots.hpp"

#include <fstream>
#include <map>

#include "processes.hpp"

namespace report {

namespace {

/// gnuplot reads an underscore as a subscript.
std::string plain(std::string text) {
    for (char& c : text)
        if (c == '_') c = ' ';
    return text;
}

bool draw(const std::string& out, const std::string& name, const std::string& script) {
    const std::string stem = out + "/" + name;
    std::ofstream(stem + ".gnuplot") << "set output '" << stem << ".svg'\n" << script;
    return run_command({"gnuplot", stem + ".gnuplot"}, "", stem + ".log").code == 0;
}

bool draw_limits(const results& all, const std::string& out) {
    std::ofstream data(out + "/limit.dat");
    int rows = 0;
    for (const judged& j : all.goals) {
        if (!j.bound || j.wanted.needs_threads) continue;
        const double peers = j.peer.empty() ? 0 : j.fraction() / j.ratio;
        data << '"' << plain(j.wanted.id) << " " << j.wanted.shape
             << (j.wanted.type == "f32" ? "" : " " + j.wanted.type) << "\" " << j.fraction() << " " << peers << " "
             << j.wanted.fraction.value_or(0) << "\n";
        ++rows;
    }
    data.close();
    if (rows == 0) return true;
    return draw(out, "limit",
                "set terminal svg size " + std::to_string(260 + 36 * rows) +
                    ",560 background '#ffffff' font 'sans,12'\n"
                    "set title 'Fraction of the machine limit'\n"
                    "set style data histograms\nset style fill solid 0.9 border -1\nset boxwidth 0.9\n"
                    "set yrange [0:1.1]\nset ytics 0.1\nset grid y\nset xtics rotate by -40 left\n"
                    "set bmargin 13\nset rmargin 22\nset key top right outside\n"
                    "plot '" +
                    out +
                    "/limit.dat' using 2:xtic(1) title 'unitsphere' lc rgb '#1f6f8b', '' using 3 title 'best peer' lc "
                    "rgb '#c9b79c', '' using 0:($4 > 0 ? $4 : NaN) with points pt 5 ps 0.4 lc rgb '#b03030' title "
                    "'goal'\n");
}

double rows_in(const std::string& shape) { return std::stod(shape.substr(shape.find('x') + 1)); }

bool draw_gallery(const results& all, const std::string& out) {
    std::map<std::string, std::map<double, double>> curves;  // who: rows -> seconds
    for (const run& r : all.runs)
        for (const measurement& m : r.rows) {
            if (m.goal.rfind("top10_sizes", 0) != 0) continue;
            const std::string who = m.who != "unitsphere"         ? m.who
                                    : m.goal == "top10_sizes_raw" ? "unitsphere, raw rows"
                                                                  : "unitsphere, gallery";
            const double rows = rows_in(m.shape);
            curves[who][rows] = time_of(m.seconds, all.how);
            if (const auto bound = limit_of(m, r, all.how)) curves["limit"][rows] = bound->seconds;
        }
    if (curves.empty()) return true;
    std::ofstream data(out + "/gallery.dat");
    std::string plot = "plot ";
    int block = 0;
    for (const auto& [who, points] : curves) {
        for (const auto& [rows, seconds] : points) data << rows << " " << 1e3 * seconds << "\n";
        data << "\n\n";
        plot += std::string(block > 0 ? ", " : "") + "'" + out + "/gallery.dat' index " + std::to_string(block) +
                " with linespoints lw 2 title '" + plain(who) + "'";
        ++block;
    }
    data.close();
    return draw(out, "gallery",
                "set terminal svg size 760,520 background '#ffffff' font 'sans,12'\n"
                "set title 'Ten best of one query, dim 512'\nset xlabel 'rows in the gallery'\nset ylabel 'ms'\n"
                "set logscale xy\nset grid\nset key top left\n" +
                    plot + "\n");
}

}  // namespace

bool draw_plots(const results& all, const std::string& out) {
    if (run_command({"gnuplot", "--version"}, "/dev/null", "/dev/null").code != 0) return false;
    const bool limits = draw_limits(all, out), gallery = draw_gallery(all, out);
    return limits && gallery;
}

}  // namespace report
