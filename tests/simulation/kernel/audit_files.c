#include "audit.h"

#include <stdio.h>
#include <string.h>

/* Promise PID-3; a file that could not be written is tried again a little later. */
#define NOTICED_US (SECOND_US + 10 * MILLISECOND_US)
#define RETRIED_US (2 * SECOND_US + 10 * MILLISECOND_US)

static const struct file *file_named(const char *path)
{
    int file = file_room_find(&kernel.files, path);
    return file == NO_FILE ? NULL : &kernel.files.files[file];
}

static bool is_complete(const struct file *file)
{
    char text[FILE_TEXT_MAX];
    int size = snprintf(text, sizeof text, "%d\n", MANAGER_PID);
    return file->size == (size_t)size && memcmp(file->text, text, file->size) == 0;
}

void audit_link(const char *to)
{
    audit_act("writes the PID file");
    if (strcmp(to, PID_PATH) != 0)
        audit_fail("I24", "a file gets the name %s", to);
    if (!is_complete(file_named(PID_PATH)))
        audit_fail("I24", "the PID file is not complete");
    if (!audit_is_kept())
        audit_fail("I25", "a manager that ends writes the PID file");
    if (audit.is_announced)
        CENSUS(restored_files);
    audit.has_failed_file = false;
    audit.file_missing_us = NEVER_US;
}

/* Whoever is dead left it behind, and the manager has locked it, so nobody else takes it. */
void audit_rename(const char *to)
{
    const struct file *file = file_named(to);
    bool is_stale = file == NULL || (audit_is_kept() && file->lock >= 0);
    if (!is_stale)
        audit_fail("I26", "the manager replaces a PID file that is not its own");
}

void audit_file_refused(void)
{
    audit.has_failed_file = true;
}

void audit_unlink(const char *path)
{
    audit_act("removes a file");
    const struct file *file = file_named(path);
    if (file == NULL || (file->is_ours && strcmp(path, PID_PATH) != 0))
        return;
    if (file->is_ours && (audit_is_kept() || audit_count_workers() > 0))
        audit_fail("I25", "the PID file is removed, and the manager goes on");
    if (!file->is_ours)
        audit_fail("I26", "the manager removes a PID file that is not its own");
}

bool audit_has_right_file(void)
{
    return file_named(PID_PATH) != NULL;
}

void audit_file_pass(void)
{
    const struct file *file = file_named(PID_PATH);
    if (audit.has_failed_file)
        audit.file_refused_us = kernel.now_us;
    if (!audit.is_announced || !audit_is_kept())
        return;
    if (file != NULL && file->is_ours && (!is_complete(file) || file->lock < 0))
        audit_fail("I25", "the PID file is there, but not complete and locked");
    if (file != NULL || kernel.files.trouble != FILE_TROUBLE_NONE) {
        audit.file_missing_us = NEVER_US;
        return;
    }
    if (audit.file_missing_us == NEVER_US || audit.is_late)
        audit.file_missing_us = kernel.now_us;
    int64_t due_us = audit.file_missing_us + NOTICED_US;
    if (due_us < audit.file_refused_us + RETRIED_US)
        due_us = audit.file_refused_us + RETRIED_US;
    if (audit.pass_sampled_us > due_us)
        audit_fail("I25", "the PID file is missing and was not written again");
}

void audit_file_over(void)
{
    const struct file_room *room = &kernel.files;
    for (int i = 0; i < FILE_NAMES_MAX; i++) {
        int file = room->names[i].file;
        if (file != NO_FILE && room->files[file].is_ours && !room->files[file].is_stuck)
            audit_fail("I31", "the manager is gone, its file %s is not", room->names[i].path);
    }
}
