/* client - the other side of a connection. */
#ifndef TOAD_TESTS_WORKER_CLIENT_H
#define TOAD_TESTS_WORKER_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

/* A connection to the worker. */
int client_connect(void);
/* One that takes little before it has to be read. */
int client_connect_narrow(void);
/* What becomes of each connection, if it is set: another descriptor that leads there. */
extern int (*client_wrap)(int fd);

/* Sends all of it; what cannot be sent any more is not an error. */
void client_send(int fd, const char *text);
void client_send_bytes(int fd, const char *bytes, size_t size);
/* Exactly so many bytes; false if the connection ended before. */
bool client_read(int fd, char *bytes, size_t size);
/* `count` times the same. */
void client_send_many(int fd, const char *text, unsigned count);

/* Sends nothing more. */
void client_finish(int fd);
/* Ends it by a reset. */
void client_reset(int fd);

/* One whole answer, without the bytes behind it; "" if the connection ended instead. Static. */
const char *client_answer(int fd);

/* Sends this request and gives its answer. */
const char *client_ask(int fd, const char *request);

/* The same over a connection of its own that the client gives up afterwards. */
const char *client_ask_once(const char *request);

/* Everything until the end; static. */
const char *client_rest(int fd);

/* Sends this over a connection of its own and gives everything until its end. */
const char *client_ask_all(const char *request);

bool client_has(const char *answer, const char *part);

/* The answer has this status and, behind its head, this body. */
void client_expect_body(const char *answer, const char *status, const char *body);

/* Everything up to these bytes, with them; static. */
const char *client_until(int fd, const char *end);

/* Reads `size` bytes away; false if the connection ended before. */
bool client_skip(int fd, size_t size);

/* Reads one answer away, however large; false if the connection ended before. */
bool client_skip_answer(int fd);

/* Waits until the server ends the connection, reads away what comes before, and closes it. */
void client_await_end(int fd);

/* A GET with the fields that every request needs. */
#define GET(path) "GET " path " HTTP/1.1\r\nHost: h\r\n\r\n"
#define POST(path, length) "POST " path " HTTP/1.1\r\nHost: h\r\nContent-Length: " length "\r\n\r\n"

#endif
