# toad_room(NAME SOURCES file... [USES library...])
# One room of the house: the static library toad_NAME. The link graph is the layer graph.
function(toad_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;USES" ${ARGN})
  add_library(toad_${name} STATIC ${ROOM_SOURCES})
  target_include_directories(toad_${name} PUBLIC ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(toad_${name} PUBLIC ${ROOM_USES} PRIVATE toad_flags)
  toad_part_of_whole(toad_${name})
endfunction()

# toad_unit_test(ROOM FILE... [USES library...])
# For each FILE (without .c) one Criterion executable and one ctest entry unit.ROOM.FILE, linked with its room alone.
function(toad_unit_test room)
  cmake_parse_arguments(UNIT "" "" "USES" ${ARGN})
  foreach(file IN LISTS UNIT_UNPARSED_ARGUMENTS)
    set(target ${room}_${file})
    add_executable(${target} ${file}.c)
    target_link_libraries(${target} PRIVATE toad_${room} ${UNIT_USES} toad_flags PkgConfig::CRITERION)
    add_test(NAME unit.${room}.${file} COMMAND ${target} -j1)
    # Criterion exits 0 when a sanitizer complains at the end of a test's process: the text must not appear.
    set_tests_properties(unit.${room}.${file} PROPERTIES TIMEOUT 300
      FAIL_REGULAR_EXPRESSION "LeakSanitizer;AddressSanitizer;runtime error:;Tested: 0 ")
  endforeach()
endfunction()
