# Deliberately wrong managers. Each is the policy with one text replaced; the explorer must find it and name what it breaks.
#
# toad_mutant(NAME FILE TEXT REPLACEMENT INVARIANT [explorer's arguments...])
# FILE is a file of src/policy; of a .def the .c file of the same name is compiled against the changed copy.
include(replace_once.cmake)
set(mutant_objects explorer_objects)
function(toad_mutant name file text replacement invariant)
  set(folder ${CMAKE_CURRENT_BINARY_DIR}/mutants/${name})
  set_property(DIRECTORY APPEND PROPERTY violated_invariants ${invariant})
  toad_replace_once(${name} policy/${file} "${text}" "${replacement}" ${folder}/policy/${file})

  string(REGEX REPLACE "\\.def$" ".c" source ${file})
  if(source STREQUAL file)
    set(source ${folder}/policy/${source})
    set_source_files_properties(${source} PROPERTIES GENERATED TRUE)
  else()
    set(source ${PROJECT_SOURCE_DIR}/src/policy/${source})
    set_source_files_properties(${source} PROPERTIES OBJECT_DEPENDS ${folder}/policy/${file})
  endif()
  # Its own object file comes before the archive, where the same functions then are not looked for.
  add_executable(mutant_${name} $<TARGET_OBJECTS:${mutant_objects}> $<TARGET_OBJECTS:world_objects>
    ${source})
  target_compile_options(mutant_${name} PRIVATE -w)
  target_include_directories(mutant_${name} BEFORE PRIVATE ${folder})
  target_link_libraries(mutant_${name} PRIVATE toad_policy toad_flags)
  add_test(NAME simulation.mutant.${name}
    COMMAND mutant_${name} --states 400000 --expect ${invariant} --trace ${folder}/way.jsonl ${ARGN})
  set_tests_properties(simulation.mutant.${name} PROPERTIES LABELS simulation TIMEOUT 300)
endfunction()

# Heartbeats
toad_mutant(judges_a_microsecond_late pool.c
  "settings->heartbeat_interval_us + settings->heartbeat_timeout_us;"
  "settings->heartbeat_interval_us + settings->heartbeat_timeout_us + 1;" I7)
toad_mutant(judges_by_the_interval_alone pool.c
  "settings->heartbeat_interval_us + settings->heartbeat_timeout_us;"
  "settings->heartbeat_interval_us;" I7)
toad_mutant(judges_by_the_timeout_alone pool.c
  "settings->heartbeat_interval_us + settings->heartbeat_timeout_us;"
  "settings->heartbeat_timeout_us;" I7)
toad_mutant(judges_leaving_workers_by_heartbeats pool.c
  "case WORKER_READY:
        return row->heard_us + settings->heartbeat_interval_us + settings->heartbeat_timeout_us;
    case WORKER_LEAVING:"
  "case WORKER_READY:
    case WORKER_LEAVING:
        return row->heard_us + settings->heartbeat_interval_us + settings->heartbeat_timeout_us;"
  I8 --grace 5)
toad_mutant(asks_leaving_workers_to_leave worker_life.def
  "WORKER_RULE(LEAVING, GRACE_OVER, TERMINATING, TERM)"
  "WORKER_RULE(LEAVING, GRACE_OVER, QUITTING, QUIT)" I6)
toad_mutant(loses_torn_lines heartbeat.c
  "if (end == chunk->size)
            break;"
  "if (end == chunk->size) {
            heartbeat_reader_init(reader);
            break;
        }" I13)
