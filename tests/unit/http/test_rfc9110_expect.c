/* RFC 9110 10.1.1: expectations. */
#include "rows.h"

#define BODY "Content-Length: 1\r\n\r\nx"

/* Promise CON-4 */
static const struct row expectations[] = {
    {"100-continue", SENT(POST "Expect: 100-continue\r\n" BODY), "POST / @h expects [x]"},
    {"100-continue in another case", SENT(POST "expect: 100-Continue\r\n" BODY),
     "POST / @h expects [x]"},
    {"100-continue in front of chunks",
     SENT(POST "Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
     "POST / @h expects []"},
    {"100-continue before the body has come",
     SENT(POST "Expect: 100-continue\r\nContent-Length: 1\r\n\r\n"), "POST / @h expects [..."},
    {"100-continue twice", SENT(POST "Expect: 100-continue\r\nExpect: 100-continue\r\n" BODY),
     "POST / @h expects [x]"},
    {"100-continue without a body is not waited for", SENT(GET "Expect: 100-continue\r\n\r\n"),
     "GET / @h"},
    {"100-continue in HTTP/1.0 is ignored",
     SENT("POST / HTTP/1.0\r\nExpect: 100-continue\r\n" BODY), "POST / 1.0 close [x]"},
    {"another one", SENT(POST "Expect: 200-ok\r\n" BODY), "417"},
    {"another one beside it", SENT(POST "Expect: 100-continue, tea\r\n" BODY), "417"},
    {"a parameter", SENT(POST "Expect: 100-continue;a=b\r\n" BODY), "417"},
    {"another one in a second field", SENT(POST "Expect: 100-continue\r\nExpect: tea\r\n" BODY),
     "417"},
    {"another one without a body", SENT(GET "Expect: tea\r\n\r\n"), "417"},
    {"another one in HTTP/1.0 is ignored", SENT("POST / HTTP/1.0\r\nExpect: tea\r\n" BODY),
     "POST / 1.0 close [x]"},
    {"an empty one", SENT(POST "Expect:\r\n" BODY), "POST / @h [x]"},
    {"an empty one in a list", SENT(POST "Expect: ,100-continue\r\n" BODY),
     "POST / @h expects [x]"},
};

Test(rfc9110_expect, knows_100_continue_and_nothing_else)
{
    CHECK_ROWS(expectations);
}
