#!/bin/sh
# Fails when object files need a symbol that is not detsim's own, or hold a static constructor.
objects=$(printf '%s' "$*" | tr ';' ' ')
foreign=$(nm -u $objects | grep -w U | grep -v -e _ZN6detsim -e _ZNK6detsim -e _GLOBAL_OFFSET_TABLE_)
if [ -n "$foreign" ]; then
  printf 'undefined symbols that are not detsim'"'"'s own:\n%s\n' "$foreign"
  exit 1
fi
if objdump -h $objects | grep -q -e init_array -e ctors; then
  echo 'a static constructor'
  exit 1
fi
