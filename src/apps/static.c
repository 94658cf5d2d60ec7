/* static - answers with the files below a directory.
 *
 * The options of the setting `app`:
 *
 *     root       the directory; beside the application unless it is absolute. `public`
 *     index      what a path with a slash at its end means. `index.html`
 *     dotfiles   1: also files and directories whose names begin with a dot. 0
 *     max_age    seconds for which a client need not ask again; without it there is no
 * Cache-Control
 *
 * What a name means is decided when it is asked for, below the directory that had the root's name
 * when the generation began: a file that is replaced by rename() is sent as it was opened. */
#include "apps/content_type.h"
#include "apps/date.h"
#include "apps/entity_tag.h"
#include "apps/static_file.h"
#include "apps/static_options.h"
#include "apps/static_path.h"
#include "apps/verdict.h"

#include <hypnotoad.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define METHODS "GET, HEAD, OPTIONS"

struct site {
    struct static_options options;
    int root;
};

/* A file that is open, and what is said of it. */
struct found {
    int fd;
    const char *type;
    char tag[ENTITY_TAG_SIZE];
    char modified[DATE_SIZE];
    struct version version;
};

static void refuse(struct toad_request *request, int status, const char *text)
{
    toad_reply(request, status, "text/plain", text, strlen(text));
}

static void refuse_as_missing(struct toad_request *request)
{
    refuse(request, 404, "Not Found\n");
}

static void refuse_with_a_word(struct toad_request *request, int status, const char *text,
                               int error)
{
    char line[160];
    (void)snprintf(line, sizeof line, "static: cannot open a file: %s", strerror(error));
    toad_log(status == 503 ? 1 : 2, line);
    refuse(request, status, text);
}

/* Whatever is wrong with a name, there is nothing at it; a server in trouble says so. */
static void refuse_by_error(struct toad_request *request, int error)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR:
    case ENAMETOOLONG:
    case EINVAL: /* no name for this file system */
    case EILSEQ:
    case EXDEV: /* a link that leads out, or round and round */
    case ELOOP:
    case ENXIO: /* a socket, or a device without a driver */
    case ENODEV:
        refuse_as_missing(request);
        return;
    case EACCES:
    case EPERM:
        refuse(request, 403, "Forbidden\n");
        return;
    case EAGAIN: /* also a lease that another process has to give back first */
    case EMFILE:
    case ENFILE:
    case ENOMEM:
        refuse_with_a_word(request, 503, "Service Unavailable\n", error);
        return;
    default:
        refuse_with_a_word(request, 500, "Internal Server Error\n", error);
    }
}

/* ---- Directories ---- */

static void redirect_into(struct toad_request *request)
{
    const char *path = toad_path(request);
    const char *query = toad_query(request);
    char *location = toad_alloc(request, static_location_size(path, query));
    if (location == NULL) {
        refuse(request, 503, "Service Unavailable\n");
        return;
    }
    static_location_write(path, query, location);
    if (toad_add_header(request, "Location", location))
        refuse(request, 301, "Moved Permanently\n");
    else
        refuse(request, 414, "URI Too Long\n");
}

/* ---- Conditions ---- */

/* A list may come in several fields (RFC 9110 5.3). */
static size_t joined_size(const struct toad_request *request, const char *name)
{
    struct toad_text field;
    struct toad_text value;
    size_t size = 0;
    for (size_t i = 0; toad_header_at(request, i, &field, &value); i++)
        if (strcasecmp(field.data, name) == 0)
            size += value.size + 1;
    return size;
}

static void join(const struct toad_request *request, const char *name, char *joined)
{
    struct toad_text field;
    struct toad_text value;
    char *end = joined;
    for (size_t i = 0; toad_header_at(request, i, &field, &value); i++) {
        if (strcasecmp(field.data, name) != 0)
            continue;
        if (end > joined)
            end[-1] = ',';
        memcpy(end, value.data, value.size + 1);
        end += value.size + 1;
    }
}

/* The value of all fields of that name, NULL for none. False if there is no memory. */
static bool read_field(struct toad_request *request, const char *name, const char **ret_value)
{
    const char *first = toad_header(request, name);
    size_t size = first == NULL ? 0 : joined_size(request, name);
    if (first == NULL || size == strlen(first) + 1) {
        *ret_value = first;
        return true;
    }
    char *joined = toad_alloc(request, size);
    if (joined == NULL)
        return false;
    join(request, name, joined);
    *ret_value = joined;
    return true;
}

static bool read_conditions(struct toad_request *request, struct conditions *ret_conditions)
{
    return read_field(request, "If-Match", &ret_conditions->if_match) &&
           read_field(request, "If-Unmodified-Since", &ret_conditions->if_unmodified_since) &&
           read_field(request, "If-None-Match", &ret_conditions->if_none_match) &&
           read_field(request, "If-Modified-Since", &ret_conditions->if_modified_since) &&
           read_field(request, "Range", &ret_conditions->range) &&
           read_field(request, "If-Range", &ret_conditions->if_range);
}

/* ---- Files ---- */

static void describe(struct found *file, const struct stat *status, int64_t now_s)
{
    struct entity entity = {.modified_s = status->st_mtim.tv_sec,
                            .modified_ns = (uint32_t)status->st_mtim.tv_nsec,
                            .size = (uint64_t)status->st_size,
                            .inode = status->st_ino,
                            /* Times of files tick more coarsely than clocks, dates by seconds. */
                            .is_settled = status->st_mtim.tv_sec < now_s - 1};
    entity_tag_write(file->tag, &entity);
    /* RFC 9110 8.8.2.1: not later than the answer itself. */
    int64_t modified_s = entity.modified_s < now_s ? entity.modified_s : now_s;
    date_write(file->modified, modified_s);
    file->version = (struct version){file->tag, modified_s, entity.size, entity.is_settled};
}

