/* pair - two managers joined by the channel of a hot deployment, and what lies between them.
 *
 * Each manager by itself is the explorer's; here only what both do together counts. A move is one
 * thing that the world around them lets happen. Words arrive in order, and the end of the channel
 * behind the last of them; a PID file is replaced in one step and removed only by whom it names. */
#ifndef TOAD_TESTS_SIMULATION_PAIR_H
#define TOAD_TESTS_SIMULATION_PAIR_H

#include "judge.h"
#include "moves.h"
#include "state.h"

#include <stdio.h>

enum side {
    SIDE_OLD,
    SIDE_NEW
};

/* The new manager's process. */
enum pair_process {
    PROCESS_NONE,
    PROCESS_LOADING, /* has not come to its first decision */
    PROCESS_LIVING,
    PROCESS_ENDED /* which the old manager does not know yet */
};

enum pair_word {
    WORD_NONE,
    WORD_COMMIT,
    WORD_ABORT
};

enum pair_file {
    FILE_NONE,
    FILE_OLD,
    FILE_NEW
};

struct pair {
    struct manager managers[2];
    int64_t now_us;
    bool is_old_alive;
    bool is_forking;
    enum pair_process process;
    bool has_ready;        /* READY is on its way */
    enum pair_word word;   /* that is on its way to the new one */
    enum pair_word said;   /* the word that this new generation was told */
    bool has_heard;        /* the new one has its word, or knows that there will be none */
    bool has_quit;         /* QUIT is on its way to the old one */
    bool has_term;         /* TERM is on its way to the new one */
    bool has_taken_over;   /* this new generation has */
    bool may_old_be_over;  /* it was ended from outside, or who had taken over was */
    bool may_new_be_over;  /* it was ended from outside, or by its own workers */
    enum pair_file file;   /* whom the PID file names */
    enum invariant broken; /* by what the managers have just done */
    FILE *traces[2];       /* null pointers: nobody is interested */
    struct manager_actions actions;
};

enum pair_move_kind {
#define PAIR_MOVE(name, text) PAIR_MOVE_##name,
#include "pair.def"
#undef PAIR_MOVE
    PAIR_MOVE_KINDS
};

struct pair_move {
    enum pair_move_kind kind;
    enum side side;
    uint32_t row;
};

enum {
    PAIR_ROWS_MAX = 2
};

/* An old manager that serves with one worker, and nobody else. */
void pair_init(struct pair *pair, const struct manager_settings *settings);
void pair_copy(struct pair *to, const struct pair *from);

const char *pair_move_text(enum pair_move_kind kind);

/* False if this cannot happen now. pair->broken says what it broke. Rows are those of the state. */
bool pair_play(struct pair *pair, struct pair_move move);

/* What holds of both together, at any time (pair_judge.c). */
enum invariant pair_judge(const struct pair *pair);

/* The same and what must come about: everything on its way arrives, workers beat, and the
 * deployment ends; or nothing is ever heard of the new manager again (pair_settle.c). */
enum invariant pair_settle(const struct pair *pair);

/* The new manager's life goes on as any manager's; that is for the other explorer. */
bool pair_is_over(const struct pair *pair);

/* pair_state.c */
void pair_pack(const struct pair *pair, struct state *ret_state);
void pair_unpack(const struct state *state, const struct manager_settings *settings,
                 struct pair *ret_pair);
/* The manager's rows in the order of its state. */
void pair_order(const struct pair *pair, enum side side,
                const struct roster_row *ret_rows[PAIR_ROWS_MAX]);

#endif
