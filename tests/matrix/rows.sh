# The rows of tests/matrix/run, which reads this file.

# name|where|compiler|C++|flags|tests: `where` is here, syntax (nothing is made), cross (run by qemu-user), wasm (by
# Node), windows (by Wine; without it, only compiled), nvcc (the host compiler's part of a .cu file), bochs (by
# tests/matrix/bochs, for processors without AVX-512) or a Debian suite, also for a cross compiler that it has; tests
# are names, none means all. Levels and standards share rows; README's test command is gcc, C++17 and this machine's own
# level.
configurations() {
    local level compiler  # fast: what does not compare bits, nor subnormals, which -ffast-math counts as 0
    local fast='exp_test softmax_test probability_test log_softmax_test sigmoid_test double_norm_test logits_test'
    fast+=' zero_shot_test prompt_ensemble_test top_labels_test guard_probability_test guard_similarity_test lanes_test metrics_test'
    local answers='golden_test lanes_test one_value_test scalar_test guard_similarity_test search_test'
    # -Og compiles in half the time of -O1; clang's is its -O1.
    echo "gcc-x86-64|here|g++|20|-Og -march=x86-64|"
    echo "gcc-x86-64-v2|here|g++|17|-Og -march=x86-64-v2|$answers"
    echo "gcc-avx|here|g++|17|-Og -mavx|$answers multiply_bytes_test"
    echo "gcc-x86-64-v3|here|g++|23|-Og -march=x86-64-v3|"
    echo "gcc-x86-64-v4|here|g++|17|-Og -march=x86-64-v4|"
    echo "clang-x86-64|here|clang++|17|-O1 -march=x86-64|"
    echo "clang-x86-64-v2|here|clang++|17|-O1 -march=x86-64-v2|$answers"
    echo "clang-x86-64-v3|here|clang++|20|-O1 -march=x86-64-v3|"
    echo "clang-x86-64-v4|here|clang++|23|-O1 -march=x86-64-v4|"
    for compiler in gcc/g++ clang/clang++; do
        echo "${compiler%/*}-O0|here|${compiler#*/}|17|-O0 -march=x86-64-v3|$answers"
        for level in x86-64 x86-64-v3; do
            echo "${compiler%/*}-fast-$level|here|${compiler#*/}|17|-O3 -ffast-math -march=$level|$fast"
        done
    done
    echo "emulated-x86-64-v4|bochs|g++|17|-O1 -march=x86-64-v4|golden_test lanes_test multiply_bytes_test"
    # Units of levels, and programs for any processor that are linked with them.
    echo "gcc-levels|here|g++|17|-O3|dispatch_test dispatch_running"
    echo "gcc-levels-lto|here|g++|17|-O1 -flto=auto|dispatch_test dispatch_running"
    echo "clang-levels|here|clang++|17|-O2|dispatch_test dispatch_running"
    echo "clang-levels-lto|here|clang++|17|-O1 -flto -fuse-ld=lld -Wno-unused-command-line-argument|dispatch_test dispatch_running"
    echo "clang-cxx20-few|here|clang++|20|-O1 -march=x86-64-v3|span_test matrix_test to_view_test search_test range_search_test eigen_test metrics_test"
    echo "clang-everything|syntax|clang++|17|-Weverything -march=x86-64-v3|weak_symbols"
    echo "clang-libcxx|here|clang++|17|-O1 -march=x86-64-v3 -stdlib=libc++|"
    echo "clang-address|here|clang++|17|-O1 -g1 -march=native -fsanitize=address,undefined -fno-sanitize-recover=all|"
    # What reads and writes raw memory: kernels, engine, guard pages, searches, files.
    local memory='arena_test execution_test executor_test score_test splits_test guard_similarity_test'
    memory+=' guard_retrieval_test guard_splits_test gallery_test gallery_file_test gallery_stream_test npy_test'
    memory+=' fetched_rows_test inspect_gallery_test'
    memory+=' safetensors_test search_test range_search_test near_duplicates_test retrieval_test knn_classify_test'
    memory+=' max_sim_test shards_test compact_gallery_test compact_bytes_test shadow_gallery_test row_filter_test'
    memory+=' keyed_gallery_test multiply_test multiply_bytes_test multiply_unpacked_test norm_test softmax_test clip_loss_test'
    echo "clang-address-few|here|clang++|17|-O1 -g1 -march=native -fsanitize=address,undefined -fno-sanitize-recover=all|$memory"
    echo "clang-thread|here|clang++|17|-O1 -g1 -march=native -fsanitize=thread|shared_const_test executor_test execution_test splits_test contrastive_splits_test near_duplicates_test fetched_rows_test"
    echo "aarch64|cross|aarch64-linux-gnu-g++|17|-O1|"
    echo "aarch64-sve|cross|aarch64-linux-gnu-g++|17|-O1 -march=armv8.2-a+sve -msve-vector-bits=256|golden_test lanes_test"
    echo "aarch64-levels|cross|aarch64-linux-gnu-g++|17|-O1|dispatch_test dispatch_running"
    echo "aarch64-few|cross|aarch64-linux-gnu-g++|17|-O1|golden_test one_value_test scalar_test lanes_test"
    # Without xsimd; s390x is big-endian, armhf has pointers of 32 bits and no fused multiply-add.
    local few='golden_test lanes_test scalar_test multiply_bytes_test one_value_test guard_similarity_test npy_test gallery_stream_test'
    echo "portable|here|g++|17|-O1 -march=x86-64-v3 -DUNITSPHERE_PORTABLE|$few"
    echo "riscv64|cross|riscv64-linux-gnu-g++|17|-O2|$few"
    echo "s390x|cross|s390x-linux-gnu-g++|17|-O2|$few"
    echo "s390x-few|cross|s390x-linux-gnu-g++|17|-O2|golden_test lanes_test"
    # gcc 14 compiles for LoongArch, and turns vector extensions into RISC-V's vector instructions.
    echo "riscv64-vectors|trixie|riscv64-linux-gnu-g++|20|-O1 -march=rv64gcv_zvl256b|golden_test lanes_test scalar_test"
    echo "loongarch64|trixie|loongarch64-linux-gnu-g++|20|-O2|golden_test lanes_test scalar_test"
    echo "ppc64le|cross|powerpc64le-linux-gnu-g++|17|-O1|$few"
    echo "armhf|cross|arm-linux-gnueabihf-g++|17|-O1 -Wno-psabi|$few"
    echo "wasm|wasm|em++|17|-O1 -msimd128 -fexceptions|golden_test lanes_test scalar_test"
    # Without the assembler's option AVX code of gcc crashes there: its stack is aligned to 16 bytes (gcc bug 54412).
    local aligned=-Wa,-muse-unaligned-vector-move mingw=x86_64-w64-mingw32-g++-posix
    local files='npy_test npy_types_test npy_malformed_test safetensors_test linear_head_file_test gallery_stream_test'
    files+=' gallery_file_test gallery_writer_test gallery_compact_test gallery_ids_test inspect_gallery_test'
    echo "windows|windows|$mingw|17|-O1|golden_test lanes_test guard_similarity_test $files"
    echo "windows-v3|windows|$mingw|17|-O1 -march=x86-64-v3 $aligned|golden_test lanes_test"
    echo "windows-v4|windows|$mingw|17|-O1 -march=x86-64-v4 $aligned|golden_test lanes_test"
    local gcc=''  # clang would pick MinGW's libraries without threads
    if command -v $mingw >/dev/null; then gcc=$(dirname "$($mingw -print-libgcc-file-name)"); fi
    local clang_mingw="--target=x86_64-w64-mingw32 -fuse-ld=lld -pthread -L$gcc -nostdinc++ -isystem $gcc/include/c++"
    clang_mingw+=" -isystem $gcc/include/c++/x86_64-w64-mingw32"
    echo "windows-clang|windows|clang++|17|-O1 -march=x86-64-v3 $clang_mingw|golden_test lanes_test npy_test"
    # What has no programs here, read alone: with the headers that SDKROOT names, as Apple's compilers do, and those that
    # INCLUDE names, as Microsoft's do.
    local warnings='-Wall -Wextra -Wconversion -Wshadow'
    echo "apple-arm64|syntax|clang++-19|17|--target=arm64-apple-macos11 -stdlib=libc++ $warnings|weak_symbols"
    echo "apple-x86-64|syntax|clang++-19|20|--target=x86_64-apple-macos10.15 -stdlib=libc++ -march=x86-64-v3 $warnings|weak_symbols"
    local msvc='--target=x86_64-pc-windows-msvc -fms-compatibility-version=19.44 -D_ALLOW_COMPILER_AND_STL_VERSION_MISMATCH'
    echo "clang-msvc|syntax|clang++-19|17|$msvc -march=x86-64-v3 $warnings|weak_symbols"
    echo "nvcc|nvcc|nvcc|17|-O1 -Xcompiler -march=x86-64-v3,-Wall,-Wextra|golden_test lanes_test zero_shot_test search_test"
    echo "trixie-gcc|trixie|g++|23|-O1 -march=x86-64-v3|$answers"
    echo "trixie-clang|trixie|clang++|23|-O1 -march=x86-64-v3|$answers"
    echo "sid-gcc|sid|g++|26|-O1 -march=x86-64-v3|"
    echo "sid-clang|sid|clang++|26|-O1 -march=x86-64-v3|"
}

# What -Weverything says that is let through, and why.
let_through() {
    cat <<'END'
c++98-compat                          this is C++17
c++98-compat-pedantic                 so
c++98-compat-local-type-template-args so
pre-c++14-compat                      so
pre-c++17-compat                      so
pre-c++17-compat-pedantic             so
unknown-warning-option                older compilers do not know all of these
padded                                structures have the order that reads best
unsafe-buffer-usage                   kernels work on pointers
comma                                 two assignments that belong together
float-equal                           comparisons of floats are meant: bits are promised
undefined-reinterpret-cast            the types are declared may_alias
switch-enum                           a default answers for the others
ctad-maybe-unsupported                arguments are deduced by implicit guides
weak-vtables                          header-only: the errors have no unit of their own
global-constructors                   forked.hpp has one, and says why
documentation                         Doxygen reads <a, b> as HTML
documentation-html                    so
documentation-unknown-command         and Recall@k as a command
END
}
