# toad_replace_once(NAME FILE TEXT REPLACEMENT OUTPUT): OUTPUT becomes the file src/FILE with this text, which it must contain
# exactly once, replaced. NAME is the deliberately wrong program that is built of it.
function(toad_replace_once name file text replacement output)
  set(original ${PROJECT_SOURCE_DIR}/src/${file})
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${original})
  file(READ ${original} content)
  string(FIND "${content}" "${text}" first)
  string(FIND "${content}" "${text}" last REVERSE)
  if(first EQUAL -1 OR NOT first EQUAL last)
    message(FATAL_ERROR "mutant ${name}: src/${file} must contain this exactly once:\n${text}")
  endif()
  string(REPLACE "${text}" "${replacement}" content "${content}")
  file(GENERATE OUTPUT ${output} CONTENT "${content}")
endfunction()
