/** Programs that tests start, and the Debian package each comes with. Without one, the tests that need it skip by name. */
export const TOOLS: readonly (readonly [program: string, debianPackage: string])[] = [
  ['zstd', 'zstd'],
  ['ip', 'iproute2'],
  ['unshare', 'util-linux'],
  ['setpriv', 'util-linux'],
  ['bwrap', 'bubblewrap'],
  ['flock', 'util-linux'],
  ['perl', 'perl'],
  ['age', 'age'],
  ['xmllint', 'libxml2-utils'],
  ['chromium', 'chromium'],
  ['script', 'bsdutils'],
  ['openssl', 'openssl'],
  ['nginx', 'nginx-light'],
  ['dbus-run-session', 'dbus-daemon'],
  ['gnome-keyring-daemon', 'gnome-keyring'],
  ['secret-tool', 'libsecret-tools'],
]
