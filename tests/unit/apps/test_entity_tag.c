/* RFC 9110 8.8.3 */
#include "apps/entity_tag.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct entity first = {1700000000, 5, 100, 7, true};

static const char *tag_of(const struct entity *entity)
{
    static char text[ENTITY_TAG_SIZE];
    entity_tag_write(text, entity);
    return text;
}

Test(entity_tag, is_another_one_for_each_change)
{
    struct entity rows[] = {first, first, first, first, first};
    rows[0].modified_s++;
    rows[1].modified_ns++;
    rows[2].size++;
    rows[3].inode++;
    rows[4].is_settled = false;
    char before[ENTITY_TAG_SIZE];
    entity_tag_write(before, &first);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        cr_expect_str_neq(before, tag_of(&rows[i]), "row %zu", i);
    cr_expect_str_eq(before, tag_of(&first));
}

Test(entity_tag, is_weak_while_the_file_may_still_change)
{
    struct entity young = first;
    young.is_settled = false;
    char strong[ENTITY_TAG_SIZE];
    entity_tag_write(strong, &first);
    cr_expect_eq(strong[0], '"');
    cr_expect_eq(strncmp(tag_of(&young), "W/\"", 3), 0);
    cr_expect_str_eq(tag_of(&young) + 2, strong);
}

Test(entity_tag, has_room_for_the_largest_numbers)
{
    struct entity largest = {-1, UINT32_MAX, UINT64_MAX, UINT64_MAX, false};
    cr_expect_str_eq(tag_of(&largest),
                     "W/\"ffffffffffffffff.ffffffff-ffffffffffffffff-ffffffffffffffff\"");
}

Test(entity_tag, is_found_in_a_list)
{
    static const struct {
        const char *list;
        const char *tag;
        bool is_in_strongly;
        bool is_in_weakly;
    } rows[] = {
        /* RFC 9110 8.8.3.2 */
        {"W/\"1\"", "W/\"1\"", false, true},
        {"W/\"1\"", "W/\"2\"", false, false},
        {"W/\"1\"", "\"1\"", false, true},
        {"\"1\"", "W/\"1\"", false, true},
        {"\"1\"", "\"1\"", true, true},
        {"\"a\",\"1\"", "\"1\"", true, true},
        {"\"a\" ,\t\"1\" , \"b\"", "\"1\"", true, true},
        {", ,\"1\",,", "\"1\"", true, true},
        {"W/\"1\", \"1\"", "\"1\"", true, true},
        {"\"a,1\"", "\"1\"", false, false},
        {"\"a, \"1\"\"", "\"1\"", false, false},
        {"\"\"", "\"\"", true, true},
        {"\"\\\"", "\"\\\"", true, true},
        {"\"\xc3\xa4\"", "\"\xc3\xa4\"", true, true},
        {"*", "\"1\"", true, true},
        {"*, \"2\"", "\"1\"", false, false},
        {"\"2\", *", "\"1\"", false, false},
        {"", "\"1\"", false, false},
        {",", "\"1\"", false, false},
        {"1", "\"1\"", false, false},
        {"\"1", "\"1\"", false, false},
        {"w/\"1\"", "\"1\"", false, false},
        {"W/", "\"1\"", false, false},
        {"W/ \"1\"", "\"1\"", false, false},
        {"\"1\"x", "\"1\"", false, false},
        {"\"1\" \"2\"", "\"2\"", false, false},
        {"\"1 2\", \"2\"", "\"2\"", false, false},
        {"x, \"1\"", "\"1\"", false, false},
        {"\"1\", x", "\"1\"", true, true},
        {"\"10\"", "\"1\"", false, false},
        {"\"1\"", "\"10\"", false, false},
        {"\"1\"", "1", false, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cr_expect_eq(entity_tag_is_in(rows[i].list, rows[i].tag, ENTITY_TAG_STRONG),
                     rows[i].is_in_strongly, "%s in %s", rows[i].tag, rows[i].list);
        cr_expect_eq(entity_tag_is_in(rows[i].list, rows[i].tag, ENTITY_TAG_WEAK),
                     rows[i].is_in_weakly, "%s in %s", rows[i].tag, rows[i].list);
    }
}
