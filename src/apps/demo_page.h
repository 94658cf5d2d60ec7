/* demo_page - the page of the demo, made of demo_page.html when the build is configured. */
#ifndef TOAD_APPS_DEMO_PAGE_H
#define TOAD_APPS_DEMO_PAGE_H

#include <stddef.h>

/* Has no NUL at its end; {{name}} stands where a value belongs. */
extern const char demo_page[];
extern const size_t demo_page_size;

#endif
