/* setting - one row of settings.def: what the setting takes, in words and in bounds.
 *
 * Pure. Rows and the texts that they point to are constants. */
#ifndef TOAD_CONFIG_SETTING_H
#define TOAD_CONFIG_SETTING_H

#include "base/bytes.h"
#include "config/config.h"

enum setting_kind {
    SETTING_KIND_COUNT,    /* a whole number: int64_t */
    SETTING_KIND_BYTES,    /* the same, of bytes */
    SETTING_KIND_SECONDS,  /* seconds with fractions: int64_t microseconds */
    SETTING_KIND_FLAG,     /* bool */
    SETTING_KIND_NAME,     /* of a user or group: char[CONFIG_NAME_MAX] */
    SETTING_KIND_PATH,     /* of a file: char[CONFIG_PATH_MAX] */
    SETTING_KIND_LISTEN,   /* listen values: texts and their number */
    SETTING_KIND_NETWORKS, /* the same, in CIDR form */
    SETTING_KIND_OPTIONS,  /* of the application: struct app_options */
};

enum setting_zero {
    SETTING_ZERO_ORDINARY, /* a number like others */
    SETTING_ZERO_WITHOUT_LIMIT,
    SETTING_ZERO_AT_ONCE,
    SETTING_ZERO_REFUSED,
};

/* The most that a setting in seconds takes: ten years. */
#define SECONDS_MAX_US (INT64_C(315360000) * SECOND_US)

enum {
    SETTING_TEXT_MAX = 160 /* a range or default in words, with its NUL */
};

struct setting {
    const char *name;
    enum setting_kind kind;
    enum setting_zero zero;
    int64_t standard; /* the default, in the field's unit */
    int64_t least;    /* above 0 */
    int64_t most;
    const char *standard_text; /* the default in words; empty: the number says it */
    const char *sentence;      /* what the setting is for */
    size_t field;              /* offset in struct config */
};

/* For --help and docs/settings.md: name, what it takes, its default, what it is for. */
struct setting_description {
    const char *name;
    const char *other_name; /* an alias, or NULL */
    char takes[SETTING_TEXT_MAX];
    char standard[SETTING_TEXT_MAX];
    const char *sentence;
};

const struct setting *setting_get(enum setting_id id);

void setting_describe(enum setting_id id, struct setting_description *ret_description);

/* Looks a name or alias up; false if there is no such setting. */
bool setting_find(struct bytes name, enum setting_id *ret_id);

/* The known name that is most like this one, or NULL if none is. */
const char *setting_nearest(struct bytes name);

/* What the setting takes, in words: "a whole number from 1 to 512". */
void setting_takes(const struct setting *setting, char ret_text[SETTING_TEXT_MAX]);

/* Its default, in words. */
void setting_standard(const struct setting *setting, char ret_text[SETTING_TEXT_MAX]);

/* Whether the setting takes this number, in its field's unit. */
bool setting_accepts(const struct setting *setting, int64_t number);

#endif
