"""The machine that everything runs on, as the node exporter shows it."""

from scripts.dashboards.frame import Board, Line, Section, choice
from scripts.dashboards.panels import (
    ORANGE,
    UP_OR_WARN,
    each_minute,
    graph,
    now,
    number,
    over_time,
    ranking,
    up_to,
)
from scripts.dashboards.promql import gained

JOB = 'job="node",instance=~"$instance"'
DISKS = f'{JOB},device=~"$device",fstype!~"tmpfs|ramfs|overlay|squashfs|iso9660"'
DEVICES = f'{JOB},device!~"lo|veth.*|br-.*|docker.*"'
CPU_USE = f'1 - avg by (instance) (rate(node_cpu_seconds_total{{{JOB},mode="idle"}}[$__rate_interval]))'
MEMORY_USE = (
    f"1 - sum by (instance) (node_memory_MemAvailable_bytes{{{JOB}}})"
    f" / sum by (instance) (node_memory_MemTotal_bytes{{{JOB}}})"
)
# One disk that is mounted at several places counts once, as in the alert.
DISK_USE = '1 - instance_device:filesystem_avail:ratio{instance=~"$instance",device=~"$device"}'

UPTIME = number(
    "Running for",
    "Time since the machine started. Short after an outage: it was the machine.",
    "s",
    now(f"time() - max(node_boot_time_seconds{{{JOB}}})"),
    empty="not scraped",
    alerts=["ScrapeTargetDown"],
    wide=4,
)
CPU = number(
    "Processor",
    "Share of the processors' time in use.",
    "percentunit",
    now(f"max({CPU_USE})", "in use"),
    steps=up_to(warn=0.9),
    empty="not scraped",
    decimals=0,
    wide=4,
)
MEMORY = number(
    "Memory",
    "Share of memory in use; what the system can give back at once counts as free.",
    "percentunit",
    now(f"max({MEMORY_USE})", "in use"),
    steps=up_to(warn=0.9),
    empty="not scraped",
    decimals=0,
    wide=4,
)
FULLEST = number(
    "Fullest disk",
    "Share in use on the fullest of the chosen disks.",
    "percentunit",
    now(f"max({DISK_USE})", "in use"),
    steps=up_to(warn=0.85, call=0.95),
    empty="not scraped",
    decimals=0,
    alerts=["DiskFilling"],
    wide=4,
)
CLOCK = number(
    "Clock",
    "Whether the machine's clock follows a time server. Where it does not, sessions and certificates go "
    "wrong.",
    "short",
    now(f"min(node_timex_sync_status{{{JOB}}})"),
    steps=UP_OR_WARN,
    words={"1": "in step", "0": "free-running"},
    empty="not scraped",
    wide=4,
)
LAST_BACKUP = number(
    "Last backup",
    "Time since the last whole backup of `make backup`. None where no backup was ever made here.",
    "s",
    now("time() - max(opinionlens_backup_last_success_timestamp_seconds)"),
    steps=up_to(warn=36 * 3600),
    empty="no backup",
    alerts=["BackupTooOld"],
    wide=4,
)
CPU_BY_MODE = graph(
    "Processor by mode",
    "Share of the processors' time by what it went to. Much iowait: the disk is slow; much steal: the host "
    "is shared.",
    "percentunit",
    over_time(
        f'sum by (mode) (rate(node_cpu_seconds_total{{{JOB},mode!="idle"}}[$__rate_interval]))'
        f' / scalar(count(node_cpu_seconds_total{{{JOB},mode="idle"}}))',
        "{{mode}}",
    ),
    stacked=True,
    top=1,
    wide=12,
)
LOAD = graph(
    "Load for each processor",
    "Processes that run or wait, divided by the number of processors. Above 1 something waits.",
    "short",
    over_time(
        f"sum by (instance) (node_load1{{{JOB}}})"
        f' / count by (instance) (node_cpu_seconds_total{{{JOB},mode="idle"}})',
        "{{instance}} 1 minute",
    ),
    over_time(
        f"sum by (instance) (node_load15{{{JOB}}})"
        f' / count by (instance) (node_cpu_seconds_total{{{JOB},mode="idle"}})',
        "{{instance}} 15 minutes",
    ),
    limits={1: ORANGE},
    wide=12,
)
MEMORY_USED = graph(
    "Memory in use",
    "Memory in use, and all there is. Where the two meet, the system ends processes.",
    "bytes",
    over_time(
        f"sum by (instance) (node_memory_MemTotal_bytes{{{JOB}}} - node_memory_MemAvailable_bytes{{{JOB}}})",
        "{{instance}} in use",
    ),
    over_time(f"sum by (instance) (node_memory_MemTotal_bytes{{{JOB}}})", "{{instance}} all"),
    wide=8,
)
SWAP = graph(
    "Swap",
    "Swap in use. A machine that swaps while it serves is too small.",
    "bytes",
    over_time(
        f"sum by (instance) (node_memory_SwapTotal_bytes{{{JOB}}} - node_memory_SwapFree_bytes{{{JOB}}})",
        "{{instance}}",
    ),
    wide=8,
)
KILLED = graph(
    "Processes ended for memory",
    "Processes that the system ended because memory was short. One of them may have been a worker.",
    "short",
    each_minute(gained("node_vmstat_oom_kill", JOB, "instance"), "{{instance}}"),
    bars=True,
    wide=8,
)
PRESSURE = graph(
    "Waiting for resources",
    "Share of time in which some process waited for a processor, memory or the disk.",
    "percentunit",
    over_time(f"max(rate(node_pressure_cpu_waiting_seconds_total{{{JOB}}}[$__rate_interval]))", "processor"),
    over_time(f"max(rate(node_pressure_memory_waiting_seconds_total{{{JOB}}}[$__rate_interval]))", "memory"),
    over_time(f"max(rate(node_pressure_io_waiting_seconds_total{{{JOB}}}[$__rate_interval]))", "disk"),
    wide=12,
)
DISK_FULL = ranking(
    "Disks",
    "Share in use of each disk.",
    "percentunit",
    now(DISK_USE, "{{instance}} {{device}}"),
    steps=up_to(warn=0.85, call=0.95),
    empty="not scraped",
    top=1,
    alerts=["DiskFilling"],
    wide=12,
)
DISK_SPACE = graph(
    "Free space",
    "Bytes that are left on each disk.",
    "bytes",
    over_time(
        f"min by (instance, device) (node_filesystem_avail_bytes{{{DISKS}}})",
        "{{instance}} {{device}}",
    ),
    alerts=["DiskFilling"],
    wide=8,
)
DISK_BUSY = graph(
    "Disk busy",
    "Share of time in which the disk had something to do.",
    "percentunit",
    over_time(
        f"max by (instance, device) (rate(node_disk_io_time_seconds_total{{{JOB}}}[$__rate_interval]))",
        "{{instance}} {{device}}",
    ),
    wide=8,
)
DISK_TRAFFIC = graph(
    "Disk traffic",
    "Bytes in a second that were read and written.",
    "Bps",
    over_time(
        f"sum by (instance) (rate(node_disk_read_bytes_total{{{JOB}}}[$__rate_interval]))",
        "{{instance}} read",
    ),
    over_time(
        f"sum by (instance) (rate(node_disk_written_bytes_total{{{JOB}}}[$__rate_interval]))",
        "{{instance}} written",
    ),
    wide=8,
)
NETWORK = graph(
    "Network",
    "Bytes in a second that came in and went out, without the containers' own networks.",
    "Bps",
    over_time(
        f"sum by (instance) (rate(node_network_receive_bytes_total{{{DEVICES}}}[$__rate_interval]))",
        "{{instance}} in",
    ),
    over_time(
        f"sum by (instance) (rate(node_network_transmit_bytes_total{{{DEVICES}}}[$__rate_interval]))",
        "{{instance}} out",
    ),
    wide=8,
)
NETWORK_TROUBLE = graph(
    "Network errors",
    "Packets in a second that were dropped or had an error. Should be 0.",
    "pps",
    over_time(
        f"sum by (instance) (rate(node_network_receive_errs_total{{{DEVICES}}}[$__rate_interval])"
        f" + rate(node_network_transmit_errs_total{{{DEVICES}}}[$__rate_interval]))",
        "{{instance}} errors",
    ),
    over_time(
        f"sum by (instance) (rate(node_network_receive_drop_total{{{DEVICES}}}[$__rate_interval])"
        f" + rate(node_network_transmit_drop_total{{{DEVICES}}}[$__rate_interval]))",
        "{{instance}} dropped",
    ),
    wide=8,
)
HANDLES = graph(
    "Open files",
    "Open files of all processes as a share of the most that the system allows.",
    "percentunit",
    over_time(
        f"max by (instance) (node_filefd_allocated{{{JOB}}} / node_filefd_maximum{{{JOB}}})", "{{instance}}"
    ),
    limits={0.8: ORANGE},
    wide=8,
)

BOARD = Board(
    name="node",
    title="Host",
    description="The machine that everything runs on: processor, memory, disks, network.",
    deployments=False,
    variables=[
        choice("instance", "Instance", 'label_values(node_boot_time_seconds{job="node"}, instance)'),
        choice("device", "Disk", "label_values(instance_device:filesystem_avail:ratio, device)"),
    ],
    sections=[
        Section("At a glance", [Line(4, [UPTIME, CPU, MEMORY, FULLEST, CLOCK, LAST_BACKUP])]),
        Section("Processor", [Line(8, [CPU_BY_MODE, LOAD])]),
        Section("Memory", [Line(7, [MEMORY_USED, SWAP, KILLED])]),
        Section(
            "Pressure and disks",
            [Line(7, [PRESSURE, DISK_FULL]), Line(7, [DISK_SPACE, DISK_BUSY, DISK_TRAFFIC])],
        ),
        Section("Network and files", [Line(7, [NETWORK, NETWORK_TROUBLE, HANDLES])]),
    ],
)
