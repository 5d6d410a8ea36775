import { join } from 'node:path'

/** Of the installation: what lies below it is found again wherever that is. */
export const ROOT = join(import.meta.dirname, '..', '..')
