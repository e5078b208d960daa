"""The dbt host: imports dbt once, then forks a child for each dbt command.

dot starts it with the interpreter of dbt's console script:

    python - CONTROL SCRIPT ADAPTER

with this text on its standard input. CONTROL is the descriptor of a socket of
messages (SOCK_SEQPACKET) to dot. The first message says whether the host can be
used:

    ready
    refused REASON      dot then runs each dbt as a process of its own

After that dot sends a message for each command, with these descriptors:

  - the command's line to dot (a stream socket)
  - its request (a file)
  - its stdin, stdout and stderr
  - a sign of life, which closes when the child has ended, even if the host has, too
  - locks, which must stay open as long as dbt works

These messages go over the line:

    pid N               from the child: it has started, and leads a process group
    failed REASON       from the child: it could not become dbt
    refused REASON      from the host: there is no child; or from the child: it can't become this
                        dbt. Nothing has run
    exit N | signal N   from the host: how the child ended; the rest of its group is killed
    i                   from dot: interrupt the child (only the first one counts)
    k                   from dot: kill the child and its group

If dot closes the line, dot has ended. Then the host interrupts the child, so that
dbt cancels its queries, and gives it some time to do so.

A request is a series of texts, each followed by a NUL: the working directory, the
number of arguments, the arguments, and the environment as NAME=value.

A command must not notice any difference. So this program does, between fork and dbt,
what the system and Python do between fork and a script's first line. After dbt it
does what Python does at its end.
"""

import atexit
import contextlib
import ctypes
import gc
import importlib
import inspect
import io
import os
import selectors
import signal
import socket
import sys
import threading
import time
import traceback
import types

# Seconds that commands have to cancel their queries once dot has ended.
GRACE = 60

# Modules that dbt imports when a command needs them. There are others, but they keep something
# of the moment of their import: babel.dates the time zone, and dbt.task.deps the URL of dbt's
# package hub, which may come from a command's .env.
LATE = (
    "_strptime",
    "daff",
    "dbt.clients.git",
    "dbt.parser.sql",
    "dbt.runners",
    "dbt.task.build",
    "dbt.task.clone",
    "dbt.task.compile",
    "dbt.task.debug",
    "dbt.task.docs.generate",
    "dbt.task.freshness",
    "dbt.task.list",
    "dbt.task.retry",
    "dbt.task.run_operation",
    "dbt.task.show",
    "dbt_common.clients.agate_helper",
    "multiprocessing.dummy",
    "multiprocessing.pool",
    "resource",
    "sqlparse",
)

# Classes whose JSON schema dbt makes when it first checks a value against it. All of them
# together take half a second in each process. The host makes them while it is idle.
SCHEMAS = (
    ("dbt.contracts.project", "ProjectFlags"),
    ("dbt.contracts.project", "Project"),
    ("dbt.contracts.project", "PackageConfig"),
    ("dbt.contracts.selection", "SelectorFile"),
    ("dbt.contracts.project", "Configuration"),
    ("dbt.contracts.project", "ProfileConfig"),
    ("dbt.contracts.graph.nodes", "ModelNode"),
    ("dbt.artifacts.resources.v1.model", "ModelConfig"),
    ("dbt.artifacts.resources.v1.components", "Contract"),
    ("dbt.contracts.graph.unparsed", "UnparsedModelUpdate"),
    ("dbt.contracts.graph.nodes", "GenericTestNode"),
    ("dbt.artifacts.resources.v1.config", "TestConfig"),
    ("dbt.contracts.graph.nodes", "SeedNode"),
    ("dbt.artifacts.resources.v1.seed", "SeedConfig"),
    ("dbt.task.test", "TestResultData"),
)

