/* What the application reads of a request. The head's bytes are the request's own, and what stands
 * behind each part (a space, a colon, a line end) has been read already: a NUL is put there when a
 * part is handed out as a text. */
#include "worker/worker_process.h"

#include "base/percent.h"
#include "sys/clock.h"
#include "sys/log.h"

#include <string.h>

static const char *text_of(struct bytes part)
{
    if (part.size == 0)
        return "";
    char *text = (char *)(uintptr_t)part.data;
    text[part.size] = '\0';
    return text;
}

const char *toad_version(void)
{
    return TOAD_VERSION;
}

const char *toad_method(const struct toad_request *request)
{
    return text_of(request->head->method);
}

const char *toad_target(const struct toad_request *request)
{
    return text_of(request->head->target);
}

const char *toad_path(const struct toad_request *request)
{
    return request->path;
}

const char *toad_query(const struct toad_request *request)
{
    return text_of(request->head->query);
}

/* The decoded value if this part of a query, `name=value` or `name`, has the name; else NULL. */
static const char *value_if_named(struct memory *memory, struct bytes part, const char *name)
{
    size_t equals = bytes_find(part, '=');
    char *own_name = memory_copy(memory, bytes_first(part, equals));
    if (own_name == NULL || !percent_decode(own_name, true) || strcmp(own_name, name) != 0)
        return NULL;
    char *value = memory_copy(memory, bytes_from(part, equals + 1));
    return value != NULL && percent_decode(value, true) ? value : NULL;
}

const char *toad_parameter(struct toad_request *request, const char *name)
{
    struct bytes rest = request->head->query;
    const char *value = NULL;
    while (rest.size > 0 && value == NULL) {
        size_t end = bytes_find(rest, '&');
        value = value_if_named(&request->memory, bytes_first(rest, end), name);
        rest = bytes_from(rest, end + 1);
    }
    return value;
}

const char *toad_http_version(const struct toad_request *request)
{
    return request->head->version_minor == 0 ? "1.0" : "1.1";
}

const char *toad_header(const struct toad_request *request, const char *name)
{
    struct bytes wanted = bytes_of(name);
    for (uint32_t i = 0; i < request->head->field_count; i++)
        if (bytes_equal_ignoring_case(request->head->fields[i].name, wanted))
            return text_of(request->head->fields[i].value);
    return NULL;
}

size_t toad_header_count(const struct toad_request *request)
{
    return request->head->field_count;
}

bool toad_header_at(const struct toad_request *request, size_t index, struct toad_text *name,
                    struct toad_text *value)
{
    if (index >= request->head->field_count)
        return false;
    const struct http_field *field = &request->head->fields[index];
    *name = (struct toad_text){text_of(field->name), field->name.size};
    *value = (struct toad_text){text_of(field->value), field->value.size};
    return true;
}

uint64_t toad_request_number(const struct toad_request *request)
{
    return request->number;
}

struct toad_worker *toad_request_worker(const struct toad_request *request)
{
    return request->worker;
}

unsigned toad_worker_generation(const struct toad_worker *worker)
{
    return worker->settings->generation;
}

double toad_worker_uptime(const struct toad_worker *worker)
{
    return (double)(clock_monotonic_us() - worker->settings->started_us) / (double)SECOND_US;
}

uint64_t toad_worker_requests(const struct toad_worker *worker)
{
    return worker->requests;
}

unsigned toad_worker_connections(const struct toad_worker *worker)
{
    return worker->facts.connected;
}

bool toad_worker_is_leaving(const struct toad_worker *worker)
{
    return worker->facts.is_leaving;
}

struct ev_loop *toad_worker_loop(struct toad_worker *worker)
{
    return worker->loop;
}

void toad_log(int level, const char *text)
{
    log_write(level <= 0   ? LOG_LEVEL_INFO
              : level == 1 ? LOG_LEVEL_WARN
                           : LOG_LEVEL_ERROR,
              "%s", text);
}
