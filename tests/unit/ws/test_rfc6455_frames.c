/* RFC 6455 5.1, 5.2, 5.3 and 5.4: the frame by itself, masks, fragments (promise CON-8). */
#include "rows.h"

#define BAD "FAILED 1002 > close:1002"

static const struct row masks[] = {
    {"WS-6455-5.1-1", "a client masks", "text:Hello", "TEXT Hello"},
    {"WS-6455-5.1-2", "and is told when it does not", "textu:Hello", BAD},
    {"WS-6455-5.1-3", "a control frame, too", "pingu:x", BAD},
    {"WS-6455-5.1-4", "a close, too", "closeu:1000", BAD},
    {"WS-6455-5.1-5", "an empty frame, too", "textu:", BAD},
    {"WS-6455-5.1-6", "a later fragment, too", "text-:a | moreu:b", BAD},
    {"WS-6455-5.3-1", "a mask of zero is one", "textz:Hello", "TEXT Hello"},
    {"WS-6455-5.3-2", "the mask begins anew with each frame", "text-:abc | more-:de | more:fgh",
     "TEXT abcdefgh"},
    {"WS-6455-5.3-3", "the example of a masked frame", "raw:%81%85%37%fa%21%3d%7f%9f%4d%51%58",
     "TEXT Hello"},
    {"WS-6455-5.7-1", "the example of an unmasked frame is not for a server",
     "raw:%81%05%48%65%6c%6c%6f", BAD},
    {"WS-6455-5.7-2", "the example of a fragmented frame, masked", "text-:Hel | more:lo",
     "TEXT Hello"},
    {"WS-6455-5.7-3", "the example of a ping, masked", "raw:%89%85%37%fa%21%3d%7f%9f%4d%51%58",
     "PING Hello > pong:Hello"},
};

Test(rfc6455_5_1, wants_every_frame_of_a_client_masked)
{
    ROWS_CHECK(masks, &not_agreed);
}

static const struct row reserved[] = {
    {"WS-6455-5.2-1", "RSV1 without an extension", "text1:x", BAD},
    {"WS-6455-5.2-2", "RSV2", "text2:x", BAD},
    {"WS-6455-5.2-3", "RSV3", "text3:x", BAD},
    {"WS-6455-5.2-4", "all of them", "text123:x", BAD},
    {"WS-6455-5.2-5", "in a binary frame", "binary1:x", BAD},
    {"WS-6455-5.2-6", "in a ping", "ping2:x", BAD},
    {"WS-6455-5.2-7", "in a close", "close3:1000", BAD},
    {"WS-6455-5.2-8", "in a pong", "pong1:", BAD},
    {"WS-6455-5.2-9", "in a continuation", "text-:a | more2:b", BAD},
    {"WS-6455-5.2-10", "opcode 3", "op3:x", BAD},
    {"WS-6455-5.2-11", "opcode 4", "op4:", BAD},
    {"WS-6455-5.2-12", "opcode 5", "op5:x", BAD},
    {"WS-6455-5.2-13", "opcode 6", "op6:x", BAD},
    {"WS-6455-5.2-14", "opcode 7", "op7-:x", BAD},
    {"WS-6455-5.2-15", "opcode 11", "opb:x", BAD},
    {"WS-6455-5.2-16", "opcode 12", "opc:", BAD},
    {"WS-6455-5.2-17", "opcode 13", "opd:x", BAD},
    {"WS-6455-5.2-18", "opcode 14", "ope:x", BAD},
    {"WS-6455-5.2-19", "opcode 15", "opf:x", BAD},
    {"WS-6455-5.2-20", "a reserved opcode behind a message", "text:a | op3:x", "TEXT a | " BAD},
    {"WS-6455-5.2-21", "and inside one", "text-:a | op7:x", BAD},
    {"WS-6455-5.2-22", "nothing is read behind it", "op3:x | text:a | ping:x | close:1000", BAD},
};

Test(rfc6455_5_2, refuses_reserved_bits_and_opcodes)
{
    ROWS_CHECK(reserved, &not_agreed);
}

static const struct row lengths[] = {
    {"WS-6455-5.2-30", "nothing", "text:", "TEXT"},
    {"WS-6455-5.2-31", "a binary nothing", "binary:", "BINARY"},
    {"WS-6455-5.2-32", "one byte", "binary:%00", "BINARY %00"},
    {"WS-6455-5.2-33", "the longest of 7 bits", "binary:a*125", "BINARY a*125"},
    {"WS-6455-5.2-34", "the shortest of 16 bits", "binary:a*126", "BINARY a*126"},
    {"WS-6455-5.2-35", "one more", "binary:a*127", "BINARY a*127"},
    {"WS-6455-5.2-36", "as long as a message may be", "binary:a*1000", "BINARY a*1000"},
    {"WS-6455-5.2-37", "16 bits where 7 do", "binaryL:a*125", BAD},
    {"WS-6455-5.2-38", "16 bits for nothing", "binaryL:", BAD},
    {"WS-6455-5.2-39", "64 bits where 16 do", "binaryQ:a*126", BAD},
    {"WS-6455-5.2-40", "64 bits where 7 do", "textQ:a", BAD},
    {"WS-6455-5.2-41", "64 bits for one less than needs them", "textQ=65535:a", BAD},
    {"WS-6455-5.2-42", "the highest bit of 64", "textQ=9223372036854775808:a", BAD},
    {"WS-6455-5.2-43", "all bits of 64", "textQ=18446744073709551615:a", BAD},
    {"WS-6455-5.2-44", "a frame that has not ended yet", "text=5:Hell", ""},
    {"WS-6455-5.2-45", "nor has a head", "raw:%81", ""},
    {"WS-6455-5.2-46", "nor a length", "raw:%81%fe%00", ""},
    {"WS-6455-5.2-47", "nor a mask", "raw:%81%85%37%fa%21", ""},
    {"WS-6455-5.2-48", "an empty message, then another",
     "text: | text:a | binary:", "TEXT | TEXT a | BINARY"},
};

