"""System calls by name: their numbers on the architectures that Safelight can confine.

From the kernel's own tables: arch/x86/entry/syscalls/syscall_64.tbl and
include/uapi/asm-generic/unistd.h (which arm64 uses).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Architecture:
    """How a machine numbers its calls; ``audit`` is its name in a filter (linux/audit.h)."""

    audit: int
    numbers: dict[str, int]
    has_x32: bool = False


DENIED = (
    # The network. Pairs of streams stay: both ends are the process's own. What carries open files
    # does not: a file that is on its way is in nobody's list.
    *("socket", "bind", "connect", "listen", "sendmsg", "sendmmsg"),
    # Other processes: looking into them, stopping them, leaving the group that ends together.
    *("ptrace", "process_vm_readv", "process_vm_writev", "kcmp", "tkill", "rt_sigqueueinfo"),
    *("rt_tgsigqueueinfo", "pidfd_open", "pidfd_getfd", "pidfd_send_signal", "setsid", "setpgid"),
    *("setpriority", "ioprio_set", "process_madvise", "process_mrelease", "migrate_pages"),
    "move_pages",
    # The system: mounts, namespaces, modules, keys, clocks.
    *("mount", "umount2", "pivot_root", "chroot", "unshare", "setns", "open_tree", "move_mount"),
    *("fsopen", "fsconfig", "fsmount", "fspick", "mount_setattr", "open_by_handle_at"),
    *("name_to_handle_at", "bpf", "userfaultfd", "perf_event_open", "add_key", "request_key"),
    *("keyctl", "kexec_load", "kexec_file_load", "init_module", "finit_module", "delete_module"),
    *("reboot", "swapon", "swapoff", "sethostname", "setdomainname", "settimeofday", "acct"),
    *("clock_settime", "adjtimex", "clock_adjtime", "quotactl", "syslog", "iopl", "ioperm"),
    "modify_ldt",
    # What others do with their files, which no rule about files hides.
    *("inotify_init", "inotify_init1", "inotify_add_watch", "fanotify_init", "fanotify_mark"),
    # Ways around this filter, and memory that outlives the process.
    *("io_uring_setup", "io_uring_enter", "io_uring_register", "shmget", "shmat", "shmctl"),
    *("msgget", "semget", "mq_open", "memfd_create", "memfd_secret", "setrlimit"),
)
"""Refused in every confined process."""

PROCESSES = ("fork", "vfork", "execve", "execveat")
"""Refused where no process may be started."""

PRETENDED = (
    *("chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "fchown", "lchown", "fchownat"),
    *("utime", "utimes", "futimesat", "utimensat", "setxattr", "lsetxattr", "fsetxattr"),
    *("removexattr", "lremovexattr", "fremovexattr", "setxattrat", "removexattrat"),
    "file_setattr",
)
"""Done as if: Landlock does not cover modes, owners and times, and an error breaks copying."""

OF_ITSELF = ("sched_setscheduler", "sched_setparam", "sched_setattr")
"""Allowed where the first argument is this process or 0, which is this thread."""

OWNERS = (8, 10, 15)
"""Commands of fcntl (F_SETOWN, F_SETSIG, F_SETOWN_EX) by which the kernel sends a signal to whom
they name; Landlock knows of it since its version 6.
"""

OWNING = (0x8901, 0x8902)
"""The same as requests of ioctl: FIOSETOWN, SIOCSPGRP."""

_COMMON = {
    "pidfd_send_signal": 424,
    "io_uring_setup": 425,
    "io_uring_enter": 426,
    "io_uring_register": 427,
    "open_tree": 428,
    "move_mount": 429,
    "fsopen": 430,
    "fsconfig": 431,
    "fsmount": 432,
    "fspick": 433,
    "pidfd_open": 434,
    "clone3": 435,
    "pidfd_getfd": 438,
    "mount_setattr": 442,
    "process_madvise": 440,
    "memfd_secret": 447,
    "process_mrelease": 448,
    "fchmodat2": 452,
    "setxattrat": 463,
    "removexattrat": 466,
    "file_setattr": 469,
}

_X86_64 = """
socket 41 connect 42 bind 49 listen 50 ptrace 101 process_vm_readv 310 process_vm_writev 311
kcmp 312 tkill 200 rt_sigqueueinfo 129 rt_tgsigqueueinfo 297 setsid 112 setpgid 109 setpriority 141
mount 165 umount2 166 pivot_root 155 chroot 161 unshare 272 setns 308 open_by_handle_at 304
name_to_handle_at 303 bpf 321 userfaultfd 323 perf_event_open 298 add_key 248 request_key 249
keyctl 250 kexec_load 246 kexec_file_load 320 init_module 175 finit_module 313 delete_module 176
reboot 169 swapon 167 swapoff 168 sethostname 170 setdomainname 171 settimeofday 164 acct 163
clock_settime 227 adjtimex 159 clock_adjtime 305 quotactl 179 syslog 103 iopl 172 ioperm 173
modify_ldt 154 memfd_create 319 mmap 9 setrlimit 160
shmget 29 shmat 30 shmctl 31 msgget 68 semget 64 mq_open 240 fork 57 vfork 58
execve 59 execveat 322 clone 56 kill 62 tgkill 234 prlimit64 302 chmod 90 fchmod 91 fchmodat 268
chown 92 fchown 93 lchown 94 fchownat 260 utime 132 utimes 235 futimesat 261 utimensat 280
setxattr 188 lsetxattr 189 fsetxattr 190 removexattr 197 lremovexattr 198 fremovexattr 199
sendmsg 46 sendmmsg 307 sendto 44 socketpair 53 fcntl 72 ioctl 16 ioprio_set 251
migrate_pages 256 move_pages 279 sched_setscheduler 144 sched_setparam 142 sched_setattr 314
sched_setaffinity 203 inotify_init 253 inotify_init1 294 inotify_add_watch 254
fanotify_init 300 fanotify_mark 301
"""

_AARCH64 = """
socket 198 connect 203 bind 200 listen 201 ptrace 117 process_vm_readv 270 process_vm_writev 271
kcmp 272 tkill 130 rt_sigqueueinfo 138 rt_tgsigqueueinfo 240 setsid 157 setpgid 154 setpriority 140
mount 40 umount2 39 pivot_root 41 chroot 51 unshare 97 setns 268 open_by_handle_at 265
name_to_handle_at 264 bpf 280 userfaultfd 282 perf_event_open 241 add_key 217 request_key 218
keyctl 219 kexec_load 104 kexec_file_load 294 init_module 105 finit_module 273 delete_module 106
reboot 142 swapon 224 swapoff 225 sethostname 161 setdomainname 162 settimeofday 170 acct 89
clock_settime 112 adjtimex 171 clock_adjtime 266 quotactl 60 syslog 116 memfd_create 279 mmap 222
setrlimit 164 shmget 194 shmat 196
shmctl 195 msgget 186 semget 190 mq_open 180 execve 221 execveat 281 clone 220 kill 129 tgkill 131
prlimit64 261 fchmod 52 fchmodat 53 fchown 55 fchownat 54 utimensat 88 setxattr 5 lsetxattr 6
fsetxattr 7 removexattr 14 lremovexattr 15 fremovexattr 16
sendmsg 211 sendmmsg 269 sendto 206 socketpair 199 fcntl 25 ioctl 29 ioprio_set 30
migrate_pages 238 move_pages 239 sched_setscheduler 119 sched_setparam 118 sched_setattr 274
sched_setaffinity 122 inotify_init1 26 inotify_add_watch 27
fanotify_init 262 fanotify_mark 263
"""


def _numbers(table: str) -> dict[str, int]:
    words = table.split()
    return _COMMON | dict(zip(words[::2], map(int, words[1::2]), strict=True))


ARCHITECTURES = {
    "x86_64": Architecture(0xC000003E, _numbers(_X86_64), has_x32=True),
    "aarch64": Architecture(0xC00000B7, _numbers(_AARCH64)),
}
"""By the name that ``platform.machine`` gives them."""
