"""Imports dbt once, and forks a process for each dbt, for each of dot's hosts and for each program
on stdin that a test starts with python.py.

    python -c TEXT HOST SOCKET SCRIPT

HOST is the path of dot's host.py, whose functions make a forked process equal to a dbt of its
own; tests in internal/dbt/run prove that. SOCKET is where python.py asks. SCRIPT is dbt's
console script. The program ends when its standard input does.
"""

import gc
import importlib
import os
import selectors
import signal
import socket
import sys
import types

ADAPTERS = ("duckdb", "postgres")


def main(host_file, address, script):
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])  # Ctrl-C is for the tests
    host = types.ModuleType("dot_host")
    with open(host_file) as text:
        exec(compile(text.read(), host_file, "exec"), host.__dict__)
    for adapter in ADAPTERS:
        said = host.import_quietly(script, adapter)
        if said:
            sys.exit("importing dbt prints: " + said)
    del os.environ["PYTHON_DOTENV_DISABLED"]
    for adapter in ADAPTERS:
        for act, args in host.preparations(adapter):
            host.prepare(act, args)
    parse_macros(host)
    loaders = host.look_for_dotenv()
    host.look_at_threads()
    gc.collect()
    gc.freeze()
    Server(host, loaders, address).serve()


class Kept(dict):
    """Keeps what it has: what a project's own files contain is parsed each time."""

    def __setitem__(self, key, value):
        pass


def parse_macros(host):
    """Parses the macros that come with dbt into the caches that dbt has for its own tests. They
    take most of the time of a command that parses a small project."""
    jinja, static = sys.modules["dbt_common.clients.jinja"], sys.modules["dbt.clients.jinja_static"]
    importlib.import_module("dbt_common.tests").enable_test_caching()
    for file in {file for adapter in ADAPTERS for file in host.macro_files("dbt.adapters." + adapter)}:
        for block in host.macro_blocks(file):
            jinja.parse(block.full_block)
            static.statically_extract_macro_calls(block.full_block, {})
    for module, name in ((jinja, "_TESTING_PARSE_CACHE"), (jinja, "_TESTING_BLOCKS_CACHE"), (static, "_TESTING_MACRO_CACHE")):
        setattr(module, name, Kept(getattr(module, name)))
    # With these caches on, dbt keeps the plugins that it finds, too. It looks through all packages.
    plugins = sys.modules["dbt.plugins.manager"]
    plugins._MODULES_CACHE = plugins.PluginManager.get_prefixed_modules()


class Server:
    def __init__(self, host, loaders, address):
        self.host = host
        self.loaders = loaders
        self.lc_ctype = os.environ.get("LC_CTYPE")
        self.asked = {}  # the connection of each running child
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(address)
        self.listener.listen(64)
        # SIGCHLD wakes the loop when a child ends.
        self.bell, self.ringer = socket.socketpair()
        self.bell.setblocking(False)
        self.ringer.setblocking(False)
        signal.set_wakeup_fd(self.ringer.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        self.selector = selectors.DefaultSelector()
        for file in (self.listener, self.bell, 0):
            self.selector.register(file, selectors.EVENT_READ)

    def serve(self):
        print("ready", flush=True)
        while True:
            ready = [key.fileobj for key, _ in self.selector.select()]
            if 0 in ready:
                for pid in self.asked:
                    os.kill(pid, signal.SIGKILL)
                return
            if self.bell in ready:
                self.bell.recv(512)
            if self.listener in ready:
                self.take(self.listener.accept()[0])
            self.reap()

    def take(self, line):
        _, fds, _, _ = socket.recv_fds(line, 16, 250, socket.MSG_CMSG_CLOEXEC)
        if not fds:
            line.close()  # who asked was killed
            return
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                code = self.live(line, fds[0], fds[1:])
            except BaseException:
                sys.excepthook(*sys.exc_info())
            finally:
                os._exit(code)
        for fd in fds:
            os.close(fd)
        self.asked[pid] = line

    def reap(self):
        while self.asked:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            code = os.waitstatus_to_exitcode(status)
            self.host.say(self.asked[pid], "exit %d" % code if code >= 0 else "signal %d" % -code)
            self.asked.pop(pid).close()

    # The child, from fork to the end of its program.

    def live(self, line, request, fds):
        with open(request, "rb") as file:
            file.seek(0)
            texts = file.read().split(b"\0")[:-1]
        group, session, numbers, directory, count = texts[:5]
        argv = [os.fsdecode(text) for text in texts[5 : 5 + int(count)]]
        try:
            if os.getsid(0) != int(session):
                raise PermissionError
            os.setpgid(0, int(group))
        except OSError:  # its terminal isn't ours
            self.host.say(line, "refused")
            return 0
        self.let_go()
        self.host.say(line, "pid %d" % os.getpid())
        line.close()
        take_files(dict(zip(map(int, numbers.split()), fds)))
        os.chdir(directory)
        self.host.take_environment(texts[5 + int(count) :], self.lc_ctype)
        self.host.take_signals()
        self.host.open_streams()
        self.host.renew_ids()
        sys.path[0] = "" if argv[0] == "-" else os.path.dirname(argv[0])
        sys.path[1:1] = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
        sys.modules.pop("sitecustomize", None)
        try:
            importlib.import_module("sitecustomize")  # a test may have one
        except ImportError:
            pass
        return self.host.run(self.program(argv))

    def let_go(self):
        signal.set_wakeup_fd(-1)
        self.selector.close()
        for each in (self.listener, self.bell, self.ringer, *self.asked.values()):
            each.close()

    def program(self, argv):
        if argv[0] != "-":
            child = self.host.Child(types.SimpleNamespace(script=argv[0], loaders=self.loaders), None, ())
            program = child.load(argv)
            child.load_dotenv()
            return program
        main = sys.modules["__main__"] = types.ModuleType("__main__")
        main.__builtins__ = __builtins__
        sys.argv = argv
        code = compile(sys.stdin.buffer.read(), "<stdin>", "exec")
        return lambda: exec(code, main.__dict__)


def take_files(files):
    """Gives the process these files, by the numbers that they are to have, and no others."""
    high = 1 + max([*files, *files.values()])
    moved = {number: os.dup2(fd, high + i, inheritable=False) for i, (number, fd) in enumerate(files.items())}
    os.closerange(0, high)
    for number, fd in moved.items():
        os.dup2(fd, number)
        os.close(fd)


main(*sys.argv[1:])
os._exit(0)  # at a Python's usual end, libraries complain of what is left
