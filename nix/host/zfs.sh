# The worker has mounts of its own, and what it mounted there would be seen by nobody else. So zfs, which mounts what
# it makes, runs where the machine's first process is.
exec @nsenter@ --mount=/proc/1/ns/mnt -- @zfs@ "$@"
