"""git 2.39: a commit, a loss of power, git fsck; by default and with core.fsync=all."""
SETTINGS = ('export HOME=/nonexistent GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b.c'
            ' GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b.c;')
COMMAND = SETTINGS + '''
for i in 1 2; do
  echo "line $i" >>file && git add file && git commit -q -m "commit $i" || exit
  echo $i >/tmp/acknowledged
done
'''
# 1: the repository is damaged; 2: a commit that was acknowledged is gone.
CHECK = SETTINGS + '''
git fsck --strict || exit 1
git status --porcelain >/dev/null && git log --oneline >/tmp/log || exit 1
done=$(cat /tmp/acknowledged 2>/dev/null)
[ "$(grep -c commit /tmp/log)" -ge "${done:-0}" ] || exit 2
'''


def case(name, profile, settings, breaks=()):
    prepare = SETTINGS + '''git init -q -b main . && git config gc.auto 0
        echo first >file && git add file && git commit -q -m first
        ''' + settings
    return Case(name=f'git-{name}-{profile}', needs='git', command=COMMAND, check=CHECK,
                prepare=prepare, breaks=breaks, share=0.5,
                options=('--profile', profile, '--fault=proc.power_loss,op=write,probability=0.004',
                         '--fault=proc.power_loss,op=rename,probability=0.05',
                         '--fault=proc.power_loss,op=open,path=/tmp/acknowledged,probability=0.5'))


CASES = [
    case('all', 'ext4-ordered', 'git config core.fsync all', breaks=()),
    case('default', 'ext4-ordered', '', breaks=(1, 2)),
    case('default', 'posix-strict', '', breaks=(1, 2)),
]
