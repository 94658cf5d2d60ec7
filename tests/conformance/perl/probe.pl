#!/usr/bin/perl
# The twin of the probe application (src/apps/probe.c): the same paths show and do the same.
# Its configuration is probe.conf beside it, Perl data with the settings' names of Mojo::Server::Hypnotoad.
use Mojolicious::Lite -signatures;
use Mojo::File qw(curfile);
use Mojo::IOLoop;
use Mojo::JSON qw(encode_json);
use POSIX ();

my $conf = curfile->sibling('probe.conf');
my $own  = eval $conf->slurp;
die "probe.conf: $@" if $@;
die "probe.conf holds no hash\n" unless ref $own eq 'HASH';
my $websocket_timeout = delete $own->{twin_websocket_timeout};
app->config(hypnotoad => $own);

my $alphabet = join '', 'a' .. 'z';

sub letters ($size) { substr $alphabet x (1 + $size / 26), 0, $size }
sub text ($c, $text) { $c->res->headers->content_type('text/plain'); $c->render(data => $text) }

sub number ($c, $name) {
  my $value = $c->req->query_params->param($name) // '';
  return $value if $value =~ /\A\d+(?:\.\d+)?\z/;
  $c->render(status => 400, data => "the parameter $name must be a number\n");
  return undef;
}

get '/'     => sub ($c) { text($c, 'Hello World') };
get '/pid'  => sub ($c) { text($c, $$) };
get '/mode' => sub ($c) { text($c, $ENV{MOJO_MODE} // '') };

get '/slow' => sub ($c) {
  return unless defined(my $rest = number($c, 's'));
  $c->render_later;
  my $tx = $c->tx;
  Mojo::IOLoop->timer($rest => sub { text($c, 'slow') });
};

get '/block' => sub ($c) {
  return unless defined(my $rest = number($c, 's'));
  select undef, undef, undef, $rest;
  text($c, 'blocked');
};

get '/spin' => sub ($c) { 1 while 1 };

get '/crash' => sub ($c) {
  my $how = $c->param('how') // '';
  POSIX::_exit(1)        if $how eq 'exit';
  kill SEGV => $$        if $how eq 'segv';
  POSIX::abort()         if $how eq 'abort';
  $c->render(status => 400, data => "how?\n");
};

any '/info' => sub ($c) {
  my $req     = $c->req;
  my $headers = $req->headers;
  my @fields  = map { my $name = $_; map { [$name, $_] } @{$headers->every_header($name)} } @{$headers->names};
  my $url = $req->url->to_abs;
  $c->res->headers->content_type('application/json');
  $c->render(data => encode_json({
    method => $req->method, path => $req->url->path->to_string, query => $req->url->query->to_string, version => $req->version,
    remote_address => $c->tx->remote_address, remote_port => $c->tx->remote_port, scheme => $url->scheme, host => $url->host_port,
    headers => \@fields
  }));
};

post '/len'   => sub ($c) { text($c, length $c->req->body) };
post '/echo'  => sub ($c) { $c->res->headers->content_type('application/octet-stream'); $c->render(data => $c->req->body) };
get '/large'  => sub ($c) { text($c, letters(number($c, 'bytes') // return)) };

get '/stream' => sub ($c) {
  my ($left, $size) = (number($c, 'n') // return, number($c, 'size') // return);
  $c->res->headers->content_type('text/plain');
  my $part = letters($size);
  my $next;
  $next = sub ($c, @) { $left-- > 0 ? $c->write_chunk($part => $next) : $c->write_chunk('') };
  $next->($c);
};

get '/drip' => sub ($c) {
  my ($left, $rest) = (number($c, 'n') // return, number($c, 's') // return);
  $c->res->headers->content_type('text/plain');
  my $tx = $c->tx;
  my $next;
  $next = sub {
    return $c->write_chunk('') if $left-- <= 0;
    $c->write_chunk($alphabet => sub { Mojo::IOLoop->timer($rest => $next) });
  };
  $next->();
};

get '/headers' => sub ($c) {
  my $pairs   = $c->req->query_params->pairs;
  my $refused = 0;
  while (my ($name, $value) = splice @$pairs, 0, 2) {
    eval { $c->res->headers->add($name => $value); 1 } or $refused++;
  }
  text($c, $refused);
};

get '/ids' => sub ($c) {
  my ($uid, $gid) = map { +{real => $_->[0] + 0, effective => $_->[1] + 0} } [$<, $>], [(split / /, $()[0], (split / /, $))[0]];
  $c->render(json => {uid => $uid, gid => $gid});
};

websocket '/echo' => sub ($c) {
  $c->tx->with_compression;
  $c->inactivity_timeout($websocket_timeout) if defined $websocket_timeout;
  $c->on(text   => sub ($c, $bytes) { $c->send({text   => $bytes}) });
  $c->on(binary => sub ($c, $bytes) { $c->send({binary => $bytes}) });
};

websocket '/close' => sub ($c) { $c->finish(number($c, 'code'), 'as you wish') };

app->start;
