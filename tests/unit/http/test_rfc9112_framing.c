/* RFC 9112 6: where the body of a request ends. */
#include "rows.h"

#define LENGTH(value) POST "Content-Length: " value "\r\n\r\n"
#define CODING(value) POST "Transfer-Encoding: " value "\r\n\r\n"
#define EMPTY "0\r\n\r\n"

/* Promises CON-5 and CON-6 */
static const struct row lengths[] = {
    {"none", SENT(POST "\r\n"), "POST / @h"},
    {"0", SENT(LENGTH("0") GET END), "POST / @h | GET / @h"},
    {"1", SENT(LENGTH("1") "x"), "POST / @h [x]"},
    {"of a GET", SENT(GET "Content-Length: 3\r\n\r\nabc" GET END), "GET / @h [abc] | GET / @h"},
    {"of an HTTP/1.0 request", SENT("POST / HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc"),
     "POST / 1.0 close [abc]"},
    {"less has come", SENT(LENGTH("5") "abc"), "POST / @h [abc..."},
    {"nothing has come", SENT(LENGTH("5")), "POST / @h [..."},
    {"the body is a request", SENT(LENGTH("27") GET END GET END),
     "POST / @h [" GET END "] | GET / @h"},
    {"the body is CR and LF", SENT(LENGTH("3") "\n\r\n"), "POST / @h [\n\r\n]"},
    {"leading zeros", SENT(LENGTH("0003") "abc"), "POST / @h [abc]"},
    {"white space around", SENT(LENGTH(" \t 3 ") "abc"), "POST / @h [abc]"},
    /* The parser takes spaces there, but no TAB; nobody sends one. */
    {"a TAB behind", SENT(LENGTH("3\t") "abc"), "400"},
    {"the name in another case", SENT(POST "CONTENT-length: 3\r\n\r\nabc"), "POST / @h [abc]"},
    {"as long as is allowed",
     SENT(LENGTH("100") "0123456789012345678901234567890123456789012345678901234567890123456789"
                        "012345678901234567890123456789"),
     "POST / @h "
     "[0123456789012345678901234567890123456789012345678901234567890123456789"
     "012345678901234567890123456789]"},
    {"longer than is allowed", SENT(LENGTH("101")), "413"},
    {"2^31", SENT(LENGTH("2147483648")), "413"},
    {"2^32", SENT(LENGTH("4294967296")), "413"},
    {"2^63 - 1", SENT(LENGTH("9223372036854775807")), "413"},
    {"2^63", SENT(LENGTH("9223372036854775808")), "400"},
    {"2^64 - 1", SENT(LENGTH("18446744073709551615")), "400"},
    {"2^64", SENT(LENGTH("18446744073709551616")), "400"},
    {"2^64 + 3", SENT(LENGTH("18446744073709551619") "abc"), "400"},
    {"10^30", SENT(LENGTH("1000000000000000000000000000000")), "400"},
    {"empty", SENT(LENGTH("")), "400"},
    {"a plus sign", SENT(LENGTH("+3") "abc"), "400"},
    {"a minus sign", SENT(LENGTH("-3") "abc"), "400"},
    {"hexadecimal", SENT(LENGTH("0x3") "abc"), "400"},
    {"a letter behind", SENT(LENGTH("3a") "abc"), "400"},
    {"a point", SENT(LENGTH("3.0") "abc"), "400"},
    {"a space inside", SENT(LENGTH("1 0") "abc"), "400"},
    {"a list of equals", SENT(LENGTH("3, 3") "abc"), "400"},
    {"a list of different ones", SENT(LENGTH("3, 4") "abc"), "400"},
    {"a comma behind", SENT(LENGTH("3,") "abc"), "400"},
    {"quotes", SENT(LENGTH("\"3\"") "abc"), "400"},
    {"two that are equal", SENT(POST "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc"), "400"},
    {"two that differ", SENT(POST "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc"), "400"},
    {"two, the first is 0", SENT(POST "Content-Length: 0\r\nContent-Length: 3\r\n\r\nabc"), "400"},
    {"two zeros", SENT(POST "Content-Length: 0\r\nContent-Length: 0\r\n\r\n"), "400"},
};

