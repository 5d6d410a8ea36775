/** What this program was called by: whoever has no `runproof` in PATH types the same again. */
export const INVOKED_AS = process.env['RUNPROOF_INVOKED_AS'] ?? 'runproof'

const COMMAND =
  /(?<![\w./-])runproof (?=(?:--help|doctor|docs|evidence|gc|list|nginx|plan|policy|run|slo|smoke|sse|target|tls)\b)/g

/** Commands of this program in a text, so that they can be typed as they stand there. */
export function asInvoked(text: string): string {
  return text.replace(COMMAND, () => `${INVOKED_AS} `)
}
