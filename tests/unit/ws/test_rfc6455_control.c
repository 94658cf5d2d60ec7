/* RFC 6455 5.5 and 7: pings, pongs and closes (promise CON-8). */
#include "rows.h"

#define BAD "FAILED 1002 > close:1002"
#define NOT_UTF8 "FAILED 1007 > close:1007"

static const struct row pings[] = {
    {"WS-6455-5.5-1", "a control frame of 125 bytes", "ping:a*125", "PING a*125 > pong:a*125"},
    {"WS-6455-5.5-2", "of 126", "ping:a*126", BAD},
    {"WS-6455-5.5-3", "of 65536", "ping=65536:a", BAD},
    {"WS-6455-5.5-4", "a short one with a long length", "pingL:a", BAD},
    {"WS-6455-5.5-5", "a pong of 126", "pong:a*126", BAD},
    {"WS-6455-5.5-6", "a close of 126", "close:1000,aaaa*31", BAD},
    {"WS-6455-5.5-7", "a fragmented ping", "ping-:a | more:b", BAD},
    {"WS-6455-5.5-8", "a fragmented pong", "pong-:", BAD},
    {"WS-6455-5.5-9", "a fragmented close", "close-:1000", BAD},
    {"WS-6455-5.5-10", "a fragmented ping inside a message", "text-:a | ping-:b", BAD},
    {"WS-6455-5.5.2-1", "a ping is answered", "ping:", "PING > pong:"},
    {"WS-6455-5.5.2-2", "with what it holds", "ping:%00%ff%fe", "PING %00%ff%fe > pong:%00%ff%fe"},
    {"WS-6455-5.5.2-3", "each of several", "ping:1 | ping:2 | ping:3",
     "PING 1 > pong:1 | PING 2 > pong:2 | PING 3 > pong:3"},
    {"WS-6455-5.5.2-4", "between messages", "text:a | ping:x | text:b",
     "TEXT a | PING x > pong:x | TEXT b"},
    {"WS-6455-5.5.2-5", "what holds no text is fine", "ping:%c3%28", "PING %c3( > pong:%c3("},
    {"WS-6455-5.5.2-6", "not behind a close", "close:1000 | ping:x", "CLOSE 1000 > close:1000"},
    {"WS-6455-5.5.3-1", "a pong that nobody asked for", "pong:x", "PONG x"},
    {"WS-6455-5.5.3-2", "an empty one", "pong:", "PONG"},
    {"WS-6455-5.5.3-3", "inside a message", "text-:a | pong:x | more:b", "PONG x | TEXT ab"},
};

Test(rfc6455_5_5, answers_pings_and_refuses_malformed_control_frames)
{
    ROWS_CHECK(pings, &not_agreed);
}

static const struct row closes[] = {
    {"WS-6455-5.5.1-1", "a close without a code", "close:", "CLOSE 1005 > close:"},
    {"WS-6455-5.5.1-2", "with a code", "close:1000", "CLOSE 1000 > close:1000"},
    {"WS-6455-5.5.1-3", "with a reason", "close:1001,bye", "CLOSE 1001 bye > close:1001"},
    {"WS-6455-5.5.1-4", "of one byte", "close:%03", BAD},
    {"WS-6455-5.5.1-20", "of one byte, behind a frame that had a second", "ping:%03%e8 | close:%03",
     "PING %03%e8 > pong:%03%e8 | " BAD},
    {"WS-6455-5.5.1-5", "with the longest reason", "close:1000,%41%41%41*41",
     "CLOSE 1000 A*123 > close:1000"},
    {"WS-6455-5.5.1-6", "nothing is read behind it", "close:1000 | text:a | op3:x | close:1002",
     "CLOSE 1000 > close:1000"},
    {"WS-6455-5.5.1-7", "not even what is malformed", "close: | raw:%ff%ff%ff",
     "CLOSE 1005 > close:"},
    {"WS-6455-5.5.1-8", "behind messages", "text:a | binary:b | close:4000,x",
     "TEXT a | BINARY b | CLOSE 4000 x > close:4000"},
    {"WS-6455-5.5.1-9", "a reason of several bytes for a character", "close:1000,%e2%82%ac",
     "CLOSE 1000 %e2%82%ac > close:1000"},
    {"WS-6455-5.5.1-10", "a reason that is not UTF-8", "close:1000,%e2%82", NOT_UTF8},
    {"WS-6455-5.5.1-11", "in its first byte", "close:1000,%ff", NOT_UTF8},
    {"WS-6455-5.5.1-12", "in its second", "close:1000,a%c0%80", NOT_UTF8},
    {"WS-6455-5.5.1-13", "a surrogate", "close:1000,%ed%a0%80", NOT_UTF8},
    {"WS-6455-5.5.1-14", "a bad code is worse than a bad reason", "close:999,%ff", BAD},
};