static const struct row codings[] = {
    {"chunked", SENT(CODING("chunked") EMPTY), "POST / @h []"},
    {"chunked in another case", SENT(POST "transfer-ENCODING: Chunked\r\n\r\n" EMPTY),
     "POST / @h []"},
    {"white space around", SENT(CODING(" \t chunked ") EMPTY), "POST / @h []"},
    /* The parser would see an unknown coding there. */
    {"a TAB behind", SENT(CODING("chunked\t") EMPTY), "400"},
    {"chunked of a GET", SENT(GET "Transfer-Encoding: chunked\r\n\r\n" EMPTY), "GET / @h []"},
    {"gzip, then chunked", SENT(CODING("gzip, chunked") EMPTY), "501"},
    {"gzip alone", SENT(CODING("gzip") EMPTY), "501"},
    {"identity", SENT(CODING("identity") EMPTY), "501"},
    {"an unknown one", SENT(CODING("tea") EMPTY), "501"},
    {"an unknown one with a parameter", SENT(CODING("tea;milk=no, chunked") EMPTY), "501"},
    {"more than chunked", SENT(CODING("chunkedx") EMPTY), "501"},
    {"less than chunked", SENT(CODING("chunke") EMPTY), "501"},
    {"x chunked", SENT(CODING("xchunked") EMPTY), "501"},
    {"chunked, then gzip", SENT(CODING("chunked, gzip") EMPTY), "400"},
    {"chunked twice", SENT(CODING("chunked, chunked") EMPTY), "400"},
    {"chunked in two fields",
     SENT(POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n" EMPTY), "400"},
    {"identity, then chunked in a second field",
     SENT(POST "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n" EMPTY), "400"},
    {"chunked, then identity in a second field",
     SENT(POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n" EMPTY), "400"},
    {"unknown ones in two fields",
     SENT(POST "Transfer-Encoding: tea\r\nTransfer-Encoding: tea\r\n\r\n" EMPTY), "400"},
    {"a parameter", SENT(CODING("chunked;a=b") EMPTY), "400"},
    {"a parameter of the first chunked", SENT(CODING("chunked;q=1, chunked") EMPTY), "400"},
    {"empty", SENT(CODING("") EMPTY), "400"},
    {"empty and a length", SENT(POST "Transfer-Encoding:\r\nContent-Length: 3\r\n\r\nabc"), "400"},
    {"a comma before", SENT(CODING(",chunked") EMPTY), "400"},
    {"a comma behind", SENT(CODING("chunked,") EMPTY), "400"},
    {"a comma alone", SENT(CODING(",") EMPTY), "400"},
    {"quotes", SENT(CODING("\"chunked\"") EMPTY), "400"},
    {"two words", SENT(CODING("gzip chunked") EMPTY), "400"},
    {"a VT before", SENT(CODING("\vchunked") EMPTY), "400"},
    {"in HTTP/1.0", SENT("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n" EMPTY), "400"},
    {"in HTTP/1.0 that persists",
     SENT("POST / HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n" EMPTY),
     "400"},
    {"and a length", SENT(POST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n" EMPTY),
     "400"},
    {"behind a length", SENT(POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" EMPTY),
     "400"},
    {"and a length of 0",
     SENT(POST "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n" EMPTY), "400"},
    {"unknown, and a length",
     SENT(POST "Transfer-Encoding: tea\r\nContent-Length: 5\r\n\r\n" EMPTY), "400"},
    {"TE is another field", SENT(GET "TE: trailers\r\n\r\n"), "GET / @h {TE=trailers}"},
};

Test(rfc9112_framing, goes_by_one_length_in_digits)
{
    CHECK_ROWS(lengths);
}

Test(rfc9112_framing, knows_chunked_once_and_nothing_else)
{
    CHECK_ROWS(codings);
}