Test(rfc6455_5_2, wants_the_least_form_of_a_length)
{
    ROWS_CHECK(lengths, &not_agreed);
}

static const struct row limits[] = {
    {"WS-6455-10.4-1", "one byte more than a message may have", "binary:a*1001",
     "FAILED 1009 > close:1009"},
    {"WS-6455-10.4-2", "the head alone tells it", "binary=70000:a", "FAILED 1009 > close:1009"},
    {"WS-6455-10.4-3", "the longest that 63 bits can say", "binary=9223372036854775807:a",
     "FAILED 1009 > close:1009"},
    {"WS-6455-10.4-4", "fragments count together", "binary-:a*500 | more:b*501",
     "FAILED 1009 > close:1009"},
    {"WS-6455-10.4-5", "up to the limit", "binary-:a*500 | more:a*500", "BINARY a*1000"},
    {"WS-6455-10.4-6", "the last fragment, too", "text-:a*1000 | more-: | more:b",
     "FAILED 1009 > close:1009"},
    {"WS-6455-10.4-7", "each message begins anew", "binary:a*1000 | binary:b*1000 | text:c*1000",
     "BINARY a*1000 | BINARY b*1000 | TEXT c*1000"},
    {"WS-6455-10.4-8", "control frames do not count",
     "binary-:a*1000 | ping:b*125 | more:", "PING b*125 > pong:b*125 | BINARY a*1000"},
    {"WS-6455-10.4-9", "a sum beyond 64 bits", "binary-:aaa | more=9223372036854775807:a",
     "FAILED 1009 > close:1009"},
};

Test(rfc6455_10_4, bounds_messages_with_all_their_fragments)
{
    ROWS_CHECK(limits, &not_agreed);
}

static const struct row fragments[] = {
    {"WS-6455-5.4-1", "two", "text-:Hel | more:lo", "TEXT Hello"},
    {"WS-6455-5.4-2", "many", "binary-:a | more-:b | more-:c | more-:d | more:e", "BINARY abcde"},
    {"WS-6455-5.4-3", "empty ones", "text-: | more-: | more:", "TEXT"},
    {"WS-6455-5.4-4", "an empty one at the end", "text-:abc | more:", "TEXT abc"},
    {"WS-6455-5.4-5", "an empty one at the beginning", "text-: | more:abc", "TEXT abc"},
    {"WS-6455-5.4-6", "nothing to be continued", "more:x", BAD},
    {"WS-6455-5.4-7", "nor for more to come", "more-:x | more:y", BAD},
    {"WS-6455-5.4-8", "nor behind a whole message", "text:a | more:b", "TEXT a | " BAD},
    {"WS-6455-5.4-9", "nor behind the end of one", "text-:a | more:b | more:c", "TEXT ab | " BAD},
    {"WS-6455-5.4-10", "a text inside a text", "text-:a | text:b", BAD},
    {"WS-6455-5.4-11", "a binary inside a text", "text-:a | binary:b", BAD},
    {"WS-6455-5.4-12", "a beginning inside a beginning", "binary-:a | binary-:b", BAD},
    {"WS-6455-5.4-13", "a ping between fragments", "text-:a | ping:x | more:b",
     "PING x > pong:x | TEXT ab"},
    {"WS-6455-5.4-14", "several", "text-:a | ping:x | pong:y | more-:b | ping: | more:c",
     "PING x > pong:x | PONG y | PING > pong: | TEXT abc"},
    {"WS-6455-5.4-15", "a close between fragments", "text-:a | close:1000 | more:b",
     "CLOSE 1000 > close:1000"},
    {"WS-6455-5.4-16", "a message ends where its fragments do", "text-:a | more:b | text:c",
     "TEXT ab | TEXT c"},
    {"WS-6455-5.4-17", "an unfinished message is no message", "text-:abc | more-:def", ""},
    {"WS-6455-5.4-18", "a ping before the first fragment", "ping: | binary-:a | more:b",
     "PING > pong: | BINARY ab"},
};

Test(rfc6455_5_4, puts_fragments_together)
{
    ROWS_CHECK(fragments, &not_agreed);
}
