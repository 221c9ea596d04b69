/// Gallery files that grow on the disk, without being read or written anew.
///
///   us::gallery_writer writer("catalogue.gallery");    a new file, or one that is there
///   while (next(rows)) writer.append(rows);            pieces of any size: 20 GB need no more memory than a piece
///   writer.commit();                                   from here on the rows outlive a crash
#pragma once

#include <limits>
#include <optional>
#include <string>

#include "gallery.hpp"

namespace unitsphere {
inline namespace UNITSPHERE_ISA {
namespace detail {

/// gallery_writer, over any kind of file. At every moment the file holds the gallery of the last commit, since nothing
/// is written that it needs:
///
///   append   the new full panels, behind those that are there
///   commit   the last panel in its place, and in the room beside that of the last commit; sync; the other commit page;
///            sync
template <class File>
class gallery_appender {
public:
    explicit gallery_appender(const std::string& path) : path_(path) {
        if (big_endian_machine) source().refuse("files grow on little-endian machines alone");
        if (std::filesystem::exists(path_of(path_))) open();
    }
    gallery_appender(const gallery_appender&) = delete;
    gallery_appender& operator=(const gallery_appender&) = delete;

    idx_t rows() const noexcept { return now_.rows; }
    idx_t dim() const noexcept { return now_.dim; }
    row_report report() const noexcept { return report_of(now_); }

    template <class View>
    void append(const View& rows, const execution& how, const row_policy& policy) {
        if (dim() > 0 && rows.dim() != dim())
            fail<shape_error>("gallery_writer: rows have dim ", rows.dim(), ", the file has dim ", dim());
        if (rows.dim() < 1 || rows.dim() > longest_row)
            fail<shape_error>("gallery_writer: dim is ", rows.dim(), ", it must be 1 to ", longest_row);
        packed_gallery more(last_);  // if anything fails the rows before are as they were
        more.append(rows, how, policy, "gallery_writer", "row ");
        if (!file_) {
            create(rows.dim());
            if (now_.rows > 0 || dim() != rows.dim()) return append(rows, how, policy);  // another writer was first
        }
        gallery_commit next = now_;
        const idx_t first = now_.rows - last_.rows();
        next.rows = first + more.rows();
        if (next.rows > 0) next.dim = rows.dim();  // a file may have been written without rows and dim
        next.deviation = kernel::maximum(next.deviation, written_deviation(more.deviation()));
        row_report seen = more.seen(), all = report_of(now_);
        seen.first_zero += first, seen.first_non_finite += first;
        all.add(seen);
        set_report(next, all);
        write_full_panels(more.packed(), next);
        keep_last_panel(more);
        now_ = next, is_changed_ = true;
    }

    void commit() {
        if (!file_ || !is_changed_) return;
        if (now_.sequence == (std::numeric_limits<idx_t>::max)()) source().refuse("has no number for another commit");
        gallery_commit next = now_;
        ++next.sequence;
        const gallery_layout layout(next);
        next.last_panel_sum = 0;
        if (layout.last_rows() > 0) {
            const float* const last = last_.packed().packed.data;
            next.last_panel_sum = checksum_of(last, layout.last_bytes());
            file_->write(layout.last_in_place(), last, layout.last_bytes());
            file_->write(layout.last_at(next.sequence), last, layout.last_bytes());
        }
        file_->sync();
        file_->write((next.sequence & 1) * file_page, commit_page(next).bytes, file_page);
        file_->sync();
        now_ = next, is_changed_ = false;
    }

private:
    file_source source() const noexcept { return {"gallery_writer", path_}; }

    void create(idx_t dim) {
        const auto write = [&](File& file) {
            sequential_writes<File> writes(file, 0);
            const engine::packed_view<float> none{{nullptr, 0, dim}, {}, 0.0};
            write_gallery("gallery_writer", none, panels_to_write(none),
                          [&](const void* bytes, idx_t count) { writes.write(bytes, count); });
            writes.flush();
        };
        replace_file<File>(source(), write, if_there::keep);
        open();
    }
    void open() {
        file_.emplace(source(), path_, open_mode::change);
        closed_unless_read file{*this};
        read_commit();
        file.is_read = true;
    }
    /// Closes a file that cannot be read.
    struct closed_unless_read {
        gallery_appender& writer;
        bool is_read = false;

        ~closed_unless_read() {
            if (!is_read) writer.file_.reset();
        }
    };
    void read_commit() {
        const file_mapping bytes(source());
        const gallery_view view({"gallery_writer", path_}, bytes.data(), bytes.size());
        now_ = view.commit_;
        const gallery_layout layout(now_);
        auto panel = matrix<float>::uninitialized(layout.last_width(), layout.dim);
        if (layout.last_rows() > 0) std::memcpy(panel.data(), view.last_panel(), std::size_t(layout.last_bytes()));
        last_.adopt(static_cast<matrix<float>&&>(panel), layout.last_rows(), {}, 0.0);
    }

    /// Adds the full panels of `some`, which begin where those of now_ end, to the file and to the sum of `next`.
    void write_full_panels(const engine::packed_view<float>& some, gallery_commit& next) {
        gallery_layout before(now_), after(next);
        before.dim = after.dim;
        panels_to_write panels(some);
        sequential_writes<File> writes(*file_, before.last_in_place());
        for (idx_t p = 0; p < after.full_panels() - before.full_panels(); ++p) {
            const float* const panel = panels.panel(p * after.panel_rows);
            next.panels_sum = mix_word(next.panels_sum, checksum_of(panel, after.panel_bytes()));
            writes.write(panel, after.panel_bytes());
        }
        writes.flush();
    }
    void keep_last_panel(const packed_gallery& some) {
        const engine::panels<float> panels = some.packed().packed;
        const idx_t rows = panels.rows % panels.columns, first = panels.rows - rows;
        auto panel = matrix<float>::uninitialized(rows > 0 ? panels.width_from(first) : 0, panels.dim);
        copy_with_one_nan(panels.panel(first), panel.rows() * panels.dim, panel.data());
        last_.adopt(static_cast<matrix<float>&&>(panel), rows, {}, 0.0);
    }

    const std::string path_;
    std::optional<File> file_ = {};
    gallery_commit now_ = {};  ///< of all rows; the checksum of the last panel waits for the commit
    packed_gallery last_ = {};
    bool is_changed_ = false;
};

}  // namespace detail

/// Appends rows to a gallery file, which load_gallery and map_gallery read. One writer at a time; a mapping of the file
/// stays the gallery that it was when it was mapped.
///
/// Memory   a packed copy of the rows of one append, 2 MiB, and one panel.
/// Source   gallery_format.hpp. Full panels are written once; two commit pages take turns (as in LMDB).
class gallery_writer {
public:
    /// Opens the file, which is UTF-8 on every system, or begins one with the first append.
    ///
    /// Errors   file_error, with path and reason, as map_gallery, and if another writer has the file.
    explicit gallery_writer(const std::string& path) : file_(path) {}

    /// Rows that were put in, committed or not; 0 of dim 0 before the first append to a new file.
    idx_t rows() const noexcept { return file_.rows(); }
    idx_t dim() const noexcept { return file_.dim(); }
    /// The rows without a direction, by their numbers in the file.
    row_report report() const noexcept { return file_.report(); }

    /// Appends rows, as gallery::append. They count from the next commit on; without one they are lost.
    ///
    /// Shapes   rows [n, dim] of the dim of those before, 1 .. 2^24.
    /// Units    none: raw rows are normalized, unit rows used as they are.
    /// Errors   shape_error for another dim; value_error where the options say so; file_error if the file cannot be
    ///          written. If it fails the writer is as before.
    /// Threads  `how` splits the rows.   Memory, Source   as the class.
    template <class Rows, detail::if_rows<Rows> = 0>
    void append(const Rows& rows, const execution& how = {}, const gallery_options& options = {}) {
        file_.append(engine::view_of(rows), how, options.rows);
    }
    template <class Rows, class... More, class Advice = detail::pass_rows, detail::unless_rows<Rows> = 0>
    void append(const Rows&, More&&...) = delete;

    /// Returns once the disk has all rows: from here on a crash loses none of them. Until then the file holds the rows
    /// of the last commit. Costs two writes to the disk (fsync), so rather one for many rows.
    ///
    /// Errors   file_error if the disk refuses: then the rows of the last commit are there, or these.
    void commit() { file_.commit(); }

private:
    detail::gallery_appender<detail::durable_file> file_;
};

}  // namespace UNITSPHERE_ISA
}  // namespace unitsphere
