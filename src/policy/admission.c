#include "policy/admission.h"

uint32_t admission_room(const struct admission_facts *facts, const struct admission_limits *limits)
{
    if (facts->is_leaving || facts->connected >= limits->clients ||
        admission_is_spent(facts, limits))
        return 0;
    uint32_t room = limits->clients - facts->connected;
    if (limits->accepts != 0 && limits->accepts - facts->accepted < room)
        room = (uint32_t)(limits->accepts - facts->accepted);
    return room;
}

bool admission_is_spent(const struct admission_facts *facts, const struct admission_limits *limits)
{
    return limits->accepts != 0 && facts->accepted >= limits->accepts;
}

bool admission_may_go(const struct admission_facts *facts)
{
    return facts->is_leaving && facts->connected == 0;
}
