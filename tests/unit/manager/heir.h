/* heir - a new generation without a server: it says what a test tells it to say.
 *
 * What it was told and has heard stands in memory that it shares with the test. */
#ifndef TOAD_TESTS_MANAGER_HEIR_H
#define TOAD_TESTS_MANAGER_HEIR_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct heir {
    pid_t pid;
    unsigned count; /* heirs so far */
    char word;      /* the last one that the old manager said */
    unsigned words;
    unsigned terms; /* signals that it got */
    /* What the test tells it. */
    bool must_ask;    /* says that it is ready */
    bool must_babble; /* says what nobody understands */
    bool must_hang_up;
    bool is_stubborn; /* stays when it gets TERM */
    size_t text_size; /* how much of the text is said on standard error */
    char text[8192];
    int must_exit; /* with this status; 0: not */
};

extern struct heir *heir;

void heir_open(void);

/* To be a manager's become_successor. */
int heir_become(void *context, int channel, int errors);

/* What it is to say on its standard error; returns once it was said. */
void heir_say(const char *text, size_t size);

/* Wait until it is so; each fails the test if it never is. */
void heir_await_birth(unsigned count);
void heir_await_word(char word);
void heir_await_term(void);
void heir_await_end(void);

#endif
