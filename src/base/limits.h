/* limits - every bound of the house in one place, and the relations between them. */
#ifndef TOAD_BASE_LIMITS_H
#define TOAD_BASE_LIMITS_H

#include <assert.h>
#include <stdint.h>

/* Time. Every instant and duration inside the program is a whole number of microseconds. */
#define SECOND_US INT64_C(1000000)
#define MILLISECOND_US INT64_C(1000)
#define NEVER_US INT64_MAX

/* The manager. */
enum {
    WORKERS_MAX = 512, /* the setting `workers`, and what TTIN can reach */
    SPARE_MAX = 512,   /* the setting `spare` */
    ROSTER_ROWS_MAX = 1024,
    HEARTBEAT_LINE_MAX = 32, /* a longer line is garbage */
};
static_assert(WORKERS_MAX + SPARE_MAX <= ROSTER_ROWS_MAX, "every worker has a row");

/* How long a process that got TERM may live before it gets KILL (promises MGR-2, MGR-4). */
#define KILL_AFTER_US SECOND_US
/* A worker that has served this long after its first heartbeat is healthy (promise MGR-9). */
#define PROVEN_AFTER_US SECOND_US
/* The longest pause between two attempts to start a worker (promises MGR-9, MGR-10). */
#define BACKOFF_MAX_US (30 * SECOND_US)
/* A herald that has lived this long begins anew with its pauses (promise LSN-9). */
#define HERALD_PROVEN_AFTER_US BACKOFF_MAX_US
/* So many failed forks end a start that was never ready. */
enum {
    START_ATTEMPTS_MAX = 5
};

/* A trace of the manager. */
enum {
    TRACE_CHUNK_MAX = 65536, /* bytes of the heartbeat pipe in one event */
    TRACE_LINE_MAX = 8 * TRACE_CHUNK_MAX,
    TRACE_SECONDS_MAX = 1000000000, /* times and durations; exact to the microsecond in JSON */
};
static_assert((int)TRACE_LINE_MAX >= 6 * (int)TRACE_CHUNK_MAX + 1024,
              "each byte may be written \\u00ff");

/* Messages for people. */
enum {
    PROBLEM_TEXT_MAX = 1024,
    LOG_LINE_MAX = 2048
};

/* The configuration. */
enum {
    CONFIG_FILE_SIZE_MAX = 1 << 20,
    CONFIG_DEPTH_MAX = 64,
    CONFIG_PATH_MAX = 4096,
    LISTEN_MAX = 64,         /* listen values */
    LISTEN_VALUE_MAX = 4096, /* bytes of one */
    TRUSTED_PROXIES_MAX = 64,
    CONFIG_NAME_MAX = 256,   /* a user's or group's name with its NUL */
    CONFIG_NETWORK_MAX = 64, /* a network in CIDR form with its NUL */
};

/* The application's own options in the configuration. */
enum {
    APP_OPTIONS_MAX = 64,
    APP_OPTION_NAME_MAX = 65,     /* a name with its NUL */
    APP_OPTION_VALUE_MAX = 4096,  /* a value with its NUL */
    APP_OPTIONS_SIZE_MAX = 32768, /* all names and values with their NULs */
};
static_assert((int)APP_OPTIONS_SIZE_MAX >= APP_OPTION_NAME_MAX + APP_OPTION_VALUE_MAX,
              "one option of any size fits");

/* A listen value, once it is understood. */
enum {
    ENDPOINT_HOST_MAX = 256,        /* with its NUL */
    ENDPOINT_PATH_MAX = 108,        /* a UNIX socket's path with its NUL: sun_path */
    ENDPOINT_CERTIFICATES_MAX = 16, /* pairs of certificate and key */
    ENDPOINT_NAME_MAX = 512,        /* as shown to people, with its NUL */
    ENDPOINT_FD_MAX = 1048575,      /* the highest descriptor that can be inherited */
};
static_assert(ENDPOINT_NAME_MAX > 3 * ENDPOINT_PATH_MAX + 16, "an encoded path fits into a name");
static_assert(ENDPOINT_NAME_MAX > ENDPOINT_HOST_MAX + 32, "a host fits into a name");

