#include "captured.h"

#include "kit/child.h"
#include "kit/folder.h"
#include "kit/patience.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct {
    int (*function)(void *context);
    void *context;
} task;

static void redirect(int stream, const char *name)
{
    int fd = open(folder_path(name), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644);
    child_demand(fd >= 0 && dup2(fd, stream) >= 0 && close(fd) == 0);
}

static int run(void *context)
{
    (void)context;
    redirect(STDOUT_FILENO, "out");
    redirect(STDERR_FILENO, "errors");
    int status = task.function(task.context);
    (void)fflush(NULL);
    return status;
}

pid_t captured_start(int (*function)(void *context), void *context)
{
    (void)unlink(folder_path("out"));
    (void)unlink(folder_path("errors"));
    task.function = function;
    task.context = context;
    return child_start(run, NULL);
}

int captured_run(int (*function)(void *context), void *context)
{
    return child_wait(captured_start(function, context));
}

const char *captured_out(void)
{
    return folder_read("out");
}

const char *captured_errors(void)
{
    return folder_read("errors");
}

static bool is_printed(void *context)
{
    return strstr(captured_out(), context) != NULL;
}

bool captured_prints(const char *text)
{
    return patience_holds(is_printed, (void *)(uintptr_t)text);
}
