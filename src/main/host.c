#include "main/host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void host_describe(const struct app_options *options, const char *path,
                   struct toad_config *ret_config)
{
    int length = (int)(strrchr(path, '/') - path);
    const char *mode = getenv("MOJO_MODE");
    ret_config->options = options;
    ret_config->mode = mode == NULL || mode[0] == '\0' ? "production" : mode;
    (void)snprintf(ret_config->directory, sizeof ret_config->directory, "%.*s",
                   length == 0 ? 1 : length, path);
}

const char *toad_config_option(const struct toad_config *config, const char *name)
{
    size_t index;
    return app_options_find(config->options, bytes_of(name), &index)
               ? app_options_value(config->options, index)
               : NULL;
}

size_t toad_config_option_count(const struct toad_config *config)
{
    return config->options->count;
}

const char *toad_config_option_name(const struct toad_config *config, size_t index)
{
    return app_options_name(config->options, index);
}

const char *toad_config_directory(const struct toad_config *config)
{
    return config->directory;
}

const char *toad_config_mode(const struct toad_config *config)
{
    return config->mode;
}

unsigned toad_host_generation(const struct toad_host *host)
{
    return host->generation;
}
