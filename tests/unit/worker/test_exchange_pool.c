/* Where requests live, and that the compact ones say what the roomy ones said. */
#include "worker/exchange_pool.h"

#include "worker/worker_process.h"

#include "kit/faulty.h"

#include <criterion/criterion.h>

#include <string.h>

static struct worker_settings settings;
static struct toad_worker process = {.settings = &settings};
static struct connection connection = {.worker = &process};

static void begin(void)
{
    settings.message_max_bytes = 1000;
}

static void end(void)
{
    exchange_pool_clear(&process.exchanges);
    exchange_pool_clear(&process.exchanges);
}

TestSuite(exchange_pool, .init = begin, .fini = end);

static struct toad_request *open_one(const char *head)
{
    struct http_refusal refusal;
    cr_assert_eq(exchange_open(&connection, bytes_of(head), &refusal), HTTP_COMPLETE, "%s: %s",
                 head, refusal.reason);
    return connection.exchange;
}

/* Everything that can be read of it, one part behind the other. */
static const char *show(const struct toad_request *request, char *text, size_t capacity)
{
    struct buffer out;
    buffer_init(&out, text, capacity - 1);
    bool fits = buffer_append_format(&out, "%s %s %s ?%s %s @%s %s", toad_method(request),
                                     toad_target(request), toad_path(request), toad_query(request),
                                     toad_http_version(request), toad_host_name(request),
                                     toad_scheme(request));
    for (size_t i = 0; i < toad_header_count(request); i++) {
        struct toad_text name;
        struct toad_text value;
        cr_assert(toad_header_at(request, i, &name, &value));
        fits =
            fits && buffer_append_format(&out, " | %s:%zu:%s", name.data, value.size, value.data);
    }
    cr_assert(fits);
    text[out.size] = '\0';
    return text;
}

#define HEAD(line) line "\r\nHost: the.host:81\r\nX-None:\r\nUpgrade: websocket\r\n\r\n"

Test(exchange_pool, moves_a_request_that_says_the_same_then)
{
    static const char *const heads[] = {
        HEAD("GET /a%20b?c=d&e HTTP/1.1"),
        HEAD("GET http://other:99/x?y HTTP/1.1"),
        HEAD("GET http://other?y HTTP/1.1"),
        HEAD("OPTIONS * HTTP/1.1"),
        "GET / HTTP/1.1\r\nHost: h\r\nX: \t \r\n\r\n",
    };
    static char before[1000];
    static char after[1000];
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        struct toad_request *request = open_one(heads[i]);
        (void)show(request, before, sizeof before);
        exchange_pool_give_back(request);
        struct toad_request *compact = exchange_pool_compact(open_one(heads[i]));
        cr_assert(compact != NULL && compact != request && connection.exchange == compact);
        cr_assert_eq(open_one(HEAD("PUT /overwritten/with/all/this HTTP/1.0")), request,
                     "the roomy one is used again");
        cr_expect_str_eq(show(compact, after, sizeof after), before);
        exchange_pool_give_back(request);
        exchange_pool_give_back(compact);
    }
    cr_expect_eq(process.exchanges.count, 1);
}

/* Promise CON-8: an idle WebSocket is to be small. */
Test(exchange_pool, takes_no_more_memory_than_the_request_says)
{
    struct toad_request *compact = exchange_pool_compact(open_one(HEAD("GET /x HTTP/1.1")));
    char *inside = memory_take(&compact->memory, 20);
    size_t size = (size_t)(inside + 32 - (char *)compact);
    cr_expect_lt(size, sizeof *compact + 400, "it takes %zu bytes", size);
    faulty_arm(FAULTY_malloc, FAULTY_FROM_THEN_ON, 1, FAULTY_HERE);
    cr_expect_eq(memory_take(&compact->memory, 1), NULL, "there is more than that");
    (void)faulty_disarm();
    cr_expect_neq(toad_alloc(compact, 5000), NULL);
    exchange_pool_give_back(compact);
}

Test(exchange_pool, leaves_a_request_where_it_is_without_memory)
{
    struct toad_request *request = open_one(HEAD("GET /x HTTP/1.1"));
    faulty_arm(FAULTY_malloc, FAULTY_FROM_THEN_ON, 1, FAULTY_HERE);
    cr_expect_eq(exchange_pool_compact(request), NULL);
    (void)faulty_disarm();
    cr_expect_eq(connection.exchange, request);
    cr_expect_str_eq(toad_path(request), "/x");
    exchange_pool_give_back(request);
}
