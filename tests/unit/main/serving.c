#include "serving.h"

#include "captured.h"
#include "kit/child.h"
#include "kit/folder.h"
#include "main/server.h"

#include <criterion/criterion.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct serving *serving;
void (*serving_prologue)(void);

void serving_open(void)
{
    folder_open();
    serving = child_shared(sizeof *serving);
    (void)unsetenv("HYPNOTOAD_TRACE");
}

void serving_close(void)
{
    folder_close();
}

static int serve(void *context)
{
    static struct application application;
    static struct problem problem;
    static struct inheritance inheritance;
    struct options options = {.application = MODULES "/good.so", .config = context};
    struct launch launch = {.ready_fd = -1};
    serving->before = descriptors_look();
    if (application_configure(&application, &options, &problem) != ERROR_NONE ||
        application_load(&application, &problem) != ERROR_NONE) {
        (void)fprintf(stderr, "%s\n", problem.text);
        return CHILD_DEMAND;
    }
    if (serving_prologue != NULL)
        serving_prologue();
    if (inheritance_take(&inheritance, &problem) != ERROR_NONE) {
        (void)fprintf(stderr, "%s\n", problem.text);
        return CHILD_DEMAND;
    }
    struct server_plan plan = {
        .application = &application,
        .launch = &launch,
        .inheritance = &inheritance,
        .executable = "/bin/false",
        .arguments = (char *[]){"hypnotoad", NULL},
    };
    int status = server_run(&plan);
    serving->after = descriptors_look();
    serving->has_returned = true;
    return status;
}

pid_t serving_start(const char *config)
{
    static char path[1024];
    static char text[8192];
    size_t used = 0;
    for (; *config != '\0'; config++)
        used += (size_t)snprintf(text + used, sizeof text - used, *config == '@' ? "%s" : "%.1s",
                                 *config == '@' ? folder_path("") : config);
    text[used] = '\0';
    folder_write("conf", text);
    (void)snprintf(path, sizeof path, "%s", folder_path("conf"));
    serving->has_returned = false;
    return captured_start(serve, path);
}

pid_t serving_start_ready(const char *config)
{
    pid_t pid = serving_start(config);
    cr_assert(captured_prints("Server available at "), "%s%s", captured_errors(),
              folder_read("log"));
    return pid;
}

/* But for the log, which a process keeps. */
static bool is_open_the_same(void)
{
    size_t before = descriptors_count(&serving->before);
    size_t after = descriptors_count(&serving->after);
    bool has_log = strstr(serving->after.text, "/log\n") != NULL;
    return after == before + has_log;
}

int serving_end(pid_t pid)
{
    int status = child_wait(pid);
    cr_expect(serving->has_returned, "it ended with %d: %s", status, captured_errors());
    cr_expect(is_open_the_same(), "open before:\n%sopen after:\n%s", serving->before.text,
              serving->after.text);
    return status;
}

void serving_expect_failure(const char *config, const char *reason)
{
    cr_expect_eq(serving_end(serving_start(config)), 1, "%s", config);
    cr_expect_eq(strncmp(captured_errors(), "hypnotoad: ", 11), 0, "%s", captured_errors());
    cr_expect(strstr(captured_errors(), reason) != NULL, "not %s but %s", reason,
              captured_errors());
    cr_expect(strstr(captured_out(), "Server available") == NULL);
    cr_expect_not(folder_has("pid"));
}

uint16_t serving_port(void)
{
    const char *place = strstr(captured_out(), "127.0.0.1:");
    return place == NULL ? 0 : (uint16_t)strtol(place + 10, NULL, 10);
}
