"""The databases of the app and of MLflow, as the PostgreSQL exporter shows them."""

from scripts.dashboards.frame import Board, Line, Section, choice
from scripts.dashboards.panels import (
    BLUE,
    GREEN,
    ORANGE,
    RED,
    each_minute,
    graph,
    now,
    number,
    over_time,
    reachable,
    up_to,
)
from scripts.dashboards.promql import gained, rate

JOB = 'job="pg-exporter-mlflow",instance=~"$instance"'
# Objects that all databases share have no name here, and nobody works in the templates.
CHOSEN = f'{JOB},datname=~"$database",datname!~"(template.*)?"'
HIT = rate("pg_stat_database_blks_hit", CHOSEN)

STATE = reachable(
    "PostgreSQL",
    "Whether the exporter reaches the server, and Prometheus the exporter.",
    f"min(pg_up{{{JOB}}}) or 0 * min(up{{{JOB}}})",
    alerts=["DatabaseUnreachable", "ScrapeTargetDown"],
)
USED_CONNECTIONS = number(
    "Connections used",
    "Connections of all databases as a share of the most that the server allows. At 100 % new ones are "
    "refused.",
    "percentunit",
    now(f"sum(pg_stat_database_numbackends{{{JOB}}}) / min(pg_settings_max_connections{{{JOB}}})", "used"),
    steps=up_to(warn=0.8),
    empty="no data",
    decimals=0,
    wide=5,
)
SIZE = number(
    "Size",
    "Size of the chosen databases on disk.",
    "bytes",
    now(f"sum(pg_database_size_bytes{{{CHOSEN}}})", "size"),
    empty="no data",
    alerts=["DiskFilling"],
    wide=5,
)
CACHE_HITS = number(
    "Cache hits",
    "Blocks that were in the server's memory when asked for. Below 90 % for long: more memory, or a query "
    "without an index.",
    "percentunit",
    now(
        f"{HIT} / ({HIT} + {rate('pg_stat_database_blks_read', CHOSEN)} > 0)",
        "hits",
    ),
    steps={None: BLUE, 0: ORANGE, 0.9: GREEN},
    empty="nothing read",
    decimals=1,
    wide=5,
)
LONGEST = number(
    "Longest transaction",
    "Age of the oldest open transaction. It keeps old rows from being cleared away.",
    "s",
    now(f"max(pg_stat_activity_max_tx_duration{{{CHOSEN}}})", "longest"),
    steps=up_to(warn=60),
    empty="no data",
    wide=5,
)
TRANSACTIONS = graph(
    "Transactions",
    "Transactions in a second by database, committed and rolled back.",
    "ops",
    over_time(rate("pg_stat_database_xact_commit", CHOSEN, "datname"), "{{datname}} committed"),
    over_time(rate("pg_stat_database_xact_rollback", CHOSEN, "datname"), "{{datname}} rolled back"),
    wide=12,
)
CONNECTIONS = graph(
    "Connections by state",
    "Connections by database and state; states without any are left out. Many that are idle in "
    "transaction: a program forgets to commit.",
    "short",
    over_time(f"sum by (datname, state) (pg_stat_activity_count{{{CHOSEN}}}) > 0", "{{datname}} {{state}}"),
    wide=12,
)
ROWS_WRITTEN = graph(
    "Rows written",
    "Rows inserted, updated and deleted in a second.",
    "rowsps",
    over_time(rate("pg_stat_database_tup_inserted", CHOSEN), "inserted"),
    over_time(rate("pg_stat_database_tup_updated", CHOSEN), "updated"),
    over_time(rate("pg_stat_database_tup_deleted", CHOSEN), "deleted"),
    colours={"inserted": GREEN, "updated": BLUE, "deleted": RED},
    wide=8,
)
ROWS_READ = graph(
    "Rows read",
    "Rows that scans looked at (returned) and that index scans fetched, in a second. A wide gap between "
    "the two: whole tables are read.",
    "rowsps",
    over_time(rate("pg_stat_database_tup_returned", CHOSEN), "returned"),
    over_time(rate("pg_stat_database_tup_fetched", CHOSEN), "fetched"),
    wide=8,
)
BLOCKS = graph(
    "Blocks read from disk",
    "Blocks in a second that were not in the server's memory, by database.",
    "ops",
    over_time(rate("pg_stat_database_blks_read", CHOSEN, "datname"), "{{datname}}"),
    wide=8,
)
LOCKS = graph(
    "Locks",
    "Locks that are held or waited for, by kind; kinds without any are left out.",
    "short",
    over_time(f"sum by (mode) (pg_locks_count{{{CHOSEN}}}) > 0", "{{mode}}"),
    wide=8,
)
TROUBLE = graph(
    "Deadlocks and conflicts",
    "Transactions that were ended because of a deadlock or a conflict. Any is worth a look at the log.",
    "short",
    each_minute(gained("pg_stat_database_deadlocks", CHOSEN, "datname"), "{{datname}} deadlocks"),
    each_minute(gained("pg_stat_database_conflicts", CHOSEN, "datname"), "{{datname}} conflicts"),
    bars=True,
    wide=8,
)
TEMPORARY = graph(
    "Temporary files",
    "Bytes in a second that queries wrote to disk because their memory was too small.",
    "Bps",
    over_time(rate("pg_stat_database_temp_bytes", CHOSEN, "datname"), "{{datname}}"),
    wide=8,
)
SIZES = graph(
    "Size by database",
    "Size of each database on disk.",
    "bytes",
    over_time(f"max by (datname) (pg_database_size_bytes{{{CHOSEN}}})", "{{datname}}"),
    stacked=True,
    alerts=["DiskFilling"],
    wide=24,
)

BOARD = Board(
    name="postgres",
    title="PostgreSQL",
    description="The databases of the app and of MLflow.",
    variables=[
        choice("instance", "Instance", 'label_values(pg_up{job="pg-exporter-mlflow"}, instance)'),
        choice(
            "database",
            "Database",
            f"label_values(pg_stat_database_numbackends{{{JOB}}}, datname)",
            regex="/^(?!template).+/",
        ),
    ],
    sections=[
        Section("At a glance", [Line(4, [STATE, USED_CONNECTIONS, SIZE, CACHE_HITS, LONGEST])]),
        Section("Work", [Line(8, [TRANSACTIONS, CONNECTIONS]), Line(8, [ROWS_WRITTEN, ROWS_READ, BLOCKS])]),
        Section("Trouble", [Line(8, [LOCKS, TROUBLE, TEMPORARY])]),
        Section("Size", [Line(7, [SIZES])]),
    ],
)
