/* RFC 9112 7.1: the chunked coding, its extensions and trailer fields. */
#include "rows.h"

/* Promise CON-4 */
static const struct row chunks[] = {
    {"none", SENT(CHUNKED "0\r\n\r\n"), "POST / @h []"},
    {"one", SENT(CHUNKED "3\r\nabc\r\n0\r\n\r\n"), "POST / @h [abc]"},
    {"three", SENT(CHUNKED "1\r\na\r\n2\r\nbc\r\n3\r\ndef\r\n0\r\n\r\n"), "POST / @h [abcdef]"},
    {"a hexadecimal size", SENT(CHUNKED "b\r\nhello world\r\n0\r\n\r\n"),
     "POST / @h [hello world]"},
    {"a size in capitals", SENT(CHUNKED "0B\r\nhello world\r\n0\r\n\r\n"),
     "POST / @h [hello world]"},
    {"leading zeros", SENT(CHUNKED "0000000000000000000003\r\nabc\r\n000\r\n\r\n"),
     "POST / @h [abc]"},
    {"CR and LF in the payload", SENT(CHUNKED "4\r\n\n\r\n\r\r\n0\r\n\r\n"),
     "POST / @h [\n\r\n\r]"},
    {"chunks in the payload", SENT(CHUNKED "5\r\n0\r\n\r\n\r\n0\r\n\r\n"), "POST / @h [0\r\n\r\n]"},
    {"the next request follows", SENT(CHUNKED "1\r\na\r\n0\r\n\r\n" GET END),
     "POST / @h [a] | GET / @h"},
    {"a size so far", SENT(CHUNKED "3"), "POST / @h [..."},
    {"a payload so far", SENT(CHUNKED "3\r\nab"), "POST / @h [ab..."},
    {"the payload's end so far", SENT(CHUNKED "3\r\nabc\r"), "POST / @h [abc..."},
    {"all but the last LF", SENT(CHUNKED "3\r\nabc\r\n0\r\n\r"), "POST / @h [abc..."},
};

/* Promise CON-5 */
static const struct row wrong_chunks[] = {
    {"no size", SENT(CHUNKED "\r\nabc\r\n0\r\n\r\n"), "POST / @h [ 400"},
    {"no hexadecimal digit", SENT(CHUNKED "g\r\nabc\r\n0\r\n\r\n"), "POST / @h [ 400"},
    {"a sign", SENT(CHUNKED "+3\r\nabc\r\n0\r\n\r\n"), "POST / @h [ 400"},
    {"a minus sign", SENT(CHUNKED "-3\r\nabc\r\n0\r\n\r\n"), "POST / @h [ 400"},
    {"0x", SENT(CHUNKED "0x3\r\nabc\r\n0\r\n\r\n"), "POST / @h [ 400"},
    {"a space before the size", SENT(CHUNKED " 3\r\nabc\r\n0\r\n\r\n"), "POST / @h [ 400"},
    {"a space behind the size", SENT(CHUNKED "3 \r\nabc\r\n0\r\n\r\n"), "POST / @h [ 400"},
    {"a TAB behind the size", SENT(CHUNKED "3\t\r\nabc\r\n0\r\n\r\n"), "POST / @h [ 400"},
    {"an underscore", SENT(CHUNKED "1_0\r\nabc\r\n0\r\n\r\n"), "POST / @h [ 400"},
    {"NUL behind the size", SENT(CHUNKED "3\0\r\nabc\r\n0\r\n\r\n"), "POST / @h [ 400"},
    {"a bare LF behind the size", SENT(CHUNKED "3\nabc\r\n0\r\n\r\n"), "POST / @h [ 400"},
    {"a bare CR behind the size", SENT(CHUNKED "3\rabc\r\n0\r\n\r\n"), "POST / @h [ 400"},
    {"two CR behind the size", SENT(CHUNKED "3\r\r\nabc\r\n0\r\n\r\n"), "POST / @h [ 400"},
    {"a bare LF behind the payload", SENT(CHUNKED "3\r\nabc\n0\r\n\r\n"), "POST / @h [abc 400"},
    {"a bare CR behind the payload", SENT(CHUNKED "3\r\nabc\r0\r\n\r\n"), "POST / @h [abc 400"},
    {"nothing behind the payload", SENT(CHUNKED "3\r\nabc0\r\n\r\n"), "POST / @h [abc 400"},
    {"any two bytes behind the payload", SENT(CHUNKED "3\r\nabcXX0\r\n\r\n"), "POST / @h [abc 400"},
    {"more payload than the size", SENT(CHUNKED "3\r\nabcd\r\n0\r\n\r\n"), "POST / @h [abc 400"},
    {"less payload than the size", SENT(CHUNKED "4\r\nabc\r\n0\r\n\r\n"), "POST / @h [abc\r 400"},
    {"a bare LF behind the last size", SENT(CHUNKED "0\n\r\n"), "POST / @h [ 400"},
    {"a bare LF at the very end", SENT(CHUNKED "0\r\n\n"), "POST / @h [ 400"},
    {"a bare CR at the very end", SENT(CHUNKED "0\r\n\rX"), "POST / @h [ 400"},
};

