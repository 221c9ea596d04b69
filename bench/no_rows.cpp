// The program that has only the machine's rates.
#include "rows.hpp"

void bench::register_rows() {}
