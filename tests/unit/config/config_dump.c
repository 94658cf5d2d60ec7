/* config_dump - shows what the room config makes of files; a tool of its tests.
 *
 * config_dump FILE...: for each file one line: DATA offset events, WRONG reason or MORE reason.
 * Events are { } [ ] k<hex> t<hex> n<hex> u; the offset is that of the first event.
 * config_dump --program: the perl program of config_perl.h.
 * config_dump --settings: docs/settings.md. config_dump --manual: docs/man/hypnotoad.conf.5. */
#include "config/config_perl.h"
#include "config/config_reader.h"
#include "config/config_text.h"
#include "config/setting.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char file_bytes[CONFIG_FILE_SIZE_MAX + 1];
static char storage[CONFIG_FILE_SIZE_MAX];

static void print_text(char kind, struct bytes text)
{
    (void)printf(" %c", kind);
    for (size_t i = 0; i < text.size; i++)
        (void)printf("%02x", (unsigned)(unsigned char)text.data[i]);
}

static void print_event(const struct config_event *event)
{
    switch (event->kind) {
    case CONFIG_EVENT_HASH_OPEN:
        (void)printf(" {");
        return;
    case CONFIG_EVENT_HASH_CLOSE:
        (void)printf(" }");
        return;
    case CONFIG_EVENT_LIST_OPEN:
        (void)printf(" [");
        return;
    case CONFIG_EVENT_LIST_CLOSE:
        (void)printf(" ]");
        return;
    case CONFIG_EVENT_KEY:
        print_text('k', event->text);
        return;
    case CONFIG_EVENT_TEXT:
        print_text('t', event->text);
        return;
    case CONFIG_EVENT_NUMBER:
        print_text('n', event->text);
        return;
    case CONFIG_EVENT_UNDEF:
        (void)printf(" u");
        return;
    case CONFIG_EVENT_END:
        (void)printf("\n");
        return;
    }
}

static void print_data(struct bytes text)
{
    struct config_reader reader;
    struct config_event event;
    bool is_first = true;
    config_reader_init(&reader, text, storage, sizeof storage);
    do {
        if (config_reader_next(&reader, &event) != PERL_VERDICT_DATA)
            abort();
        if (is_first)
            (void)printf("DATA %zu", event.offset);
        is_first = false;
        print_event(&event);
    } while (event.kind != CONFIG_EVENT_END);
}

static void print_file(const char *name)
{
    struct problem problem;
    FILE *file = fopen(name, "rb");
    if (file == NULL) {
        perror(name);
        exit(EXIT_FAILURE);
    }
    size_t size = fread(file_bytes, 1, sizeof file_bytes, file);
    (void)fclose(file);
    struct config_source source = {.text = {file_bytes, size}, .file_name = "file"};
    switch (config_text_judge(&source, &problem)) {
    case PERL_VERDICT_DATA:
        print_data(source.text);
        return;
    case PERL_VERDICT_WRONG:
        (void)printf("WRONG %s\n", problem.text);
        return;
    case PERL_VERDICT_MORE:
        (void)printf("MORE %s\n", problem.text);
        return;
    }
}

static void print_settings(void)
{
    (void)printf("# The settings of the configuration file\n\n"
                 "Written from `src/config/settings.def` by `config_dump --settings`; a test "
                 "compares the two.\n\n"
                 "Times are seconds and may have fractions (`0.25`). A setting that is given "
                 "counts, also when it is 0;\n"
                 "`undef` counts as not given.\n\n"
                 "| setting | takes | default | what it is for |\n|---|---|---|---|\n");
    for (size_t i = 0; i < SETTINGS_COUNT; i++) {
        struct setting_description one;
        setting_describe((enum setting_id)i, &one);
        (void)printf("| `%s` | %s | %s | %s", one.name, one.takes, one.standard, one.sentence);
        if (one.other_name != NULL)
            (void)printf(" Also called %s.", one.other_name);
        (void)printf(" |\n");
    }
}

/* In a page of the manual a backslash and a hyphen mean something. */
static void print_escaped(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\\' || *text == '-')
            (void)putchar('\\');
        (void)putchar(*text);
    }
}

static void print_manual_setting(const struct setting_description *one)
{
    (void)printf(".TP\n.B %s\n", one->name);
    print_escaped(one->sentence);
    (void)printf("\nTakes ");
    print_escaped(one->takes);
    (void)printf("; default: ");
    print_escaped(one->standard);
    (void)printf(".\n");
    if (one->other_name != NULL)
        (void)printf("Also called\n.BR %s .\n", one->other_name);
}

static void print_manual(void)
{
    (void)printf(".\\\" Written from src/config/settings.def by config_dump --manual.\n"
                 ".TH HYPNOTOAD.CONF 5 \"\" \"hypnotoad " TOAD_VERSION "\" \"File Formats\"\n"
                 ".SH NAME\nhypnotoad.conf \\- configuration of hypnotoad\n"
                 ".SH DESCRIPTION\n"
                 "A hash in Perl's data syntax: words or quoted texts, numbers, lists in\n"
                 "brackets and hashes in braces, with comments from # to the end of the line.\n"
                 "A file that is more than data is evaluated by perl, if it is installed.\n"
                 "Times are seconds and may have fractions. A setting that is given counts,\n"
                 "also when it is 0; undef counts as not given.\n"
                 ".SH EXAMPLE\n.nf\n"
                 "{\n"
                 "    listen  => ['http://*:8080', "
                 "'https://*:8443?cert=/etc/ssl/a.pem&key=/etc/ssl/a.key'],\n"
                 "    workers => 8,\n"
                 "    heartbeat_timeout => 2.5,    # seconds\n"
                 "    app => {root => './public'}, # options of the application\n"
                 "}\n.fi\n"
                 ".SH SETTINGS\n");
    for (size_t i = 0; i < SETTINGS_COUNT; i++) {
        struct setting_description one;
        setting_describe((enum setting_id)i, &one);
        print_manual_setting(&one);
    }
    (void)printf(".SH SEE ALSO\n.BR hypnotoad (8)\n");
}

int main(int count, char **arguments)
{
    if (count == 2 && strcmp(arguments[1], "--program") == 0) {
        (void)fputs(CONFIG_PERL_PROGRAM, stdout);
        return EXIT_SUCCESS;
    }
    if (count == 2 && strcmp(arguments[1], "--settings") == 0) {
        print_settings();
        return EXIT_SUCCESS;
    }
    if (count == 2 && strcmp(arguments[1], "--manual") == 0) {
        print_manual();
        return EXIT_SUCCESS;
    }
    for (int i = 1; i < count; i++)
        print_file(arguments[i]);
    return EXIT_SUCCESS;
}