/* Promise CON-6; 100 bytes are allowed here */
static const struct row large_chunks[] = {
    {"above the limit", SENT(CHUNKED "65\r\n"), "POST / @h [ 413"},
    {"above the limit together", SENT(CHUNKED "3\r\nabc\r\n62\r\n"), "POST / @h [abc 413"},
    {"up to the limit together", SENT(CHUNKED "3\r\nabc\r\n61\r\nx"), "POST / @h [abcx..."},
    {"2^32", SENT(CHUNKED "100000000\r\n"), "POST / @h [ 413"},
    {"2^63", SENT(CHUNKED "8000000000000000\r\n"), "POST / @h [ 413"},
    {"2^64 - 1", SENT(CHUNKED "ffffffffffffffff\r\n"), "POST / @h [ 413"},
    {"2^64 - 1 behind another", SENT(CHUNKED "3\r\nabc\r\nffffffffffffffff\r\n"),
     "POST / @h [abc 413"},
    {"2^64", SENT(CHUNKED "10000000000000000\r\n"), "POST / @h [ 400"},
    {"2^64 + 3", SENT(CHUNKED "10000000000000003\r\nabc\r\n0\r\n\r\n"), "POST / @h [ 400"},
};

/* RFC 9112 7.1.1 */
static const struct row extensions[] = {
    {"a name", SENT(CHUNKED "3;a\r\nabc\r\n0\r\n\r\n"), "POST / @h [abc]"},
    {"a name and a value", SENT(CHUNKED "3;a=b\r\nabc\r\n0\r\n\r\n"), "POST / @h [abc]"},
    {"a value in quotes", SENT(CHUNKED "3;a=\"b c\"\r\nabc\r\n0\r\n\r\n"), "POST / @h [abc]"},
    {"several", SENT(CHUNKED "3;a;b=c;d\r\nabc\r\n0;e=f\r\n\r\n"), "POST / @h [abc]"},
    {"several with values", SENT(CHUNKED "3;a=b;c=\"d\";e=f\r\nabc\r\n0\r\n\r\n"),
     "POST / @h [abc]"},
    {"signs in quotes", SENT(CHUNKED "3;a=\"b;c=\\\"d\\\\\"\r\nabc\r\n0\r\n\r\n"),
     "POST / @h [abc]"},
    {"an empty value in quotes", SENT(CHUNKED "3;a=\"\"\r\nabc\r\n0\r\n\r\n"), "POST / @h [abc]"},
    {"TAB and high bytes in quotes", SENT(CHUNKED "3;a=\"\t\xff\"\r\nabc\r\n0\r\n\r\n"),
     "POST / @h [abc]"},
    {"so far", SENT(CHUNKED "3;a=\"b"), "POST / @h [..."},
    {"no value", SENT(CHUNKED "3;a=\r\nabc\r\n0\r\n\r\n"), "POST / @h [ 400"},
    {"no value, then another", SENT(CHUNKED "3;a=;b\r\nabc\r\n0\r\n\r\n"), "POST / @h [ 400"},
    {"quotes that do not end", SENT(CHUNKED "3;a=\"b\r\nabc\r\n0\r\n\r\n"), "POST / @h [ 400"},
    {"a backslash that ends", SENT(CHUNKED "3;a=\"\\\r\nabc\r\n0\r\n\r\n"), "POST / @h [ 400"},
    {"more behind quotes", SENT(CHUNKED "3;a=\"b\"c\r\nabc\r\n0\r\n\r\n"), "POST / @h [ 400"},
    {"a second value", SENT(CHUNKED "3;a=b=c\r\nabc\r\n0\r\n\r\n"), "POST / @h [ 400"},
    {"a space before", SENT(CHUNKED "3 ;a\r\nabc\r\n0\r\n\r\n"), "POST / @h [abc]"},
    {"a space before the name", SENT(CHUNKED "3; a\r\nabc\r\n0\r\n\r\n"), "POST / @h [abc]"},
    {"white space around all signs",
     SENT(CHUNKED "3 \t; a\t=\t b \t;c = \"d\" ; e\r\nabc\r\n0\t;\tf\r\n\r\n"), "POST / @h [abc]"},
    {"white space behind a name, then another", SENT(CHUNKED "3;a ;b\r\nabc\r\n0\r\n\r\n"),
     "POST / @h [abc]"},
    {"a space behind a name", SENT(CHUNKED "3;a \r\nabc\r\n0\r\n\r\n"), "POST / @h [ 400"},
    {"a space behind a value", SENT(CHUNKED "3;a=b \r\nabc\r\n0\r\n\r\n"), "POST / @h [ 400"},
    {"a space behind quotes", SENT(CHUNKED "3;a=\"b\" \r\nabc\r\n0\r\n\r\n"), "POST / @h [ 400"},
    {"a space behind the semicolon", SENT(CHUNKED "3; \r\nabc\r\n0\r\n\r\n"), "POST / @h [ 400"},
    {"a space behind the equals sign", SENT(CHUNKED "3;a= \r\nabc\r\n0\r\n\r\n"),
     "POST / @h [ 400"},
    {"a space for a semicolon", SENT(CHUNKED "3 a\r\nabc\r\n0\r\n\r\n"), "POST / @h [ 400"},
    {"a space in the middle of the size", SENT(CHUNKED "3 3;a\r\nabc\r\n0\r\n\r\n"),
     "POST / @h [ 400"},
    {"a space and a semicolon without a size", SENT(CHUNKED " ;a\r\nabc\r\n0\r\n\r\n"),
     "POST / @h [ 400"},
    {"a space in the name", SENT(CHUNKED "3;a b\r\nabc\r\n0\r\n\r\n"), "POST / @h [ 400"},
    {"an equals sign behind a value and a space", SENT(CHUNKED "3;a=b =c\r\nabc\r\n0\r\n\r\n"),
     "POST / @h [ 400"},
    {"a space behind the payload", SENT(CHUNKED "3\r\nabc ;a\r\n0\r\n\r\n"), "POST / @h [abc 400"},
    {"a bare CR behind a space", SENT(CHUNKED "3 \r;a\r\nabc\r\n0\r\n\r\n"), "POST / @h [ 400"},
    {"a bare LF behind a space", SENT(CHUNKED "3 \n;a\r\nabc\r\n0\r\n\r\n"), "POST / @h [ 400"},
    {"a space in the value", SENT(CHUNKED "3;a=b c\r\nabc\r\n0\r\n\r\n"), "POST / @h [ 400"},
    {"no size", SENT(CHUNKED ";a\r\nabc\r\n0\r\n\r\n"), "POST / @h [ 400"},
    {"no size in the second chunk", SENT(CHUNKED "3\r\nabc\r\n;a\r\n0\r\n\r\n"),
     "POST / @h [abc 400"},
    {"behind the payload", SENT(CHUNKED "3\r\nabc;a\r\n0\r\n\r\n"), "POST / @h [abc 400"},
    {"between CR and LF", SENT(CHUNKED "3\r;a\nabc\r\n0\r\n\r\n"), "POST / @h [ 400"},
    {"in the middle of the size", SENT(CHUNKED "3;a\r3\nabc\r\n0\r\n\r\n"), "POST / @h [ 400"},
    {"no name", SENT(CHUNKED "3;\r\nabc\r\n0\r\n\r\n"), "POST / @h [ 400"},
    {"a bare LF", SENT(CHUNKED "3;a\nabc\r\n0\r\n\r\n"), "POST / @h [ 400"},
    {"a bare LF in a value", SENT(CHUNKED "3;a=b\nabc\r\n0\r\n\r\n"), "POST / @h [ 400"},
    {"a bare LF in quotes", SENT(CHUNKED "3;a=\"b\n\"\r\nabc\r\n0\r\n\r\n"), "POST / @h [ 400"},
    {"a bare CR", SENT(CHUNKED "3;a\rb\r\nabc\r\n0\r\n\r\n"), "POST / @h [ 400"},
    {"NUL", SENT(CHUNKED "3;a=\0\r\nabc\r\n0\r\n\r\n"), "POST / @h [ 400"},
    {"a control byte in quotes", SENT(CHUNKED "3;a=\"\x01\"\r\nabc\r\n0\r\n\r\n"),
     "POST / @h [ 400"},
};

