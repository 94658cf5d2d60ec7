# How everything is compiled: the language, the warnings, the hardening, the sanitizers.
option(TOAD_TESTS "Build the tests" ON)
option(TOAD_WERROR "Treat warnings as errors" ON)
option(TOAD_SANITIZE "Build with the address and undefined-behaviour sanitizers" OFF)
option(TOAD_COVERAGE "Build with coverage counters (gcc)" OFF)
option(TOAD_BONJOUR "Publish listeners by Bonjour where Avahi runs, if its headers are there" ON)
option(TOAD_FUZZ "Build the libFuzzer targets (clang)" OFF)
set(TOAD_FUZZ_ENGINE "" CACHE STRING
  "What fuzz targets link instead of libFuzzer, a flag or a library; its flags for the compiler are in CFLAGS")

set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
include(CheckPIESupported)
check_pie_supported(LANGUAGES C)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
# Assertions state what the code cannot survive being false; they stay on in every build.
set(CMAKE_C_FLAGS_RELEASE "-O2 -g")
# Sanitizers are slow enough; what they say needs no debugger.
if(TOAD_SANITIZE)
  set(CMAKE_C_FLAGS_DEBUG "-O1 -g")
else()
  set(CMAKE_C_FLAGS_DEBUG "-O0 -g3")
endif()

add_library(toad_flags INTERFACE)
target_compile_definitions(toad_flags INTERFACE _GNU_SOURCE TOAD_VERSION="${PROJECT_VERSION}")
target_compile_options(toad_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wswitch-enum -Wmissing-prototypes
  -Wstrict-prototypes -Wundef -Wvla $<$<BOOL:${TOAD_WERROR}>:-Werror>)

if(TOAD_SANITIZE)
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
elseif(CMAKE_BUILD_TYPE STREQUAL "Release")
  add_compile_options(-D_FORTIFY_SOURCE=2 -fstack-protector-strong)
  add_link_options(-Wl,-z,relro,-z,now)
endif()
# The released server is optimized as one program: a third less time for a pipelined request. Everything else, the tests
# among it, links the same objects as they are.
set(TOAD_WHOLE_PROGRAM OFF)
if(CMAKE_BUILD_TYPE STREQUAL "Release" AND CMAKE_C_COMPILER_ID STREQUAL "GNU" AND NOT TOAD_SANITIZE)
  set(TOAD_WHOLE_PROGRAM ON)
  add_link_options($<IF:$<BOOL:$<TARGET_PROPERTY:TOAD_IS_WHOLE_PROGRAM>>,-flto=auto,-fno-lto>)
endif()
# toad_part_of_whole(LIBRARY): its objects can be optimized together with others.
function(toad_part_of_whole library)
  if(TOAD_WHOLE_PROGRAM)
    target_compile_options(${library} PRIVATE -flto -ffat-lto-objects)
  endif()
endfunction()

if(TOAD_COVERAGE)
  add_compile_options(--coverage)
  add_link_options(--coverage)
endif()
if(TOAD_FUZZ AND NOT TOAD_FUZZ_ENGINE)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
