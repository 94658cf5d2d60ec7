#include "kit/folder.h"

#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char place[512];

static void demand(bool is_done, const char *what)
{
    if (is_done)
        return;
    perror(what);
    abort();
}

void folder_open(void)
{
    const char *parent = getenv("TMPDIR");
    (void)snprintf(place, sizeof place, "%s/hypnotoad-test.XXXXXX",
                   parent == NULL || parent[0] == '\0' ? "/tmp" : parent);
    demand(mkdtemp(place) != NULL, place);
    /* Other users must get at what they may read. */
    demand(chmod(place, 0755) == 0, place);
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status;
    (void)kind;
    (void)walk;
    return remove(path);
}

void folder_close(void)
{
    (void)nftw(place, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *folder_path(const char *name)
{
    static char paths[8][1024];
    static unsigned next;
    char *path = paths[next++ % 8];
    (void)snprintf(path, sizeof paths[0], "%s%s%s", place, name[0] == '\0' ? "" : "/", name);
    return path;
}

size_t folder_count(void)
{
    DIR *entries = opendir(place);
    demand(entries != NULL, place);
    size_t count = 0;
    for (const struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries))
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    (void)closedir(entries);
    return count;
}

void folder_write(const char *name, const char *text)
{
    FILE *file = fopen(folder_path(name), "we");
    demand(file != NULL, name);
    demand(fputs(text, file) >= 0 && fclose(file) == 0, name);
}

const char *folder_read(const char *name)
{
    static char text[65536];
    text[0] = '\0';
    FILE *file = fopen(folder_path(name), "re");
    if (file == NULL)
        return text;
    size_t size = fread(text, 1, sizeof text - 1, file);
    text[size] = '\0';
    (void)fclose(file);
    return text;
}

bool folder_has(const char *name)
{
    struct stat status;
    return lstat(folder_path(name), &status) == 0;
}
