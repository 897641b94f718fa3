"""Peers that answer one rule for all enterprises, on one sorted table of whole numbers and booleans.

Each engine has `name` and `version`, and some of `met(rule)` (count of true), `met_ids(rule)` (makes an
array of the ids of true and gives its length), `both(rule)` (counts of true and of unknown) and
`pushed(rule)` (the same, what is never unknown split off by hand); a rule is one of `about.json`.
"""

import glob
import os
import pwd
import signal
import subprocess
import time
from pathlib import Path

import datafusion
import duckdb
import numpy
import pg8000.native
import polars
import pyarrow
import pyarrow.parquet

BOTH = "count(*) FILTER (WHERE {p}), count(*) FILTER (WHERE ({p}) IS NULL)"


TYPES = {"r": "INTEGER", "c": "SMALLINT", "n": "BIGINT", "d": "INTEGER", "t": "BOOLEAN"}


def kind(name):
    """The SQL type of a column."""
    return {"id": "BIGINT", "trade": "SMALLINT"}.get(name) or TYPES[name[0]]


def prepare(folder, about):
    """Sorts the enterprises by place and trade and writes them as Parquet: `enterprises.parquet` in the
    fast form, `portable.parquet` as `zhida_matcher::sql` describes its columns."""
    with open(f"{folder}/enterprises-0.csv") as file:
        names = file.readline().strip().split(",")
    columns = ", ".join(f"'{name}': '{kind(name)}'" for name in names)
    connection = duckdb.connect()
    connection.execute(
        f"CREATE TABLE e AS SELECT * FROM read_csv('{folder}/enterprises-*.csv', header=true, columns={{{columns}}})"
        " ORDER BY region, trade"
    )
    connection.execute(f"COPY e TO '{folder}/enterprises.parquet' (FORMAT parquet)")
    connection.execute("CREATE TABLE leaves (position INTEGER, code VARCHAR)")
    connection.executemany("INSERT INTO leaves VALUES (?, ?)", list(enumerate(about["leaves"])))
    as_written = {
        "id": "id",
        "region": "CAST(region AS VARCHAR)",
        "trade": "leaves.code",
        "c": "'项' || {n}",
        "n": "CAST({n} AS DECIMAL(18, 0))",
        "d": "make_date({n} // 10000, {n} // 100 % 100, {n} % 100)",
        "t": "{n}",
    }
    columns = ", ".join(
        (as_written.get(name) or as_written[name[0]]).format(n=name) + f" AS {name}" for name in names
    )
    connection.execute(
        f"COPY (SELECT {columns} FROM e JOIN leaves ON trade = position ORDER BY region, trade)"
        f" TO '{folder}/portable.parquet' (FORMAT parquet)"
    )


class DuckDb:
    """On the table in the fast form, or on another one with another form of the rules."""

    version = duckdb.__version__

    def __init__(self, folder, name="DuckDB", table="enterprises", form="sql"):
        self.name, self.form = name, form
        if form != "sql":
            self.pushed = None
        self.connection = duckdb.connect()
        self.connection.execute(f"CREATE TABLE e AS FROM '{folder}/{table}.parquet'")

    def met(self, rule):
        return self.connection.execute(f"SELECT count(*) FROM e WHERE {rule[self.form]}").fetchone()[0]

    def met_ids(self, rule):
        return len(self.connection.execute(f"SELECT id FROM e WHERE {rule[self.form]}").fetchnumpy()["id"])

    def both(self, rule):
        return self.connection.execute(f"SELECT {BOTH.format(p=rule[self.form])} FROM e").fetchone()

    def pushed(self, rule):
        where, rest = rule["pushed"]
        return self.connection.execute(f"SELECT {BOTH.format(p=rest)} FROM e WHERE {where}").fetchone()


class Polars:
    name, version = "Polars", polars.__version__

    def __init__(self, folder):
        self.frame = polars.read_parquet(f"{folder}/enterprises.parquet").rechunk().lazy()

    def met(self, rule):
        return self.frame.filter(polars.sql_expr(rule["sql"])).select(polars.len()).collect().item()

    def met_ids(self, rule):
        return len(self.frame.filter(polars.sql_expr(rule["sql"])).select("id").collect()["id"].to_numpy())

    def both(self, rule):
        return self.count(self.frame, rule["sql"])

    def pushed(self, rule):
        where, rest = rule["pushed"]
        return self.count(self.frame.filter(polars.sql_expr(where)), rest)

    def count(self, frame, text):
        met = polars.sql_expr(text)
        return frame.select(met.sum().alias("met"), met.is_null().sum().alias("unknown")).collect().row(0)


class DataFusion:
    name, version = "DataFusion", datafusion.__version__

    def __init__(self, folder):
        threads = os.cpu_count()
        self.context = datafusion.SessionContext(datafusion.SessionConfig().with_target_partitions(threads))
        batches = pyarrow.parquet.read_table(f"{folder}/enterprises.parquet").to_batches(max_chunksize=1 << 16)
        parts = [batches[at::threads] for at in range(threads)]
        self.context.register_record_batches("e", [part for part in parts if part])

    def ask(self, what, where=""):
        batches = self.context.sql(f"SELECT {what} FROM e{where}").collect()
        return [column[0].as_py() for column in batches[0].columns]

    def met(self, rule):
        return self.ask("count(*) AS met", f" WHERE {rule['sql']}")[0]

    def met_ids(self, rule):
        batches = self.context.sql(f"SELECT id FROM e WHERE {rule['sql']}").collect()
        return sum(len(batch.column(0).to_numpy()) for batch in batches)

    def both(self, rule):
        return tuple(self.ask(BOTH.format(p=rule["sql"])))

    def pushed(self, rule):
        where, rest = rule["pushed"]
        return tuple(self.ask(BOTH.format(p=rest), f" WHERE {where}"))


