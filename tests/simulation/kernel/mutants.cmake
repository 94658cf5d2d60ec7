# Deliberately wrong servers. Each is the manager's process with one text replaced; the simulation must find it and name what
# it breaks.
#
# toad_kernel_mutant(NAME FILE TEXT REPLACEMENT INVARIANT): FILE is a .c file below src.
include(../replace_once.cmake)
function(toad_kernel_mutant name file text replacement invariant)
  set(source ${CMAKE_CURRENT_BINARY_DIR}/mutants/${name}/${file})
  toad_replace_once(${name} ${file} "${text}" "${replacement}" ${source})
  set_source_files_properties(${source} PROPERTIES GENERATED TRUE)
  # Its own object file comes before the archive, where the same functions then are not looked for.
  toad_manager_simulation(kernel_mutant_${name} ${source})
  target_compile_options(kernel_mutant_${name} PRIVATE -w)
  add_test(NAME simulation.manager.mutant.${name}
    COMMAND kernel_mutant_${name} --events 10000000 --expect ${invariant})
  set_tests_properties(simulation.manager.mutant.${name} PROPERTIES LABELS simulation TIMEOUT 600)
endfunction()

# The pipe and the children
toad_kernel_mutant(reads_the_pipe_once manager/observe.c "READS_MAX = 64," "READS_MAX = 1," I13)
toad_kernel_mutant(buries_before_the_last_words manager/observe.c
  "(void)observe_heartbeats(process);
        if (process->is_over || process_reap" "if (process->is_over || process_reap" I13)
toad_kernel_mutant(buries_another_child sys/process.c "waitpid(pid, &status" "waitpid(-1, &status" I13)
toad_kernel_mutant(reaps_one_child manager/observe.c "REAPS_MAX = 4096," "REAPS_MAX = 1," I4)
toad_kernel_mutant(takes_signals_after_children manager/observe.c
  "int count = take_signals(process, numbers);
    (void)observe_heartbeats(process);
    observe_children(process);"
  "(void)observe_heartbeats(process);
    observe_children(process);
    int count = take_signals(process, numbers);" I4)
toad_kernel_mutant(forgets_outcomes manager/manager_loop.c
  "while (process->outcome_count > 0 && !process->is_over)" "if (process->outcome_count > 0 && !process->is_over)" I4)
toad_kernel_mutant(hides_failed_forks manager/perform.c
  "outcome->kind = MANAGER_EVENT_SPAWN_FAILED;" "process->outcome_count--;" I4)
toad_kernel_mutant(hides_failed_deployments manager/perform.c
  "outcome->kind = MANAGER_EVENT_UPGRADE_FAILED;" "process->outcome_count--;" I4)

# Time
toad_kernel_mutant(judges_by_what_it_has_not_read manager/observe.c
  "int64_t heard_us = observe_heartbeats(process);" "int64_t heard_us = clock_monotonic_us();" I6)
toad_kernel_mutant(forgives_no_gap manager/observe.c
  "now_us - process->passed_us > SECOND_US" "now_us - process->passed_us > 1000 * SECOND_US" I15)
toad_kernel_mutant(believes_the_wall_clock sys/clock.c "read_clock_us(CLOCK_MONOTONIC)" "read_clock_us(CLOCK_REALTIME)" I13)
toad_kernel_mutant(spins_before_deadlines manager/observe.c
  "(deadline_us - now_us + MILLISECOND_US - 1)" "(deadline_us - now_us)" I12)
toad_kernel_mutant(sleeps_past_deadlines manager/observe.c
  "int64_t wake_us = process->manager.wake_us;" "int64_t wake_us = NEVER_US;" L1)

# Signals
toad_kernel_mutant(reads_one_signal manager/observe.c "SIGNALS_MAX = 64" "SIGNALS_MAX = 1" I29)
toad_kernel_mutant(takes_int_for_quit manager/observe.c
  "case SIGINT:
    case SIGTERM:
        event.kind = MANAGER_EVENT_STOP_NOW;
        break;
    case SIGQUIT:"
  "case SIGTERM:
        event.kind = MANAGER_EVENT_STOP_NOW;
        break;
    case SIGINT:
    case SIGQUIT:" I29)
toad_kernel_mutant(sends_the_wrong_signal manager/perform.c "return SIGQUIT;" "return SIGTERM;" I8)

# The policy
toad_kernel_mutant(starts_more_than_the_spare_workers policy/pool.c
  "all < manager->wanted + manager->settings.spare" "all <= manager->wanted + manager->settings.spare" I1)
toad_kernel_mutant(does_not_count_ttin policy/manager.c "manager->wanted++;" "" I3)
toad_kernel_mutant(judges_by_the_interval_alone policy/pool.c
  "settings->heartbeat_interval_us + settings->heartbeat_timeout_us;"
  "settings->heartbeat_interval_us + (row->life == WORKER_READY ? 0 : settings->heartbeat_timeout_us);" I7)
toad_kernel_mutant(kills_at_once policy/pool.c "row->stopped_us + KILL_AFTER_US;" "row->stopped_us;" I9)
toad_kernel_mutant(starts_workers_without_a_pause policy/backoff.c
  "return backoff->failures == 0 || now_us >= backoff->until_us;" "return now_us >= 0 || backoff->failures == 0;" I12)
toad_kernel_mutant(never_wakes_after_a_pause policy/pool.c
  "pool_is_short(manager) ? manager->backoff.until_us : NEVER_US" "NEVER_US" L9)

# The PID file
toad_kernel_mutant(does_not_lock_its_file sys/pid_file.c "flock(file->fd, LOCK_EX | LOCK_NB) != 0 ||" "" I25)
toad_kernel_mutant(does_not_miss_its_file sys/pid_file.c "return file->is_published && lstat" "return false && lstat" I25)
toad_kernel_mutant(serves_without_its_file manager/perform.c "if (was_published)" "if (was_published || true)" I25)
toad_kernel_mutant(takes_the_file_of_another sys/pid_file.c
  "if (flock(stale, LOCK_EX | LOCK_NB) != 0)" "if (false)" I26)
toad_kernel_mutant(removes_the_file_of_another sys/pid_file.c
  "file->is_published && is_ours(file)" "file->is_published" I26)
toad_kernel_mutant(leaves_its_draft sys/pid_file.c
  "if (file->is_drafted)
        (void)unlink(file->draft);" "" I31)

# The end
toad_kernel_mutant(leaks_a_descriptor manager/manager_loop.c
  "    askers_close(&process->askers);
}" "}" I31)
toad_kernel_mutant(hides_that_it_failed manager/perform.c
  "process->has_failed ? 1 : action->status" "action->status" I31)
