#include "history.h"

#include <stdio.h>
#include <string.h>

enum {
    ENTRIES_MAX = 60,
    QUOTE_MAX = 120
};

struct entry {
    int64_t at_us;
    const char *what; /* a null pointer: the quote */
    int32_t pid;
    int64_t number;
    char quote[QUOTE_MAX];
};

static struct {
    bool is_verbose;
    uint64_t count; /* so far; the last ENTRIES_MAX are kept */
    struct entry list[ENTRIES_MAX];
} history;

void history_begin(bool is_verbose)
{
    history.is_verbose = is_verbose;
    history.count = 0;
}

static void print(const struct entry *entry)
{
    (void)printf("%14.6f  ", (double)entry->at_us / 1e6);
    if (entry->what == NULL)
        (void)printf("log: %s\n", entry->quote);
    else if (entry->pid == 0)
        (void)printf("%s (%lld)\n", entry->what, (long long)entry->number);
    else
        (void)printf("%s [%d] (%lld)\n", entry->what, (int)entry->pid, (long long)entry->number);
}

static struct entry *add(int64_t now_us)
{
    struct entry *entry = &history.list[history.count++ % ENTRIES_MAX];
    entry->at_us = now_us;
    return entry;
}

void history_note(int64_t now_us, const char *what, int32_t pid, int64_t number)
{
    struct entry *entry = add(now_us);
    entry->what = what;
    entry->pid = pid;
    entry->number = number;
    if (history.is_verbose)
        print(entry);
}

void history_quote(int64_t now_us, const char *line, size_t size)
{
    struct entry *entry = add(now_us);
    size_t length = size < QUOTE_MAX ? size : QUOTE_MAX;
    entry->what = NULL;
    memcpy(entry->quote, line, length);
    entry->quote[length - 1] = '\0'; /* in the place of the line end */
    if (history.is_verbose)
        print(entry);
}

void history_print(void)
{
    uint64_t first = history.count > ENTRIES_MAX ? history.count - ENTRIES_MAX : 0;
    for (uint64_t i = first; i < history.count; i++)
        print(&history.list[i % ENTRIES_MAX]);
}
