/* Fields and trailers that the application adds. */
#include "played.h"

#include "served.h"

#include <stdio.h>
#include <string.h>

static void answer_fields(struct toad_request *request)
{
    static const char *const wrong[][2] = {
        {"", "v"},
        {"X Y", "v"},
        {"X:", "v"},
        {"X", "a\r\nY: b"},
        {"X", "a\nb"},
        {"X", "a\x01"},
        {"X", "\x7f"},
        {"Content-Length", "1"},
        {"transfer-encoding", "chunked"},
        {"Connection", "close"},
        {"Date", "now"},
        {"Keep-Alive", "1"},
        {"Upgrade", "x"},
        {"Trailer", "X"},
        {NULL, NULL},
    };
    unsigned refused = 0;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        refused += !toad_add_header(request, wrong[i][0], wrong[i][1]);
    bool are_taken = toad_add_header(request, "X-One", "1") &&
                     toad_add_header(request, "X-One", "2\t3 \xc3\xa4") &&
                     toad_add_header(request, "Set-Cookie", "a=b; Path=/");
    bool is_empty_taken = toad_add_header(request, "X-Empty", "");
    toad_reply_format(request, 200, "text/plain", "%u %d %d", refused, are_taken, is_empty_taken);
}

/* As many as fit; the value is 1000 bytes long. */
static void answer_many_fields(struct toad_request *request)
{
    char value[1001];
    unsigned count = 0;
    memset(value, 'v', 1000);
    value[1000] = '\0';
    while (count < 100 && toad_add_header(request, "X-Many", value))
        count++;
    toad_reply_format(request, 200, "text/plain", "%u", count);
}

static void answer_trailers(struct toad_request *request)
{
    toad_add_header(request, "X-Kind", "trailers");
    toad_start(request, 200, "text/plain",
               toad_parameter(request, "sized") == NULL ? TOAD_SIZE_UNKNOWN : 4);
    served->begun++;
    bool is_first_sent = toad_add_trailer(request, "X-Sum", "12");
    bool is_wrong_sent =
        toad_add_trailer(request, "Content-Length", "4") || toad_add_trailer(request, "X", "a\nb");
    bool is_second_sent = toad_add_trailer(request, "X-More", "34");
    char text[5];
    (void)snprintf(text, sizeof text, "%d%d%d.", is_first_sent, is_wrong_sent, is_second_sent);
    toad_write(request, text, strlen(text));
    toad_end(request);
}

static const struct {
    const char *path;
    void (*answer)(struct toad_request *request);
} routes[] = {
    {"/fields", answer_fields},
    {"/fields-many", answer_many_fields},
    {"/trailers", answer_trailers},
};

bool played_fields_answer(struct toad_request *request)
{
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++)
        if (strcmp(routes[i].path, toad_path(request)) == 0) {
            routes[i].answer(request);
            return true;
        }
    return false;
}
