"""gdb's view of a run of detsim, by `detsim replay --gdb`; see docs/debugging.md.

A thread of the target is a task of detsim: gdb sees one thread, the one on whose processor they
take turns. What a task's registers are lies in the world, the mapping that all processes of a run
share; where in it, the launcher says (DETSIM_GDB_LAYOUT), which is of the same build.

Selecting a task puts its registers into gdb's thread, and the thread's own back before anything
runs.
"""
import contextlib
import json
import os
import struct

import gdb

with open(os.environ['DETSIM_GDB_LAYOUT'], encoding='utf-8') as _file:
    LAYOUT = json.load(_file)

# Of struct Frame (interpose/entry/frame.hpp), by their names in gdb.
REGISTERS = {'r15': 0, 'r14': 1, 'r13': 2, 'r12': 3, 'rbp': 4, 'rbx': 5, 'r11': 6, 'r10': 7,
             'r9': 8, 'r8': 9, 'rax': 10, 'rcx': 11, 'rdx': 12, 'rsi': 13, 'rdi': 14, 'rip': 16,
             'rsp': 18}
SAVED = list(REGISTERS) + ['eflags', 'orig_rax', 'fs_base']
RESUMING = ['continue', 'step', 'next', 'stepi', 'nexti', 'finish', 'until', 'advance', 'jump',
            'signal']
RUNNING, STOPPED = LAYOUT['outcomes']['running'], LAYOUT['outcomes']['stopped']


def memory(address, count):
    return bytes(gdb.selected_inferior().read_memory(address, count))


def number(place, base=0):
    """A field of the world: [offset, bytes]."""
    offset, count = place
    return int.from_bytes(memory(LAYOUT['world'] + base + offset, count), 'little')


def put_number(place, value):
    offset, count = place
    gdb.selected_inferior().write_memory(LAYOUT['world'] + offset,
                                         (value % (1 << 8 * count)).to_bytes(count, 'little'))


def event():
    """How many events there were; the next one has this number."""
    return number(LAYOUT['count'])


def outcome():
    return number(LAYOUT['outcome'])


class Task:
    """A task that is not over, as the world has it."""

    def __init__(self, index):
        task, thread = LAYOUT['task'], LAYOUT['thread']
        at = task['first'] + index * task['bytes']
        self.index = index
        self.tid = number(task['tid'], at)
        self.state = number(task['state'], at)
        self.is_held = number(task['held'], at) != 0
        self.waits = LAYOUT['waits'].get(str(number(task['wait'], at)), 'something')
        name = memory(LAYOUT['world'] + at + task['name'][0], task['name'][1])
        self.name = name.split(b'\0')[0].decode(errors='replace')
        process = LAYOUT['process']
        base = process['first'] + number(task['process'], at) * process['bytes']
        self.pid, self.real_pid = number(process['pid'], base), number(process['real_pid'], base)
        at = thread['first'] + index * thread['bytes']
        self.frame, self.fs_base = number(thread['frame'], at), number(thread['fs_base'], at)

    def is_current(self):
        return self.index == number(LAYOUT['current'])

    def is_here(self):
        return self.real_pid == gdb.selected_inferior().pid

    def words(self):
        state = ('ends' if self.state == 3 else 'is stopped' if self.is_held
                 else f'waits for {self.waits}' if self.state == 2
                 else 'runs' if self.is_current() else 'could run')
        return f'{self.tid} "{self.name}" of process {self.pid} {state}'


def tasks():
    found = []
    for index in range(number(LAYOUT['tasks_used'])):
        task = Task(index)
        # One whose end the run stands at is still there, with its stack.
        if task.state in (1, 2) or (task.is_current() and is_paused() and task.frame != 0):
            found.append(task)
    return sorted(found, key=lambda task: task.tid)


def task_of(tid):
    for task in tasks():
        if task.tid == tid:
            return task
    raise gdb.GdbError(f'there is no task {tid}; see `detsim tasks`')


