# Leaves the machine's memory to its guests: ZFS may keep PERCENT of it as its cache, and at least 512 MiB.
# arc.sh PERCENT [MEMINFO] [PARAMETER]
set -eu
percent=$1 meminfo=${2:-/proc/meminfo} parameter=${3:-/sys/module/zfs/parameters/zfs_arc_max}

total=''
while read -r name value _; do
	if [ "$name" = MemTotal: ]; then total=$value; fi
done <"$meminfo"
if [ -z "$total" ]; then
	echo "arc: $meminfo does not tell how much memory this machine has" >&2
	exit 1
fi
bytes=$((total * 1024 / 100 * percent))
if [ "$bytes" -lt 536870912 ]; then bytes=536870912; fi
echo "$bytes" >"$parameter"
echo "ZFS keeps at most $((bytes / 1048576)) MiB of this machine's $((total / 1024)) MiB as its cache."
