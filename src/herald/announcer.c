#include "herald/announcer.h"

#include "herald/announcer_avahi.h"
#include "policy/herald_life.h"
#include "sys/clock.h"

#include <stdio.h>
#include <string.h>

/* One service on its way. */
struct announcement {
    struct announcer *announcer;
    const struct herald_service *service; /* borrowed from the plan */
    AvahiEntryGroup *group;               /* the client's; NULL: not made yet */
    char name[HERALD_NAME_MAX];           /* which may not be the service's any more */
    unsigned renames;
    unsigned attempts; /* for a name that somebody on this machine has */
    int64_t due_us;    /* the next one */
    bool is_troubled;  /* and the log says so */
};

struct announcer {
    const struct avahi *avahi;         /* borrowed */
    const struct announcer_plan *plan; /* borrowed */
    AvahiClient *client;
    AvahiSimplePoll *poll;
    bool has_published;
    bool is_lost;
    struct announcement list[LISTENERS_MAX];
};

/* It is tried again, as long as Avahi is there. */
static void postpone(struct announcement *announcement, const char *reason)
{
    const struct announcer *announcer = announcement->announcer;
    announcement->due_us = clock_monotonic_us() + BACKOFF_MAX_US;
    if (!announcement->is_troubled)
        log_write(announcer->plan->level, "\"%s\" could not be published by Avahi: %s",
                  announcement->name, reason);
    announcement->is_troubled = true;
}

/* False: there are no names left. */
static bool rename_it(struct announcement *announcement)
{
    const struct avahi *avahi = announcement->announcer->avahi;
    if (announcement->renames == HERALD_RENAMES_MAX)
        return false;
    char *name = avahi->alternative_service_name(announcement->name);
    if (name == NULL)
        return false;
    announcement->renames++;
    log_write(LOG_LEVEL_INFO, "\"%s\" is published by somebody else; the next name is \"%s\"",
              announcement->name, name);
    (void)snprintf(announcement->name, sizeof announcement->name, "%s", name);
    avahi->free(name);
    return true;
}

static AvahiProtocol protocol_of(const struct herald_service *service)
{
    if (service->has_ipv4 == service->has_ipv6)
        return AVAHI_PROTO_UNSPEC;
    return service->has_ipv4 ? AVAHI_PROTO_INET : AVAHI_PROTO_INET6;
}

/* Avahi's error, 0 if there is none. */
static int add(const struct announcement *announcement)
{
    const struct avahi *avahi = announcement->announcer->avahi;
    const struct herald_service *service = announcement->service;
    AvahiStringList *texts = avahi->string_list_add(NULL, "path=/");
    int error = avahi->entry_group_add_service_strlst(
        announcement->group, service->interface == 0 ? AVAHI_IF_UNSPEC : service->interface,
        protocol_of(service), 0, announcement->name, herald_service_type(service), NULL, NULL,
        service->port, texts);
    avahi->string_list_free(texts);
    return error;
}

/* True if this name shall be tried for a little longer. */
static bool waits_for_name(struct announcement *announcement)
{
    if (announcement->renames > 0 || announcement->attempts == HERALD_ATTEMPTS_MAX)
        return false;
    announcement->attempts++;
    announcement->due_us = clock_monotonic_us() + HERALD_ATTEMPT_US;
    return true;
}

static void publish(struct announcement *announcement)
{
    const struct avahi *avahi = announcement->announcer->avahi;
    announcement->due_us = NEVER_US;
    if (announcement->group != NULL)
        (void)avahi->entry_group_reset(announcement->group);
    int error = add(announcement);
    while (error == AVAHI_ERR_COLLISION) {
        if (waits_for_name(announcement))
            return;
        if (!rename_it(announcement)) {
            postpone(announcement, "all its names are taken");
            return;
        }
        error = add(announcement);
    }
    if (error == 0)
        error = avahi->entry_group_commit(announcement->group);
    if (error != 0)
        postpone(announcement, avahi->strerror(error));
}

static void on_group(AvahiEntryGroup *group, AvahiEntryGroupState state, void *context)
{
    struct announcement *announcement = context;
    struct announcer *announcer = announcement->announcer;
    announcement->group = group;
    switch (state) {
    case AVAHI_ENTRY_GROUP_ESTABLISHED:
        log_write(LOG_LEVEL_INFO, "Published as \"%s\", %s, port %u", announcement->name,
                  herald_service_type(announcement->service),
                  (unsigned)announcement->service->port);
        announcement->is_troubled = false;
        announcer->has_published = true;
        return;
    case AVAHI_ENTRY_GROUP_COLLISION:
        if (rename_it(announcement))
            publish(announcement);
        else
            postpone(announcement, "all its names are taken");
        return;
    case AVAHI_ENTRY_GROUP_FAILURE:
        postpone(announcement,
                 announcer->avahi->strerror(announcer->avahi->client_errno(announcer->client)));
        return;
    case AVAHI_ENTRY_GROUP_UNCOMMITED:
    case AVAHI_ENTRY_GROUP_REGISTERING:
        return;
    }
}

