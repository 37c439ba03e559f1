"""System calls: which a confined process may make, which are refused, and which only seem done.

A process that may open a graphics card has all calls but the refused ones, since nobody has
recorded what its driver calls; any other has the allowed ones alone. What those are was recorded
(``.ci/record_calls.py``, tests/workers/recorded_calls.txt) from the editor's own plugins, the
attacks, decoders and builds; beside each stand those that another C library, kernel or version of
Python makes in its place.
"""

from __future__ import annotations

DENIED = (
    # Other programs, and processes that outlive this one.
    *("fork", "vfork", "execve", "execveat"),
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
    *("modify_ldt", "capset"),
    # What others do with their files, which no rule about files hides.
    *("inotify_init", "inotify_init1", "inotify_add_watch", "fanotify_init", "fanotify_mark"),
    # Ways around this filter, and memory that outlives the process.
    *("io_uring_setup", "io_uring_enter", "io_uring_register", "shmget", "shmat", "shmctl"),
    *("msgget", "semget", "mq_open", "memfd_create", "memfd_secret", "setrlimit"),
)
"""Refused in every confined process, with the error that says so (EPERM)."""

PRETENDED = (
    *("chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "fchown", "lchown", "fchownat"),
    *("utime", "utimes", "futimesat", "utimensat", "setxattr", "lsetxattr", "fsetxattr"),
    *("removexattr", "lremovexattr", "fremovexattr", "setxattrat", "removexattrat"),
    "file_setattr",
)
"""Done as if: Landlock does not cover modes, owners and times, and an error breaks copying."""

TIMES = ("utime", "utimes", "utimensat", "futimesat")
"""The calls that set times: allowed where what a process may not write is mounted read-only.
Where they are pretended, ``Path.touch`` makes no file: it asks for the time of now first.
"""

OF_ITSELF = ("sched_setscheduler", "sched_setparam", "sched_setattr")
"""Allowed where the first argument is this process or 0, which is this thread."""

OWNERS = (8, 10, 15, 1024, 1026)
"""Commands of fcntl: F_SETOWN, F_SETSIG and F_SETOWN_EX, by which the kernel sends a signal to whom
they name (Landlock knows of it since its version 6), F_SETLEASE and F_NOTIFY, by which it tells
what others do with a file.
"""

OWNING = (0x8901, 0x8902)
"""The requests of ioctl that set who owns a descriptor: FIOSETOWN, SIOCSPGRP."""

PROCESS_OPTIONS = (1, 2, 3, 4, 15, 16, 21, 23, 38, 39, 0x53564D41)
"""What an allowed process may ask of prctl: the signal of its parent's end, whether it is dumped,
names of its threads and of its memory, what it is confined by.
"""

ALLOWED = (
    # Memory: the interpreter, numpy, compiled loops, ONNX Runtime's arenas and memory maps.
    *("brk", "mmap", "mprotect", "munmap", "mremap", "madvise", "mbind", "get_mempolicy", "msync"),
    *("mlock", "munlock"),
    # Threads: Python's, and those of OpenMP, TBB, numba and ONNX Runtime.
    *("clone", "futex", "rseq", "set_robust_list", "set_tid_address", "gettid", "exit", "getcpu"),
    *("sched_yield", "sched_getaffinity", "sched_setaffinity", "sched_getparam"),
    *("sched_getscheduler", "sched_getattr", "sched_get_priority_max", "sched_get_priority_min"),
    *("sched_setscheduler", "sched_setparam", "sched_setattr"),
    # Open files: code, networks, what a plugin writes for itself.
    *("open", "openat", "creat", "close", "close_range", "read", "readv", "pread64", "preadv"),
    *("preadv2", "write", "writev", "pwrite64", "pwritev", "pwritev2", "lseek", "dup", "dup2"),
    *("dup3", "fcntl", "ioctl", "flock", "fsync", "fdatasync", "fadvise64"),
    *("truncate", "ftruncate", "fallocate", "sendfile", "copy_file_range"),
    # Names of files and folders; Landlock says which.
    *("stat", "lstat", "fstat", "newfstatat", "statx", "statfs", "fstatfs", "access", "faccessat"),
    *("faccessat2", "readlink", "readlinkat", "getdents", "getdents64", "getcwd", "chdir"),
    *("fchdir", "umask", "mkdir", "mkdirat", "rmdir", "unlink", "unlinkat", "rename", "renameat"),
    *("renameat2", "link", "linkat", "symlink", "symlinkat", "getxattr", "lgetxattr", "fgetxattr"),
    *("listxattr", "llistxattr", "flistxattr"),
    # Talking with the host and within itself: the socket that it was given, pipes, waiting.
    *("socketpair", "sendto", "recvfrom", "recvmsg", "shutdown", "getsockname"),
    *("getpeername", "getsockopt", "setsockopt", "pipe", "pipe2", "eventfd", "eventfd2", "poll"),
    *("ppoll", "select", "pselect6", "epoll_create", "epoll_create1", "epoll_ctl", "epoll_wait"),
    *("epoll_pwait", "epoll_pwait2", "timerfd_create", "timerfd_settime", "timerfd_gettime"),
    # Clocks, alarms of its own, what it has used.
    *("clock_gettime", "clock_getres", "clock_nanosleep", "nanosleep", "gettimeofday", "time"),
    *("alarm", "getitimer", "setitimer", "times", "getrusage"),
    # Signals within itself: faulthandler, abort, Ctrl+C that is not heard.
    *("rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "rt_sigpending", "rt_sigtimedwait"),
    *("rt_sigsuspend", "sigaltstack", "restart_syscall", "pause", "signalfd4", "kill", "tgkill"),
    # What it is and what it runs on.
    *("getpid", "getppid", "getpgrp", "getpgid", "getsid", "getuid", "geteuid", "getgid"),
    *("getegid", "getresuid", "getresgid", "getgroups", "getpriority", "getrlimit", "prlimit64"),
    *("prctl", "arch_prctl", "uname", "sysinfo", "getrandom"),
    # Its end, and those of children that it does not have.
    *("exit_group", "wait4", "waitid"),
)
"""All that a process makes that opens no graphics card. What is not here, new calls too, does not
exist for it (ENOSYS): a library then does without it, as on an older kernel.
"""
