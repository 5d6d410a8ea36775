const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  M: 2_592_000_000,
  y: 31_536_000_000,
}

/**
 * `1h`, `1h30m`, `1d 12h`, `90`: a number without a unit is seconds.
 *
 * @returns milliseconds, or undefined when it is no time
 */
export function toMs(text: string): number | undefined {
  let totalMs = 0
  let rest = text.trim()
  if (rest === '') return undefined
  while (rest !== '') {
    const match = /^(\d+)(ms|[smhdwMy])?\s*/.exec(rest)
    if (match === null) return undefined
    totalMs += Number(match[1]) * UNIT_MS[match[2] ?? 's']!
    rest = rest.slice(match[0].length)
  }
  return totalMs
}
