# fork, pipes, signals, alarms, hashes in perl's own random order.
use strict; use warnings;
$| = 1;
my %sum;
my @pids;
pipe(my $in, my $out) or die;
for my $n (1 .. 4) {
  my $pid = fork() // die;
  if (!$pid) { close $in; syswrite $out, "child $n\n"; exit $n }
  push @pids, $pid;
}
close $out;
my @lines = sort <$in>;
print @lines;
print join(' ', map { waitpid($_, 0); $? >> 8 } @pids), "\n";
my $got = 0;
local $SIG{USR1} = sub { $got++ };
kill USR1 => $$ for 1 .. 3;
print "signals $got\n";
local $SIG{ALRM} = sub { die "alarm\n" };
eval { alarm 1; sleep 10; };
print "ended by $@";
$sum{length $_} += length $_ for map { 'x' x ($_ % 7) } 1 .. 100;
print join(',', map { "$_=$sum{$_}" } sort keys %sum), "\n";
print `echo from a shell`;
open(my $sorted, '-|', 'printf "b\na\n" | sort') or die;
print <$sorted>;