/* What is published by Bonjour. */
enum {
    HERALD_NAME_MAX = 64,     /* a service's name with its NUL: a label (RFC 6763 4.1.1) */
    HERALD_HOST_MAX = 256,    /* the host in it, with its NUL, before it is cut to fit */
    HERALD_RENAMES_MAX = 32,  /* names that are tried until one is free */
    HERALD_ATTEMPTS_MAX = 16, /* for a name that somebody on this machine has: the predecessor */
};
/* The pause between two of these attempts. */
#define HERALD_ATTEMPT_US (SECOND_US / 4)
static_assert(HERALD_ATTEMPTS_MAX * HERALD_ATTEMPT_US > 2 * KILL_AFTER_US,
              "a predecessor that is killed late is waited for");

/* HTTP. */
enum {
    HTTP_LEADING_EMPTY_LINES_MAX = 4,
    HTTP_REQUEST_LINE_MAX = 8192,   /* 414 beyond */
    HTTP_HEAD_MAX = 16384,          /* 431 beyond; request line and fields */
    HTTP_HEADERS_MAX = 100,         /* 431 beyond */
    HTTP_CHUNK_OVERHEAD_MAX = 8192, /* chunk extensions of one body, bytes */
    HTTP_TRAILERS_MAX = 8192,       /* trailer section, bytes */
    HTTP_REPLY_HEAD_MAX = 1024,     /* what the host writes around an application's answer */
};
static_assert((int)HTTP_REQUEST_LINE_MAX < (int)HTTP_HEAD_MAX, "a request line fits into a head");

/* WebSocket. */
enum {
    WS_CONTROL_MAX = 125,        /* payload of a control frame (RFC 6455 5.5) */
    WS_REASON_MAX = 123,         /* reason of a close */
    WS_FRAME_HEAD_MAX = 10,      /* of a frame that the server sends: never masked */
    WS_CLIENT_HEAD_MAX = 14,     /* of a frame that a client sends */
    WS_PIECE_MAX = 65536,        /* payload that is unmasked at once */
    WS_FRAGMENTS_MAX = 16384,    /* frames of one message */
    WS_PROTOCOLS_MAX = 32,       /* subprotocols that a client offers */
    WS_OFFERS_MAX = 32,          /* extensions that a client offers */
    WS_PARAMETERS_MAX = 16,      /* of one extension */
    WS_FINAL_BLOCKS_MAX = 1024,  /* DEFLATE streams that one message may hold */
    WS_DEFLATE_LEAST = 64,       /* shorter messages are not compressed */
    WS_DEFLATE_SLACK = 4096,     /* bytes that a compressed message may have too many */
    WS_MEMORY_FIRST = 512,       /* bytes that growing memory starts with */
    WS_SCRATCH_KEPT_MAX = 65536, /* bytes that a worker keeps for the next message */
};
static_assert((int)WS_CONTROL_MAX == (int)WS_REASON_MAX + 2, "a close is a code and a reason");

/* A worker. */
enum {
    LISTENERS_MAX = 128,         /* sockets; a listen value may open several */
    READ_SIZE_MAX = 65536,       /* bytes of one read */
    ACCEPT_BATCH_MAX = 8,        /* connections accepted under one lock */
    STREAM_WAITING_MAX = 262144, /* bytes of an answer in parts that wait for its client */
    FILE_TURN_MAX = 262144,      /* bytes of a file that one client gets in its turn */
};
static_assert((int)HTTP_HEAD_MAX <= (int)READ_SIZE_MAX, "a whole head fits into one read");
/* So long handshakes of TLS may take before everybody else is looked at. */
#define HANDSHAKES_ROUND_US (2 * MILLISECOND_US)

#endif
