# Deliberately wrong managers. Each is the policy with one text replaced; the explorer must find it and name what it breaks.
#
# toad_mutant(NAME FILE TEXT REPLACEMENT INVARIANT [explorer's arguments...])
# FILE is a file of src/policy; of a .def the .c file of the same name is compiled against the changed copy.
include(replace_once.cmake)
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
  add_executable(mutant_${name} $<TARGET_OBJECTS:explorer_objects> $<TARGET_OBJECTS:world_objects>
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
toad_mutant(signals_the_neighbour manager.c "action->pid = roster->rows[i].pid;" "action->pid = roster->rows[i].pid + 1;" I5)
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
  "if (!is_ending || manager->roster.count > 0 || manager->spawning > 0)"
  "if (!is_ending || manager->spawning > 0)" I31)
toad_mutant(exits_with_a_fork_under_way manager.c
  "if (!is_ending || manager->roster.count > 0 || manager->spawning > 0)"
  "if (!is_ending || manager->roster.count > 0)" I31)
toad_mutant(leaves_its_pid_file manager.c
  "if (manager->has_pid_file)
        act(step, MANAGER_ACTION_REMOVE_PID_FILE, \"PID-1\");" "" I31)

# The pool
toad_mutant(starts_workers_while_leaving pool.c
  "manager->phase == MANAGER_STARTING || manager->phase == MANAGER_RUNNING;"
  "manager->phase >= MANAGER_STARTING && manager->phase <= MANAGER_LEAVING;" I1)
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
  "note(step, MANAGER_NOTE_UNKNOWN_CHILD, step->event->pid);"
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
  "if (manager->spawning == 0 || step->event->pid <= 1)" "if (step->event->pid <= 1)" I16)
toad_mutant(leaves_because_of_usr2 manager.def
  "MANAGER_RULE(RUNNING, UPGRADE, decline_upgrade)" "MANAGER_RULE(RUNNING, UPGRADE, leave)" I19)

# Failures
toad_mutant(starts_workers_without_a_pause backoff.c
  "return backoff->failures == 0 || now_us >= backoff->until_us;" "return now_us >= 0 || backoff->failures == 0;" I12)
toad_mutant(pauses_twice_as_long backoff.c "SECOND_US << doublings;" "2 * SECOND_US << doublings;" I12)
toad_mutant(gives_up_while_running manager.c
  "if (manager->phase == MANAGER_STARTING && manager->backoff.failures >= START_ATTEMPTS_MAX)"
  "if (manager->backoff.failures >= START_ATTEMPTS_MAX)" I17 --workers 1 --wanted 1 --failures 6)
toad_mutant(lets_old_workers_hide_failures manager.c
  "for (uint32_t i = 0; i < manager->roster.count; i++)
        prove(step, &manager->roster.rows[i]);
    int64_t before_us" "int64_t before_us" L11)
toad_mutant(never_forgets_a_failure manager.c
  "row->is_proven = true;
    backoff_reset(&step->manager->backoff);" "row->is_proven = true;" L9)

# An invariant that no mutant violates might never have been checked.
get_property(violated DIRECTORY PROPERTY violated_invariants)
file(STRINGS invariants.def rows REGEX "^INVARIANT")
foreach(row IN LISTS rows)
  string(REGEX REPLACE "^INVARIANT\\(([A-Z0-9]+),.*" "\\1" invariant "${row}")
  if(NOT invariant IN_LIST violated)
    message(FATAL_ERROR "tests/simulation/mutants.cmake: no mutant violates ${invariant}")
  endif()
endforeach()
