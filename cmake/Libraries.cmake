# The libraries that the rooms use, each found once.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

# Debian's node-llhttp ships llhttp as C sources; neither folder is on a default path.
find_path(LLHTTP_INCLUDE_DIR llhttp.h PATHS /usr/share/include/llhttp NO_DEFAULT_PATH REQUIRED)
find_path(LLHTTP_SOURCE_DIR llhttp.c PATHS /usr/share/llhttp NO_DEFAULT_PATH REQUIRED)
add_library(llhttp STATIC
  ${LLHTTP_SOURCE_DIR}/llhttp.c ${LLHTTP_SOURCE_DIR}/api.c ${LLHTTP_SOURCE_DIR}/http.c)
target_include_directories(llhttp SYSTEM PUBLIC ${LLHTTP_INCLUDE_DIR})
target_compile_definitions(llhttp PUBLIC LLHTTP_STRICT_MODE=1)
target_compile_options(llhttp PRIVATE -w)
toad_part_of_whole(llhttp)

find_path(EV_INCLUDE_DIR ev.h REQUIRED)
find_library(EV_LIBRARY ev REQUIRED)
add_library(libev INTERFACE)
target_include_directories(libev SYSTEM INTERFACE ${EV_INCLUDE_DIR})
target_link_libraries(libev INTERFACE ${EV_LIBRARY})

# WebSocket: compression, and one digest; TLS.
find_package(ZLIB REQUIRED)
find_package(OpenSSL 3 REQUIRED COMPONENTS Crypto SSL)

# Bonjour: the headers alone; the library is opened at run time by the one process that needs it, where it is installed.
set(TOAD_HAS_AVAHI OFF)
if(TOAD_BONJOUR)
  pkg_check_modules(AVAHI avahi-client)
  set(TOAD_HAS_AVAHI ${AVAHI_FOUND})
  if(NOT AVAHI_FOUND)
    message(STATUS "avahi-client was not found: the server will publish nothing by Bonjour")
  endif()
endif()

pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson)

# A second opinion about frames, in tests alone. Debian's package names its target wslay.
if(TOAD_TESTS)
  find_package(wslay CONFIG REQUIRED)
endif()
if(TOAD_TESTS AND NOT TOAD_FUZZ)
  pkg_check_modules(CRITERION REQUIRED IMPORTED_TARGET criterion)
endif()
