import { RunproofError } from './error.ts'
import { Secret } from './secret.ts'

/**
 * The token that a file holds, without the white space around it.
 *
 * @throws RunproofError PARAM_INVALID for text that no `Authorization` header can carry, such as a file with several lines;
 *   SECRET_TOO_SHORT
 * @see RFC 6750, section 2.1
 */
export function bearerToken(name: string, file: string, text: string): Secret {
  const token = text.trim()
  if (token === '') throw new RunproofError('PARAM_INVALID', `${file} holds no token: it is empty`)
  if (!/^[\x21-\x7e]+$/.test(token))
    throw new RunproofError(
      'PARAM_INVALID',
      `${file} holds no token: a token is one word of visible ASCII characters`,
      {
        hint: 'the file holds the token and nothing else',
      },
    )
  return new Secret(name, token)
}