static void lose(struct announcer *announcer, int error)
{
    const struct announcer_plan *plan = announcer->plan;
    announcer->is_lost = true;
    if (announcer->has_published)
        log_write(plan->level, "Avahi is gone (%s): nothing is published until it is back",
                  announcer->avahi->strerror(error));
    else if (!plan->is_quiet)
        log_write(plan->level, "Avahi cannot be reached (%s): nothing is published until it can",
                  announcer->avahi->strerror(error));
}

static void publish_all(struct announcer *announcer)
{
    for (size_t i = 0; i < announcer->plan->services->count && !announcer->is_lost; i++) {
        struct announcement *announcement = &announcer->list[i];
        if (announcement->group == NULL)
            announcement->group =
                announcer->avahi->entry_group_new(announcer->client, on_group, announcement);
        if (announcement->group == NULL)
            lose(announcer, announcer->avahi->client_errno(announcer->client));
        else
            publish(announcement);
    }
}

/* The machine gets another name: what was published under the old one is no good any more. */
static void withdraw_all(struct announcer *announcer)
{
    for (size_t i = 0; i < announcer->plan->services->count; i++) {
        announcer->list[i].due_us = NEVER_US;
        if (announcer->list[i].group != NULL)
            (void)announcer->avahi->entry_group_reset(announcer->list[i].group);
    }
}

static void on_client(AvahiClient *client, AvahiClientState state, void *context)
{
    struct announcer *announcer = context;
    announcer->client = client; /* it may still be in the making */
    switch (state) {
    case AVAHI_CLIENT_S_RUNNING:
        publish_all(announcer);
        return;
    case AVAHI_CLIENT_S_REGISTERING:
    case AVAHI_CLIENT_S_COLLISION:
        withdraw_all(announcer);
        return;
    case AVAHI_CLIENT_FAILURE:
        lose(announcer, announcer->avahi->client_errno(client));
        return;
    case AVAHI_CLIENT_CONNECTING:
        if (!announcer->plan->is_quiet)
            log_write(announcer->plan->level, "Avahi does not run: nothing is published until it "
                                              "does");
        return;
    }
}

static void on_signal(AvahiWatch *watch, int fd, AvahiWatchEvent events, void *context)
{
    const struct announcer *announcer = context;
    (void)watch;
    (void)events;
    announcer->plan->on_signal(fd);
}

static int wait_ms(const struct announcer *announcer, int64_t now_us)
{
    int64_t due_us = NEVER_US;
    for (size_t i = 0; i < announcer->plan->services->count; i++)
        if (announcer->list[i].due_us < due_us)
            due_us = announcer->list[i].due_us;
    if (due_us == NEVER_US)
        return -1;
    return due_us <= now_us ? 0 : (int)((due_us - now_us) / MILLISECOND_US) + 1;
}

static void try_again(struct announcer *announcer)
{
    for (size_t i = 0; i < announcer->plan->services->count && !announcer->is_lost; i++)
        if (announcer->list[i].due_us <= clock_monotonic_us())
            publish(&announcer->list[i]);
}

static void announce(struct announcer *announcer)
{
    int error = 0;
    const struct avahi *avahi = announcer->avahi;
    const AvahiPoll *poll = avahi->simple_poll_get(announcer->poll);
    if (announcer->plan->signal_fd >= 0)
        (void)poll->watch_new(poll, announcer->plan->signal_fd, AVAHI_WATCH_IN, on_signal,
                              announcer);
    AvahiClient *client =
        avahi->client_new(poll, AVAHI_CLIENT_NO_FAIL, on_client, announcer, &error);
    if (client == NULL) {
        if (!announcer->is_lost)
            lose(announcer, error);
        return;
    }
    announcer->client = client;
    while (!announcer->is_lost) {
        if (avahi->simple_poll_iterate(announcer->poll, wait_ms(announcer, clock_monotonic_us())) !=
            0)
            break;
        try_again(announcer);
    }
    avahi->client_free(client);
}

int announcer_run_with(const struct avahi *avahi, const struct announcer_plan *plan)
{
    static struct announcer announcer;
    announcer = (struct announcer){.avahi = avahi, .plan = plan};
    for (size_t i = 0; i < plan->services->count; i++) {
        struct announcement *announcement = &announcer.list[i];
        *announcement = (struct announcement){
            .announcer = &announcer, .service = &plan->services->list[i], .due_us = NEVER_US};
        memcpy(announcement->name, announcement->service->name, sizeof announcement->name);
    }
    announcer.poll = avahi->simple_poll_new();
    if (announcer.poll == NULL)
        return HERALD_STATUS_LOST;
    announce(&announcer);
    avahi->simple_poll_free(announcer.poll);
    return HERALD_STATUS_LOST;
}

bool announcer_is_built(void)
{
    return true;
}

int announcer_run(const struct announcer_plan *plan)
{
    static struct avahi avahi;
    struct problem problem;
    if (avahi_open(AVAHI_LIBRARY, &avahi, &problem) == ERROR_NONE)
        return announcer_run_with(&avahi, plan);
    log_write(plan->level, "Nothing is published by Bonjour: %s", problem.text);
    return HERALD_STATUS_USELESS;
}
