#include "http/http_reverse_list.h"

void http_reverse_list_init(struct http_reverse_list *list, const struct http_head *head,
                            struct bytes name, bool has_quotes)
{
    *list = (struct http_reverse_list){
        .head = head, .name = name, .fields_left = head->field_count, .has_quotes = has_quotes};
}

static bool find_field(struct http_reverse_list *list)
{
    while (list->fields_left > 0) {
        const struct http_field *field = &list->head->fields[--list->fields_left];
        if (!bytes_equal_ignoring_case(field->name, list->name))
            continue;
        list->rest = field->value;
        return true;
    }
    return false;
}

/* Behind an odd number of backslashes (RFC 9110 5.6.4, quoted-pair). */
static bool is_escaped(struct bytes text, size_t at)
{
    size_t first = at;
    while (first > 0 && text.data[first - 1] == '\\')
        first--;
    return (at - first) % 2 != 0;
}

/* Where the last element of `text` begins. */
static size_t find_last(struct bytes text, bool has_quotes)
{
    bool is_quoted = false;
    for (size_t at = text.size; at > 0; at--) {
        char byte = text.data[at - 1];
        if (byte == ',' && !is_quoted)
            return at;
        if (has_quotes && byte == '"' && !is_escaped(text, at - 1))
            is_quoted = !is_quoted;
    }
    return 0;
}

bool http_reverse_list_next(struct http_reverse_list *list, struct bytes *ret_element)
{
    if (!list->is_in_field && !find_field(list))
        return false;
    size_t begin = find_last(list->rest, list->has_quotes);
    *ret_element = bytes_trim(bytes_from(list->rest, begin));
    list->is_in_field = begin > 0;
    if (list->is_in_field)
        list->rest = bytes_first(list->rest, begin - 1);
    return true;
}