class Selection:
    """Whose registers gdb's thread has."""

    def __init__(self):
        self.own = None  # the thread's, while it has another task's
        self.tid = 0

    def forget(self, *_):
        self.own, self.tid = None, 0

    @staticmethod
    def put(values):
        for name, value in values.items():
            # A register of any other frame may be a place on its stack.
            gdb.newest_frame().select()
            gdb.execute(f'set var ${name} = {value}', to_string=True)
        gdb.execute('frame 0', to_string=True)

    def restore(self):
        if self.own is None:
            return
        own, self.own, self.tid = self.own, None, 0
        self.put(own)

    def select(self, task):
        if not task.is_here():
            raise gdb.GdbError(f'task {task.tid} is of process {task.pid}, which gdb is not '
                               f'attached to: add-inferior, inferior 2, attach {task.real_pid}')
        if task.is_current() and not is_paused():
            self.restore()
            self.tid = task.tid
            return
        if task.frame == 0:
            raise gdb.GdbError(f'the registers of task {task.tid} are not known')
        words = struct.unpack('<20Q', memory(task.frame, 160))
        if self.own is None:
            gdb.newest_frame().select()
            self.own = {name: int(gdb.parse_and_eval(f'${name}')) & (1 << 64) - 1
                        for name in SAVED}
        values = {name: words[place] for name, place in REGISTERS.items()}
        # Not as in the middle of a call, which the kernel would begin again.
        values['orig_rax'] = (1 << 64) - 1
        values['fs_base'] = task.fs_base
        self.put(values)
        self.tid = task.tid


    @contextlib.contextmanager
    def kept(self):
        """What is selected in between is not afterwards."""
        selected = self.tid
        try:
            yield selected
        finally:
            self.restore()
            if selected:
                self.select(task_of(selected))


SELECTION = Selection()


def is_paused():
    """Whether the run stands still by itself: at an event that was asked for, or at its end."""
    return outcome() != RUNNING


def place():
    """Where the selected task is: its innermost place outside of the system's libraries."""
    frame, first = gdb.newest_frame(), None
    for _ in range(64):
        if frame is None or not frame.is_valid():
            break
        line = frame.find_sal()
        library = (gdb.solib_name(frame.pc()) or '').removeprefix('target:')
        words = frame.name() or f'0x{frame.pc():x}'
        first = first or words
        source = line.symtab.fullname() if line.symtab is not None else '/usr/'
        if not source.startswith('/usr/') and not library.startswith(('/lib', '/usr/lib')):
            return f'{words} at {os.path.basename(line.symtab.filename)}:{line.line}'
        try:
            frame = frame.older()
        except gdb.error:
            break
    return first or 'nobody knows where'


def words_of_stop():
    names = {value: name for name, value in LAYOUT['outcomes'].items()}
    words = names.get(outcome(), 'over')
    at = f'{event()} events, {number(LAYOUT["now_ns"])} ns'
    if words == 'running':
        return f'detsim: in the middle of the run, after {at}'
    if words == 'stopped':
        return f'detsim: stopped before event {event() - 1} has its effect; {at}'
    return f'detsim: {words}; {at}'


def number_in(argument, question):
    try:
        return int(argument)
    except ValueError:
        raise gdb.GdbError(question) from None


class Detsim(gdb.Command):
    """What detsim knows of the run: tasks, task TID, stacks, where, goto EVENT."""

    def __init__(self):
        super().__init__('detsim', gdb.COMMAND_USER, gdb.COMPLETE_NONE, True)


class Tasks(gdb.Command):
    """Lists the tasks (threads) of the run, and where they are."""

    def __init__(self):
        super().__init__('detsim tasks', gdb.COMMAND_USER)

    def invoke(self, argument, from_tty):
        with SELECTION.kept() as selected:
            for task in tasks():
                mark = '*' if task.tid == selected else ' '
                if not task.is_here():
                    print(f'{mark} {task.words()}')
                    continue
                try:
                    SELECTION.select(task)
                    print(f'{mark} {task.words()}, in {place()}')
                except gdb.error as error:
                    print(f'{mark} {task.words()}: {error}')


class SelectTask(gdb.Command):
    """Selects a task: `detsim task TID`. Then bt, frame, up, print and info show it."""

    def __init__(self):
        super().__init__('detsim task', gdb.COMMAND_USER)

    def invoke(self, argument, from_tty):
        task = task_of(number_in(argument, 'which task? see `detsim tasks`'))
        SELECTION.select(task)
        print(f'task {task.words()}')
        gdb.execute('frame')


