# install, export and the package that find_package(unitsphere) reads.
include(CMakePackageConfigHelpers)

set(unitsphere_package_dir "${CMAKE_INSTALL_DATADIR}/cmake/unitsphere")
install(DIRECTORY include/unitsphere DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" FILES_MATCHING PATTERN "*.hpp")
install(FILES LICENSE DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/unitsphere")
install(TARGETS unitsphere unitsphere_native EXPORT unitsphereTargets)
install(EXPORT unitsphereTargets NAMESPACE unitsphere:: DESTINATION "${unitsphere_package_dir}")

configure_package_config_file(cmake/unitsphereConfig.cmake.in "${PROJECT_BINARY_DIR}/unitsphereConfig.cmake"
  INSTALL_DESTINATION "${unitsphere_package_dir}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/unitsphereConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES "${PROJECT_BINARY_DIR}/unitsphereConfig.cmake" "${PROJECT_BINARY_DIR}/unitsphereConfigVersion.cmake"
  DESTINATION "${unitsphere_package_dir}")
