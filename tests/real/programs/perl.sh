# perl: fork, pipes, signals, hashes in their random order, sorted.
packages="perl"
run() { perl "$here/drivers/processes.pl"; }
