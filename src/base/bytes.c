#include "base/bytes.h"

#include <string.h>

struct bytes bytes_of(const char *text)
{
    return (struct bytes){text, text == NULL ? 0 : strlen(text)};
}

bool bytes_equal(struct bytes a, struct bytes b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

static unsigned char lower(char letter)
{
    unsigned char byte = (unsigned char)letter;
    return byte >= 'A' && byte <= 'Z' ? (unsigned char)(byte | 0x20u) : byte;
}

bool bytes_equal_ignoring_case(struct bytes a, struct bytes b)
{
    if (a.size != b.size)
        return false;
    for (size_t i = 0; i < a.size; i++)
        if (lower(a.data[i]) != lower(b.data[i]))
            return false;
    return true;
}

bool bytes_start_with(struct bytes whole, struct bytes start)
{
    return whole.size >= start.size && bytes_equal(bytes_first(whole, start.size), start);
}

struct bytes bytes_from(struct bytes whole, size_t offset)
{
    if (offset >= whole.size)
        return (struct bytes){NULL, 0};
    return (struct bytes){whole.data + offset, whole.size - offset};
}

struct bytes bytes_first(struct bytes whole, size_t size)
{
    return (struct bytes){whole.data, size < whole.size ? size : whole.size};
}

size_t bytes_find(struct bytes whole, char byte)
{
    const char *found = whole.size == 0 ? NULL : memchr(whole.data, byte, whole.size);
    return found == NULL ? whole.size : (size_t)(found - whole.data);
}

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

struct bytes bytes_trim(struct bytes whole)
{
    while (whole.size > 0 && is_blank(whole.data[0]))
        whole = bytes_from(whole, 1);
    while (whole.size > 0 && is_blank(whole.data[whole.size - 1]))
        whole.size--;
    return whole;
}

bool bytes_to_number(struct bytes digits, uint64_t most, uint64_t *ret_number)
{
    uint64_t number = 0;
    for (size_t i = 0; i < digits.size; i++) {
        if (digits.data[i] < '0' || digits.data[i] > '9')
            return false;
        uint64_t digit = (uint64_t)(digits.data[i] - '0');
        if (digit > most || number > (most - digit) / 10)
            return false;
        number = number * 10 + digit;
    }
    if (digits.size == 0)
        return false;
    *ret_number = number;
    return true;
}
