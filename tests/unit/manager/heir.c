#include "heir.h"

#include "kit/child.h"
#include "kit/patience.h"

#include <criterion/criterion.h>

#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define TURN_NS 1000000

enum {
    FDS_MAX = 256
};

struct heir *heir;

void heir_open(void)
{
    heir = child_shared(sizeof *heir);
}

static void hear(int channel)
{
    char word = 0;
    if (recv(channel, &word, 1, MSG_DONTWAIT) != 1)
        return;
    heir->word = word;
    heir->words++;
}

static void speak(int channel, int errors)
{
    if (heir->must_ask || heir->must_babble)
        (void)!send(channel, heir->must_ask ? "R" : "x", 1, MSG_NOSIGNAL);
    heir->must_ask = heir->must_babble = false;
    if (heir->text_size > 0)
        (void)!write(errors, heir->text, heir->text_size);
    heir->text_size = 0;
}

/* What a program that takes the place of this one would not have. */
static void keep_only(int channel, int errors)
{
    for (int fd = STDERR_FILENO + 1; fd < FDS_MAX; fd++)
        if (fd != channel && fd != errors)
            (void)close(fd);
}

int heir_become(void *context, int channel, int errors)
{
    sigset_t all;
    struct timespec turn = {.tv_nsec = TURN_NS};
    (void)context;
    (void)sigfillset(&all);
    (void)sigprocmask(SIG_BLOCK, &all, NULL);
    child_bind_to_parent();
    keep_only(channel, errors);
    heir->pid = getpid();
    heir->count++;
    while (heir->must_exit == 0) {
        hear(channel);
        speak(channel, errors);
        if (heir->must_hang_up && channel >= 0) {
            (void)close(channel);
            channel = -1;
        }
        if (sigtimedwait(&all, NULL, &turn) != SIGTERM)
            continue;
        hear(channel);
        heir->terms++;
        if (!heir->is_stubborn)
            return 0;
    }
    speak(channel, errors);
    int status = heir->must_exit;
    heir->must_exit = 0;
    return status;
}

static bool has_said(void *context)
{
    (void)context;
    return *(volatile size_t *)&heir->text_size == 0;
}

void heir_say(const char *text, size_t size)
{
    cr_assert_leq(size, sizeof heir->text);
    memcpy(heir->text, text, size);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    heir->text_size = size;
    cr_assert(patience_holds(has_said, NULL), "it does not speak");
}

static bool is_born(void *context)
{
    return *(volatile unsigned *)&heir->count >= *(const unsigned *)context;
}

void heir_await_birth(unsigned count)
{
    cr_assert(patience_holds(is_born, &count), "there were %u heirs, not %u", heir->count, count);
}

static bool has_heard(void *context)
{
    return *(volatile char *)&heir->word == *(const char *)context;
}

void heir_await_word(char word)
{
    cr_assert(patience_holds(has_heard, &word), "it has heard \"%c\", not \"%c\"", heir->word,
              word);
}

static bool has_term(void *context)
{
    (void)context;
    return *(volatile unsigned *)&heir->terms > 0;
}

void heir_await_term(void)
{
    cr_assert(patience_holds(has_term, NULL), "it got no TERM");
}

void heir_await_end(void)
{
    cr_assert(child_has_ended(heir->pid), "the heir (%d) is still there", (int)heir->pid);
}