/* RFC 9112 7.1.2, RFC 9110 6.5.1 */
static const struct row trailers[] = {
    {"one", SENT(CHUNKED "1\r\na\r\n0\r\nA: 1\r\n\r\n"), "POST / @h [a]"},
    {"several, then a request", SENT(CHUNKED "0\r\nA: 1\r\nB:\r\nC: 3\r\n\r\n" GET END),
     "POST / @h [] | GET / @h"},
    {"so far", SENT(CHUNKED "0\r\nA: 1\r\n"), "POST / @h [..."},
    {"names that begin like forbidden ones",
     SENT(CHUNKED "0\r\nHos: 1\r\nHosts: 2\r\nContent-Type: 3\r\nTransfer-Encodings: 4\r\n\r\n"),
     "POST / @h []"},
    {"a forbidden name as a value", SENT(CHUNKED "0\r\nA: Host: b\r\n\r\n"), "POST / @h []"},
    {"Content-Length", SENT(CHUNKED "0\r\nContent-Length: 3\r\n\r\n"), "POST / @h [ 400"},
    {"Content-Length in another case", SENT(CHUNKED "0\r\nA: 1\r\ncontent-LENGTH: 0\r\n\r\n"),
     "POST / @h [ 400"},
    {"Transfer-Encoding", SENT(CHUNKED "0\r\nTransfer-Encoding: chunked\r\n\r\n"),
     "POST / @h [ 400"},
    {"Host", SENT(CHUNKED "0\r\nHost: b\r\n\r\n"), "POST / @h [ 400"},
    {"a close is no more heard", SENT(CHUNKED "0\r\nConnection: close\r\n\r\n" GET END),
     "POST / @h [] | GET / @h"},
    {"an upgrade is no more heard",
     SENT(CHUNKED "0\r\nConnection: upgrade\r\nUpgrade: tea\r\n\r\n" GET END),
     "POST / @h [] | GET / @h"},
    {"an empty name", SENT(CHUNKED "0\r\n: 1\r\n\r\n"), "POST / @h [ 400"},
    {"no colon", SENT(CHUNKED "0\r\nA\r\n\r\n"), "POST / @h [ 400"},
    {"a space before the colon", SENT(CHUNKED "0\r\nA : 1\r\n\r\n"), "POST / @h [ 400"},
    {"a bare LF", SENT(CHUNKED "0\r\nA: 1\nB: 2\r\n\r\n"), "POST / @h [ 400"},
    {"a bare LF as the end", SENT(CHUNKED "0\r\nA: 1\r\n\n"), "POST / @h [ 400"},
    {"a bare CR", SENT(CHUNKED "0\r\nA: 1\rB: 2\r\n\r\n"), "POST / @h [ 400"},
    {"a folded one", SENT(CHUNKED "0\r\nA: 1\r\n 2\r\n\r\n"), "POST / @h [ 400"},
    {"one folded with a TAB", SENT(CHUNKED "0\r\nA:\r\n\t2\r\n\r\n"), "POST / @h [ 400"},
    {"white space before the first", SENT(CHUNKED "0\r\n A: 1\r\n\r\n"), "POST / @h [ 400"},
    {"NUL", SENT(CHUNKED "0\r\nA: \0\r\n\r\n"), "POST / @h [ 400"},
    {"DEL", SENT(CHUNKED "0\r\nA: \x7f\r\n\r\n"), "POST / @h [ 400"},
    {"a control byte", SENT(CHUNKED "0\r\nA: \x02\r\n\r\n"), "POST / @h [ 400"},
    {"TAB in a value", SENT(CHUNKED "0\r\nA: 1\t2\r\n\r\n"), "POST / @h []"},
};

Test(rfc9112_chunked, gives_the_payload_of_all_chunks)
{
    CHECK_ROWS(chunks);
}

Test(rfc9112_chunked, refuses_what_is_not_exactly_chunks)
{
    CHECK_ROWS(wrong_chunks);
}

Test(rfc9112_chunked, is_bounded)
{
    CHECK_ROWS(large_chunks);
}

Test(rfc9112_chunked, drops_extensions)
{
    CHECK_ROWS(extensions);
}

Test(rfc9112_chunked, checks_and_drops_trailer_fields)
{
    CHECK_ROWS(trailers);
}
