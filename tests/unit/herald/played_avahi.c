#include "played_avahi.h"

#include "sys/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct played played;
int64_t played_now_us;

static AvahiClientCallback client_callback;
static AvahiEntryGroupCallback group_callback;
static AvahiWatchCallback watch_callback;
static void *client_context;
static void *watch_context;
static void *group_contexts[PLAYED_GROUPS_MAX];

/* Handles that nobody looks into. */
static char client_handle;
static char poll_handle;

#define CLIENT ((AvahiClient *)(void *)&client_handle)
#define POLL ((AvahiSimplePoll *)(void *)&poll_handle)

int64_t __wrap_clock_monotonic_us(void);
int64_t __wrap_clock_monotonic_us(void)
{
    return played_now_us;
}

static struct played_group *group_of(AvahiEntryGroup *group)
{
    return (struct played_group *)(void *)group;
}

static char *next_name(const char *name)
{
    char *text = malloc(128);
    const char *mark = strstr(name, " #");
    int number = mark == NULL ? 1 : atoi(mark + 2);
    (void)snprintf(text, 128, "%.*s #%d", mark == NULL ? 100 : (int)(mark - name), name,
                   number + 1);
    return text;
}

static int client_errno_of(AvahiClient *client)
{
    (void)client;
    return played.client_error;
}

static void free_client(AvahiClient *client)
{
    played.is_freed = client == CLIENT;
}

static AvahiClient *new_client(const AvahiPoll *poll, AvahiClientFlags flags,
                               AvahiClientCallback callback, void *context, int *error)
{
    (void)poll;
    client_callback = callback;
    client_context = context;
    *error = AVAHI_ERR_DBUS_ERROR;
    if (flags != AVAHI_CLIENT_NO_FAIL || played.has_no_client)
        return NULL;
    if (played.first_state >= 0)
        callback(CLIENT, (AvahiClientState)played.first_state, context);
    return CLIENT;
}

static int add_service(AvahiEntryGroup *group, AvahiIfIndex interface, AvahiProtocol protocol,
                       AvahiPublishFlags flags, const char *name, const char *type,
                       const char *domain, const char *host, uint16_t port, AvahiStringList *texts)
{
    struct played_group *played_group = group_of(group);
    played.tried_us[played.tried_count] = played_now_us;
    (void)snprintf(played.tried[played.tried_count++], sizeof played.tried[0], "%s", name);
    if (played.taken_count > 0 && played.tried_count > played.taken_from) {
        played.taken_count--;
        return AVAHI_ERR_COLLISION;
    }
    if (played.add_error != 0 || flags != 0 || domain != NULL || host != NULL)
        return played.add_error == 0 ? AVAHI_ERR_INVALID_FLAGS : played.add_error;
    (void)snprintf(played_group->text, sizeof played_group->text, "%s", (char *)texts->text);
    (void)snprintf(played_group->name, sizeof played_group->name, "%s", name);
    (void)snprintf(played_group->type, sizeof played_group->type, "%s", type);
    played_group->interface = interface;
    played_group->protocol = protocol;
    played_group->port = port;
    return 0;
}

static AvahiStringList *add_text(AvahiStringList *list, const char *text)
{
    size_t size = strlen(text) + 1;
    AvahiStringList *added = calloc(1, sizeof *added + size);
    added->next = list;
    memcpy(added->text, text, size);
    return added;
}

static void free_texts(AvahiStringList *list)
{
    free(list);
}

static int commit(AvahiEntryGroup *group)
{
    group_of(group)->is_committed = played.commit_error == 0;
    return played.commit_error;
}

static AvahiEntryGroup *new_group(AvahiClient *client, AvahiEntryGroupCallback callback,
                                  void *context)
{
    group_callback = callback;
    if (client != CLIENT || played.has_no_groups)
        return NULL;
    group_contexts[played.group_count] = context;
    return (AvahiEntryGroup *)(void *)&played.groups[played.group_count++];
}

static int reset(AvahiEntryGroup *group)
{
    played.resets++;
    group_of(group)->name[0] = '\0';
    group_of(group)->is_committed = false;
    return 0;
}

static void free_poll(AvahiSimplePoll *poll)
{
    played.is_freed = poll == POLL && (played.is_freed || played.has_no_client);
}

static AvahiWatch *new_watch(const AvahiPoll *poll, int fd, AvahiWatchEvent events,
                             AvahiWatchCallback callback, void *context)
{
    (void)poll;
    watch_callback = callback;
    watch_context = context;
    played.watched_fd = events == AVAHI_WATCH_IN ? fd : -2;
    return NULL;
}

static const AvahiPoll *get_poll(AvahiSimplePoll *poll)
{
    static const AvahiPoll of_watches = {.watch_new = new_watch};
    return poll == POLL ? &of_watches : NULL;
}

static int iterate(AvahiSimplePoll *poll, int wait_ms)
{
    if (poll != POLL || played.round == played.round_count)
        return -1;
    const struct played_round *round = &played.rounds[played.round];
    played.waits_ms[played.round++] = wait_ms;
    if (round->client_state >= 0)
        client_callback(CLIENT, (AvahiClientState)round->client_state, client_context);
    else if (round->group_state >= 0)
        group_callback((AvahiEntryGroup *)(void *)&played.groups[0],
                       (AvahiEntryGroupState)round->group_state, group_contexts[0]);
    else if (round->is_of_signal)
        watch_callback(NULL, played.watched_fd, AVAHI_WATCH_IN, watch_context);
    else if (wait_ms > 0)
        played_now_us += (int64_t)wait_ms * 1000;
    return round->is_last ? -1 : 0;
}

static AvahiSimplePoll *new_poll(void)
{
    return played.has_no_poll ? NULL : POLL;
}

static const char *text_of(int error)
{
    return error == AVAHI_ERR_DISCONNECTED ? "played as disconnected" : "played error";
}

const struct avahi *played_open(void)
{
    static const struct avahi avahi = {
        .alternative_service_name = next_name,
        .client_errno = client_errno_of,
        .client_free = free_client,
        .client_new = new_client,
        .entry_group_add_service_strlst = add_service,
        .entry_group_commit = commit,
        .entry_group_new = new_group,
        .entry_group_reset = reset,
        .free = free,
        .simple_poll_free = free_poll,
        .simple_poll_get = get_poll,
        .simple_poll_iterate = iterate,
        .simple_poll_new = new_poll,
        .strerror = text_of,
        .string_list_add = add_text,
        .string_list_free = free_texts,
    };
    played = (struct played){.first_state = -1};
    played_now_us = 1000000;
    return &avahi;
}
