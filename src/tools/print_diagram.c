/* print_diagram - the pages of docs/diagrams, printed from the tables that the policy runs on. */
#include "policy/manager.h"
#include "policy/worker_life.h"

#include <stdio.h>
#include <string.h>

struct name {
    const char *text;
    const char *meaning;
};

static const struct name lives[] = {
#define WORKER_LIFE(name, meaning) {#name, meaning},
#include "policy/worker_life.def"
#undef WORKER_LIFE
};

static const struct name worker_events[] = {
#define WORKER_EVENT(name, meaning) {#name, meaning},
#include "policy/worker_life.def"
#undef WORKER_EVENT
};

static const struct name phases[] = {
#define MANAGER_PHASE(name, meaning) {#name, meaning},
#include "policy/manager.def"
#undef MANAGER_PHASE
};

static const struct name manager_events[] = {
#define MANAGER_EVENT(name, text, signal) {#name, signal},
#include "policy/manager.def"
#undef MANAGER_EVENT
};

/* One rule of a machine: what `event` does in `state`; `does` is a signal or a function. */
struct rule {
    const char *state;
    const char *event;
    const char *next;
    const char *does;
};

static const struct rule worker_rules[] = {
#define WORKER_RULE(life, event, next, signal) {#life, #event, #next, #signal},
#include "policy/worker_life.def"
#undef WORKER_RULE
};

static const struct rule manager_rules[] = {
#define MANAGER_RULE(phase, event, handle) {#phase, #event, "", #handle},
#include "policy/manager.def"
#undef MANAGER_RULE
};

static const struct rule manager_changes[] = {
#define MANAGER_CHANGE(from, to, when) {#from, when, #to, ""},
#include "policy/manager.def"
#undef MANAGER_CHANGE
};

#define COUNT(list) (sizeof(list) / sizeof(list)[0])

static void print_head(const char *title, const char *noun)
{
    (void)printf("# %s\n\n"
                 "Printed from `src/policy/%s.def` by `cmake --build --preset release --target "
                 "diagrams`; a test compares this page\nwith the table. Not to be edited.\n\n"
                 "```mermaid\nstateDiagram-v2\n",
                 title, noun);
}

static void print_meanings(const char *title, const struct name *names, size_t count)
{
    (void)printf("\n| %s | meaning |\n|---|---|\n", title);
    for (size_t i = 0; i < count; i++)
        (void)printf("| %s | %s |\n", names[i].text, names[i].meaning);
}

static const struct rule *find_rule(const struct rule *rules, size_t count, const char *state,
                                    const char *event)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(rules[i].state, state) == 0 && strcmp(rules[i].event, event) == 0)
            return &rules[i];
    return NULL;
}

static void print_cell(const struct rule *rule)
{
    if (rule == NULL) {
        (void)printf(" |");
        return;
    }
    bool is_silent = strcmp(rule->does, "NONE") == 0;
    bool moves = strcmp(rule->next, rule->state) != 0;
    (void)printf(" %s%s%s |", moves ? rule->next : "stays", is_silent ? "" : ", sends ",
                 is_silent ? "" : rule->does);
}

static void print_worker_life(void)
{
    print_head("The life of a worker, as its manager sees it", "worker_life");
    (void)printf("    [*] --> %s\n", lives[0].text);
    for (size_t i = 0; i < COUNT(worker_rules); i++) {
        const struct rule *rule = &worker_rules[i];
        bool is_silent = strcmp(rule->does, "NONE") == 0;
        if (strcmp(rule->state, rule->next) != 0)
            (void)printf("    %s --> %s: %s%s%s\n", rule->state, rule->next, rule->event,
                         is_silent ? "" : " / ", is_silent ? "" : rule->does);
    }
    (void)printf("```\n\nIn every state the process may end, and with it the row. Behind the slash "
                 "stands the signal that is sent.\n");
    print_meanings("state", lives, COUNT(lives));
    print_meanings("event", worker_events, COUNT(worker_events));
    (void)printf("\nThe whole table; where nothing stands the event cannot happen and is "
                 "refused.\n\n| |");
    for (size_t i = 0; i < COUNT(lives); i++)
        (void)printf(" %s |", lives[i].text);
    (void)printf("\n|---|---|---|---|---|---|---|\n");
    for (size_t event = 0; event < COUNT(worker_events); event++) {
        (void)printf("| %s |", worker_events[event].text);
        for (size_t i = 0; i < COUNT(lives); i++)
            print_cell(find_rule(worker_rules, COUNT(worker_rules), lives[i].text,
                                 worker_events[event].text));
        (void)printf("\n");
    }
}

static void print_manager(void)
{
    print_head("The phases of the manager", "manager");
    (void)printf("    [*] --> %s\n", phases[0].text);
    for (size_t i = 0; i < COUNT(manager_changes); i++)
        (void)printf("    %s --> %s: %s\n", manager_changes[i].state, manager_changes[i].next,
                     manager_changes[i].event);
    (void)printf("    %s --> [*]\n```\n", phases[COUNT(phases) - 1].text);
    print_meanings("phase", phases, COUNT(phases));
    (void)printf("\nWhat each event does (`src/policy/manager.c` has the functions); where nothing "
                 "stands the event cannot happen and is\nrefused.\n\n| |");
    for (size_t i = 0; i < COUNT(phases); i++)
        (void)printf(" %s |", phases[i].text);
    (void)printf("\n|---|---|---|---|---|---|---|\n");
    for (size_t event = 0; event < COUNT(manager_events); event++) {
        const struct name *name = &manager_events[event];
        (void)printf("| %s%s%s |", name->text, name->meaning[0] == 0 ? "" : ", ", name->meaning);
        for (size_t i = 0; i < COUNT(phases); i++) {
            const struct rule *rule =
                find_rule(manager_rules, COUNT(manager_rules), phases[i].text, name->text);
            (void)printf(" %s |", rule == NULL ? "" : rule->does);
        }
        (void)printf("\n");
    }
}

int main(int count, char **arguments)
{
    if (count == 2 && strcmp(arguments[1], "worker_life") == 0)
        print_worker_life();
    else if (count == 2 && strcmp(arguments[1], "manager") == 0)
        print_manager();
    else
        return fputs("Usage: print_diagram worker_life|manager\n", stderr) == EOF ? 1 : 2;
    return fflush(stdout) == 0 ? 0 : 1;
}
