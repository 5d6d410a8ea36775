/** A scheme of authentication and what follows it. @see RFC 6750, section 2.1 */
export const LITERAL = /\b(Bearer|Basic|Token)[ \t]+([\w.~+/-]{12,}=*)/gi
/** A value that can hardly be anything else than a credential: long, without a blank, of both letters and digits. */
export const OPAQUE = /^(?=.*\d)(?=.*[a-z])[\w.~+/-]{20,}=*$/i
export const HOLDS_CREDENTIAL = /authorization|token|api[-_]?key|secret/i

/** A text with every credential in it replaced, for whatever shows a part of what it judges. */
export function withoutCredentials(text: string): string {
  const masked = text.replaceAll(LITERAL, (_, scheme: string, token: string) => `${scheme} ${'*'.repeat(token.length)}`)
  if (!HOLDS_CREDENTIAL.test(masked)) return masked
  return masked.replaceAll(/[\w.~+/-]{20,}=*/g, word => (OPAQUE.test(word) ? '*'.repeat(word.length) : word))
}