class Stacks(gdb.Command):
    """The stacks of all tasks of this process."""

    def __init__(self):
        super().__init__('detsim stacks', gdb.COMMAND_USER)

    def invoke(self, argument, from_tty):
        with SELECTION.kept():
            for task in tasks():
                print(f'\ntask {task.words()}')
                if task.is_here():
                    SELECTION.select(task)
                    gdb.execute('bt')


class Where(gdb.Command):
    """How far the run is."""

    def __init__(self):
        super().__init__('detsim where', gdb.COMMAND_USER)

    def invoke(self, argument, from_tty):
        print(words_of_stop())


class GoTo(gdb.Command):
    """Goes to an event of the run, forwards or, by beginning again, backwards: `detsim goto
    EVENT`. `detsim report TRACE` and `detsim replay --print DIR` number them."""

    def __init__(self):
        super().__init__('detsim goto', gdb.COMMAND_USER)

    def invoke(self, argument, from_tty):
        wanted = number_in(argument, 'which event? see `detsim replay --print`')
        if wanted < event() or outcome() not in (RUNNING, STOPPED):
            self.begin_again(wanted)
            return
        SELECTION.restore()
        put_number(LAYOUT['stop_at'], wanted)
        put_number(LAYOUT['outcome'], RUNNING)
        gdb.execute('continue')

    @staticmethod
    def begin_again(wanted):
        with open(LAYOUT['again'], 'w', encoding='utf-8') as file:
            file.write(str(wanted))
        gdb.execute('save breakpoints ' + LAYOUT['breakpoints'], to_string=True)
        SELECTION.restore()
        gdb.execute('quit')


class Paused(gdb.Breakpoint):
    """Where the shim is when the run stands still."""

    def __init__(self):
        super().__init__('detsim_paused', internal=True)
        self.silent = True


def resume():
    """Before anything runs: the thread has its own registers, and the run may go on."""
    if gdb.selected_inferior().pid == 0:
        return
    if outcome() not in (RUNNING, STOPPED):
        raise gdb.GdbError('the run is over; `detsim goto EVENT` begins again')
    SELECTION.restore()
    if outcome() == STOPPED:
        put_number(LAYOUT['stop_at'], -1)
        put_number(LAYOUT['outcome'], RUNNING)


def show_stop(stop):
    SELECTION.forget()
    if gdb.selected_inferior().pid == 0 or not is_paused():
        return
    print(words_of_stop())
    try:
        current = number(LAYOUT['current'])
        SELECTION.select(Task(current))
    except (gdb.error, gdb.GdbError) as error:
        print(f'detsim: {error}')


class Begin(gdb.Command):
    """Once, when gdb has been attached."""

    def __init__(self):
        super().__init__('detsim begin', gdb.COMMAND_USER)

    def invoke(self, argument, from_tty):
        Paused()
        if os.path.exists(LAYOUT['breakpoints']):
            gdb.execute('source ' + LAYOUT['breakpoints'])
        gdb.events.stop.connect(show_stop)
        gdb.events.exited.connect(SELECTION.forget)
        show_stop(None)
        print('detsim: its commands are: help detsim')


def set_up():
    for setting in ('auto-load libthread-db off', 'debuginfod enabled off', 'confirm off',
                    'breakpoint pending on'):
        gdb.execute('set ' + setting, to_string=True)
    # Traps are how calls and clock readings get into detsim; a fault of the target's own is told
    # it by detsim as a signal, as the kernel would.
    for name in LAYOUT['signals']:
        gdb.execute(f'handle {name} nostop noprint pass', to_string=True)
    for command in (Detsim, Tasks, SelectTask, Stacks, Where, GoTo, Begin):
        command()
    for name in RESUMING:
        gdb.execute(f'define hook-{name}\npython resume()\nend', to_string=True)
    if hasattr(gdb.events, 'gdb_exiting'):
        gdb.events.gdb_exiting.connect(lambda _: SELECTION.restore())


set_up()
