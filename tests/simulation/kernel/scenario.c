#include "scenario.h"

#include "chance.h"

#include <stdio.h>

static void draw_settings(struct manager_settings *settings, struct chance *chance)
{
    settings->workers = 1 + chance_below(chance, 6);
    settings->spare = chance_below(chance, 4);
    settings->heartbeat_interval_us = chance_spread(chance, 20 * MILLISECOND_US, 5 * SECOND_US);
    settings->heartbeat_timeout_us = chance_spread(chance, 20 * MILLISECOND_US, 3 * SECOND_US);
    settings->graceful_timeout_us =
        chance_hits(chance, 100) ? 0 : chance_spread(chance, 5 * MILLISECOND_US, 4 * SECOND_US);
    settings->upgrade_timeout_us = SECOND_US;
}

static void draw_habits(struct habits *habits, struct chance *chance)
{
    static const uint32_t preempts[] = {0, 0, 100, 1000, 20000};
    static const int64_t costs[] = {0, 1, 5, 200};
    static const uint32_t lapses[] = {0, 0, 0, 20, 200};
    static const uint32_t tears[] = {0, 50, 500};
    habits->call_us = costs[chance_below(chance, 4)];
    habits->preempts_per_million = preempts[chance_below(chance, 5)];
    habits->preempt_most_us = chance_spread(chance, MILLISECOND_US, 8 * SECOND_US);
    habits->lapses_per_mille = lapses[chance_below(chance, 5)];
    habits->tears_per_mille = tears[chance_below(chance, 3)];
    habits->early_wakes_per_mille = chance_hits(chance, 300) ? 20 : 0;
    habits->has_signal_order = chance_hits(chance, 500);
}

/* Most of what could go wrong does not in one scenario, some of it does all the time. */
static void draw_weights(uint32_t *weights, uint32_t count, struct chance *chance)
{
    static const uint32_t factors[] = {0, 0, 1, 1, 2, 15};
    for (uint32_t i = 0; i < count; i++)
        weights[i] *= factors[chance_below(chance, 6)];
}

static void draw_chances(struct scenario *scenario, struct chance *chance)
{
    static const uint32_t tempers[] = {
#define TEMPER(name, weight, text) weight,
#include "tempers.def"
#undef TEMPER
    };
    static const uint32_t mishaps[] = {
#define MISHAP(name, weight, text) weight,
#include "mishaps.def"
#undef MISHAP
    };
    for (uint32_t i = 0; i < TEMPER_COUNT; i++)
        scenario->temper_weights[i] = tempers[i];
    for (uint32_t i = 0; i < MISHAP_COUNT; i++)
        scenario->mishap_weights[i] = mishaps[i];
    draw_weights(scenario->temper_weights + 1, TEMPER_COUNT - 1, chance);
    draw_weights(scenario->mishap_weights, MISHAP_COUNT, chance);
    if (chance_hits(chance, 100))
        scenario->temper_weights[TEMPER_KIND] = 0;
}

void scenario_draw(struct scenario *scenario, uint64_t seed, uint64_t number)
{
    static const int32_t pids[] = {60, 120, 400};
    static const enum first_file files[] = {FIRST_FILE_NONE, FIRST_FILE_NONE, FIRST_FILE_STALE};
    struct chance chance;
    chance_init(&chance, seed, 2 * number);
    *scenario = (struct scenario){.seed = seed, .number = number};
    draw_settings(&scenario->settings, &chance);
    draw_habits(&scenario->habits, &chance);
    draw_chances(scenario, &chance);
    scenario->first_file =
        chance_hits(&chance, 10) ? FIRST_FILE_HELD : files[chance_below(&chance, 3)];
    scenario->is_kind_start = chance_hits(&chance, 800);
    scenario->has_early_end = chance_hits(&chance, 200);
    scenario->pid_max = pids[chance_below(&chance, 3)];
    scenario->strangers_most = (uint32_t)scenario->pid_max / 6;
    scenario->wanted_most = 3 + chance_below(&chance, (uint32_t)scenario->pid_max / 8);
    scenario->mishaps = (uint32_t)chance_spread(&chance, 20, 1500);
    scenario->mishap_gap_us = chance_spread(&chance, MILLISECOND_US, 4 * SECOND_US);
    /* The more there are, the closer together: no run lasts for hours. */
    int64_t most_us = 240 * SECOND_US / scenario->mishaps;
    if (scenario->mishap_gap_us > most_us)
        scenario->mishap_gap_us = most_us;
}

void scenario_print(const struct scenario *scenario)
{
    const struct manager_settings *settings = &scenario->settings;
    (void)printf("workers %u, spare %u, heartbeat_interval %lld us, heartbeat_timeout %lld us, "
                 "graceful_timeout %lld us; %u mishaps at most %lld us apart, pids up to %d\n",
                 settings->workers, settings->spare, (long long)settings->heartbeat_interval_us,
                 (long long)settings->heartbeat_timeout_us,
                 (long long)settings->graceful_timeout_us, scenario->mishaps,
                 (long long)scenario->mishap_gap_us, (int)scenario->pid_max);
}

int64_t scenario_silence_us(const struct scenario *scenario)
{
    return scenario->settings.heartbeat_interval_us + scenario->settings.heartbeat_timeout_us;
}
