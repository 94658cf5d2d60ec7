/* http_reverse_list - the elements of all fields of one name, as one list, from its end on.
 *
 * Pure. Who adds to such a list adds at its end, so what strangers have put in front of it, such as
 * a quotation mark that is never closed, is met last and changes nothing behind it. Fields of the
 * same name are one list (RFC 9110 5.3); empty elements are elements, too. */
#ifndef TOAD_HTTP_HTTP_REVERSE_LIST_H
#define TOAD_HTTP_HTTP_REVERSE_LIST_H

#include "http/http_message.h"

struct http_reverse_list {
    const struct http_head *head; /* borrowed */
    struct bytes name;            /* of the fields, borrowed */
    uint32_t fields_left;         /* of the head, those not looked at */
    bool has_quotes;              /* a comma within quotation marks separates nothing */
    bool is_in_field;
    struct bytes rest; /* of a field, in front of what was taken */
};

void http_reverse_list_init(struct http_reverse_list *list, const struct http_head *head,
                            struct bytes name, bool has_quotes);

/* Takes the last element that is left, without white space at its ends. False if none is. */
bool http_reverse_list_next(struct http_reverse_list *list, struct bytes *ret_element);

#endif
