/* session_app - the application behind a fuzzed connection: the path says what it does. */
#ifndef TOAD_TESTS_FUZZ_SESSION_APP_H
#define TOAD_TESTS_FUZZ_SESSION_APP_H

#include "session_parts.h"
#include "session_whole.h"

/* What comes behind the first slash; `is_early`: the answer does not wait for the body. */
static const struct {
    char letter;
    bool is_early;
    void (*answer)(struct toad_request *request);
} app_routes[] = {
    {'a', true, parts_answer},
    {'b', false, parts_take_body},
    {'c', true, parts_echo},
    {'d', false, app_hold_behind_body},
    {'e', true, app_answer_without_body},
    {'f', true, app_answer_nothing},
    {'g', true, parts_give_up},
    {'h', true, app_hold},
    {'i', true, app_answer_wrongly},
    {'j', true, parts_give_up_at_once},
    {'k', true, parts_answer_file},
    {'l', true, app_answer_large},
    {'m', true, app_answer_304},
    {'n', true, app_answer_204},
    {'o', true, parts_answer_sized},
    {'s', false, app_echo_little},
    {'t', true, app_wait},
    {'u', true, app_answer_twice},
    {'v', true, parts_answer_short_file},
    {'w', true, parts_answer_too_little},
    {'x', true, app_answer_two_lines},
};

static void app_give_back(void *data)
{
    app_demand(data == &app, "The data of a request have changed");
    app.living--;
}

/* Promise CON-10 */
static void app_check(struct toad_request *request)
{
    struct toad_text name;
    struct toad_text value;
    for (size_t i = 0; i < toad_header_count(request); i++) {
        app_demand(toad_header_at(request, i, &name, &value), "A header field is missing");
        app_demand(strlen(name.data) == name.size && strlen(value.data) == value.size &&
                       strpbrk(name.data, "\r\n \t:") == NULL &&
                       strpbrk(value.data, "\r\n") == NULL,
                   "The application sees a header that is none");
    }
    app_demand(toad_remote_address(request) != NULL && toad_remote_port(request) == 0,
               "The client has another address");
    app_demand(toad_alloc(request, 5000) != NULL, "There is no memory");
}

static void app_request(void *state, struct toad_request *request)
{
    (void)state;
    app_demand(app.asked_count < APP_ASKED_MAX, "There are too many requests");
    app.asked[app.asked_count++] = (struct asked){
        .is_head = strcmp(toad_method(request), "HEAD") == 0,
        .is_old = strcmp(toad_http_version(request), "1.0") == 0,
        .expects = toad_header(request, "Expect") != NULL,
    };
    app.living++;
    toad_set_data(request, &app, app_give_back);
    app_check(request);
    bool has_body = toad_header(request, "Content-Length") != NULL ||
                    toad_header(request, "Transfer-Encoding") != NULL;
    const char *path = toad_path(request);
    for (size_t i = 0; i < sizeof app_routes / sizeof app_routes[0]; i++)
        if (path[0] == '/' && path[1] == app_routes[i].letter) {
            app_asked(request)->is_early = has_body && app_routes[i].is_early;
            app_routes[i].answer(request);
            return;
        }
    app_echo(request);
}

static const struct toad_app app_descriptor = {TOAD_APP_HEADER, .name = "fuzzed",
                                               .request = app_request};

#endif
