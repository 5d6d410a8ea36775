import { userInfo } from 'node:os'

/** The login name, or the numeric id where the user has no entry, as in containers that run under any id. */
export function operatorName(): string {
  try {
    return userInfo().username
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`
  }
}
