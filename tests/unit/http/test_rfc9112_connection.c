/* RFC 9112 9: connections that persist, pipelining, and upgrades that are not made. */
#include "rows.h"

#define OLD "GET / HTTP/1.0\r\n"

/* Promise CON-4 */
static const struct row persistence[] = {
    {"HTTP/1.1 persists", SENT(GET END GET END), "GET / @h | GET / @h"},
    {"HTTP/1.1 with close does not", SENT(GET "Connection: close\r\n\r\n" GET END),
     "GET / @h close"},
    {"close in another case", SENT(GET "connection: CLOSE\r\n\r\n" GET END), "GET / @h close"},
    {"close among others", SENT(GET "Connection: a ,\tclose , b\r\n\r\n" GET END),
     "GET / @h close"},
    {"close in a second field", SENT(GET "Connection: a\r\nConnection: close\r\n\r\n" GET END),
     "GET / @h close"},
    {"close wins", SENT(GET "Connection: keep-alive, close\r\n\r\n" GET END), "GET / @h close"},
    {"keep-alive changes nothing", SENT(GET "Connection: keep-alive\r\n\r\n" GET END),
     "GET / @h | GET / @h"},
    {"more than close is not close", SENT(GET "Connection: closed\r\n\r\n" GET END),
     "GET / @h | GET / @h"},
    {"an empty list", SENT(GET "Connection:\r\n\r\n" GET END), "GET / @h | GET / @h"},
    {"empty elements", SENT(GET "Connection: ,, close,\r\n\r\n" GET END), "GET / @h close"},
    {"close behind a body", SENT(POST "Content-Length: 1\r\nConnection: close\r\n\r\nx" GET END),
     "POST / @h close [x]"},
    {"close behind chunks",
     SENT(POST "Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" GET END),
     "POST / @h close []"},
    {"HTTP/1.0 does not persist", SENT(OLD "\r\n" OLD "\r\n"), "GET / 1.0 close"},
    {"HTTP/1.0 with keep-alive does", SENT(OLD "Connection: keep-alive\r\n\r\n" OLD "\r\n"),
     "GET / 1.0 | GET / 1.0 close"},
    {"keep-alive in another case", SENT(OLD "Connection: Keep-Alive\r\n\r\n" OLD "\r\n"),
     "GET / 1.0 | GET / 1.0 close"},
    {"keep-alive among others", SENT(OLD "Connection: a, keep-alive\r\n\r\n" OLD "\r\n"),
     "GET / 1.0 | GET / 1.0 close"},
    {"keep-alive and close", SENT(OLD "Connection: close, keep-alive\r\n\r\n" OLD "\r\n"),
     "GET / 1.0 close"},
    {"the field Keep-Alive does not count", SENT(OLD "Keep-Alive: timeout=5\r\n\r\n" OLD "\r\n"),
     "GET / 1.0 close {Keep-Alive=timeout=5}"},
    {"Proxy-Connection does not count", SENT(GET "Proxy-Connection: close\r\n\r\n" GET END),
     "GET / @h {Proxy-Connection=close} | GET / @h"},
};

static const struct row pipelines[] = {
    {"three", SENT(GET END "HEAD /2 HTTP/1.1\r\nHost: b\r\n\r\n" GET "A: 3\r\n\r\n"),
     "GET / @h | HEAD /2 @b | GET / @h {A=3}"},
    {"bodies between",
     SENT(POST "Content-Length: 2\r\n\r\nab" CHUNKED "1\r\nc\r\n0\r\n\r\n" GET END),
     "POST / @h [ab] | POST / @h [c] | GET / @h"},
    {"a fault in the second", SENT(GET END "GET / HTTP/1.1\r\n\r\n" GET END), "GET / @h | 400"},
    {"a fault in the first", SENT("GET / HTTP/3.0\r\n\r\n" GET END), "505"},
    {"garbage behind a body", SENT(POST "Content-Length: 2\r\n\r\nabc\r\n\r\n"),
     "POST / @h [ab] | 400"},
    {"a body behind a GET is the next request", SENT(GET END "0\r\n\r\n"), "GET / @h | 400"},
};

/* RFC 9110 7.8: an upgrade may be ignored, and then nothing about the request changes. */
static const struct row upgrades[] = {
    {"to WebSocket", SENT(GET "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n" GET END),
     "GET / @h {Upgrade=websocket} | GET / @h"},
    {"to HTTP/2",
     SENT(GET
          "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n\r\n" GET
              END),
     "GET / @h {Upgrade=h2c} {HTTP2-Settings=AA} | GET / @h"},
    {"with a body",
     SENT(POST "Connection: Upgrade\r\nUpgrade: a\r\nContent-Length: 3\r\n\r\nabc" GET END),
     "POST / @h {Upgrade=a} [abc] | GET / @h"},
    {"with a length of 0",
     SENT(POST "Connection: Upgrade\r\nUpgrade: a\r\nContent-Length: 0\r\n\r\n" GET END),
     "POST / @h {Upgrade=a} | GET / @h"},
    {"with chunks",
     SENT(POST "Connection: Upgrade\r\nUpgrade: a\r\nTransfer-Encoding: chunked\r\n\r\n"
               "1\r\na\r\n0\r\n\r\n" GET END),
     "POST / @h {Upgrade=a} [a] | GET / @h"},
    {"and a close", SENT(GET "Connection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n" GET END),
     "GET / @h close {Upgrade=websocket}"},
};

Test(rfc9112_connection, persists_as_version_and_options_say)
{
    CHECK_ROWS(persistence);
}

Test(rfc9112_connection, carries_requests_one_behind_the_other)
{
    CHECK_ROWS(pipelines);
}

Test(rfc9112_connection, is_not_upgraded_here)
{
    CHECK_ROWS(upgrades);
}
