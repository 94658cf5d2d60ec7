# What `cmake --install` installs, and the Debian package that `cpack` makes of it (ci/deb).
include(GNUInstallDirs)
install(TARGETS hypnotoad hypnotoad-sim RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS app_hello app_demo app_static LIBRARY DESTINATION lib/hypnotoad)
install(FILES include/hypnotoad.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(FILES docs/man/hypnotoad.8 DESTINATION ${CMAKE_INSTALL_MANDIR}/man8)
install(FILES docs/man/hypnotoad.conf.5 DESTINATION ${CMAKE_INSTALL_MANDIR}/man5)
install(FILES docs/man/hypnotoad-sim.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES README.md docs/applications.md docs/deployment.md docs/haproxy.cfg docs/settings.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME copyright)
install(FILES CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME changelog)
install(FILES packaging/hypnotoad.service packaging/hypnotoad.socket DESTINATION lib/systemd/system)
# Outside of the prefix only if it is that of a package.
if(CMAKE_INSTALL_PREFIX STREQUAL "/usr")
  install(FILES packaging/hypnotoad.conf DESTINATION /etc/hypnotoad)
  install(FILES packaging/hypnotoad.default DESTINATION /etc/default RENAME hypnotoad)
endif()

set(CPACK_GENERATOR DEB)
set(CPACK_SET_DESTDIR ON)
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGE_NAME hypnotoad)
set(CPACK_PACKAGE_CONTACT "The Hypnotoad authors <hypnotoad@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
  "One manager keeps worker processes alive by their heartbeats and replaces the whole program, configuration and\n\
 application without losing a connection. Applications are shared objects, written against hypnotoad.h.")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION httpd)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# Opened at run time, where they are there.
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "libavahi-client3, avahi-daemon")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
  ${PROJECT_SOURCE_DIR}/packaging/conffiles ${PROJECT_SOURCE_DIR}/packaging/postinst
  ${PROJECT_SOURCE_DIR}/packaging/prerm ${PROJECT_SOURCE_DIR}/packaging/postrm)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
include(CPack)