static void add_range(struct toad_request *request, const struct verdict *verdict, uint64_t size)
{
    char range[80];
    if (verdict->status == 206)
        (void)snprintf(range, sizeof range, "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64,
                       verdict->offset, verdict->offset + verdict->size - 1, size);
    else
        (void)snprintf(range, sizeof range, "bytes */%" PRIu64, size);
    (void)toad_add_header(request, "Content-Range", range);
}

/* What 200, 206 and 304 have in common (RFC 9110 15.4.5). */
static void add_tag(const struct site *site, struct toad_request *request, const char *tag)
{
    (void)toad_add_header(request, "ETag", tag);
    if (site->options.cache_control[0] != '\0')
        (void)toad_add_header(request, "Cache-Control", site->options.cache_control);
}

/* Sends a file, or a part of it; its descriptor is the server's then. */
static void send_file(const struct site *site, struct toad_request *request,
                      const struct found *file, const struct verdict *verdict)
{
    add_tag(site, request, file->tag);
    (void)toad_add_header(request, "Last-Modified", file->modified);
    (void)toad_add_header(request, "Accept-Ranges", "bytes");
    if (verdict->status == 206)
        add_range(request, verdict, file->version.size);
    toad_reply_file(request, verdict->status, file->type, file->fd, verdict->offset, verdict->size);
}

static void answer_without_file(const struct site *site, struct toad_request *request,
                                const struct found *file, const struct verdict *verdict)
{
    if (verdict->status == 304) {
        add_tag(site, request, file->tag);
        toad_reply(request, 304, NULL, NULL, 0);
    } else if (verdict->status == 416) {
        add_range(request, verdict, file->version.size);
        refuse(request, 416, "Range Not Satisfiable\n");
    } else {
        refuse(request, verdict->status, "Precondition Failed\n");
    }
}

/* True if the descriptor has been handed on. */
static bool answer_file(const struct site *site, struct toad_request *request, struct found *file,
                        const struct stat *status)
{
    struct timespec now;
    struct conditions conditions;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    describe(file, status, now.tv_sec);
    if (!read_conditions(request, &conditions)) {
        refuse(request, 503, "Service Unavailable\n");
        return false;
    }
    bool is_head = strcmp(toad_method(request), "HEAD") == 0;
    struct verdict verdict = verdict_of(&conditions, &file->version, is_head, now.tv_sec);
    bool is_sent = verdict.status == 200 || verdict.status == 206;
    if (is_sent)
        send_file(site, request, file, &verdict);
    else
        answer_without_file(site, request, file, &verdict);
    return is_sent;
}

static void answer_name(const struct site *site, struct toad_request *request, const char *name)
{
    struct stat status;
    struct found file = {.fd = static_file_open(site->root, name), .type = content_type_of(name)};
    if (file.fd < 0) {
        refuse_by_error(request, errno);
        return;
    }
    bool is_there = fstat(file.fd, &status) == 0;
    if (is_there && S_ISREG(status.st_mode)) {
        if (answer_file(site, request, &file, &status))
            return;
    } else if (is_there && S_ISDIR(status.st_mode) && !static_path_is_index(toad_path(request))) {
        redirect_into(request);
    } else {
        refuse_as_missing(request);
    }
    (void)close(file.fd);
}

static void answer(void *state, struct toad_request *request)
{
    const struct site *site = state;
    const char *method = toad_method(request);
    char name[STATIC_NAME_SIZE];
    if (strcmp(method, "OPTIONS") == 0) {
        (void)toad_add_header(request, "Allow", METHODS);
        toad_reply(request, 204, NULL, NULL, 0);
    } else if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
        (void)toad_add_header(request, "Allow", METHODS);
        refuse(request, 405, "Method Not Allowed\n");
    } else if (static_target_has_hidden_slash(toad_target(request)) ||
               !static_path_read(toad_path(request), site->options.index,
                                 site->options.has_dotfiles, name)) {
        refuse_as_missing(request);
    } else {
        answer_name(site, request, name);
    }
}

/* ---- The application ---- */

static int check(const struct toad_config *config, char *problem, size_t problem_size)
{
    struct static_options options;
    return static_options_read(config, &options, problem, problem_size) ? 0 : -1;
}

static int init(struct toad_host *host, const struct toad_config *config, void **app)
{
    static struct site site;
    char problem[256] = "";
    (void)host;
    bool is_read = static_options_read(config, &site.options, problem, sizeof problem);
    site.root = is_read ? static_root_open(site.options.root) : -1;
    if (site.root < 0) {
        toad_log(2, is_read ? "static: the root cannot be opened" : problem);
        return -1;
    }
    *app = &site;
    return 0;
}

static void fini(void *app)
{
    (void)close(((struct site *)app)->root);
}

static int worker_start(void *app, struct toad_worker *worker, void **state)
{
    (void)worker;
    *state = app;
    return 0;
}

const struct toad_app toad_app = {
    TOAD_APP_HEADER,   .name = "static", .check = check,
    .init = init,      .fini = fini,     .worker_start = worker_start,
    .request = answer,
};