Test(rfc6455_5_5_1, answers_a_close_and_reads_nothing_behind_it)
{
    ROWS_CHECK(closes, &not_agreed);
}

static const struct row codes[] = {
    {"WS-6455-7.4-1", "0", "close:0", BAD},
    {"WS-6455-7.4-2", "999", "close:999", BAD},
    {"WS-6455-7.4-3", "1000", "close:1000", "CLOSE 1000 > close:1000"},
    {"WS-6455-7.4-4", "1001", "close:1001", "CLOSE 1001 > close:1001"},
    {"WS-6455-7.4-5", "1002", "close:1002", "CLOSE 1002 > close:1002"},
    {"WS-6455-7.4-6", "1003", "close:1003", "CLOSE 1003 > close:1003"},
    {"WS-6455-7.4-7", "1004, reserved", "close:1004", BAD},
    {"WS-6455-7.4-8", "1005, never sent", "close:1005", BAD},
    {"WS-6455-7.4-9", "1006, never sent", "close:1006", BAD},
    {"WS-6455-7.4-10", "1007", "close:1007", "CLOSE 1007 > close:1007"},
    {"WS-6455-7.4-11", "1008", "close:1008", "CLOSE 1008 > close:1008"},
    {"WS-6455-7.4-12", "1009", "close:1009", "CLOSE 1009 > close:1009"},
    {"WS-6455-7.4-13", "1010", "close:1010", "CLOSE 1010 > close:1010"},
    {"WS-6455-7.4-14", "1011", "close:1011", "CLOSE 1011 > close:1011"},
    {"WS-6455-7.4-15", "1012, registered later", "close:1012", "CLOSE 1012 > close:1012"},
    {"WS-6455-7.4-16", "1014, registered later", "close:1014", "CLOSE 1014 > close:1014"},
    {"WS-6455-7.4-17", "1015, never sent", "close:1015", BAD},
    {"WS-6455-7.4-18", "1016", "close:1016", BAD},
    {"WS-6455-7.4-19", "1100", "close:1100", BAD},
    {"WS-6455-7.4-20", "2000", "close:2000", BAD},
    {"WS-6455-7.4-21", "2999", "close:2999", BAD},
    {"WS-6455-7.4-22", "3000", "close:3000", "CLOSE 3000 > close:3000"},
    {"WS-6455-7.4-23", "3999", "close:3999", "CLOSE 3999 > close:3999"},
    {"WS-6455-7.4-24", "4000", "close:4000", "CLOSE 4000 > close:4000"},
    {"WS-6455-7.4-25", "4999", "close:4999", "CLOSE 4999 > close:4999"},
    {"WS-6455-7.4-26", "5000", "close:5000", BAD},
    {"WS-6455-7.4-27", "65535", "close:65535", BAD},
};

Test(rfc6455_7_4, knows_the_codes_that_may_be_sent)
{
    ROWS_CHECK(codes, &not_agreed);
}
