#!/usr/bin/env -S sh -c 'exec "$(dirname "$(readlink -f "$0")")/../bin/runproof" run "$0" "$@"'
import { tokenRotation } from './rotate-admin-token.ts'

export default tokenRotation(
  'readonly',
  'Replace the read-only token of a daemon that is asked all the time, and prove the old one dead',
)
