#!/usr/bin/perl
# An independent reader of "The table of action items" in docs/formats.md: a body on standard input, its form in the
# content digest as JSON on standard output. Written from that page alone; it shares nothing with pmctl.
use strict; use warnings;
use JSON::PP; use Encode qw(decode);
local $/;
my $body = decode('UTF-8', <STDIN>);
$body =~ s/\r\n/\n/g;
my ($fence, $comment, $in, $ended, $free, $bad, $at) = ('', 0, 0, 0, 1, 0, 0);
my (@rows, @places);
for my $line (split /\n/, $body, -1) {
    my ($start, $kind) = ($at, 'shown');
    $at += length($line) + 1;
    my ($open) = $line =~ /^ {0,3}(`{3,}(?=[^`]*\z)|~{3,})/;
    if ($fence) {
        $kind = 'code';
        my ($c) = substr($fence, 0, 1);
        $fence = '' if $line =~ /^ {0,3}(\Q$c\E+)[ \t]*\z/ && length($1) >= length($fence);
    }
    elsif ($comment || $line =~ /^ {0,3}<!--/) { $kind = 'hidden'; $comment = index($line, '-->') < 0; }
    elsif ($open) { $kind = 'code'; $fence = $open; }
    if (!$in) { $in = $kind eq 'shown' && $line =~ /^##[ \t]+action[ \t]+items([ \t]+#+)?[ \t]*\z/ia; next; }
    last if $kind eq 'shown' && $line =~ /^##?([ \t]|\z)/;
    if ($kind eq 'hidden' || index($line, '|') < 0) {
        $free = $kind eq 'hidden' || $kind eq 'shown' && $line =~ /^(#{1,6}([ \t]|\z)|[ \t]*\z)/;
        $bad = 1 if @rows && !$ended && !$free;
        $ended = 1 if @rows;
        next;
    }
    my ($inner) = $line =~ /^\|((?:[^\r]*[^\\\r])?)\| *\z/;
    if ($kind ne 'shown' || !defined $inner || $line =~ /\\\\\|/ || $ended || (!@rows && !$free)) { $bad = 1; next; }
    my @cells = map { s/^[ \t]+|[ \t]+\z//gr } split /(?<!\\)\|/, $inner, -1;
    @cells = ('') unless @cells;
    $bad = 1 if @rows && @cells != @{ $rows[0] } || @rows == 1 && grep { !/^:?-+:?\z/ } @cells;
    push @rows, \@cells; push @places, [$start, length $line];
}
my $json = JSON::PP->new->ascii->canonical->allow_nonref;
if ($bad || @rows < 2) { print $json->encode($body); exit; }
my @names = map { (lc) =~ s/[ \t]+/ /gr } map { /[^\x00-\x7f]/ ? '?' : $_ } @{ $rows[0] };
my %null;
if (grep { /^(action|description|action item|task)\z/ } @names) {
    for my $known (['owner'], ['due', 'due date'], ['priority'], ['status'], ['ticket', 'ticket link'], ['notes']) {
        my ($name) = grep { my $n = $_; grep { $_ eq $n } @names } @$known or next;
        my ($first) = grep { $names[$_] eq $name } 0 .. $#names;
        $null{$first} = 1;
    }
}
my @out = map { my $r = $_; [map { $null{$_} ? undef : $r->[$_] } 0 .. $#$r] } @rows[2 .. $#rows];
my ($from, $end) = ($places[0][0], $places[-1][0] + $places[-1][1]);
my ($head, $dash) = map { substr $body, $_->[0], $_->[1] } @places[0, 1];
print $json->encode([substr($body, 0, $from), { header => $head, delimiter => $dash, rows => \@out }, substr($body, $end)]);