# Classes whose code for reading and writing values dbt makes when it first needs it. All of them
# together take a sixth of a second in each process. The host makes them after the schemas.
CONVERTERS = (
    ("dbt.contracts.graph.manifest", "Manifest"),
    ("dbt.artifacts.schemas.manifest", "WritableManifest"),
    ("dbt.contracts.graph.nodes", "Macro"),
    ("dbt.contracts.graph.nodes", "ModelNode"),
    ("dbt.contracts.graph.nodes", "GenericTestNode"),
    ("dbt.contracts.graph.nodes", "SeedNode"),
    ("dbt.contracts.graph.nodes", "SourceDefinition"),
    ("dbt.contracts.files", "SourceFile"),
    ("dbt.contracts.files", "SchemaSourceFile"),
    ("dbt.contracts.files", "FilePath"),
    ("dbt.contracts.graph.unparsed", "UnparsedModelUpdate"),
    ("dbt.contracts.graph.unparsed", "UnparsedColumn"),
    ("dbt.contracts.project", "Project"),
    ("dbt.contracts.project", "ProjectFlags"),
    ("dbt.contracts.project", "PackageConfig"),
    ("dbt.contracts.project", "LocalPackage"),
    ("dbt.contracts.selection", "SelectorFile"),
    ("dbt.adapters.contracts.connection", "QueryComment"),
    ("dbt.adapters.contracts.relation", "Path"),
    ("dbt.adapters.contracts.relation", "Policy"),
    ("dbt.artifacts.resources", "Docs"),
    ("dbt.artifacts.resources", "FileHash"),
    ("dbt.artifacts.resources", "ColumnInfo"),
    ("dbt.artifacts.resources", "ColumnConfig"),
    ("dbt.artifacts.resources", "Contract"),
    ("dbt.artifacts.resources.v1.config", "ContractConfig"),
    ("dbt.artifacts.resources", "DependsOn"),
    ("dbt.artifacts.resources", "MacroDependsOn"),
    ("dbt.artifacts.resources", "RefArgs"),
    ("dbt.artifacts.resources", "TestConfig"),
    ("dbt.artifacts.resources", "TestMetadata"),
    ("dbt.artifacts.resources", "GenericTest"),
    ("dbt.artifacts.resources", "Macro"),
    ("dbt.artifacts.resources", "MacroConfig"),
    ("dbt.artifacts.resources", "Model"),
    ("dbt.artifacts.resources", "ModelConfig"),
    ("dbt.artifacts.resources", "Seed"),
    ("dbt.artifacts.resources", "SeedConfig"),
    ("dbt.artifacts.schemas.run", "RunResultsArtifact"),
    ("dbt.artifacts.schemas.run", "RunResultOutput"),
    ("dbt_common.helper_types", "WarnErrorOptionsV2"),
    ("dbt.artifacts.resources", "Documentation"),
    ("dbt.adapters.contracts.connection", "AdapterResponse"),
    ("dbt.artifacts.schemas.run", "RunResultsMetadata"),
    ("dbt.artifacts.schemas.results", "TimingInfo"),
    ("dbt.task.test", "TestResultData"),
)

# Macros of dbt and its adapters that most builds call. The names lack default__ and the adapter's
# name. dbt compiles a macro when it is first called; all of these take half a second in each process.
# The host compiles them before it makes the converters.
MACROS = frozenset(
    """
    apply_grants build_snapshot_staging_table build_snapshot_table check_time_data_types copy_grants
    create_columns create_csv_table create_indexes create_schema create_table_as create_view_as
    current_timestamp dispatch_temporary_relation drop_indexes_on_relation drop_relation
    drop_relation_if_exists enforced_constraint_types existing_constraint_types generate_alias_name
    generate_database_name generate_schema_name get_assert_columns_equivalent
    get_column_schema_from_query get_columns_in_query get_columns_in_relation get_create_sql
    get_create_view_as_sql get_csv_sql get_dbt_valid_to_current get_delete_insert_merge_sql
    get_empty_subquery_sql get_incremental_default_sql get_incremental_delete_insert_sql get_limit_sql
    get_limit_subquery_sql get_or_create_relation get_partitioned_by get_quoted_csv get_relations
    get_snapshot_get_time_data_type get_sorted_by get_test_sql get_updated_at_column_data_type
    get_where_subquery has_foreign_key_constraints incremental_validate_on_schema_change is_incremental
    list_relations_without_caching list_schemas load_cached_relation load_csv_rows make_backup_relation
    make_intermediate_relation make_temp_relation may_be_foreign_key_target noop_statement persist_docs
    post_snapshot postgres_get_relations process_schema_changes py_current_timestring rename_relation
    reset_csv_table restore_foreign_key_dependents run_hooks run_query should_full_refresh should_revoke
    should_store_failures snapshot_check_all_get_existing_columns snapshot_check_strategy
    snapshot_get_time snapshot_hash_arguments snapshot_merge_sql snapshot_staging_table
    sql_convert_columns_in_relation statement strategy_dispatch test_accepted_values test_not_null
    test_relationships test_unique truncate_relation unique_key_fields unique_key_is_not_null
    unique_key_is_null unique_key_join_on
    """.split()
)

