#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# perl: files, sockets, fork, signals, modules.
exec 2>&1
perl -e 'use strict; use warnings; use POSIX; use Socket; use IO::Handle; use File::Temp qw(tempfile); use Time::HiRes qw(usleep);
my %h = map { $_ => length } qw(apple fig banana); print "$_=$h{$_}\n" for sort keys %h;
open(my $f, ">", "pf") or die; print $f "line $_\n" for 1..5; close $f;
open($f, "<", "pf"); my @l = <$f>; print scalar(@l), " ", (stat "pf")[7], "\n";
my $pid = fork; if (!$pid) { exit 9 } waitpid $pid, 0; print "child ", $? >> 8, "\n";
pipe(my $r, my $w); if (!fork) { close $r; print $w "through a pipe\n"; exit } close $w; print <$r>; wait;
socketpair(my $s1, my $s2, AF_UNIX, SOCK_STREAM, PF_UNSPEC); $s1->autoflush; print $s1 "pair\n"; print scalar <$s2>;
local $SIG{ALRM} = sub { print "alarm\n" }; alarm 1; select undef, undef, undef, 3;
print `echo backticks`; print join(",", sort { $a <=> $b } (10, 9, 100)), "\n";
print POSIX::strftime("%F", gmtime 0), " ", POSIX::floor(3.7), "\n"; print "ok\n" if -d "." && ! -e "nope";
my ($tf, $name) = tempfile(); print $tf "x"; close $tf; print -s $name, "\n"; unlink $name;
$_ = "The quick brown fox"; print join("|", /(\w+)/g), "\n"; (my $t = $_) =~ tr/a-z/A-Z/; print "$t\n"; printf "%.3f %s\n", atan2(1,1)*4, sprintf("%b", 10);
die "the end\n";'
echo "status $?"
