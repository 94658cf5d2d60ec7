#include "http/http_grammar.h"

bool http_is_token(struct bytes text)
{
    for (size_t i = 0; i < text.size; i++)
        if (!http_is_token_byte(text.data[i]))
            return false;
    return text.size > 0;
}

bool http_is_text(struct bytes text)
{
    for (size_t i = 0; i < text.size; i++)
        if (http_is_control(text.data[i]) && text.data[i] != '\t')
            return false;
    return true;
}

bool http_list_next(struct bytes *list, struct bytes *ret_element)
{
    if (list->data == NULL)
        return false;
    size_t comma = bytes_find(*list, ',');
    *ret_element = bytes_trim(bytes_first(*list, comma));
    if (comma == list->size)
        *list = (struct bytes){NULL, 0};
    else
        *list = (struct bytes){list->data + comma + 1, list->size - comma - 1};
    return true;
}
