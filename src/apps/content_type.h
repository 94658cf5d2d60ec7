/* content_type - what a file holds, by the end of its name.
 *
 * Pure. */
#ifndef TOAD_APPS_CONTENT_TYPE_H
#define TOAD_APPS_CONTENT_TYPE_H

/* The media type of the file `name`, which may have directories in front, without regard to case;
 * "application/octet-stream" for names that content_types.def does not know. Static. */
const char *content_type_of(const char *name);

#endif
