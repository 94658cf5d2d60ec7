#include "policy/takeover.h"

#include <assert.h>

/* Leads the deployment through its table, which has a rule for whatever is asked here. */
static enum upgrade_order move(struct step *step, enum upgrade_event event)
{
    enum upgrade_order order = UPGRADE_ORDER_NOTHING;
    enum error error =
        upgrade_decide(&step->manager->upgrade, event, step->event->pid, step->now_us, &order);
    assert(error == ERROR_NONE);
    return order;
}

enum error takeover_begin(struct step *step)
{
    struct manager *manager = step->manager;
    if (move(step, UPGRADE_EVENT_ASKED) == UPGRADE_ORDER_NOTHING) {
        step_note(step, MANAGER_NOTE_UPGRADE_BUSY, manager->upgrade.pid);
        return ERROR_NONE;
    }
    step_note(step, MANAGER_NOTE_UPGRADE_BEGINS, manager->roster.count);
    step_act(step, MANAGER_ACTION_SPAWN_UPGRADE, "UPG-1");
    return ERROR_NONE;
}

/* Gives up what can still be given up, and says why. */
static void give_up(struct step *step, enum manager_note why, const char *promise)
{
    int32_t pid = step->manager->upgrade.pid;
    if (move(step, UPGRADE_EVENT_GIVE_UP) != UPGRADE_ORDER_ABORT)
        return;
    step_note(step, why, pid);
    step_act(step, MANAGER_ACTION_ABORT_UPGRADE, promise)->pid = pid;
    step_signal(step, pid, WORKER_SIGNAL_TERM, promise);
}

void takeover_give_up(struct step *step)
{
    give_up(step, MANAGER_NOTE_UPGRADE_STOPPED, "UPG-6");
}

enum error takeover_learn(struct step *step)
{
    struct manager *manager = step->manager;
    bool is_expected = manager->upgrade.life == UPGRADE_FORKING && step->event->pid > 1 &&
                       roster_find(&manager->roster, step->event->pid) == NULL;
    if (!is_expected)
        return ERROR_INVALID;
    (void)move(step, UPGRADE_EVENT_SPAWNED);
    step_note(step, MANAGER_NOTE_UPGRADE_STARTS, step->event->pid);
    /* What was decided while the fork was under way holds for it as well. */
    if (manager->phase != MANAGER_RUNNING)
        takeover_give_up(step);
    return ERROR_NONE;
}

/* Back to as if nothing had been. */
static void end(struct step *step)
{
    (void)move(step, UPGRADE_EVENT_OVER);
    step_act(step, MANAGER_ACTION_END_UPGRADE, "UPG-5");
}

enum error takeover_lose(struct step *step)
{
    struct manager *manager = step->manager;
    if (manager->upgrade.life == UPGRADE_FORKING) {
        step_note(step, MANAGER_NOTE_UPGRADE_FORK_FAILED, manager->roster.count);
        end(step);
    } else {
        give_up(step, MANAGER_NOTE_UPGRADE_BROKEN, "UPG-5");
    }
    return ERROR_NONE;
}

enum error takeover_agree(struct step *step)
{
    struct manager *manager = step->manager;
    int32_t pid = manager->upgrade.pid;
    if (!upgrade_has_process(&manager->upgrade))
        return ERROR_INVALID;
    if (move(step, UPGRADE_EVENT_READY) != UPGRADE_ORDER_COMMIT)
        return ERROR_NONE;
    manager->has_pid_file = false;
    step_act(step, MANAGER_ACTION_COMMIT_UPGRADE, "UPG-2")->pid = pid;
    step_note(step, MANAGER_NOTE_UPGRADE_COMMITTED, pid);
    return ERROR_NONE;
}

bool takeover_bury(struct step *step)
{
    struct manager *manager = step->manager;
    struct upgrade late = manager->upgrade;
    if (!upgrade_has_process(&late) || late.pid != step->event->pid)
        return false;
    end(step);
    if (late.life != UPGRADE_COMMITTED) {
        step_note_end(step, MANAGER_NOTE_UPGRADE_FAILED);
        return true;
    }
    /* It died between the word and the deed, perhaps: the PID file may be gone with it, or be its
     * own, or still be this manager's to remove. */
    manager->has_pid_file = true;
    if (manager->phase == MANAGER_RUNNING) {
        step_note_end(step, MANAGER_NOTE_UPGRADE_LOST);
        step_act(step, MANAGER_ACTION_WRITE_PID_FILE, "UPG-5");
    } else {
        step_note_end(step, MANAGER_NOTE_UPGRADE_GONE);
    }
    return true;
}

void takeover_judge(struct step *step)
{
    struct manager *manager = step->manager;
    struct upgrade *upgrade = &manager->upgrade;
    if (upgrade_deadline_us(upgrade, manager->settings.upgrade_timeout_us) > step->now_us)
        return;
    if (upgrade->life == UPGRADE_STARTING) {
        give_up(step, MANAGER_NOTE_UPGRADE_LATE, "UPG-4");
        return;
    }
    (void)move(step, UPGRADE_EVENT_STILL_THERE);
    step_note(step, MANAGER_NOTE_UPGRADE_KILLED, upgrade->pid);
    step_signal(step, upgrade->pid, WORKER_SIGNAL_KILL, "UPG-4");
}

void takeover_serve(struct step *step, const char *promise)
{
    struct manager *manager = step->manager;
    manager->phase = MANAGER_RUNNING;
    manager->has_pid_file = true;
    step_act(step, MANAGER_ACTION_WRITE_PID_FILE, promise);
    step_act(step, MANAGER_ACTION_ANNOUNCE, "CLI-6");
}

void takeover_ask(struct step *step)
{
    struct manager *manager = step->manager;
    manager->phase = MANAGER_ASKING;
    step_act(step, MANAGER_ACTION_ASK_TAKEOVER, "UPG-2");
    step_note(step, MANAGER_NOTE_ASKS, manager->predecessor);
}

enum error takeover_complete(struct step *step)
{
    struct manager *manager = step->manager;
    takeover_serve(step, "PID-2");
    step_signal(step, manager->predecessor, WORKER_SIGNAL_QUIT, "UPG-2");
    step_note(step, MANAGER_NOTE_TAKEN_OVER, manager->predecessor);
    manager->predecessor = 0;
    return ERROR_NONE;
}

enum error takeover_refuse(struct step *step)
{
    if (step->manager->predecessor == 0)
        return ERROR_INVALID;
    step_note(step, MANAGER_NOTE_REFUSED, step->manager->predecessor);
    step_stop(step, 1, "UPG-4");
    return ERROR_NONE;
}

enum error takeover_inherit(struct step *step)
{
    struct manager *manager = step->manager;
    if (manager->predecessor == 0)
        return ERROR_INVALID;
    step_note(step, MANAGER_NOTE_ORPHANED, manager->predecessor);
    manager->predecessor = 0;
    /* Nobody is left who could agree, and nobody else serves. */
    if (manager->phase == MANAGER_ASKING)
        takeover_serve(step, "PID-1");
    return ERROR_NONE;
}