# Materializations and generic tests that most builds need. The host compiles them, too.
OTHER_MACROS = frozenset("incremental seed snapshot table test view accepted_values not_null relationships unique".split())

# Beginnings of the names of dbt's variables that it reads when it is imported. dot makes sure
# that a host and its commands have the same values.
READ_AT_IMPORT = ("DBT_MACRO_DEBUGGING", "DBT_RECORDER_", "DBT_ENGINE_RECORDER_")

PR_SET_PDEATHSIG, PR_SET_NAME = 1, 15  # prctl(2)


class Refused(Exception):
    """The reason why this dbt can't be hosted."""


def main(control, script, adapter):
    # SIGINT means at most that dot has ended. The socket shows that, too, so ignore it.
    signal.signal(signal.SIGINT, lambda number, frame: None)
    control = socket.socket(fileno=control)
    os.set_inheritable(control.fileno(), False)
    lc_ctype = os.environ.get("LC_CTYPE")
    try:
        look_at_system()
        with noted_variables() as read:
            said = import_quietly(script, adapter)
        if said:
            raise Refused("importing dbt prints: " + said.strip().splitlines()[0])
        look_at_packages(adapter)
        look_at_functions()
        look_at_variables(read)
        loaders = look_for_dotenv()
        look_at_threads()
    except Refused as e:
        control.send(("refused %s" % e).encode("utf-8", "replace")[:4000])
        return
    # If a child collected the present objects, it would copy their memory pages.
    gc.collect()
    gc.freeze()
    host = Host(control, script, lc_ctype, loaders, preparations(adapter))
    control.send(b"ready")
    host.serve()


# Whether this dbt can be hosted.


def look_at_system():
    """Refuses interpreters and C libraries on which this program was never tested."""
    if sys.implementation.name != "cpython" or not (3, 9) <= sys.version_info[:2] <= (3, 13):
        raise Refused("its Python is %s %d.%d" % ((sys.implementation.name,) + sys.version_info[:2]))
    if not getattr(sys, "_is_gil_enabled", lambda: True)():
        raise Refused("its Python has no global lock")
    try:
        libc = os.confstr("CS_GNU_LIBC_VERSION")
    except (ValueError, OSError):
        libc = None
    if not libc:
        raise Refused("its C library is not glibc")


def import_quietly(script, adapter):
    """Imports dbt as its script would, and returns the output of the import. A dbt in a
    process of its own would print that each time."""
    if not getattr(sys.flags, "safe_path", False):
        sys.path[0] = os.path.dirname(os.path.realpath(script))
    sys.stdout.flush()
    sys.stderr.flush()
    paper = os.memfd_create("said")
    kept = [os.dup(1), os.dup(2)]
    os.environ["PYTHON_DOTENV_DISABLED"] = "1"  # the .env of a command is the one that counts
    try:
        os.dup2(paper, 1)
        os.dup2(paper, 2)
        try:
            importlib.import_module("dbt.cli.main")
            importlib.import_module("dbt.adapters." + adapter)
        except BaseException as e:
            raise Refused("importing dbt fails: %s: %s" % (type(e).__name__, e))
        for name in LATE:
            try:
                importlib.import_module(name)
            except ImportError:
                pass  # another version of dbt has other modules
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os.dup2(kept[0], 1)
        os.dup2(kept[1], 2)
        for fd in kept:
            os.close(fd)
    os.lseek(paper, 0, os.SEEK_SET)
    with open(paper, errors="replace") as text:
        return text.read()


def look_at_packages(adapter):
    """Refuses a dbt in development, and one whose packages are in several directories."""
    places = {place_of(name) for name in ("dbt.cli.main", "dbt.adapters.base", "dbt.adapters." + adapter, "dbt_common")}
    if len(places) != 1:
        raise Refused("dbt's packages lie in several places: " + ", ".join(sorted(places)))
    place = places.pop()
    if os.path.basename(place) not in ("site-packages", "dist-packages"):
        raise Refused("dbt is not installed but lies in " + place)
    for name in ("dbt", "dbt.adapters"):
        found = {os.path.realpath(path) for path in sys.modules[name].__path__}
        if len(found) != 1:
            raise Refused("the package %s lies in several places: %s" % (name, ", ".join(sorted(found))))


