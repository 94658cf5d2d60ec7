/* print_diagram - the pages of docs/diagrams, printed from the tables that the policy runs on. */
#include "policy/herald_life.h"
#include "policy/manager.h"
#include "policy/upgrade.h"
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

static const struct name upgrade_lives[] = {
#define UPGRADE_LIFE(name, meaning) {#name, meaning},
#include "policy/upgrade.def"
#undef UPGRADE_LIFE
};

static const struct name upgrade_events[] = {
#define UPGRADE_EVENT(name, meaning) {#name, meaning},
#include "policy/upgrade.def"
#undef UPGRADE_EVENT
};

static const struct name herald_lives[] = {
#define HERALD_LIFE(name, meaning) {#name, meaning},
#include "policy/herald_life.def"
#undef HERALD_LIFE
};

static const struct name herald_events[] = {
#define HERALD_EVENT(name, meaning) {#name, meaning},
#include "policy/herald_life.def"
#undef HERALD_EVENT
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

static const struct rule upgrade_rules[] = {
#define UPGRADE_RULE(life, event, next, order) {#life, #event, #next, #order},
#include "policy/upgrade.def"
#undef UPGRADE_RULE
};

static const struct rule herald_rules[] = {
#define HERALD_RULE(life, event, next, order) {#life, #event, #next, #order},
#include "policy/herald_life.def"
#undef HERALD_RULE
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

/* One of the machines whose rules say what comes next. */
struct machine {
    const struct name *states;
    size_t state_count;
    const struct name *events;
    size_t event_count;
    const struct rule *rules;
    size_t rule_count;
    const char *silence; /* what `does` says if nothing is done */
    const char *verb;    /* before what is done */
};

static const struct machine worker_machine = {
    lives,        COUNT(lives),        worker_events, COUNT(worker_events),
    worker_rules, COUNT(worker_rules), "NONE",        ", sends "};

static const struct machine upgrade_machine = {
    upgrade_lives, COUNT(upgrade_lives), upgrade_events, COUNT(upgrade_events),
    upgrade_rules, COUNT(upgrade_rules), "NOTHING",      ", does "};

static const struct machine herald_machine = {
    herald_lives, COUNT(herald_lives), herald_events, COUNT(herald_events),
    herald_rules, COUNT(herald_rules), "NOTHING",     ", does "};

static void print_ways(const struct machine *machine)
{
    (void)printf("    [*] --> %s\n", machine->states[0].text);
    for (size_t i = 0; i < machine->rule_count; i++) {
        const struct rule *rule = &machine->rules[i];
        bool is_silent = strcmp(rule->does, machine->silence) == 0;
        if (strcmp(rule->state, rule->next) != 0)
            (void)printf("    %s --> %s: %s%s%s\n", rule->state, rule->next, rule->event,
                         is_silent ? "" : " / ", is_silent ? "" : rule->does);
    }
}

static void print_cell(const struct machine *machine, const char *state, const char *event)
{
    const struct rule *rule = find_rule(machine->rules, machine->rule_count, state, event);
    if (rule == NULL) {
        (void)printf(" |");
        return;
    }
    bool is_silent = strcmp(rule->does, machine->silence) == 0;
    bool moves = strcmp(rule->next, rule->state) != 0;
    (void)printf(" %s%s%s |", moves ? rule->next : "stays", is_silent ? "" : machine->verb,
                 is_silent ? "" : rule->does);
}

static void print_columns(const struct name *states, size_t count)
{
    (void)printf("| |");
    for (size_t i = 0; i < count; i++)
        (void)printf(" %s |", states[i].text);
    (void)printf("\n|---|");
    for (size_t i = 0; i < count; i++)
        (void)printf("---|");
    (void)printf("\n");
}

static void print_table(const struct machine *machine)
{
    (void)printf("\nThe whole table; where nothing stands the event cannot happen and is "
                 "refused.\n\n");
    print_columns(machine->states, machine->state_count);
    for (size_t event = 0; event < machine->event_count; event++) {
        (void)printf("| %s |", machine->events[event].text);
        for (size_t i = 0; i < machine->state_count; i++)
            print_cell(machine, machine->states[i].text, machine->events[event].text);
        (void)printf("\n");
    }
}

static void print_worker_life(void)
{
    print_head("The life of a worker, as its manager sees it", "worker_life");
    print_ways(&worker_machine);
    (void)printf("```\n\nIn every state the process may end, and with it the row. Behind the slash "
                 "stands the signal that is sent.\n");
    print_meanings("state", lives, COUNT(lives));
    print_meanings("event", worker_events, COUNT(worker_events));
    print_table(&worker_machine);
}

static void print_upgrade(void)
{
    print_head("The life of a hot deployment, as the old manager sees it", "upgrade");
    print_ways(&upgrade_machine);
    (void)printf("```\n\nBehind the slash stands what the manager does: it makes the process, says "
                 "COMMIT, says ABORT and sends TERM, or sends KILL.\n");
    print_meanings("state", upgrade_lives, COUNT(upgrade_lives));
    print_meanings("event", upgrade_events, COUNT(upgrade_events));
    print_table(&upgrade_machine);
}

static void print_herald_life(void)
{
    print_head("The life of the herald, the process that publishes", "herald_life");
    print_ways(&herald_machine);
    (void)printf(
        "```\n\nBehind the slash stands what the manager does: it starts one, when the pause "
        "after failures has passed, or sends KILL.\n");
    print_meanings("state", herald_lives, COUNT(herald_lives));
    print_meanings("event", herald_events, COUNT(herald_events));
    print_table(&herald_machine);
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
    (void)printf("\nWhat each event does (`src/policy/manager.c` and `takeover.c` have the "
                 "functions); where nothing "
                 "stands the event cannot happen and is\nrefused.\n\n");
    print_columns(phases, COUNT(phases));
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
    else if (count == 2 && strcmp(arguments[1], "upgrade") == 0)
        print_upgrade();
    else if (count == 2 && strcmp(arguments[1], "herald_life") == 0)
        print_herald_life();
    else
        return fputs("Usage: print_diagram worker_life|manager|upgrade|herald_life\n", stderr) ==
                       EOF
                   ? 1
                   : 2;
    return fflush(stdout) == 0 ? 0 : 1;
}
