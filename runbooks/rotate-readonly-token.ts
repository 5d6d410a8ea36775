#!/usr/bin/env -S sh -c 'exec "$(dirname "$(readlink -f "$0")")/../bin/runproof" run "$0" "$@"'
import { tokenRotation } from './rotate-admin-token.ts'

export default tokenRotation('readonly')
