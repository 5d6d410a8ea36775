import { spawnSync } from 'node:child_process'

/** Why tests do without bubblewrap, else false. It may be installed and not be allowed to do anything. */
export const withoutBwrap =
  spawnSync('bwrap', ['--unshare-all', '--ro-bind', '/', '/', 'true']).status !== 0 &&
  'this machine has no bwrap that works'
