# Servers with one fault each. A fault is a text of a file of src/ that is replaced; several rows of one name are one server.
#
# toad_fault(NAME FILE TEXT REPLACEMENT)
# What must fail because of it stands in faults.json.

# The manager and its workers' lives
toad_fault(forgets_kill policy/pool.c "return row->stopped_us + KILL_AFTER_US;" "return NEVER_US;")
toad_fault(kills_late policy/pool.c
  "return row->stopped_us + KILL_AFTER_US;" "return row->stopped_us + 9 * KILL_AFTER_US;")
toad_fault(kills_early policy/pool.c
  "return row->stopped_us + KILL_AFTER_US;" "return row->stopped_us + KILL_AFTER_US / 2;")
toad_fault(repeats_quit policy/manager.c
  "row->heard_us = step->now_us;"
  "row->heard_us = step->now_us;
    if (step->manager->phase == MANAGER_LEAVING)
        step_signal(step, row->pid, WORKER_SIGNAL_QUIT, \"MGR-3\");")
toad_fault(ignores_term_after_quit policy/manager.def
  "MANAGER_RULE(LEAVING, STOP_NOW, stop)" "MANAGER_RULE(LEAVING, STOP_NOW, stay)")
toad_fault(counts_up_at_none policy/manager.c
  "if (manager->wanted == 0)
        return ERROR_NONE;
    manager->wanted--;"
  "manager->wanted = manager->wanted == 0 ? 1 : manager->wanted - 1;")
toad_fault(passes_on_no_usr1 policy/manager.c
  "step_signal(step, roster->rows[i].pid, WORKER_SIGNAL_USR1, \"MGR-8\");" "(void)roster;")
toad_fault(respawns_without_a_pause policy/backoff.c
  "return backoff->failures == 0 || now_us >= backoff->until_us;" "return now_us >= 0 || backoff->failures == 0;")
toad_fault(has_no_spare_workers policy/pool.c
  "all < manager->wanted + manager->settings.spare" "all < manager->wanted")
toad_fault(forgives_no_gap policy/manager.def
  "MANAGER_RULE(RUNNING, HELD_UP, forgive_workers)" "MANAGER_RULE(RUNNING, HELD_UP, stay)")
toad_fault(forgives_no_gap policy/manager.c
  "step->now_us - manager->wake_us > manager->settings.heartbeat_interval_us"
  "step->now_us - manager->wake_us > 1000000 * manager->settings.heartbeat_interval_us")

# Heartbeats
toad_fault(judges_too_early policy/pool.c
  "settings->heartbeat_interval_us + settings->heartbeat_timeout_us;"
  "settings->heartbeat_interval_us + settings->heartbeat_timeout_us / 2;")
toad_fault(loses_torn_lines policy/heartbeat.c
  "if (end == chunk->size)
            break;"
  "if (end == chunk->size) {
            heartbeat_reader_init(reader);
            break;
        }")
toad_fault(is_silent_while_idle worker/worker.c
  "beat(timer->data);"
  "if (((const struct toad_worker *)timer->data)->connections != NULL)
        beat(timer->data);")
toad_fault(judges_leaving_workers_by_heartbeats policy/pool.c
  "return row->leaving_us + settings->graceful_timeout_us;"
  "return row->heard_us + settings->heartbeat_interval_us + settings->heartbeat_timeout_us;")

# The PID file
toad_fault(removes_a_foreign_pid_file sys/pid_file.c
  "if (file->is_published && is_ours(file))" "if (file->is_published)")
toad_fault(misses_no_pid_file manager/observe.c
  "if (pid_file_is_lost(&process->pid_file))" "if (process->pid_file.fd < -1)")
toad_fault(hides_its_pid_file sys/pid_file.c "fchmod(file->fd, 0644)" "fchmod(file->fd, 0600)")

# Hot deployment
toad_fault(opens_its_sockets_anew main/listening.c
  "if (endpoint->port != 0 && endpoint->fd < 0)" "if (endpoint->fd < 0)")
toad_fault(waits_for_ever_for_the_new_one policy/upgrade.c "return upgrade->began_us + timeout_us;" "return NEVER_US;")

# Workers
toad_fault(accepts_while_leaving worker/worker.c "acceptor_close(&worker->acceptor);
    beat(worker);" "beat(worker);")
toad_fault(accepts_while_leaving policy/admission.c
  "if (facts->is_leaving || facts->connected >= limits->clients ||" "if (facts->connected >= limits->clients ||")
toad_fault(keeps_connections_while_leaving http/http_session.c
  "if (!client_persists || is_leaving || is_enough || is_early)" "(void)is_leaving;
    if (!client_persists || is_enough || is_early)")
toad_fault(outlives_its_manager worker/worker.c "ev_io_start(worker->loop, &worker->life);" "")
toad_fault(dies_of_usr2 worker/worker.c "SIGHUP, SIGUSR2, SIGTTIN" "SIGHUP, SIGTTIN")
toad_fault(accepts_one_too_many policy/admission.c
  "return limits->accepts != 0 && facts->accepted >= limits->accepts;"
  "return limits->accepts != 0 && facts->accepted > limits->accepts;")
toad_fault(accepts_one_too_many policy/admission.c
  "limits->accepts - facts->accepted < room)
        room = (uint32_t)(limits->accepts - facts->accepted);"
  "limits->accepts + 1 - facts->accepted < room)
        room = (uint32_t)(limits->accepts + 1 - facts->accepted);")
toad_fault(keeps_the_accept_mutex worker/acceptor.c
  "if (is_held)
        accept_lock_release(acceptor->lock_fd);" "")

# Sockets
toad_fault(leaves_its_unix_path main/listening.c
  "if (!file_identity_is_none(listening->files[i]))
            remove_file(listening, i);" "(void)remove_file;")

# HTTP
toad_fault(takes_bare_line_feeds http/http_scan.c
  "scan->scanned = (uint32_t)at;
    /*"
  "scan->scanned = (uint32_t)at;
    if (at < input.size && input.data[at] == '\\n') {
        ((char *)(uintptr_t)input.data)[at] = ' ';
        *ret_is_starved = false;
        return HTTP_INCOMPLETE;
    }
    /*")
toad_fault(takes_two_hosts http/http_fields.c "if (facts->host_count > 1)" "if (facts->host_count > 2)")
toad_fault(answers_head_with_a_body worker/reply.c
  "http_status_has_no_body(status) || bytes_equal(request->head->method, BYTES(\"HEAD\"));"
  "http_status_has_no_body(status);")
toad_fault(answers_one_request_too_many http/http_session.c
  "session->requests >= settings->keep_alive_requests" "session->requests > settings->keep_alive_requests")

# WebSocket
toad_fault(cuts_websockets worker/websocket.c
  "if (ws->session.state.life == WS_LIFE_CLOSED)"
  "if (ws->session.state.life != WS_LIFE_CLOSED)
        ws->connection->is_lost = true;
    else if (ws->session.state.life == WS_LIFE_CLOSED)")
toad_fault(answers_no_ping ws/ws_session.c
  "if (is_ping && session->state.life == WS_LIFE_OPEN)" "if (is_ping && session->state.life == WS_LIFE_CLOSED)")
toad_fault(takes_unmasked_frames ws/ws_session.c "if (!piece->is_masked)" "if (piece->frame_size > UINT64_MAX - 1)")