def place_of(name):
    """Returns the directory on Python's path from which a module was imported."""
    path = os.path.realpath(importlib.import_module(name).__file__)
    levels = name.count(".") + (2 if os.path.basename(path) == "__init__.py" else 1)
    for _ in range(levels):
        path = os.path.dirname(path)
    return path


def look_at_functions():
    """Refuses a dbt that lacks what this program, or a console script, calls."""
    takes_no_arguments("dbt.cli.main", "cli")
    invocation = takes_no_arguments("dbt_common.invocation", "reset_invocation_id")
    takes_no_arguments("dbt_common.invocation", "get_invocation_id")
    before = invocation.get_invocation_id()
    invocation.reset_invocation_id()
    if invocation.get_invocation_id() == before:
        raise Refused("dbt_common.invocation.reset_invocation_id changes nothing")


def takes_no_arguments(module, name):
    """Refuses a dbt without this function, or with one that needs arguments. Returns the module."""
    try:
        found = importlib.import_module(module)
        inspect.signature(getattr(found, name)).bind()
    except ImportError:
        raise Refused("dbt has no module " + module)
    except AttributeError:
        raise Refused("dbt has no %s.%s" % (module, name))
    except (TypeError, ValueError) as e:
        raise Refused("dbt's %s.%s can't be called without arguments: %s" % (module, name, e))
    return found


@contextlib.contextmanager
def noted_variables():
    """Notes the names of the environment variables that dbt's modules read."""
    names = set()
    encode = os.environ.encodekey

    def note(name):
        frame = sys._getframe(1)
        while frame.f_back and frame.f_globals.get("__name__") in ("os", "collections.abc"):
            frame = frame.f_back
        if is_dbts(frame.f_globals.get("__name__")):
            names.add(name)
        return encode(name)

    os.environ.encodekey = note
    try:
        yield names
    finally:
        os.environ.encodekey = encode


def look_at_variables(read):
    """Refuses a dbt that reads variables at its import which may differ between commands."""
    for name in sorted(read):
        if name.startswith("DBT_") and not name.startswith(READ_AT_IMPORT):
            raise Refused("dbt reads %s when it is imported" % name)


def look_for_dotenv():
    """Returns the modules that load a .env when they are imported: each command imports them
    again. Refuses a dbt in which that may be another module than the main one."""
    loaders = [
        name
        for name, module in list(sys.modules.items())
        if is_dbts(name) and any(is_of_dotenv(value) for value in list(vars(module).values()))
    ]
    if loaders and loaders != ["dbt.cli.main"]:
        raise Refused("a .env may be loaded by " + ", ".join(sorted(loaders)))
    return loaders


def is_dbts(module):
    return str(module).split(".")[0].startswith(("dbt", "metricflow"))


def is_of_dotenv(value):
    if isinstance(value, types.ModuleType):
        return value is sys.modules.get("dotenv") or value is sys.modules.get("dotenv.main")
    return isinstance(value, (type, types.FunctionType)) and str(value.__module__).split(".")[0] == "dotenv"


def look_at_threads():
    """Refuses to fork if there are threads: the child lacks them, but not the locks they hold."""
    count = len(os.listdir("/proc/self/task"))
    if count != 1 or threading.active_count() != 1:
        raise Refused("it has %d threads before a command runs" % max(count, threading.active_count()))
    tracker = sys.modules.get("multiprocessing.resource_tracker")
    if tracker is not None and getattr(tracker._resource_tracker, "_fd", None) is not None:
        raise Refused("it has a resource tracker before a command runs")


# The host's own work.


class Command:
    """A command that a child of the host runs."""

    def __init__(self, pid, line):
        self.pid = pid
        self.line = line
        self.listened_to = True
        self.interrupted = False

    def interrupt(self):
        # dbt cancels its queries on the first interrupt. On a second one it dies at once.
        if not self.interrupted:
            self.interrupted = True
            self.signal(signal.SIGINT)

    def kill(self):
        self.signal(signal.SIGKILL)

    def signal(self, number):
        try:
            os.killpg(self.pid, number)
        except ProcessLookupError:
            pass  # impossible: it is not reaped yet

    def ended(self):
        """Returns how the child ended, as a message for the line; None if it is running."""
        # Until it is reaped, nothing else gets its pid, which is also its group's id.
        if os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is None:
            return None
        self.kill()  # the rest of its group
        _, status = os.waitpid(self.pid, 0)
        if os.WIFSIGNALED(status):
            return "signal %d" % os.WTERMSIG(status)
        return "exit %d" % os.WEXITSTATUS(status)


