#include "visitor.h"

#include <criterion/criterion.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    STEPS_MAX = 1000
};

void visitor_arrive(struct visitor *visitor)
{
    *visitor = (struct visitor){.ends = {-1, -1}};
    visitor->context = SSL_CTX_new(TLS_client_method());
    cr_assert_not_null(visitor->context);
}

void visitor_meet(struct visitor *visitor, const struct tls_context *context)
{
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, visitor->ends),
                 0);
    visitor->tls = SSL_new(visitor->context);
    cr_assert_eq(SSL_set_fd(visitor->tls, visitor->ends[1]), 1);
    SSL_set_connect_state(visitor->tls);
    cr_assert_eq(tls_session_open(context, visitor->ends[0], &visitor->session), ERROR_NONE);
}

enum error visitor_shake(struct visitor *visitor)
{
    enum error error = ERROR_AGAIN;
    for (int i = 0; i < STEPS_MAX && error == ERROR_AGAIN; i++) {
        ERR_clear_error();
        (void)SSL_do_handshake(visitor->tls);
        error = tls_session_shake(visitor->session);
    }
    ERR_clear_error();
    (void)SSL_do_handshake(visitor->tls);
    return error;
}

size_t visitor_read(struct visitor *visitor, char *data, size_t capacity)
{
    size_t total = 0;
    size_t size = 0;
    ERR_clear_error();
    while (total < capacity &&
           SSL_read_ex(visitor->tls, data + total, capacity - total, &size) == 1)
        total += size;
    return total;
}

void visitor_part(struct visitor *visitor)
{
    tls_session_close(visitor->session, true);
    visitor->session = NULL;
    SSL_free(visitor->tls);
    visitor->tls = NULL;
    for (int i = 0; i < 2; i++) {
        if (visitor->ends[i] >= 0)
            (void)close(visitor->ends[i]);
        visitor->ends[i] = -1;
    }
}

void visitor_leave(struct visitor *visitor)
{
    visitor_part(visitor);
    SSL_CTX_free(visitor->context);
    visitor->context = NULL;
}

struct tls_settings visitor_settings(void)
{
    return (struct tls_settings){
        .host = "127.0.0.1", .ca = "", .ciphers = "", .version = "", .verify = -1};
}

struct tls_context *visitor_host(const struct tls_settings *settings)
{
    struct problem problem;
    struct tls_context *context = NULL;
    cr_assert_eq(tls_context_open(settings, &context, &problem), ERROR_NONE, "%s", problem.text);
    return context;
}
