/// The library's version. CMake, find_package and pkg-config get theirs from the three numbers here.
#pragma once

#define UNITSPHERE_VERSION_MAJOR 0
#define UNITSPHERE_VERSION_MINOR 1
#define UNITSPHERE_VERSION_PATCH 0

/// One number that grows with every version: 10203 is 1.2.3.
#define UNITSPHERE_VERSION \
    (UNITSPHERE_VERSION_MAJOR * 10000 + UNITSPHERE_VERSION_MINOR * 100 + UNITSPHERE_VERSION_PATCH)

/// The same as text: "1.2.3".
#define UNITSPHERE_VERSION_TEXT \
    UNITSPHERE_VERSION_JOIN(UNITSPHERE_VERSION_MAJOR, UNITSPHERE_VERSION_MINOR, UNITSPHERE_VERSION_PATCH)
#define UNITSPHERE_VERSION_JOIN(major, minor, patch) UNITSPHERE_VERSION_JOIN_(major, minor, patch)
#define UNITSPHERE_VERSION_JOIN_(major, minor, patch) #major "." #minor "." #patch
