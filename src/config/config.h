/* config - the settings that a server runs with; the list is settings.def.
 *
 * Pure. A struct config holds all its texts in place (about 330 KiB): it can be copied, and belongs
 * into static storage. Durations are microseconds. config_read() needs as much stack again.
 *
 * How a setting is judged, beyond settings.def:
 * - One that is given counts, also when it is 0 (promise CFG-6); undef counts as not given.
 * - Perl takes the last of two; here a setting that is given twice, or under both of its names, is
 * an error that names both places.
 * - A text that reads as a decimal number is a number; a number is also a text.
 * - A flag is false for 0, '0' and '', else true, as in Perl.
 * - Seconds are rounded to the microsecond, but nothing above 0 becomes 0.
 * - Two of pid_file, lock_file, log_file and access_log cannot be one file, except for the two
 * logs; a listen value cannot be given twice, unless it says reuse=1 or port 0. */
#ifndef TOAD_CONFIG_CONFIG_H
#define TOAD_CONFIG_CONFIG_H

#include "base/bytes.h"
#include "base/limits.h"
#include "base/problem.h"
#include "config/app_options.h"
#include "config/config_text.h"

/* What settings.def calls a kind, as fields. */
#define CONFIG_FIELD_COUNT(field) int64_t field;
#define CONFIG_FIELD_BYTES(field) int64_t field;
#define CONFIG_FIELD_SECONDS(field) int64_t field;
#define CONFIG_FIELD_FLAG(field) bool field;
#define CONFIG_FIELD_NAME(field) char field[CONFIG_NAME_MAX];
#define CONFIG_FIELD_PATH(field) char field[CONFIG_PATH_MAX];
#define CONFIG_FIELD_LISTEN(field)                                                                 \
    char field[LISTEN_MAX][LISTEN_VALUE_MAX];                                                      \
    size_t field##_count;
#define CONFIG_FIELD_NETWORKS(field)                                                               \
    char field[TRUSTED_PROXIES_MAX][CONFIG_NETWORK_MAX];                                           \
    size_t field##_count;
#define CONFIG_FIELD_OPTIONS(field) struct app_options field;

enum setting_id {
#define SETTING(name, ...) SETTING_##name,
#define ALIAS(other, name)
#include "config/settings.def"
#undef SETTING
#undef ALIAS
};

enum {
    SETTINGS_COUNT = 0
#define SETTING(name, ...) +1
#define ALIAS(other, name)
#include "config/settings.def"
#undef SETTING
#undef ALIAS
};

/* 0 in a count or a duration is what settings.def says of it; whether backlog is given
 * tells is_given: SOMAXCONN if not.
 * Texts end in a NUL; an empty one is not given. */
struct config {
#define SETTING(name, field, kind, ...) CONFIG_FIELD_##kind(field)
#define ALIAS(other, name)
#include "config/settings.def"
#undef SETTING
#undef ALIAS
    bool is_given[SETTINGS_COUNT]; /* by enum setting_id: the file says so */
};

/* Every setting as if the file were absent (promise CFG-5). */
void config_set_defaults(struct config *config);

/* Reads a file's text that config_text_judge() calls data: all settings, those that it does not
 * give at their defaults. On ERROR_INVALID the configuration is of no use and the problem tells
 * file, line, column, setting and what would be right (promise CFG-4). */
MUST_CHECK enum error config_read(const struct config_source *source, struct problem *problem,
                                  struct config *ret_config);

#endif
