#include <unitsphere/version.hpp>

const char* version_of_library();
const char* version_of_library() { return UNITSPHERE_VERSION_TEXT; }
