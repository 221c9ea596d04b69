package("unitsphere")
    set_kind("library", {headeronly = true})
    set_description("Unit embeddings, similarities and zero-shot labels from the rows of CLIP-like encoders")
    set_license("MIT")
    set_sourcedir(path.join(os.scriptdir(), "..", "..", "..", "..", ".."))

    add_deps("xsimd >=8.1")

    on_install(function (package)
        os.cp("include/unitsphere", package:installdir("include"))
    end)

    on_test(function (package)
        assert(package:check_cxxsnippets({test = [[
            void test() {
                const float row[] = {3, 4};
                const unitsphere::matrix_view<const float> rows(row, 1, 2);
                unitsphere::cosine_similarity(rows, rows);
            }
        ]]}, {configs = {languages = "c++17"}, includes = "unitsphere/unitsphere.hpp"}))
    end)
