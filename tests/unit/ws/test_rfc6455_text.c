/* RFC 6455 5.6 and 8.1: texts are UTF-8, however they are cut (promise CON-8). */
#include "rows.h"

#define NOT_UTF8 "FAILED 1007 > close:1007"

static const struct row valid[] = {
    {"WS-6455-5.6-1", "a text", "text:Hello", "TEXT Hello"},
    {"WS-6455-5.6-2", "a binary message holds anything", "binary:%ff%fe%00%c0",
     "BINARY %ff%fe%00%c0"},
    {"WS-6455-5.6-3", "in fragments, too", "binary-:%c3 | more:%28", "BINARY %c3("},
    {"WS-6455-8.1-1", "NUL is a character", "text:a%00b", "TEXT a%00b"},
    {"WS-6455-8.1-2", "U+007F", "text:%7f", "TEXT %7f"},
    {"WS-6455-8.1-3", "U+0080", "text:%c2%80", "TEXT %c2%80"},
    {"WS-6455-8.1-4", "U+07FF", "text:%df%bf", "TEXT %df%bf"},
    {"WS-6455-8.1-5", "U+0800", "text:%e0%a0%80", "TEXT %e0%a0%80"},
    {"WS-6455-8.1-6", "U+D7FF", "text:%ed%9f%bf", "TEXT %ed%9f%bf"},
    {"WS-6455-8.1-7", "U+E000", "text:%ee%80%80", "TEXT %ee%80%80"},
    {"WS-6455-8.1-8", "U+FFFF", "text:%ef%bf%bf", "TEXT %ef%bf%bf"},
    {"WS-6455-8.1-9", "U+10000", "text:%f0%90%80%80", "TEXT %f0%90%80%80"},
    {"WS-6455-8.1-10", "U+10FFFF", "text:%f4%8f%bf%bf", "TEXT %f4%8f%bf%bf"},
    {"WS-6455-8.1-11", "a character in two fragments", "text-:%e2%82 | more:%ac", "TEXT %e2%82%ac"},
    {"WS-6455-8.1-12", "in four", "text-:%f0 | more-:%90 | more-:%80 | more:%80",
     "TEXT %f0%90%80%80"},
    {"WS-6455-8.1-13", "with a ping inside it", "text-:%e2%82 | ping:%ff | more:%ac",
     "PING %ff > pong:%ff | TEXT %e2%82%ac"},
    {"WS-6455-8.1-14", "a long one, with a character of two bytes at every place",
     "text:abcdefg%c3%a9 | text:abcdefgh%c3%a9 | text:abcdefghi%c3%a9",
     "TEXT abcdefg%c3%a9 | TEXT abcdefgh%c3%a9 | TEXT abcdefghi%c3%a9"},
};

Test(rfc6455_8_1, takes_every_character)
{
    ROWS_CHECK(valid, &not_agreed);
}

static const struct row invalid[] = {
    {"WS-6455-8.1-20", "a continuation alone", "text:%80", NOT_UTF8},
    {"WS-6455-8.1-21", "the last of them", "text:%bf", NOT_UTF8},
    {"WS-6455-8.1-22", "two bytes for one", "text:%c0%80", NOT_UTF8},
    {"WS-6455-8.1-23", "the last of these", "text:%c1%bf", NOT_UTF8},
    {"WS-6455-8.1-24", "three bytes for two", "text:%e0%9f%bf", NOT_UTF8},
    {"WS-6455-8.1-25", "four bytes for three", "text:%f0%8f%bf%bf", NOT_UTF8},
    {"WS-6455-8.1-26", "the first surrogate", "text:%ed%a0%80", NOT_UTF8},
    {"WS-6455-8.1-27", "the last surrogate", "text:%ed%bf%bf", NOT_UTF8},
    {"WS-6455-8.1-28", "U+110000", "text:%f4%90%80%80", NOT_UTF8},
    {"WS-6455-8.1-29", "five bytes", "text:%f8%88%80%80%80", NOT_UTF8},
    {"WS-6455-8.1-30", "F5", "text:%f5%80%80%80", NOT_UTF8},
    {"WS-6455-8.1-31", "FE", "text:%fe", NOT_UTF8},
    {"WS-6455-8.1-32", "FF", "text:%ff", NOT_UTF8},
    {"WS-6455-8.1-33", "an end after one byte of two", "text:a%c3", NOT_UTF8},
    {"WS-6455-8.1-34", "after two of three", "text:%e2%82", NOT_UTF8},
    {"WS-6455-8.1-35", "after three of four", "text:%f0%90%80", NOT_UTF8},
    {"WS-6455-8.1-36", "a letter within a character", "text:%e2%82a", NOT_UTF8},
    {"WS-6455-8.1-37", "a beginning within a character", "text:%e2%e2%82%ac", NOT_UTF8},
    {"WS-6455-8.1-38", "in the second fragment", "text-:ok | more:%ff", NOT_UTF8},
    {"WS-6455-8.1-39", "across two", "text-:%c3 | more:%28", NOT_UTF8},
    {"WS-6455-8.1-40", "at the end of the last", "text-:ok | more:%c3", NOT_UTF8},
    {"WS-6455-8.1-41", "by an empty last one", "text-:%c3 | more:", NOT_UTF8},
    {"WS-6455-8.1-42", "it is told before the message ends", "text-:ok%ff", NOT_UTF8},
    {"WS-6455-8.1-43", "and before the frame does", "text=900:ok%ff", NOT_UTF8},
    {"WS-6455-8.1-44", "the message before it counts", "text:ok | text:%ff", "TEXT ok | " NOT_UTF8},
    {"WS-6455-8.1-45", "nothing is left over from it", "text-:%c3 | more:%a9 | text:%a9",
     "TEXT %c3%a9 | " NOT_UTF8},
    {"WS-6455-8.1-46", "behind eight letters", "text:abcdefgh%ff", NOT_UTF8},
};

Test(rfc6455_8_1, refuses_everything_else)
{
    ROWS_CHECK(invalid, &not_agreed);
}
