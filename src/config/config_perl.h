/* config_perl - the program by which the system's perl evaluates a configuration that is more than
 * data (promise CFG-2).
 *
 * Run as `perl -e CONFIG_PERL_PROGRAM FILE`, FILE by its absolute path. It needs perl's core alone,
 * no module. On success it prints on standard output one hash in the grammar of config_reader.h, in
 * printable ASCII, and ends with 0. Otherwise it prints one line on standard error and ends with 1.
 * What the file itself prints goes to standard error. A file that ends the program by itself leaves
 * standard output empty, which config_read() refuses. */
#ifndef TOAD_CONFIG_CONFIG_PERL_H
#define TOAD_CONFIG_CONFIG_PERL_H

/* Texts are written in double quotes with \xHH for all that is not harmless, so that no byte is
 * changed on its way; characters beyond a byte become UTF-8. */
#define CONFIG_PERL_PROGRAM                                                                        \
    "package Hypnotoad::Evaluation;\n"                                                             \
    "my $file = shift;\n"                                                                          \
    "open my $out, '>&', \\*STDOUT or die qq{$!\\n};\n"                                            \
    "open STDOUT, '>&', \\*STDERR or die qq{$!\\n};\n"                                             \
    "sub refuse { my $line = join '', $file, ': ', @_; $line =~ s/\\s*\\n\\s*/; /g;\n"             \
    "  $line =~ s/[; ]+\\z//; local ($\\, $,); print STDERR $line, qq{\\n}; exit 1 }\n"            \
    "sub text { my $text = shift; utf8::encode($text) unless utf8::downgrade($text, 1);\n"         \
    "  $text =~ s/([^ -~]|[\"\\\\\\$\\@])/sprintf '\\\\x%02x', ord $1/ge; qq{\"$text\"} }\n"       \
    "sub data { my ($data, $name, $depth) = @_; my $kind = ref $data;\n"                           \
    "  return defined $data ? text($data) : 'undef' if $kind eq '';\n"                             \
    "  refuse(qq{$name is nested too deeply}) if $depth > 64;\n"                                   \
    "  return '[' . join(',', map { data($_, $name, $depth + 1) } @$data) . ']'\n"                 \
    "    if $kind eq 'ARRAY';\n"                                                                   \
    "  refuse(qq{$name is a $kind reference, which is not data}) if $kind ne 'HASH';\n"            \
    "  return '{' . join(qq{,\\n}, map { text($_) . '=>' .\n"                                      \
    "    data($data->{$_}, $depth == 1 ? $_ : $name, $depth + 1) } sort keys %$data) . '}' }\n"    \
    "-r $file or refuse(qq{cannot be read: $!});\n"                                                \
    "my $hash = do { do($file =~ m{^/} ? $file : qq{./$file}) };\n"                                \
    "refuse(qq{perl cannot load it: $@}) if $@;\n"                                                 \
    "ref $hash eq 'HASH' or refuse('the file must return one hash, as in {workers => 4}');\n"      \
    "my $data = data($hash, 'the file', 1);\n"                                                     \
    "{ local ($\\, $,); print $out $data, qq{\\n} }\n"                                             \
    "close $out or refuse(qq{cannot be told: $!});\n"

#endif
