import { randomBytes } from 'node:crypto'
import { Secret } from '../model/secret.ts'

/** 32 random bytes in a form that every file and header takes. */
export function randomSecret(name: string): Secret {
  // A hyphen first would be read as a flag by some programs that take the value from a line of their input.
  return new Secret(name, `s${randomBytes(32).toString('base64url')}`, { generated: true })
}
