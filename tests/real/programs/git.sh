# git: init, add, commit, gc with its threads.
packages="git"
prepare() { mkdir -p files; for i in $(seq 1 40); do seq $i 400 > files/$i; done; }
run() {
  export HOME="$PWD" GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b.c \
    GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b.c \
    GIT_AUTHOR_DATE='2020-01-01T00:00:00Z' GIT_COMMITTER_DATE='2020-01-01T00:00:00Z'
  rm -rf repository; mkdir repository; cd repository
  git init -q -b main . && cp ../files/* . && git add . && git commit -q -m first
  for i in 1 2 3; do echo $i >> 1; git commit -q -a -m "change $i"; done
  git -c pack.threads=4 gc -q && git fsck --full 2>&1; git log --format=%H; git status --short
  ls .git/objects/pack | wc -l
}