class Planes:
    """Kleene's logic on whole columns, as OpenFisca would vectorise it: where true, where possible."""

    def __init__(self, true, possible):
        self.true, self.possible = true, possible

    def __and__(self, other):
        return Planes(self.true & other.true, self.possible & other.possible)

    def __or__(self, other):
        return Planes(self.true | other.true, self.possible | other.possible)

    def __invert__(self):
        return Planes(~self.possible, ~self.true)


class NumPy:
    name, version = "NumPy, three-valued", numpy.__version__

    def __init__(self, folder):
        table = pyarrow.parquet.read_table(f"{folder}/enterprises.parquet")
        self.values, self.unknown = {}, {}
        for name in table.column_names:
            column = table[name].combine_chunks()
            self.unknown[name] = column.is_null().to_numpy(zero_copy_only=False) if column.null_count else None
            nothing = pyarrow.scalar(0).cast(column.type)
            self.values[name] = column.fill_null(nothing).to_numpy(zero_copy_only=False)
        self.words = {
            "within": lambda name, ranges: self.any(
                name, [(self.values[name] >= low) & (self.values[name] <= high) for low, high in ranges]
            ),
            "one_of": lambda name, values: self.any(name, [self.values[name] == value for value in values]),
            "at_least": lambda name, value: self.known(self.values[name] >= value, name),
            "at_most": lambda name, value: self.known(self.values[name] <= value, name),
            "ratio_at_least": lambda top, bottom, per_mille: self.known(
                self.values[top] * 1000 >= self.values[bottom] * per_mille, top, bottom
            ),
            "tag": lambda name: self.known(self.values[name], name),
        }

    def any(self, name, tests):
        return self.known(numpy.logical_or.reduce(tests) if len(tests) > 1 else tests[0], name)

    def known(self, test, *names):
        true, possible = test, test
        for unknown in (self.unknown[name] for name in names):
            if unknown is not None:
                true, possible = true & ~unknown, possible | unknown
        return Planes(true, possible)

    def met_ids(self, rule):
        return len(self.values["id"][eval(rule["numpy"], self.words).true])

    def both(self, rule):
        found = eval(rule["numpy"], self.words)
        met = int(numpy.count_nonzero(found.true))
        return met, int(numpy.count_nonzero(found.possible)) - met


class PostgreSql:
    """A server of its own on a socket in the folder, without durability, with an index on place and trade."""

    name = "PostgreSQL"

    def __init__(self, folder):
        binaries = max(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda path: int(path.split("/")[-2]))
        account = pwd.getpwnam("postgres").pw_name if os.getuid() == 0 else None
        home = Path(folder) / "postgresql"
        home.mkdir()
        if account:
            os.chmod(folder, 0o755)
            os.chown(home, pwd.getpwnam(account).pw_uid, pwd.getpwnam(account).pw_gid)
        data = home / "data"
        subprocess.run(
            [f"{binaries}/initdb", "-D", data, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8"],
            user=account, cwd="/", check=True, stdout=subprocess.DEVNULL,
        )
        settings = {
            "listen_addresses": "", "fsync": "off", "wal_level": "minimal", "max_wal_senders": 0,
            "synchronous_commit": "off", "shared_buffers": "2GB", "work_mem": "64MB", "jit": "off",
            "max_parallel_workers_per_gather": os.cpu_count(), "dynamic_shared_memory_type": "mmap",
        }
        arguments = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
        self.log = open(home / "log", "w")
        self.server = subprocess.Popen(
            [f"{binaries}/postgres", "-D", data, "-k", home, *arguments],
            user=account, cwd="/", stdout=self.log, stderr=self.log,
        )
        try:
            self.connection = self.connect(f"{home}/.s.PGSQL.5432")
            self.version = self.connection.parameter_statuses["server_version"].split()[0]
            self.load(folder)
        except BaseException:
            self.stop()
            raise

    def connect(self, socket):
        for _ in range(300):
            try:
                return pg8000.native.Connection("postgres", unix_sock=socket, timeout=None)
            except (pg8000.native.InterfaceError, pg8000.native.DatabaseError, OSError):
                time.sleep(0.1)
        raise RuntimeError("PostgreSQL does not start; see its log")

    def load(self, folder):
        names = pyarrow.parquet.read_schema(f"{folder}/enterprises.parquet").names
        columns = ", ".join(f"{name} {kind(name)}" for name in names)
        self.connection.run(f"CREATE UNLOGGED TABLE e ({columns})")
        path = f"{folder}/sorted.csv"
        duckdb.execute(f"COPY (FROM '{folder}/enterprises.parquet') TO '{path}' (HEADER false)")
        with open(path, "rb") as file:
            self.connection.run("COPY e FROM STDIN (FORMAT csv)", stream=file)
        os.remove(path)
        self.connection.run("CREATE INDEX ON e (region, trade)")
        self.connection.run("VACUUM ANALYZE e")

    def met(self, rule):
        return self.connection.run(f"SELECT count(*) FROM e WHERE {rule['sql']}")[0][0]

    def both(self, rule):
        return tuple(self.connection.run(f"SELECT {BOTH.format(p=rule['sql'])} FROM e")[0])

    def pushed(self, rule):
        where, rest = rule["pushed"]
        return tuple(self.connection.run(f"SELECT {BOTH.format(p=rest)} FROM e WHERE {where}")[0])

    def stop(self):
        self.server.send_signal(signal.SIGINT)  # does not wait for us to disconnect
        self.server.wait()