class Host:
    def __init__(self, control, script, lc_ctype, loaders, preparations):
        self.control = control
        self.script = script
        self.lc_ctype = lc_ctype
        self.loaders = loaders
        self.preparations = preparations  # not made yet
        self.pid = os.getpid()
        self.prctl = ctypes.CDLL(None).prctl
        self.commands = []
        self.deadline = None  # for the commands, once dot has ended
        self.selector = selectors.DefaultSelector()
        self.selector.register(control, selectors.EVENT_READ, self.take)
        # SIGCHLD wakes the loop when a child ends.
        self.bell, ringer = socket.socketpair()
        self.bell.setblocking(False)
        ringer.setblocking(False)
        self.ringer = ringer
        signal.set_wakeup_fd(ringer.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        self.selector.register(self.bell, selectors.EVENT_READ, self.hush)

    def serve(self):
        while self.control is not None or self.commands:
            ready = self.selector.select(self.patience())
            for key, _ in ready:
                key.data()
            self.reap()
            if self.deadline is not None and time.monotonic() >= self.deadline:
                for command in self.commands:
                    command.kill()
                self.deadline = time.monotonic() + GRACE
            elif not ready and self.preparations:
                prepare(*self.preparations.pop(0))

    def patience(self):
        """Returns how many seconds to wait for an event; None: forever."""
        if self.deadline is not None:
            return max(0, self.deadline - time.monotonic())
        return 0 if self.preparations else None

    def hush(self):
        try:
            while self.bell.recv(512):
                pass
        except BlockingIOError:
            pass

    def take(self):
        """Receives a command from dot."""
        try:
            message, fds, flags, _ = socket.recv_fds(self.control, 16, 250, socket.MSG_CMSG_CLOEXEC)
        except ConnectionError:
            message, fds, flags = b"", [], 0
        if not message:
            self.selector.unregister(self.control)
            self.control.close()
            self.control = None
            self.deadline = time.monotonic() + GRACE
            return
        line = socket.socket(fileno=fds[0])
        try:
            if flags & socket.MSG_CTRUNC:
                raise Refused("it may not open that many files")
            look_at_threads()
            pid = self.fork(line, fds[1:])
        except (Refused, OSError, MemoryError) as e:
            say(line, "refused %s" % e)
            line.close()
            return
        finally:
            for fd in fds[1:]:  # only the child may hold them, or locks would outlive it
                os.close(fd)
        command = Command(pid, line)
        self.commands.append(command)
        self.selector.register(line, selectors.EVENT_READ, lambda: self.listen(command))

    def fork(self, line, fds):
        # Block SIGINT until the child can handle it, so that none gets lost.
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
        try:
            pid = os.fork()
            if pid == 0:
                code = 1
                try:
                    code = Child(self, line, fds).live()
                finally:
                    os._exit(code)
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
        try:
            os.setpgid(pid, pid)  # the child does this, too; either may be first
        except OSError:
            pass
        return pid

    def listen(self, command):
        """Obeys dot's message about a command."""
        try:
            words = command.line.recv(16)
        except ConnectionError:
            words = b""
        if not words:
            self.stop_listening(command)
            command.interrupt()
        if b"i" in words:
            command.interrupt()
        if b"k" in words:
            command.kill()

    def stop_listening(self, command):
        if command.listened_to:
            command.listened_to = False
            self.selector.unregister(command.line)

    def reap(self):
        for command in self.commands[:]:
            how = command.ended()
            if how is not None:
                self.commands.remove(command)
                self.stop_listening(command)
                say(command.line, how)
                command.line.close()


# What the host makes while it is idle, so that its children need not. Nothing of it depends on
# a command or its environment.


def preparations(adapter):
    """Returns what there is to make: a function, and what it is called with."""
    plugin = "dbt.adapters." + adapter
    credentials, relation = (plugin, "Plugin.credentials"), (plugin, "Plugin.adapter.Relation")
    made = [(make_schema, one) for one in SCHEMAS + (credentials,)] + [(find_modules, ())]
    made += [(compile_macros, (file,)) for file in macro_files(plugin)]
    return made + [(make_converters, one) for one in (credentials, relation) + CONVERTERS]


def prepare(act, args):
    try:
        act(*args)
    except Exception:
        pass  # another version of dbt has other classes; it makes these itself
    gc.freeze()


def find(module, name):
    found = sys.modules[module]
    for part in name.split("."):
        found = getattr(found, part)
    return found


def make_schema(module, name):
    find(module, name).json_schema()


def make_converters(module, name):
    """Makes the code that reads and writes values of a class. Only that: no value is made, since
    that may keep something of the environment. So each of these calls fails right after."""
    kind = find(module, name)
    calls = [lambda: kind.from_dict(None), lambda: kind.to_dict(kind.__new__(kind))]
    if name == "Manifest":  # only this one is written as msgpack
        calls = [
            lambda: kind.from_msgpack(b"", decoder=lambda data: None),
            lambda: kind.to_msgpack(kind.__new__(kind), encoder=lambda data: b""),
        ]
    for call in calls:
        try:
            call()
        except Exception:
            pass


def find_modules():
    """Makes Python note the modules' files: dbt asks for them in each command (inspect.stack).
    Python notes nothing of code without a file, and would look through all modules for it each time."""
    inspect.getmodule(main.__code__)
    for name in ("<stdin>", "<string>"):
        inspect.modulesbyfile[name] = ""  # no module has this name


def macro_files(plugin):
    """Returns the files of the macros and generic tests that come with dbt and with an adapter."""
    try:
        places = [sys.modules["dbt.include.global_project"].PACKAGE_PATH, find(plugin, "Plugin.include_path")]
    except (KeyError, AttributeError):
        return []  # another version of dbt has them elsewhere
    walks = [os.walk(os.path.join(place, kind)) for place in places for kind in ("macros", "tests")]
    return [os.path.join(d, name) for walk in walks for d, _, names in walk for name in names if name.endswith(".sql")]


def macro_blocks(file):
    """Returns the blocks of a file that define macros, as dbt's parser finds them."""
    with open(file, "rb") as opened:
        text = opened.read().decode().strip()
    kinds = {"macro", "materialization", "test", "data_test"}
    return sys.modules["dbt_common.clients.jinja"].extract_toplevel_blocks(text, kinds, collect_raw_data=False)


def compile_macros(file):
    """Compiles a file's macros into the cache in which dbt looks for their text, as it does itself."""
    jinja = sys.modules["dbt_common.clients.jinja"]
    for block in macro_blocks(file):
        known = MACROS if block.block_type_name == "macro" else OTHER_MACROS
        if block.block_name.split("__")[-1] in known:
            template = jinja.get_template(block.full_block, ctx={})
            jinja.template_cache.file_cache[block.full_block] = template


def say(line, text):
    try:
        line.sendall(text.encode("utf-8", "replace").replace(b"\n", b" ")[:4000] + b"\n")
    except OSError:
        pass  # dot has ended


# The child, from fork through dbt to its end.


class Child:
    def __init__(self, host, line, fds):
        self.host = host
        self.line = line
        self.fds = fds

    def live(self):
        """Runs the command and returns the exit code."""
        try:
            self.tie()
            self.take_streams()
            directory, argv, environ = self.read_request()
            os.chdir(directory)
            take_environment(environ, self.host.lc_ctype)
            self.let_go()
            take_signals()
            open_streams()
            renew_ids()
            program = self.load(argv)
            self.load_dotenv()
        except Refused as e:
            say(self.line, "refused %s" % e)
            return 1
        except BaseException as e:
            say(self.line, "failed %s" % (e if isinstance(e, OSError) else traceback.format_exc()))
            return 1
        self.line.close()
        return run(program)

    def tie(self):
        """Makes the child the leader of a group, and asks for SIGINT when the host ends."""
        os.setpgid(0, 0)
        say(self.line, "pid %d" % os.getpid())
        self.host.prctl(PR_SET_NAME, b"dbt", 0, 0, 0)
        self.host.prctl(PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0)
        if os.getppid() != self.host.pid:
            os._exit(128 + signal.SIGINT)  # the host ended before that

    def take_streams(self):
        for to, fd in enumerate(self.fds[1:4]):
            os.dup2(fd, to)
            os.close(fd)
        for fd in self.fds[5:]:
            os.set_inheritable(fd, True)

    def read_request(self):
        with open(self.fds[0], "rb") as file:
            file.seek(0)
            texts = file.read().split(b"\0")[:-1]
        count = int(texts[1])
        return texts[0], [os.fsdecode(text) for text in texts[2 : 2 + count]], texts[2 + count :]

    def let_go(self):
        """Closes the host's files. dot must notice when the host ends, though children go on."""
        signal.set_wakeup_fd(-1)
        self.host.selector.close()
        for each in [self.host.control, self.host.bell, self.host.ringer]:
            each.close()
        for command in self.host.commands:
            command.line.close()

    def load(self, argv):
        """Makes the console script the main program."""
        script = self.host.script
        with open(script, "rb") as file:
            code = compile(file.read(), argv[0], "exec")
        sys.argv = argv
        sys.orig_argv = [sys.executable] + argv
        module = types.ModuleType("__main__")
        module.__file__ = argv[0]
        module.__builtins__ = __builtins__
        sys.modules["__main__"] = module
        return lambda: exec(code, module.__dict__)

    def load_dotenv(self):
        """Imports the modules again that load a .env. If that fails, a dbt in a process of its own
        has the better traceback. The error may quote the .env, which may have secrets."""
        for name in self.host.loaders:
            sys.modules.pop(name)
            try:
                importlib.import_module(name)
            except BaseException as e:
                raise Refused("its .env can't be loaded: " + type(e).__name__)


def take_environment(environ, lc_ctype):
    os.environ.clear()
    for entry in environ:
        name, _, value = entry.partition(b"=")
        os.environb.pop(name, None)  # the last one counts, also for the order
        os.environb[name] = value
    if lc_ctype is not None and "LC_CTYPE" not in os.environ:
        os.environ["LC_CTYPE"] = lc_ctype  # set by Python itself, see PEP 538
    time.tzset()


def take_signals():
    """Resets signals to Python's defaults. A blocked SIGINT arrives in run."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)


def open_streams():
    """Opens the standard streams again, because their buffering depends on their type."""
    unbuffered = bool(os.environ.get("PYTHONUNBUFFERED"))
    for fd, name in enumerate(["stdin", "stdout", "stderr"]):
        before = getattr(sys, "__%s__" % name)
        mode, size = ("rb", -1) if fd == 0 else ("wb", 0 if unbuffered else -1)
        binary = open(fd, mode, size, closefd=False)
        raw = binary if size == 0 else binary.raw
        raw.name = "<%s>" % name
        text = io.TextIOWrapper(
            binary,
            encoding=before.encoding,
            errors=before.errors,
            newline="\n",
            line_buffering=not unbuffered and (raw.isatty() or fd == 2),
            write_through=unbuffered,
        )
        text.mode = mode[0]
        setattr(sys, name, text)
        setattr(sys, "__%s__" % name, text)


def renew_ids():
    """Gives the child its own invocation id and start time: dbt made the old ones at its import."""
    sys.modules["dbt_common.invocation"].reset_invocation_id()


def run(program):
    """Runs a program to its end, as Python does, and returns the exit code."""
    code = 0
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
        program()
    except SystemExit as e:
        code = exit_code(e.code)
    except BaseException as e:
        trace = e.__traceback__
        while trace is not None and trace.tb_frame.f_globals is globals():
            trace = trace.tb_next
        sys.excepthook(type(e), e.with_traceback(trace), trace)
        code = None if isinstance(e, KeyboardInterrupt) else 1
    # Python itself would go on to clear all modules. Libraries that were loaded before the
    # fork fail on that.
    quietly("in: the last threads", threading._shutdown)
    quietly("in: what runs at exit", atexit._run_exitfuncs)
    flushed = [
        quietly("on flushing sys." + name + ":" if sys.version_info >= (3, 13) else "in: " + repr(stream), stream.flush)
        for name, stream in (("stdout", sys.stdout), ("stderr", sys.stderr))
    ]
    if code is None:  # uncaught: end by the same signal, so that the waiting process sees it
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
        code = 128 + signal.SIGINT
    return code if all(flushed) else 120


def exit_code(value):
    if value is None:
        return 0
    if isinstance(value, int):
        return value & 0xFF
    print(value, file=sys.stderr)
    return 1


def quietly(what, act):
    """Calls act, prints its error, if any, and goes on. Returns whether act succeeded."""
    try:
        act()
    except BaseException as e:
        try:
            print("Exception ignored " + what, file=sys.stderr)
            traceback.print_exception(type(e), e, None)
        except BaseException:
            pass
        return False
    return True


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3])
