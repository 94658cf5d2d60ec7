#include "base/error.h"

const char *error_text(enum error error)
{
    switch (error) {
#define ERROR(name, text)                                                                          \
    case ERROR_##name:                                                                             \
        return text;
#include "base/error.def"
#undef ERROR
    }
    return "unknown error";
}
