#!/bin/sh
# Misbehaves in the way that its first word names. What it is to reach for lies in a file beside it.
. "$0.facts"
case $1 in
stderr) echo 'Usage: hostile' >&2; exit 1 ;;
colours) printf '\033[1mUsage\033[0m: \033[32mhostile\033[0m\n' ;;
overstrikes) printf 'U\bUs\bsage _\bX\n' ;;
no-newline) printf 'Usage: hostile' ;;
rubbish) printf 'Usage\000\001\377\376' ;;
flood) while :; do echo 'and on and on and on and on and on and on and on and on and on and on and on and on'; done ;;
pages) echo 'Usage: hostile' | ${PAGER:-less} ;;
input) printf '%s' "$(cat | wc -c)" ;;
terminal) { true </dev/tty; } 2>/dev/null && echo 'a terminal' || echo 'none'; test -t 0 || test -t 1 || echo 'nor output' ;;
environment) env | LC_ALL=C sort ;;
places) pwd; ls -A . "$HOME" ;;
machine) for dir in /etc/ssl/private /var/log /var/spool; do echo "$dir $(ls -A "$dir" 2>/dev/null | wc -l)"; done ;;
callers-home) ls -A "$CALLERS_HOME" ;;
writes)
  for file in "$HOME/.rc" ./core /tmp/loose "$TMPDIR/deep/er/one" /dev/shm/shared /etc/hostile "$0" "$(dirname "$0")/beside" \
    "$CHECKOUT/hostile" /proc/sys/kernel/core_pattern /usr/hostile; do
    mkdir -p "$(dirname "$file")" 2>/dev/null
    if { true >>"$file"; } 2>/dev/null; then echo "wrote $file"; fi
  done
  ;;
kernel) test -w /proc/sys/kernel/core_pattern && echo writable || echo read-only ;;
connects)
  "$NODE" -e '
    const net = require("node:net")
    for (const to of [{ host: "127.0.0.1", port: +process.argv[1] }, { path: process.argv[2] }, { path: process.argv[3] }])
      net.connect(to).on("connect", () => console.log("connected")).on("error", ({ code }) => console.log("refused", code))
  ' "$PORT" "$SOCKET" "$OTHER_SOCKET"
  ;;
ways-out)
  perl -MSocket -e '
    my ($call, @paths) = @ARGV;
    for my $path (@paths) {
      for my $type (SOCK_STREAM, SOCK_DGRAM) {
        print "connected\n" if socket(my $to, AF_UNIX, $type, 0) && connect($to, pack_sockaddr_un($path));
      }
    }
    print "may speak to the host\n" if socket(my $host, 40, SOCK_STREAM, 0);
    print "has the keyring\n" if syscall($call + 0, 0, -3, 0) >= 0;
    print "tried\n";
  ' "$KEYCTL" "$RENAMED"
  ;;
debugs)
  kill -USR1 "$PPID"
  "$NODE" -e '
    const until = Date.now() + 400
    const attempt = () => require("node:net").connect(9229, "127.0.0.1")
      .on("connect", () => { console.log("debugs"); process.exit() })
      .on("error", () => Date.now() < until ? setTimeout(attempt, 20) : console.log("refused"))
    attempt()'
  ;;
descriptors) for file in /proc/$$/fd/*; do readlink "$file"; done ;;
all-descriptors) for file in /proc/[0-9]*/fd/*; do readlink "$file"; done ;;
kills)
  kill -9 "$VICTIM" 2>/dev/null && echo 'killed it' || echo 'no such process'
  kill -9 "$PPID"
  ;;
stops) kill -STOP "$PPID"; exec sleep "$NAP" ;;
forges) echo '{"kind":"answer","id":1,"files":{}}' >"/proc/$PPID/fd/1" ;;
slow) sleep 0.4; echo 'Usage: slow' ;;
hangs) echo 'Usage: hostile'; exec sleep "$NAP" ;;
ignores) trap '' TERM INT HUP; while :; do sleep "$NAP"; done ;;
listens) exec "$NODE" -e 'require("node:net").createServer().listen(+process.argv[1], "0.0.0.0")' "$INNER_PORT" ;;
daemon) setsid sh -c 'setsid sleep "$0" </dev/null >/dev/null 2>&1 &' "$NAP"; echo started ;;
holds-output) sleep "$NAP" & echo started ;;
multiplies) n=0; while [ $n -lt 40 ]; do sleep "$NAP" & n=$((n + 1)); done; wait ;;
*) echo "Usage: hostile $*" ;;
esac
