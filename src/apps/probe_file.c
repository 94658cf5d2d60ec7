/* The routes of probe that answer with files and with fields. */
#include "apps/kit.h"
#include "apps/probe_parts.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_SIZE_MAX ((uint64_t)1 << 30)
#define PATTERN_SIZE 65536
#define ALPHABET_SIZE 26
#define QUERY_SIZE_MAX 8192

/* ---- Files ---- */

/* Made when it is asked for first, and without a name. */
static int file_fd = -1;

void parts_clear(void)
{
    if (file_fd >= 0)
        (void)close(file_fd);
    file_fd = -1;
}

/* The alphabet at its beginning, and nothing behind it. */
static int make_file(void)
{
    char path[] = "/tmp/hypnotoad-probe.XXXXXX";
    static char pattern[PATTERN_SIZE];
    for (size_t i = 0; i < sizeof(pattern); i++)
        pattern[i] = (char)('a' + i % ALPHABET_SIZE);
    int fd = mkostemp(path, O_CLOEXEC);
    if (fd < 0)
        return -1;
    (void)unlink(path);
    if (write(fd, pattern, sizeof(pattern)) == (ssize_t)sizeof(pattern) &&
        ftruncate(fd, (off_t)FILE_SIZE_MAX) == 0)
        return fd;
    (void)close(fd);
    return -1;
}

void parts_answer_file(void *state, struct toad_request *request)
{
    (void)state;
    uint64_t size = 0;
    uint64_t offset = 0;
    /* One byte beyond the file is a size that it does not have. */
    if (!kit_number(request, "size", FILE_SIZE_MAX + 1, &size))
        return;
    if (toad_parameter(request, "from") != NULL &&
        !kit_number(request, "from", FILE_SIZE_MAX, &offset))
        return;
    if (file_fd < 0)
        file_fd = make_file();
    int fd = file_fd < 0 ? -1 : fcntl(file_fd, F_DUPFD_CLOEXEC, 0);
    if (fd < 0)
        kit_reply_text(request, 503, "There is no file\n");
    else
        toad_reply_file(request, 200, "application/octet-stream", fd, offset, size);
}

/* ---- Fields ---- */

static int digit_of(char letter)
{
    static const char digits[] = "0123456789abcdef";
    const char *place = letter == '\0' ? NULL : strchr(digits, letter | 0x20);
    return place == NULL ? -1 : (int)(place - digits);
}

/* Decodes %xx in place. */
static void decode(char *text)
{
    char *to = text;
    for (const char *from = text; *from != '\0'; from++) {
        bool is_escape = *from == '%' && digit_of(from[1]) >= 0 && digit_of(from[2]) >= 0;
        if (is_escape) {
            unsigned char byte = (unsigned char)(digit_of(from[1]) * 16 + digit_of(from[2]));
            memcpy(to++, &byte, 1);
            from += 2;
        } else {
            *to++ = *from;
        }
    }
    *to = '\0';
}

/* `name=value`: false if the server refuses it. */
static bool add_field(struct toad_request *request, char *part)
{
    char *value = strchr(part, '=');
    if (value == NULL)
        return false;
    *value++ = '\0';
    decode(part);
    decode(value);
    return toad_add_header(request, part, value);
}

void parts_answer_headers(void *state, struct toad_request *request)
{
    (void)state;
    static char query[QUERY_SIZE_MAX];
    unsigned taken = 0;
    unsigned refused = 0;
    size_t size = strlen(toad_query(request));
    memcpy(query, toad_query(request), size < sizeof(query) ? size : sizeof(query) - 1);
    query[size < sizeof(query) ? size : sizeof(query) - 1] = '\0';
    char *rest = query;
    for (char *part = strsep(&rest, "&"); part != NULL; part = strsep(&rest, "&"))
        if (add_field(request, part))
            taken++;
        else
            refused++;
    toad_reply_format(request, 200, "text/plain", "%u taken, %u refused", taken, refused);
}
