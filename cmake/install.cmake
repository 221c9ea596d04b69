# install, the package that find_package(unitsphere) reads and the file that pkg-config reads.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
if(unitsphere_top_level)
  set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)  # headers need no build: neither does `cpack`
endif()

set(unitsphere_package_dir "${CMAKE_INSTALL_DATADIR}/cmake/unitsphere")
install(DIRECTORY include/unitsphere DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" FILES_MATCHING PATTERN "*.hpp"
  PATTERN "*.cppm")
install(FILES LICENSE DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/unitsphere")
install(FILES cmake/targets.cmake DESTINATION "${unitsphere_package_dir}" RENAME unitsphereTargets.cmake)

configure_package_config_file(cmake/unitsphereConfig.cmake.in "${PROJECT_BINARY_DIR}/unitsphereConfig.cmake"
  INSTALL_DESTINATION "${unitsphere_package_dir}" PATH_VARS CMAKE_INSTALL_INCLUDEDIR)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/unitsphereConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES "${PROJECT_BINARY_DIR}/unitsphereConfig.cmake" "${PROJECT_BINARY_DIR}/unitsphereConfigVersion.cmake"
  cmake/unitsphereLevels.cmake
  DESTINATION "${unitsphere_package_dir}")

# The .pc file knows the way from where it lies, so that the installed tree can be moved.
set(unitsphere_pc_dir "${CMAKE_INSTALL_DATADIR}/pkgconfig")
file(RELATIVE_PATH unitsphere_pc_to_prefix "${CMAKE_INSTALL_FULL_DATADIR}/pkgconfig" "${CMAKE_INSTALL_PREFIX}")
string(REGEX REPLACE "/$" "" unitsphere_pc_to_prefix "${unitsphere_pc_to_prefix}")
file(RELATIVE_PATH unitsphere_prefix_to_include "${CMAKE_INSTALL_PREFIX}" "${CMAKE_INSTALL_FULL_INCLUDEDIR}")
configure_file(cmake/unitsphere.pc.in "${PROJECT_BINARY_DIR}/unitsphere.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/unitsphere.pc" DESTINATION "${unitsphere_pc_dir}")
