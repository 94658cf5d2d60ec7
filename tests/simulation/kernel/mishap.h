/* mishap - what goes wrong around a manager: signals, deaths, failing calls, lost files. */
#ifndef TOAD_TESTS_KERNEL_MISHAP_H
#define TOAD_TESTS_KERNEL_MISHAP_H

/* One of them, by the scenario's likelihoods. */
void mishap_happen(void);

/* A signal for the manager, unless the scenario rules it out. */
void mishap_signal(int number);

/* Everything that mishaps have broken works again. */
void mishap_end_all(void);

#endif
