/* What several processes at once make of one PID file. */
#include "sys/pid_file.h"

#include "kit/child.h"
#include "kit/folder.h"

#include <criterion/criterion.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char path[1024];

static void begin(void)
{
    folder_open();
    (void)snprintf(path, sizeof path, "%s", folder_path("pid"));
}

TestSuite(pid_file_publish, .init = begin, .fini = folder_close);

static int read_always(void *context)
{
    volatile const bool *is_over = context;
    while (!*is_over) {
        char text[32] = "";
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
            continue;
        ssize_t size = read(fd, text, sizeof text - 1);
        (void)close(fd);
        /* Of this process, or the number that stood there before. */
        child_demand(size > 1 && text[size - 1] == '\n');
        child_demand(strspn(text, "0123456789") == (size_t)size - 1);
    }
    return 0;
}

/* Promise PID-1: never empty or partial to any reader. */
Test(pid_file_publish, shows_no_part_of_the_file)
{
    bool *is_over = child_shared(sizeof *is_over);
    pid_t reader = child_start(read_always, is_over);
    for (int i = 0; i < 300; i++) {
        struct pid_file file;
        struct problem problem = {.text = ""};
        if (i % 10 == 0)
            folder_write("other", "12345\n");
        if (i % 10 == 0)
            cr_assert_eq(rename(folder_path("other"), path), 0);
        pid_file_init(&file, path);
        cr_assert_eq(pid_file_draft(&file, 0, &problem), ERROR_NONE, "%s", problem.text);
        cr_assert_eq(pid_file_publish(&file, &problem), ERROR_NONE, "%s", problem.text);
        pid_file_remove(&file);
    }
    *is_over = true;
    cr_assert_eq(child_wait(reader), 0);
}

static int race(void *context)
{
    struct pid_file file;
    struct problem problem;
    volatile int *go = context;
    pid_file_init(&file, path);
    while (*go == 0)
        continue;
    if (pid_file_draft(&file, 0, &problem) != ERROR_NONE ||
        pid_file_publish(&file, &problem) != ERROR_NONE) {
        pid_file_remove(&file);
        return 1;
    }
    (void)raise(SIGSTOP);
    return 0;
}

enum {
    RACERS = 8,
    RACES = 15
};

static pid_t find_winner(const pid_t *racers)
{
    pid_t winner = 0;
    for (int i = 0; i < RACERS; i++) {
        int status = 0;
        cr_assert_eq(waitpid(racers[i], &status, WUNTRACED), racers[i]);
        if (WIFSTOPPED(status)) {
            cr_assert_eq(winner, 0, "two have won");
            winner = racers[i];
        }
    }
    return winner;
}

/* Promise PID-4: of starts that race for a stale file exactly one wins, and the losers touch
 * nothing. */
Test(pid_file_publish, lets_one_of_many_win)
{
    int *go = child_shared(sizeof *go);
    for (int round = 0; round < RACES; round++) {
        pid_t racers[RACERS];
        *go = 0;
        folder_write("pid", "999999999\n");
        for (int i = 0; i < RACERS; i++)
            racers[i] = child_start(race, go);
        *go = 1;
        pid_t winner = find_winner(racers);
        cr_assert_neq(winner, 0, "none has won");
        int32_t owner = 0;
        cr_assert_eq(pid_file_owner(path, &owner), ERROR_NONE);
        cr_assert_eq(owner, winner);
        cr_assert_eq(folder_count(), 1);
        (void)kill(winner, SIGKILL);
        cr_assert_eq(child_wait(winner), CHILD_SIGNALLED + SIGKILL);
    }
}
