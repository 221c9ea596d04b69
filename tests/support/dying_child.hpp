/// A process that writes a file and is killed in the middle.
#pragma once

#include <string>
#include <utility>

#include <unitsphere/io/replace_file.hpp>

#include "catch.hpp"
#if defined(_WIN32)
#include <cwchar>
#else
#include "forked_child.hpp"
#endif

namespace tests {

/// A file whose process is killed in the middle of step number `left`: nothing is flushed, no destructor runs.
struct deadly_file : unitsphere::detail::durable_file {
    using durable_file::durable_file;
    static inline int left = 0;

    static bool dies() { return --left == 0; }
    static void die() {
#if defined(_WIN32)
        ::TerminateProcess(::GetCurrentProcess(), 9);
#else
        ::kill(::getpid(), SIGKILL);
#endif
    }
    void write(unitsphere::idx_t at, const void* bytes, unitsphere::idx_t count) {
        const bool last = dies();
        durable_file::write(at, bytes, last ? count / 2 : count);
        if (last) die();
    }
    void sync() {
        if (dies()) die();
        durable_file::sync();
    }
};

/// The first thing of a test: works(path) writes deadly files. A fork does it; on Windows, which has none, this program
/// started anew with the name of the test, which comes here again, works and ends. Catch takes that name as a pattern:
/// no comma, no bracket.
template <class Works>
class dying_child {
public:
    explicit dying_child(Works works) : works_(std::move(works)) {
#if defined(_WIN32)
        const wchar_t* const task = ::_wgetenv(variable);
        if (task == nullptr || *task == 0) return;
        wchar_t* path = nullptr;
        deadly_file::left = int(std::wcstol(task, &path, 10));
        const auto utf8 = std::filesystem::path(path + 1).u8string();  // of char8_t from C++20 on
        works_(std::string(utf8.begin(), utf8.end()));
        ::_exit(0);
#endif
    }

    /// "exits with 0", or "is killed" in step number `step`.
    std::string outcome(const std::string& path, int step) const {
#if defined(_WIN32)
        const std::wstring wide = unitsphere::detail::path_of(path).wstring();
        ::SetEnvironmentVariableW(variable, (std::to_wstring(step) + L" " + wide).c_str());
        const std::string outcome = of_this_program();
        ::SetEnvironmentVariableW(variable, nullptr);
        return outcome;
#else
        return child_of_fork([&] { return deadly_file::left = step, works_(path), true; });
#endif
    }

private:
#if defined(_WIN32)
    static constexpr const wchar_t* variable = L"UNITSPHERE_TEST_OF_DYING_CHILD";

    static std::string of_this_program() {
        const std::string test = Catch::getResultCapture().getCurrentTestName();
        std::wstring program(32768, 0), command = L"child \"" + std::wstring(test.begin(), test.end()) + L'"';
        ::GetModuleFileNameW(nullptr, program.data(), DWORD(program.size()));
        STARTUPINFOW start = {};
        start.cb = sizeof start;
        PROCESS_INFORMATION child;
        if (!::CreateProcessW(program.c_str(), command.data(), nullptr, nullptr, FALSE, 0, nullptr, nullptr, &start,
                              &child))
            return "does not start";
        DWORD code = 0;
        if (::WaitForSingleObject(child.hProcess, 60000) != WAIT_OBJECT_0) ::TerminateProcess(child.hProcess, 8);
        ::WaitForSingleObject(child.hProcess, INFINITE);
        ::GetExitCodeProcess(child.hProcess, &code);
        ::CloseHandle(child.hThread), ::CloseHandle(child.hProcess);
        return code == 9 ? "is killed" : "exits with " + std::to_string(code);
    }
#endif

    Works works_;
};

}  // namespace tests
