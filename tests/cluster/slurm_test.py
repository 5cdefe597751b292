#!/usr/bin/python3
"""samples/cluster/slurm.sh on a Slurm of its own: a controller and some nodes on this machine, a
node killed in the middle, the merged report equal to that of one exploration.

    slurm_test.py DETSIM SLURM_SH PROGRAM [SEEDS] [SHARDS]

Exit status 77, and why, where Slurm cannot run here.
"""
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, sys.path[0] + '/..')
from checking import FAILED, check, judge, load, run, wait_until

DETSIM, SCRIPT, PROGRAM = (os.path.abspath(word) for word in sys.argv[1:4])
SEEDS = int(sys.argv[4]) if len(sys.argv) > 4 else 1000
SHARDS = int(sys.argv[5]) if len(sys.argv) > 5 else 200
NODES = 4
PATIENCE_S = 900


def cannot(words):
    print('SKIPPED: Slurm cannot run here:', words)
    sys.exit(77)


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(('127.0.0.1', 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


CONFIGURATION = """
ClusterName=detsim
SlurmctldHost={host}(127.0.0.1)
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={directory}/munge.socket
CryptoType=crypto/munge
SlurmctldPort={port}
SlurmctldPidFile={directory}/slurmctld.pid
SlurmdPidFile={directory}/slurmd-%n.pid
SlurmdSpoolDir={directory}/spool-%n
StateSaveLocation={directory}/state
SlurmctldLogFile={directory}/slurmctld.log
SlurmdLogFile={directory}/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdTimeout=5
SlurmctldTimeout=5
ReturnToService=0
JobRequeue=1
MaxArraySize=1001
SchedulerParameters=sched_interval=1,batch_sched_delay=0
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
{nodes}
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


class Cluster:
    def __init__(self, directory):
        self.directory = directory
        self.processes = {}

    def start(self):
        for tool in ['munged', 'slurmctld', 'slurmd', 'sbatch', 'squeue']:
            if shutil.which(tool) is None and not os.path.exists('/usr/sbin/' + tool):
                cannot(f'{tool} is not installed (packages slurm-wlm, munge)')
        if os.geteuid() != 0:
            cannot('its daemons start jobs for users, for which they must be root')
        os.environ['PATH'] += ':/usr/sbin'
        os.environ['SLURM_CONF'] = self.directory + '/slurm.conf'
        self.start_munge()
        host = socket.gethostname()
        ports = free_ports(NODES + 1)
        nodes = '\n'.join(f'NodeName=n{i} NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[i]} '
                          'CPUs=1 State=UNKNOWN' for i in range(1, NODES + 1))
        with open(self.directory + '/slurm.conf', 'w', encoding='utf-8') as out:
            out.write(CONFIGURATION.format(host=host, user='root', directory=self.directory,
                                           port=ports[0], nodes=nodes))
        os.mkdir(self.directory + '/state')
        self.daemon('slurmctld', ['slurmctld', '-D', '-i'])
        for i in range(1, NODES + 1):
            os.mkdir(f'{self.directory}/spool-n{i}')
            self.daemon(f'n{i}', ['slurmd', '-D', '-N', f'n{i}'])
        self.wait_until(lambda: self.said(['sinfo', '-h', '-o', '%D %T']).startswith(f'{NODES} idle'),
                        60, 'nodes become idle')

    def start_munge(self):
        key = self.directory + '/munge.key'
        with open(key, 'wb') as out:
            out.write(os.urandom(128))
        os.chmod(key, 0o400)
        self.daemon('munged', ['munged', '-F', '--force', f'--key-file={key}',
                               f'--socket={self.directory}/munge.socket',
                               f'--pid-file={self.directory}/munged.pid',
                               f'--log-file={self.directory}/munged.log',
                               f'--seed-file={self.directory}/munged.seed'])
        self.wait_until(lambda: os.path.exists(self.directory + '/munge.socket'), 20, 'munged')

    def daemon(self, name, words):
        log = open(f'{self.directory}/{name}.out', 'wb')
        self.processes[name] = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log,
                                                stderr=log, start_new_session=True)

    def said(self, words):
        return subprocess.run(words, capture_output=True, text=True, timeout=60,
                              check=False).stdout.strip()

    def wait_until(self, holds, seconds, what):
        if not wait_until(holds, seconds, every=.3):
            self.tell()
            cannot(f'waited {seconds} s for: {what}')

    def tell(self):
        for name in sorted(os.listdir(self.directory)):
            if name.endswith(('.log', '.out')):
                with open(f'{self.directory}/{name}', errors='replace', encoding='utf-8') as log:
                    print(f'--- {name}\n' + ''.join(log.readlines()[-8:]))

    def kill_node(self, name):
        """The daemon and all that it has started: as if the machine had lost its power."""
        victims = [self.processes[name].pid]
        victims += self.processes_on(name)
        # All at the same time, so that nobody tells the controller of the end of another.
        for number in [signal.SIGSTOP, signal.SIGKILL]:
            for process in victims:
                for each in descendants(process):
                    send(each, number)
        self.processes.pop(name).wait()

    def processes_on(self, name):
        """slurmstepd leaves its daemon's family; its jobs say in their environment where they are."""
        found = []
        for entry in os.listdir('/proc'):
            if not entry.isdigit():
                continue
            try:
                with open(f'/proc/{entry}/environ', 'rb') as environ:
                    words = environ.read().split(b'\0')
            except OSError:
                continue
            if f'SLURM_CONF={self.directory}/slurm.conf'.encode() in words and \
                    f'SLURMD_NODENAME={name}'.encode() in words:
                found.append(int(entry))
                found.append(step_above(int(entry)))
        return [process for process in set(found) if process > 1]

    def stop(self):
        for name in list(self.processes):
            process = self.processes[name]
            if name != 'slurmctld' and name.startswith('n'):
                self.kill_node(name)
                continue
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def step_above(process):
    """The slurmstepd that has started it, which would tell of its end; 0: none."""
    while process > 1:
        try:
            with open(f'/proc/{process}/stat', encoding='ascii', errors='replace') as stat:
                words = stat.read()
        except OSError:
            return 0
        if words[words.find('(') + 1:].startswith('slurmstepd'):
            return process
        process = int(words[words.rfind(')') + 1:].split()[1])
    return 0


def descendants(process):
    found = [process]
    for pid in found:
        try:
            with open(f'/proc/{pid}/task/{pid}/children', encoding='ascii') as children:
                found.extend(int(word) for word in children.read().split())
        except OSError:
            pass
    return found


def send(process, number):
    try:
        os.kill(process, number)
    except ProcessLookupError:
        pass


def merged(directories, out):
    done = run(DETSIM, 'report', 'merge', '-q', '--json', out, *directories)
    report = load(out)
    # What may differ: how long it took, and where examples lie.
    for name in ['wall_ns', 'runs_per_second']:
        del report['summary'][name]
    for failure in report['failures']:
        del failure['dir'], failure['replay']
    return report, done


def explore_on(cluster, results):
    os.environ.update(DIR=results, SEEDS=f'1..{SEEDS}', SHARDS=str(SHARDS), DETSIM=DETSIM)
    run('sbatch', '--export=ALL', f'--array=1-{SHARDS}', SCRIPT, PROGRAM, code=0)
    began = time.monotonic()
    killed = False
    while time.monotonic() - began < PATIENCE_S:
        left = cluster.said(['squeue', '-h', '-r', '-o', '%i %T %N%r'])
        shards = len(os.listdir(results)) if os.path.isdir(results) else 0
        if not killed and shards > SHARDS // 3 and 'RUNNING n2' in left:
            cluster.kill_node('n2')
            killed = True
            print(f'node n2 was killed after {shards} shards')
        # A job that is sent again waits for two minutes: time that this test need not take.
        for line in left.splitlines():
            if killed and 'PENDING' in line and 'BeginTime' in line:
                cluster.said(['scontrol', 'update', 'JobId=' + line.split()[0], 'StartTime=now'])
        if not left:
            break
        time.sleep(.3)
    check(killed, f'no node was killed: {sorted(os.listdir(results))}')
    left = cluster.said(['squeue', '-h'])
    check(not left, f'jobs are left: {left}')
    print(f'{SHARDS} shards took {time.monotonic() - began:.0f} s')
    state = cluster.said(['sinfo', '-h', '-N', '-n', 'n2', '-o', '%T'])
    check('down' in state, f'n2 was killed and is {state}')


def compares(cluster, directory):
    results = directory + '/results'
    explore_on(cluster, results)
    whole = directory + '/whole'
    run(DETSIM, 'explore', '-q', '--shard', '1/1', '--seeds', f'1..{SEEDS}', '--dir', whole, '--',
        PROGRAM, timeout=600)
    parts, done = merged([results], directory + '/parts.json')
    one, _ = merged([whole], directory + '/one.json')
    print(done.text, end='')
    check(len(os.listdir(results)) == SHARDS, f'{len(os.listdir(results))} shards')
    check(one['summary']['runs'] == SEEDS and one['summary']['failed'] > 0, one['summary'])
    for key in one:
        check(parts[key] == one[key], f'{key}: merged {parts[key]}, unsharded {one[key]}')


def main(directory):
    cluster = Cluster(directory)
    try:
        cluster.start()
        compares(cluster, directory)
        if FAILED:
            cluster.tell()
    finally:
        cluster.stop()


if __name__ == '__main__':
    sys.exit(judge(main))
