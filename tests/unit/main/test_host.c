#include "main/host.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>

static struct app_options options;
static struct toad_config config;

Test(host, tells_the_options_of_the_configuration)
{
    cr_assert_eq(app_options_add(&options, BYTES("root"), BYTES("./public")), ERROR_NONE);
    cr_assert_eq(app_options_add(&options, BYTES("dotfiles"), BYTES("")), ERROR_NONE);
    host_describe(&options, "/srv/app.so", &config);
    cr_expect_eq(toad_config_option_count(&config), 2);
    cr_expect_str_eq(toad_config_option_name(&config, 0), "root");
    cr_expect_str_eq(toad_config_option_name(&config, 1), "dotfiles");
    cr_expect_null(toad_config_option_name(&config, 2));
    cr_expect_str_eq(toad_config_option(&config, "root"), "./public");
    cr_expect_str_eq(toad_config_option(&config, "dotfiles"), "");
    cr_expect_null(toad_config_option(&config, "Root"));
    cr_expect_null(toad_config_option(&config, ""));
    cr_expect_null(toad_config_option(&config, NULL));
}

Test(host, tells_the_directory_of_the_application)
{
    static const char *const rows[][2] = {
        {"/srv/www/app.so", "/srv/www"},
        {"/app.so", "/"},
        {"/srv/a b/.so", "/srv/a b"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        host_describe(&options, rows[i][0], &config);
        cr_expect_str_eq(toad_config_directory(&config), rows[i][1]);
    }
}

/* Promise CFG-10 */
Test(host, tells_the_mode)
{
    static const char *const rows[][2] = {
        {NULL, "production"}, {"", "production"}, {"development", "development"}};
    for (size_t i = 0; i < 3; i++) {
        (void)unsetenv("MOJO_MODE");
        if (rows[i][0] != NULL)
            cr_assert_eq(setenv("MOJO_MODE", rows[i][0], 1), 0);
        host_describe(&options, "/app.so", &config);
        cr_expect_str_eq(toad_config_mode(&config), rows[i][1]);
    }
}

Test(host, tells_its_generation)
{
    struct toad_host host = {.generation = 3};
    cr_expect_eq(toad_host_generation(&host), 3);
}
