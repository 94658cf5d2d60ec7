#include "main/usage.h"

#include "config/setting.h"

void usage_print_short(FILE *stream)
{
    (void)fputs("usage: hypnotoad [OPTIONS] APPLICATION\n"
                "  hypnotoad ./myapp.so\n"
                "  hypnotoad --foreground --config ./hypnotoad.conf ./myapp.so\n"
                "  hypnotoad --help\n",
                stream);
}

static void print_settings(FILE *stream)
{
    (void)fputs("\nThe configuration is a Perl hash, {listen => ['http://*:3000'], workers => 10}, "
                "with these settings:\n",
                stream);
    for (int i = 0; i < SETTINGS_COUNT; i++) {
        struct setting_description setting;
        setting_describe((enum setting_id)i, &setting);
        (void)fprintf(stream, "  %-19s %s\n  %-19s takes %s; default: %s\n", setting.name,
                      setting.sentence, "", setting.takes, setting.standard);
    }
}

void usage_print(FILE *stream)
{
    usage_print_short(stream);
    (void)fputs(
        "\nServes an application, a shared object that exports toad_app, over HTTP/1.1 with a\n"
        "manager and pre-forked workers.\n"
        "Called again while the server runs, it starts a hot deployment and waits for its "
        "outcome.\n"
        "\nOptions (unique prefixes of the long names work):\n"
        "  -c, --config FILE   configuration; default: hypnotoad.conf beside the application,\n"
        "                      if there is one\n"
        "  -f, --foreground    stay in the foreground, with the log on standard error\n"
        "  -h, --help          print this and exit\n"
        "  -s, --stop          stop the running server gracefully and wait until it is gone\n"
        "  -t, --test          check configuration and application, serve nothing, and exit\n"
        "  -V, --version       print the version and exit\n"
        "\nSignals to the manager, whose PID is in pid_file:\n"
        "  INT, TERM           stop at once\n"
        "  QUIT                stop gracefully: serve what is open, accept nothing more\n"
        "  TTIN, TTOU          one worker more, one worker less\n"
        "  USR2, HUP           hot deployment: the executable, configuration and application as\n"
        "                      they are now take over without losing a connection\n"
        "  USR1                open the logs anew\n"
        "\nEnvironment:\n"
        "  HYPNOTOAD_APP, HYPNOTOAD_CONFIG, HYPNOTOAD_FOREGROUND=1, HYPNOTOAD_TEST=1\n"
        "                      as APPLICATION, --config, --foreground, --test\n"
        "  HYPNOTOAD_DEBUG=1   stay in the foreground and print diagnostics\n"
        "  HYPNOTOAD_TRACE=FILE  record every event and decision of the manager as JSON Lines\n"
        "  MOJO_MODE           set to production for the application unless it is set\n"
        "  MOJO_NO_BONJOUR=1   as the setting bonjour => 0, whatever that says\n"
        "  MOJO_REVERSE_PROXY=1  as the setting proxy, unless that is given\n"
        "  MOJO_TMPDIR         directory for temporary files; default: TMPDIR, then /tmp\n",
        stream);
    print_settings(stream);
}