toad_mutant(credits_beats_of_strangers manager.c
  "if (row == NULL)
        return;
    row->heard_us = step->now_us;"
  "if (row == NULL && step->manager->roster.count > 0)
        row = &step->manager->roster.rows[0];
    if (row == NULL)
        return;
    row->heard_us = step->now_us;" I13)
toad_mutant(does_not_hear_farewells manager.c
  "heartbeat.is_leaving ? WORKER_EVENT_FAREWELL : WORKER_EVENT_BEAT" "WORKER_EVENT_BEAT" I13)
toad_mutant(forgives_nothing_when_late manager.c
  "step->now_us - manager->wake_us > manager->settings.heartbeat_interval_us"
  "step->now_us - manager->wake_us > 1000 * manager->settings.heartbeat_interval_us" I15)
toad_mutant(forgives_too_early manager.c
  "step->now_us - manager->wake_us > manager->settings.heartbeat_interval_us"
  "step->now_us - manager->wake_us >= manager->settings.heartbeat_interval_us" I15)
toad_mutant(ignores_that_it_was_held_up manager.def
  "MANAGER_RULE(RUNNING, HELD_UP, forgive_workers)" "MANAGER_RULE(RUNNING, HELD_UP, stay)" I15)

# Signals and their times
toad_mutant(repeats_quit worker_life.def
  "WORKER_RULE(QUITTING, RETIRE, QUITTING, NONE)" "WORKER_RULE(QUITTING, RETIRE, QUITTING, QUIT)" I10)
toad_mutant(spares_leaving_workers_quit worker_life.def
  "WORKER_RULE(LEAVING, RETIRE, QUITTING, QUIT)" "WORKER_RULE(LEAVING, RETIRE, LEAVING, NONE)" L4)
toad_mutant(forgets_kill pool.c "return row->stopped_us + KILL_AFTER_US;" "return NEVER_US;" L5)
toad_mutant(kills_at_once pool.c "return row->stopped_us + KILL_AFTER_US;" "return row->stopped_us;" L11)
toad_mutant(kills_without_telling_to_stop worker_life.def
  "WORKER_RULE(QUITTING, GRACE_OVER, TERMINATING, TERM)" "WORKER_RULE(QUITTING, GRACE_OVER, KILLED, KILL)" I9)
toad_mutant(forgets_term pool.c "return row->leaving_us + settings->graceful_timeout_us;" "return NEVER_US;" L1)
toad_mutant(restarts_the_graceful_time manager.c
  "if (worker_life_is_leaving(row->life) && row->leaving_us == NEVER_US)"
  "if (worker_life_is_leaving(row->life))" I11)
toad_mutant(signals_the_neighbour manager.c
  "step_signal(step, roster->rows[i].pid, WORKER_SIGNAL_USR1" "step_signal(step, roster->rows[i].pid + 1, WORKER_SIGNAL_USR1" I5)
toad_mutant(forgets_to_wake manager.c "manager->wake_us = pool_wake_us(manager);" "" I7)
toad_mutant(wakes_for_old_proofs pool.c "row->life == WORKER_READY && !row->is_proven;" "row->life == WORKER_READY;" L11)

# The end
toad_mutant(ignores_term_after_quit manager.def
  "MANAGER_RULE(LEAVING, STOP_NOW, stop)" "MANAGER_RULE(LEAVING, STOP_NOW, stay)" I30)
toad_mutant(ignores_quit_while_starting manager.def
  "MANAGER_RULE(STARTING, STOP_GRACEFULLY, leave)" "MANAGER_RULE(STARTING, STOP_GRACEFULLY, stay)" I29)
toad_mutant(lets_quit_soften_term manager.def
  "MANAGER_RULE(STOPPING, STOP_GRACEFULLY, stay)" "MANAGER_RULE(STOPPING, STOP_GRACEFULLY, leave)" I30)
toad_mutant(forgets_forks_under_way_when_stopping manager.c
  "if (manager->phase == MANAGER_STOPPING)" "if (manager->phase == MANAGER_GONE)" I30)
toad_mutant(exits_with_workers_left manager.c
  "if (!is_ending || manager->roster.count > 0 || manager->spawning > 0 ||"
  "if (!is_ending || manager->spawning > 0 ||" I31)
toad_mutant(exits_with_a_fork_under_way manager.c
  "if (!is_ending || manager->roster.count > 0 || manager->spawning > 0 ||"
  "if (!is_ending || manager->roster.count > 0 ||" I31)
toad_mutant(leaves_its_pid_file manager.c
  "if (manager->has_pid_file)
        step_act(step, MANAGER_ACTION_REMOVE_PID_FILE, \"PID-1\");" "" I31)

# The pool
toad_mutant(starts_workers_while_leaving pool.c
  "return pool_is_untried(manager) || manager->phase == MANAGER_RUNNING;"
  "return manager->phase >= MANAGER_STARTING && manager->phase <= MANAGER_LEAVING;" I1)
toad_mutant(starts_more_than_the_spare_workers pool.c
  "all < manager->wanted + manager->settings.spare" "all <= manager->wanted + manager->settings.spare" I1)
toad_mutant(replaces_one_worker_for_each_event manager.c
  "while (pool_is_short(manager) &&" "if (pool_is_short(manager) &&" L3)
toad_mutant(keeps_the_dead manager.c "roster_remove(&manager->roster, row);" "" I5)
toad_mutant(buries_the_wrong_worker roster.c
  "memmove(row, row + 1, (roster->count - index) * sizeof *row);" "(void)index;" I5)
toad_mutant(forgets_a_worker roster.c
  "*row = (struct roster_row){.pid = pid," "roster->count--;
    *row = (struct roster_row){.pid = pid," I1)
toad_mutant(takes_strangers_for_workers manager.c
  "step_note(step, MANAGER_NOTE_UNKNOWN_CHILD, step->event->pid);"
  "(void)roster_add(&manager->roster, step->event->pid, step->now_us);" I4)
toad_mutant(retires_leaving_workers roster.c
  "if (worker_life_is_serving(roster->rows[i].life) && chosen-- == 0)" "if (chosen-- == 0)" I6)
toad_mutant(wants_less_than_nobody manager.c "if (manager->wanted == 0)" "if (manager->wanted == UINT32_MAX)" I3)
toad_mutant(does_not_count_ttin manager.c "manager->wanted++;" "" I3)
toad_mutant(keeps_surplus_workers manager.c
  "else if (roster_count_serving(&manager->roster) > manager->wanted)" "else if (manager->wanted > WORKERS_MAX)" I3)
toad_mutant(announces_before_the_first_beats manager.c
  "roster_count_ready(&manager->roster) < manager->wanted)" "roster_count_serving(&manager->roster) < manager->wanted)" I25)
toad_mutant(believes_in_workers_nobody_forked manager.c
  "if (manager->spawning == 0 || step->event->pid <= 1 ||" "if (step->event->pid <= 1 ||" I16)
toad_mutant(leaves_because_of_usr2 manager.def
  "MANAGER_RULE(RUNNING, UPGRADE, takeover_begin)" "MANAGER_RULE(RUNNING, UPGRADE, leave)" I19 --deploys)

# Failures
toad_mutant(starts_workers_without_a_pause backoff.c
  "return backoff->failures == 0 || now_us >= backoff->until_us;" "return now_us >= 0 || backoff->failures == 0;" I12)
toad_mutant(pauses_twice_as_long backoff.c "SECOND_US << doublings;" "2 * SECOND_US << doublings;" I12)
toad_mutant(gives_up_while_running manager.c
  "if (pool_is_untried(manager) && manager->backoff.failures >= START_ATTEMPTS_MAX)"
  "if (manager->backoff.failures >= START_ATTEMPTS_MAX)" I17 --workers 1 --wanted 1 --failures 6)
toad_mutant(lets_old_workers_hide_failures manager.c
  "for (uint32_t i = 0; i < manager->roster.count; i++)
        prove(step, &manager->roster.rows[i]);
    int64_t before_us" "int64_t before_us" L11)
toad_mutant(never_forgets_a_failure manager.c
  "row->is_proven = true;
    backoff_reset(&step->manager->backoff);" "row->is_proven = true;" L9)

# Hot deployments
set(deploys --workers 1 --wanted 1 --deploys)
toad_mutant(deploys_twice_at_once upgrade.def
  "UPGRADE_RULE(STARTING, ASKED, STARTING, NOTHING)" "UPGRADE_RULE(STARTING, ASKED, FORKING, SPAWN)" I19 ${deploys})
toad_mutant(commits_twice upgrade.def
  "UPGRADE_RULE(COMMITTED, READY, COMMITTED, NOTHING)" "UPGRADE_RULE(COMMITTED, READY, COMMITTED, COMMIT)" I20 ${deploys})
toad_mutant(commits_what_it_has_given_up upgrade.def
  "UPGRADE_RULE(ABORTING, READY, ABORTING, NOTHING)" "UPGRADE_RULE(ABORTING, READY, COMMITTED, COMMIT)" I20 ${deploys})
toad_mutant(gives_up_what_it_has_committed upgrade.def
  "UPGRADE_RULE(COMMITTED, GIVE_UP, COMMITTED, NOTHING)" "UPGRADE_RULE(COMMITTED, GIVE_UP, ABORTING, ABORT)" I20 ${deploys})
toad_mutant(does_not_answer_ready upgrade.def
  "UPGRADE_RULE(STARTING, READY, COMMITTED, COMMIT)" "UPGRADE_RULE(STARTING, READY, STARTING, NOTHING)" I20 ${deploys})
toad_mutant(forgets_the_deployment_s_timeout upgrade.c "return upgrade->began_us + timeout_us;" "return NEVER_US;" L6 ${deploys})
toad_mutant(gives_up_a_microsecond_late upgrade.c
  "return upgrade->began_us + timeout_us;" "return upgrade->began_us + timeout_us + 1;" L6 ${deploys})
toad_mutant(gives_up_a_second_early upgrade.c
  "return upgrade->began_us + timeout_us;" "return upgrade->began_us + timeout_us - SECOND_US;" I21 ${deploys})
toad_mutant(forgets_to_kill_the_new_generation upgrade.c
  "return upgrade->stopped_us + KILL_AFTER_US;" "return NEVER_US;" L6 ${deploys})
toad_mutant(does_not_forgive_the_new_generation manager.c
  "if (step->manager->upgrade.life == UPGRADE_STARTING)" "if (step->manager->upgrade.life == UPGRADE_KILLED)" I21 ${deploys})
toad_mutant(has_no_second_deployment upgrade.def
  "UPGRADE_RULE(STARTING, OVER, IDLE, NOTHING)" "UPGRADE_RULE(STARTING, OVER, COMMITTED, NOTHING)" I21 ${deploys})
toad_mutant(leaves_a_new_generation_behind manager.c
  "move_all(step, WORKER_EVENT_RETIRE, \"MGR-3\");
    takeover_give_up(step);" "move_all(step, WORKER_EVENT_RETIRE, \"MGR-3\");" I29 ${deploys})
toad_mutant(forgets_the_new_generation_s_fork_when_stopping takeover.c
  "if (manager->phase != MANAGER_RUNNING)
        takeover_give_up(step);" "" I29 ${deploys})
toad_mutant(exits_before_the_new_generation manager.c
  "upgrade_is_under_way(&manager->upgrade))" "manager->phase == MANAGER_GONE)" I31 ${deploys})
toad_mutant(does_not_take_its_pid_file_back takeover.c
  "manager->has_pid_file = true;
    if (manager->phase == MANAGER_RUNNING)" "if (manager->phase == MANAGER_RUNNING)" I25 ${deploys})
set(follows --workers 2 --wanted 2 --follows)
toad_mutant(asks_nobody manager.c
  "if (manager->predecessor == 0)
        takeover_serve" "if (manager->predecessor >= 0)
        takeover_serve" I23 ${follows})
toad_mutant(asks_before_the_first_beats manager.c
  "roster_count_ready(&manager->roster) < manager->wanted)" "roster_count_serving(&manager->roster) < manager->wanted)"
  I23 ${follows})
toad_mutant(spares_its_predecessor takeover.c
  "step_signal(step, manager->predecessor, WORKER_SIGNAL_QUIT, \"UPG-2\");" "" I23 ${follows})
toad_mutant(waits_for_the_dead takeover.c
  "if (manager->phase == MANAGER_ASKING)
        takeover_serve(step, \"PID-1\");" "" I23 ${follows})
toad_mutant(does_not_heed_abort manager.def
  "MANAGER_RULE(ASKING, UPGRADE_ABORTED, takeover_refuse)" "MANAGER_RULE(ASKING, UPGRADE_ABORTED, stay)" I31 ${follows})
toad_mutant(takes_over_with_workers_that_die_young manager.c
  "pool_is_untried(manager) && manager->predecessor != 0" "pool_is_untried(manager) && manager->predecessor == 1" I31
  ${follows})

# Two managers
set(mutant_objects pair_objects)
toad_mutant(pair_gives_up_what_it_has_committed upgrade.def
  "UPGRADE_RULE(COMMITTED, GIVE_UP, COMMITTED, NOTHING)" "UPGRADE_RULE(COMMITTED, GIVE_UP, ABORTING, ABORT)" I20)
toad_mutant(pair_needs_no_arbiter manager.c
  "if (manager->predecessor == 0)
        takeover_serve(step, \"PID-1\");
    else
        takeover_ask(step);" "if (manager->predecessor != 0)
        (void)takeover_complete(step);
    else
        takeover_serve(step, \"PID-1\");" I23)
toad_mutant(pair_leaves_with_its_word takeover.c
  "step_note(step, MANAGER_NOTE_UPGRADE_COMMITTED, pid);"
  "step_note(step, MANAGER_NOTE_UPGRADE_COMMITTED, pid);
    step_stop(step, 0, \"UPG-2\");" I22)
toad_mutant(pair_ends_the_old_one_before_its_word takeover.c
  "step_act(step, MANAGER_ACTION_ASK_TAKEOVER, \"UPG-2\");"
  "step_act(step, MANAGER_ACTION_ASK_TAKEOVER, \"UPG-2\");
    step_signal(step, manager->predecessor, WORKER_SIGNAL_QUIT, \"UPG-2\");" I22)
toad_mutant(pair_keeps_the_pid_file_of_another takeover.c
  "manager->has_pid_file = false;
    step_act(step, MANAGER_ACTION_COMMIT_UPGRADE" "step_act(step, MANAGER_ACTION_COMMIT_UPGRADE" I25)
toad_mutant(pair_waits_for_ever_for_the_new_one upgrade.c "return upgrade->began_us + timeout_us;" "return NEVER_US;" L6)
toad_mutant(pair_waits_for_ever_for_the_dead takeover.c
  "if (manager->phase == MANAGER_ASKING)
        takeover_serve(step, \"PID-1\");" "" L6)
toad_mutant(pair_has_no_end_after_its_word upgrade.def
  "UPGRADE_RULE(COMMITTED, OVER, IDLE, NOTHING)" "UPGRADE_RULE(COMMITTED, OVER, FORKING, NOTHING)" L6)

# An invariant that no mutant violates might never have been checked.
get_property(violated DIRECTORY PROPERTY violated_invariants)
file(STRINGS invariants.def rows REGEX "^INVARIANT")
foreach(row IN LISTS rows)
  string(REGEX REPLACE "^INVARIANT\\(([A-Z0-9]+),.*" "\\1" invariant "${row}")
  if(NOT invariant IN_LIST violated)
    message(FATAL_ERROR "tests/simulation/mutants.cmake: no mutant violates ${invariant}")
  endif()
endforeach()
