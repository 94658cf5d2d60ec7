#include "base/percent.h"

#include <string.h>

static int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

bool percent_decode(char *text, bool is_form)
{
    char *write = text + strcspn(text, is_form ? "%+" : "%");
    for (const char *read = write; *read != '\0'; read++) {
        if (*read != '%') {
            *write = *read;
            if (is_form && *read == '+')
                *write = ' ';
            write++;
            continue;
        }
        int high = hex_value(read[1]);
        int low = high < 0 ? -1 : hex_value(read[2]);
        if (low < 0 || high + low == 0)
            return false;
        *write++ = (char)(high * 16 + low);
        read += 2;
    }
    *write = '\0';
    return true;
}
