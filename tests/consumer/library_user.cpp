#include <cstdio>

const char* version_of_library();

int main() { std::printf("a library of unitsphere %s\n", version_of_library()); }
